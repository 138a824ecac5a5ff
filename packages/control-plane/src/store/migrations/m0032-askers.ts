/** Owns the place for from where something was asked that nobody has to log in for. */
import type { Migration } from './migration.ts'

export const m0032Askers: Migration = {
  name: '0032-askers',
  async up(db) {
    await db.schema.alterTable('challenges').addColumn('network', 'text').execute()
    await db.schema.createIndex('challenges_by_network').on('challenges').columns(['network', 'expires']).execute()
  },
}
