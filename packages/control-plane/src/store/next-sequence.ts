/** Owns the number of a change, and with it the order of all changes: whoever has taken the next one holds the row until the transaction ends. */
import { sql, type Transaction } from 'kysely'
import type { Tables } from './tables.ts'

export async function takeNextSequence(db: Transaction<Tables>): Promise<number> {
  const { sequence } = await db
    .updateTable('store')
    .set({ sequence: sql<number>`sequence + 1` })
    .where('id', '=', 1)
    .returning('sequence')
    .executeTakeFirstOrThrow()
  return Number(sequence)
}

export async function readSequence(db: Transaction<Tables>): Promise<number> {
  const { sequence } = await db.selectFrom('store').select('sequence').where('id', '=', 1).executeTakeFirstOrThrow()
  return Number(sequence)
}

/** Tells stores, and with them their numbers, apart. */
export async function readStoreUid(db: Transaction<Tables>): Promise<string> {
  return (await db.selectFrom('store').select('uid').where('id', '=', 1).executeTakeFirstOrThrow()).uid
}
