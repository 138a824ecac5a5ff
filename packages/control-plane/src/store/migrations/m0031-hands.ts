/** Owns the place for who had the link with which an account is logged in to. */
import type { Migration } from './migration.ts'

export const m0031Hands: Migration = {
  name: '0031-hands',
  async up(db) {
    await db.schema.alterTable('users').addColumn('hands', 'text').execute()
  },
}
