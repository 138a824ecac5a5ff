/** Owns a key for tests, and how configurations name it. */
import { createHash } from 'node:crypto'

export const KEY = 'a-key-for-tests'

/** The `apps` of a configuration in which `KEY` is good. */
export const APPS = `apps:
  - { id: tester, keys: [{ hash: "sha256:${createHash('sha256').update(KEY).digest('hex')}" }] }
`

export const KEY_AUTH = '{ policy: key-auth, options: { in: header, name: X-Api-Key } }'
