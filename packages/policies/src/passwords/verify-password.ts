/** Owns the check of a password against its hash, and how many of them one thread has under way. */
import { Bottleneck } from '../callers/bottleneck.ts'
import { loadArgon2, loadBcrypt } from './password-library.ts'

/** bcrypt looks at so many bytes: whoever knows them could write anything behind. */
const MOST_BCRYPT_BYTES = 72

/**
 * A check takes 10 to 500 ms and up to 256 MiB, on the four threads that the whole process has for such work, for names of
 * DNS and for files. Those who wait hold their request; more of them are not let in.
 */
const slowWork = new Bottleneck({ mostAtOnce: 2, mostWaiting: 64 })

/**
 * Compares as OpenBSD and the argon2 library do, in time that does not tell where they differ.
 * @rejects with Problem verifier-unavailable where too many wait; with whatever the library says where the hash is none
 */
export function verifyPassword(password: string, hash: string): Promise<boolean> {
  return slowWork.run(() => (hash.startsWith('$argon2') ? verifyArgon2(password, hash) : verifyBcrypt(password, hash)))
}

async function verifyArgon2(password: string, hash: string): Promise<boolean> {
  return await loadArgon2().verify(hash, password)
}

async function verifyBcrypt(password: string, hash: string): Promise<boolean> {
  const isRight = await loadBcrypt().verify(password, hash)
  // After the check: that it is too long is nobody's business before it took its time.
  return isRight && Buffer.byteLength(password) <= MOST_BCRYPT_BYTES
}
