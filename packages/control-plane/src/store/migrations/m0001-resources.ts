/** Owns the first tables: the store itself, and what people name and edit. */
import { randomUUID } from 'node:crypto'
import { sql, type Transaction } from 'kysely'
import type { Migration } from './migration.ts'

interface FirstRow {
  store: { id: number; sequence: number; uid: string; created_at: number }
}

export const m0001Resources: Migration = {
  name: '0001-resources',
  async up(db) {
    await db.schema
      .createTable('store')
      .addColumn('id', 'integer', (column) => column.primaryKey().check(sql`id = 1`))
      .addColumn('sequence', 'bigint', (column) => column.notNull())
      .addColumn('uid', 'text', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .execute()
    await (db as unknown as Transaction<FirstRow>)
      .insertInto('store')
      .values({ id: 1, sequence: 0, uid: randomUUID(), created_at: Date.now() })
      .execute()
    await db.schema
      .createTable('resources')
      .addColumn('uid', 'text', (column) => column.primaryKey())
      .addColumn('kind', 'text', (column) => column.notNull())
      .addColumn('team', 'text', (column) => column.notNull())
      .addColumn('id', 'text', (column) => column.notNull())
      .addColumn('title', 'text')
      .addColumn('description', 'text')
      .addColumn('owner', 'text')
      .addColumn('search_text', 'text', (column) => column.notNull())
      .addColumn('body', 'text', (column) => column.notNull())
      .addColumn('version', 'integer', (column) => column.notNull())
      .addColumn('sequence', 'bigint', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('created_by', 'text', (column) => column.notNull())
      .addColumn('updated_at', 'bigint', (column) => column.notNull())
      .addColumn('updated_by', 'text', (column) => column.notNull())
      .addUniqueConstraint('resources_name', ['kind', 'team', 'id'])
      .execute()
    // Those of what was removed stay, so they refer to nothing.
    await db.schema
      .createTable('resource_versions')
      .addColumn('resource', 'text', (column) => column.notNull())
      .addColumn('version', 'integer', (column) => column.notNull())
      .addColumn('sequence', 'bigint', (column) => column.notNull())
      .addColumn('at', 'bigint', (column) => column.notNull())
      .addColumn('by', 'text', (column) => column.notNull())
      .addColumn('body', 'text')
      .addPrimaryKeyConstraint('resource_versions_key', ['resource', 'version'])
      .execute()
    await db.schema
      .createTable('resource_tags')
      .addColumn('resource', 'text', (column) => column.notNull().references('resources.uid').onDelete('cascade'))
      .addColumn('tag', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('resource_tags_key', ['resource', 'tag'])
      .execute()
    await db.schema.createIndex('resource_tags_by_tag').on('resource_tags').columns(['tag', 'resource']).execute()
  },
}
