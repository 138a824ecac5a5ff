/** Owns the tables of webhooks: how far each has come in the audit log, and what became of what was sent. */
import type { Migration } from './migration.ts'

export const m0030Webhooks: Migration = {
  name: '0030-webhooks',
  async up(db) {
    await db.schema
      .createTable('webhooks')
      .addColumn('webhook', 'text', (column) => column.primaryKey())
      .addColumn('sealed', 'text', (column) => column.notNull())
      .addColumn('done', 'bigint', (column) => column.notNull())
      .addColumn('attempts', 'integer', (column) => column.notNull())
      .addColumn('due', 'bigint', (column) => column.notNull())
      .execute()
    await db.schema
      .createTable('webhook_deliveries')
      .addColumn('webhook', 'text', (column) => column.notNull())
      .addColumn('number', 'bigint', (column) => column.notNull())
      .addColumn('event', 'text', (column) => column.notNull())
      .addColumn('state', 'text', (column) => column.notNull())
      .addColumn('attempts', 'integer', (column) => column.notNull())
      .addColumn('status', 'integer')
      .addColumn('fault', 'text')
      .addColumn('at', 'bigint', (column) => column.notNull())
      .addPrimaryKeyConstraint('webhook_deliveries_key', ['webhook', 'number'])
      .execute()
  },
}
