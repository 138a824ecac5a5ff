/** Owns what tells a request from another one that comes later: what was sent may be a secret that somebody could guess, so nobody tries that without the key outside the store. */
import { createHmac, randomBytes } from 'node:crypto'
import type { SecretKey } from '../secrets/secret-key.ts'
import type { Asked } from './read-request.ts'

/** Where there is no such key, only this process knows it again. */
const OWN_KEY = randomBytes(32)

/** The first is what is kept; while the key is changed, what was kept before has one of the others. */
export function listFingerprints(
  { secretKey }: { readonly secretKey?: SecretKey | undefined },
  { fingerprint }: Pick<Asked, 'fingerprint'>,
): readonly [string, ...string[]] {
  const [key = OWN_KEY, ...former] = secretKey?.revealKeysFor('fingerprints') ?? []
  const toText = (each: Buffer): string => createHmac('sha256', each).update(fingerprint).digest('hex')
  return [toText(key), ...former.map(toText)]
}
