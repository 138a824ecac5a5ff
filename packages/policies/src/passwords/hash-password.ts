/** Owns the making of a hash that a password is checked against. */
import { loadArgon2 } from './password-library.ts'

/** OWASP's least for argon2id (Password Storage Cheat Sheet): 19 MiB, two passes, one lane. */
const COST = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const

/** `$argon2id$v=19$…`, with a salt of its own each time. */
export function hashPassword(password: string): Promise<string> {
  return loadArgon2().hash(password, COST)
}
