/** Owns what nodes come with. */
import type { Migration } from './migration.ts'

export const m0010Nodes: Migration = {
  name: '0010-nodes',
  async up(db) {
    await db.schema
      .createTable('node_tokens')
      .addColumn('uid', 'text', (column) => column.primaryKey())
      .addColumn('node_group', 'text', (column) => column.notNull())
      .addColumn('name', 'text', (column) => column.notNull())
      .addColumn('hash', 'text', (column) => column.notNull().unique())
      .addColumn('hint', 'text', (column) => column.notNull())
      .addColumn('expires', 'bigint')
      .addColumn('ended_at', 'bigint')
      .addColumn('sequence', 'bigint', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('created_by', 'text', (column) => column.notNull())
      .execute()
    await db.schema.createIndex('node_tokens_by_group').on('node_tokens').columns(['node_group', 'uid']).execute()
  },
}
