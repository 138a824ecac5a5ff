/** Owns the table of what waits to go live in protected environments. */
import type { Migration } from './migration.ts'

export const m0020Changes: Migration = {
  name: '0020-changes',
  async up(db) {
    await db.schema
      .createTable('changes')
      .addColumn('api', 'text', (column) => column.notNull())
      .addColumn('environment', 'text', (column) => column.notNull())
      .addColumn('number', 'integer', (column) => column.notNull())
      .addColumn('state', 'text', (column) => column.notNull())
      .addColumn('wish', 'text', (column) => column.notNull())
      .addColumn('person', 'text', (column) => column.notNull())
      .addColumn('asked_by', 'text', (column) => column.notNull())
      .addColumn('asked_at', 'bigint', (column) => column.notNull())
      .addColumn('expires_at', 'bigint', (column) => column.notNull())
      .addColumn('approvals', 'text', (column) => column.notNull())
      .addColumn('end_json', 'text')
      .addColumn('sequence', 'bigint', (column) => column.notNull())
      .addPrimaryKeyConstraint('changes_key', ['api', 'environment', 'number'])
      .execute()
    await db.schema.createIndex('changes_by_state').on('changes').columns(['state', 'sequence']).execute()
  },
}
