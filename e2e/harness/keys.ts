/** Owns a key for tests, and how configurations name it. */
import { createHash } from 'node:crypto'

export const KEY = 'a-key-for-tests'

/** As configurations name a key. */
export function toKeyHash(key: string): string {
  return `sha256:${createHash('sha256').update(key).digest('hex')}`
}

/** The `apps` of a configuration in which `KEY` is good. */
export const APPS = `apps:
  - { id: tester, keys: [{ hash: "${toKeyHash(KEY)}" }] }
`

export const KEY_AUTH = '{ policy: key-auth, options: { in: header, name: X-Api-Key } }'
