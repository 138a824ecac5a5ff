/** Owns the tables of subscriptions, and finding what changed since. */
import type { Migration } from './migration.ts'

export const m0007Subscriptions: Migration = {
  name: '0007-subscriptions',
  async up(db) {
    await db.schema
      .createTable('subscriptions')
      .addColumn('uid', 'text', (column) => column.primaryKey())
      .addColumn('app', 'text', (column) => column.notNull())
      .addColumn('product', 'text')
      .addColumn('api', 'text')
      .addColumn('plan', 'text', (column) => column.notNull())
      .addColumn('state', 'text', (column) => column.notNull())
      .addColumn('sequence', 'bigint', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('created_by', 'text', (column) => column.notNull())
      .execute()
    for (const column of ['app', 'product', 'api', 'plan', 'sequence']) {
      await db.schema.createIndex(`subscriptions_by_${column}`).on('subscriptions').columns([column, 'uid']).execute()
    }
    await db.schema
      .createTable('subscription_steps')
      .addColumn('subscription', 'text', (column) => column.notNull())
      .addColumn('number', 'integer', (column) => column.notNull())
      .addColumn('step', 'text', (column) => column.notNull())
      .addColumn('state', 'text', (column) => column.notNull())
      .addColumn('note', 'text', (column) => column.notNull())
      .addColumn('sequence', 'bigint', (column) => column.notNull())
      .addColumn('at', 'bigint', (column) => column.notNull())
      .addColumn('by', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('subscription_steps_key', ['subscription', 'number'])
      .execute()
    // What changed since: readers that know a moment ask for nothing else.
    await db.schema.createIndex('resources_by_change').on('resources').columns(['kind', 'sequence']).execute()
    await db.schema.createIndex('resource_versions_by_change').on('resource_versions').columns(['sequence']).execute()
    await db.schema.createIndex('deployments_by_change').on('deployments').columns(['sequence']).execute()
  },
}
