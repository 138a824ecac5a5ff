/** Owns what the admin API keeps for itself: answers to repeat, and resources as they were written. */
import type { Migration } from './migration.ts'

export const m0008AdminApi: Migration = {
  name: '0008-admin-api',
  async up(db) {
    await db.schema
      .createTable('kept_answers')
      .addColumn('actor', 'text', (column) => column.notNull())
      .addColumn('key', 'text', (column) => column.notNull())
      .addColumn('fingerprint', 'text', (column) => column.notNull())
      .addColumn('answer', 'text', (column) => column.notNull())
      .addColumn('at', 'bigint', (column) => column.notNull())
      .addPrimaryKeyConstraint('kept_answers_key', ['actor', 'key'])
      .execute()
    await db.schema.createIndex('kept_answers_by_time').on('kept_answers').column('at').execute()
    await db.schema
      .createTable('sources')
      .addColumn('resource', 'text', (column) => column.primaryKey())
      .addColumn('version', 'bigint', (column) => column.notNull())
      .addColumn('text', 'text', (column) => column.notNull())
      .execute()
  },
}
