/** Owns that a secret says whose it is by a name that is true: environments have some, and so have identity providers. */
import type { Migration } from './migration.ts'

export const m0047SecretHolders: Migration = {
  name: '0047-secret-holders',
  async up(db) {
    await db.schema.alterTable('secrets').renameColumn('environment', 'holder').execute()
  },
}
