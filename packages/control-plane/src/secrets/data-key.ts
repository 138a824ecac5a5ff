/** Owns the key that seals values: it stands in the store, itself sealed by the key from outside. */
import { randomBytes, randomUUID } from 'node:crypto'
import type { Doing } from '../store/doing.ts'
import type { Moment } from '../store/store.ts'
import { seal, unseal } from './seal.ts'
import { SecretFault } from './secret-fault.ts'
import type { SecretKey } from './secret-key.ts'

const BYTES = 32

/** Undefined: nothing was ever sealed. @rejects SecretFault `wrong-key`, `damaged` */
export async function findDataKey(db: Moment, key: SecretKey): Promise<Buffer | undefined> {
  const row = await db.selectFrom('data_keys').selectAll().executeTakeFirst()
  if (row === undefined) return undefined
  const wrapping = key.findWrappingKey(row.key_id)
  if (wrapping === undefined) {
    const message = `The secrets of this store were sealed with the key ${row.key_id}, and this is ${key.id}: start with the right one, alone or behind the new one.`
    throw new SecretFault('wrong-key', message)
  }
  const bytes = unseal(wrapping, row.sealed, toPlace(row.uid))
  if (bytes !== undefined) return bytes
  throw new SecretFault('damaged', 'The key that seals the secrets of this store is damaged: restore a backup.')
}

/** @rejects SecretFault */
export async function getDataKey(doing: Doing, key: SecretKey): Promise<Buffer> {
  return (await findDataKey(doing.db, key)) ?? (await drawDataKey(doing, key))
}

/** In place of the one before: what that has sealed is to be sealed anew in the same change. */
export async function drawDataKey({ db, nowMs }: Doing, key: SecretKey): Promise<Buffer> {
  const uid = randomUUID()
  const bytes = randomBytes(BYTES)
  await db.deleteFrom('data_keys').execute()
  const sealed = seal(key.revealWrappingKey(), bytes, toPlace(uid))
  await db.insertInto('data_keys').values({ uid, key_id: key.id, sealed, created_at: nowMs }).execute()
  return bytes
}

function toPlace(uid: string): readonly string[] {
  return ['data-key', uid]
}
