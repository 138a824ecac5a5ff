/** Owns since when a document is named by nothing: after a while it goes. */
import type { Migration } from './migration.ts'

export const m0045UnnamedDocuments: Migration = {
  name: '0045-unnamed-documents',
  async up(db) {
    await db.schema.alterTable('documents').addColumn('unnamed_at', 'bigint').execute()
  },
}
