/** Owns the table of keys: hashes alone, and what counts of each. */
import type { Migration } from './migration.ts'

export const m0003Keys: Migration = {
  name: '0003-keys',
  async up(db) {
    await db.schema
      .createTable('keys')
      .addColumn('uid', 'text', (column) => column.primaryKey())
      .addColumn('app', 'text', (column) => column.notNull())
      .addColumn('hash', 'text', (column) => column.notNull().unique())
      .addColumn('hint', 'text', (column) => column.notNull())
      .addColumn('name', 'text')
      .addColumn('plan', 'text')
      .addColumn('not_before', 'bigint')
      .addColumn('expires', 'bigint')
      .addColumn('ended_at', 'bigint')
      .addColumn('sequence', 'bigint', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('created_by', 'text', (column) => column.notNull())
      .execute()
    await db.schema.createIndex('keys_by_app').on('keys').columns(['app', 'uid']).execute()
    // What changed since: nodes ask for nothing else.
    await db.schema.createIndex('keys_by_sequence').on('keys').columns(['sequence', 'uid']).execute()
  },
}
