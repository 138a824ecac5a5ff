/** Loads what checks hashes of passwords when the first one is checked: native code, which a gateway without users need not hold. */
import { createRequire } from 'node:module'
import type * as Argon2 from '@node-rs/argon2'
import type * as Bcrypt from '@node-rs/bcrypt'

const require = createRequire(import.meta.url)
let argon2: typeof Argon2 | undefined
let bcrypt: typeof Bcrypt | undefined

export function loadArgon2(): typeof Argon2 {
  argon2 ??= require('@node-rs/argon2') as typeof Argon2
  return argon2
}

export function loadBcrypt(): typeof Bcrypt {
  bcrypt ??= require('@node-rs/bcrypt') as typeof Bcrypt
  return bcrypt
}
