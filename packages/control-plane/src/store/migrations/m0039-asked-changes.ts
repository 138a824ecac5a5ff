/** Owns the place for changes that wait and are of something else than what is live of an API. */
import type { Migration } from './migration.ts'

export const m0039AskedChanges: Migration = {
  name: '0039-asked-changes',
  async up(db) {
    await db.schema.alterTable('changes').addColumn('team', 'text').execute()
  },
}
