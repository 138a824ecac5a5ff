/** Owns the table of the audit log. */
import type { Migration } from './migration.ts'

export const m0004Audit: Migration = {
  name: '0004-audit',
  async up(db) {
    await db.schema
      .createTable('audit')
      .addColumn('number', 'bigint', (column) => column.primaryKey())
      .addColumn('sequence', 'bigint', (column) => column.notNull())
      .addColumn('at', 'bigint', (column) => column.notNull())
      .addColumn('by', 'text', (column) => column.notNull())
      .addColumn('action', 'text', (column) => column.notNull())
      .addColumn('kind', 'text', (column) => column.notNull())
      .addColumn('target', 'text', (column) => column.notNull())
      .addColumn('team', 'text', (column) => column.notNull())
      .addColumn('details', 'text', (column) => column.notNull())
      .addColumn('person', 'text')
      .addColumn('personal', 'text')
      .addColumn('salt', 'text')
      .addColumn('personal_hash', 'text')
      .addColumn('hash', 'text', (column) => column.notNull())
      .execute()
    await db.schema.createIndex('audit_by_target').on('audit').columns(['target', 'number']).execute()
    await db.schema.createIndex('audit_by_person').on('audit').columns(['person', 'number']).execute()
  },
}
