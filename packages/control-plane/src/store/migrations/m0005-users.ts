/** Owns the tables of who comes in: people, their sessions and tokens, and what is remembered of those who try. */
import type { Transaction } from 'kysely'
import type { Migration } from './migration.ts'

export const m0005Users: Migration = {
  name: '0005-users',
  async up(db) {
    await createUsers(db)
    await createSessionsAndTokens(db)
    await createPassing(db)
  },
}

async function createUsers(db: Transaction<unknown>): Promise<void> {
  await db.schema
    .createTable('users')
    .addColumn('uid', 'text', (column) => column.primaryKey())
    .addColumn('email', 'text', (column) => column.notNull())
    .addColumn('email_folded', 'text', (column) => column.notNull().unique())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('search_text', 'text', (column) => column.notNull())
    .addColumn('password_hash', 'text')
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('grants', 'text', (column) => column.notNull())
    .addColumn('totp', 'text')
    .addColumn('totp_step', 'bigint')
    .addColumn('recovery_codes', 'text', (column) => column.notNull())
    .addColumn('passkeys', 'text', (column) => column.notNull())
    .addColumn('sso_subject', 'text', (column) => column.unique())
    .addColumn('is_break_glass', 'integer', (column) => column.notNull())
    .addColumn('version', 'integer', (column) => column.notNull())
    .addColumn('sequence', 'bigint', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('created_by', 'text', (column) => column.notNull())
    .addColumn('updated_at', 'bigint', (column) => column.notNull())
    .addColumn('updated_by', 'text', (column) => column.notNull())
    .execute()
}

async function createSessionsAndTokens(db: Transaction<unknown>): Promise<void> {
  await db.schema
    .createTable('sessions')
    .addColumn('uid', 'text', (column) => column.primaryKey())
    .addColumn('user', 'text', (column) => column.notNull())
    .addColumn('hash', 'text', (column) => column.notNull().unique())
    .addColumn('address', 'text', (column) => column.notNull())
    .addColumn('agent', 'text', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('last_seen', 'bigint', (column) => column.notNull())
    .addColumn('expires', 'bigint', (column) => column.notNull())
    .execute()
  await db.schema.createIndex('sessions_by_user').on('sessions').columns(['user', 'created_at']).execute()
  await db.schema
    .createTable('tokens')
    .addColumn('uid', 'text', (column) => column.primaryKey())
    .addColumn('user', 'text')
    .addColumn('team', 'text')
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('grants', 'text', (column) => column.notNull())
    .addColumn('scopes', 'text')
    .addColumn('hash', 'text', (column) => column.notNull().unique())
    .addColumn('hint', 'text', (column) => column.notNull())
    .addColumn('expires', 'bigint')
    .addColumn('last_used', 'bigint')
    .addColumn('ended_at', 'bigint')
    .addColumn('sequence', 'bigint', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('created_by', 'text', (column) => column.notNull())
    .execute()
  await db.schema.createIndex('tokens_by_user').on('tokens').columns(['user', 'uid']).execute()
}

/** What is gone after a while. */
async function createPassing(db: Transaction<unknown>): Promise<void> {
  await db.schema
    .createTable('login_attempts')
    .addColumn('key', 'text', (column) => column.primaryKey())
    .addColumn('account', 'text')
    .addColumn('failures', 'integer', (column) => column.notNull())
    .addColumn('last_at', 'bigint', (column) => column.notNull())
    .addColumn('succeeded_at', 'bigint')
    .addColumn('forget_at', 'bigint', (column) => column.notNull())
    .execute()
  await db.schema.createIndex('login_attempts_by_forget_at').on('login_attempts').column('forget_at').execute()
  await db.schema.createIndex('login_attempts_by_account').on('login_attempts').column('account').execute()
  await db.schema
    .createTable('challenges')
    .addColumn('hash', 'text', (column) => column.primaryKey())
    .addColumn('purpose', 'text', (column) => column.notNull())
    .addColumn('user', 'text')
    .addColumn('facts', 'text', (column) => column.notNull())
    .addColumn('expires', 'bigint', (column) => column.notNull())
    .execute()
  await db.schema.createIndex('challenges_by_expires').on('challenges').column('expires').execute()
  await db.schema
    .createTable('set_up')
    .addColumn('hash', 'text', (column) => column.primaryKey())
    .addColumn('expires', 'bigint', (column) => column.notNull())
    .execute()
}
