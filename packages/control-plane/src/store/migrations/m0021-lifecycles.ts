/** Owns the place for what is said of the end of what is live. */
import type { Migration } from './migration.ts'

export const m0021Lifecycles: Migration = {
  name: '0021-lifecycles',
  async up(db) {
    await db.schema.alterTable('deployments').addColumn('lifecycle', 'text').execute()
  },
}
