/** Owns the place for what a subscription opened before it was moved. */
import type { Migration } from './migration.ts'

export const m0036MovedSubscriptions: Migration = {
  name: '0036-moved-subscriptions',
  async up(db) {
    await db.schema.alterTable('subscriptions').addColumn('former', 'text').execute()
  },
}
