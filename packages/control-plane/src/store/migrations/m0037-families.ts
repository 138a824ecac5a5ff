/** Owns finding APIs by their family. */
import type { Migration } from './migration.ts'

export const m0037Families: Migration = {
  name: '0037-families',
  async up(db) {
    await db.schema.alterTable('resources').addColumn('family', 'text').execute()
    await db.schema.createIndex('resources_by_family').on('resources').columns(['kind', 'family']).execute()
  },
}
