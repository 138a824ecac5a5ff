/** Owns the tables of what is published: documents, revisions of APIs, and what is live where. */
import type { Migration } from './migration.ts'

export const m0002Revisions: Migration = {
  name: '0002-revisions',
  async up(db) {
    await db.schema
      .createTable('documents')
      .addColumn('hash', 'text', (column) => column.primaryKey())
      .addColumn('content', 'text', (column) => column.notNull())
      .execute()
    await db.schema
      .createTable('revisions')
      .addColumn('api', 'text', (column) => column.notNull())
      .addColumn('number', 'integer', (column) => column.notNull())
      .addColumn('hash', 'text', (column) => column.notNull())
      .addColumn('body', 'text', (column) => column.notNull())
      .addColumn('message', 'text', (column) => column.notNull())
      .addColumn('sequence', 'bigint', (column) => column.notNull())
      .addColumn('at', 'bigint', (column) => column.notNull())
      .addColumn('by', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('revisions_key', ['api', 'number'])
      .execute()
    await db.schema
      .createTable('deployments')
      .addColumn('api', 'text', (column) => column.notNull())
      .addColumn('environment', 'text', (column) => column.notNull())
      .addColumn('version', 'integer', (column) => column.notNull())
      .addColumn('releases', 'text', (column) => column.notNull())
      .addColumn('why', 'text', (column) => column.notNull())
      .addColumn('message', 'text', (column) => column.notNull())
      .addColumn('sequence', 'bigint', (column) => column.notNull())
      .addColumn('at', 'bigint', (column) => column.notNull())
      .addColumn('by', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('deployments_key', ['api', 'environment', 'version'])
      .execute()
    await db.schema
      .createIndex('deployments_by_environment')
      .on('deployments')
      .columns(['environment', 'api', 'version'])
      .execute()
  },
}
