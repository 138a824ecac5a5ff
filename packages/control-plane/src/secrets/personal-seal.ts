/** Owns sealing what is kept for one person: it opens for nobody else. */
import type { Doing } from '../store/doing.ts'
import type { Moment } from '../store/store.ts'
import { findDataKey, getDataKey } from './data-key.ts'
import { seal, unseal } from './seal.ts'
import { SecretFault } from './secret-fault.ts'
import type { SecretKey } from './secret-key.ts'

/** `user`: a uid. @rejects SecretFault */
export async function sealForUser(
  doing: Doing,
  key: SecretKey,
  { user, text }: { readonly user: string; readonly text: string },
): Promise<string> {
  return seal(await getDataKey(doing, key), Buffer.from(text), toUserPlace(user))
}

/** @rejects SecretFault */
export async function unsealForUser(
  db: Moment,
  key: SecretKey,
  { user, sealed }: { readonly user: string; readonly sealed: string },
): Promise<string> {
  const dataKey = await findDataKey(db, key)
  const text = dataKey && unseal(dataKey, sealed, toUserPlace(user))
  if (text !== undefined) return text.toString()
  throw new SecretFault('damaged', 'What is kept for this person cannot be opened: it is to be set up anew.')
}

export function toUserPlace(user: string): readonly string[] {
  return ['user', user]
}
