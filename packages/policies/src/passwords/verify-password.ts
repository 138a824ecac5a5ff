/** Owns the check of a password against its hash, and how many of them one thread has under way. */
import { Bottleneck } from '../callers/bottleneck.ts'
import type { Exchange } from '../exchange.ts'
import { loadArgon2, loadBcrypt } from './password-library.ts'

/** bcrypt looks at so many bytes: whoever knows them could write anything behind. */
const MOST_BCRYPT_BYTES = 72

/**
 * A check takes 10 ms to seconds and up to 256 MiB, on the four threads that the whole process has for such work, for names of
 * DNS and for files: so two at once, whatever waits. Those who wait hold their request, of whose time and memory there is more:
 * a thousand checks of what `gatewright key password` makes take some 10 s, and 64 of `$2b$12$` as long. Longer nobody is made to wait.
 */
const slowWork = new Bottleneck({ mostAtOnce: 2, mostWaiting: 1024 })

/** Of what `gatewright key password` makes: KiB times passes. 15 ms on an idle core of 2024, 30 ms on one that is shared. */
const USUAL_ARGON2 = 19_456 * 2
/** As long as that takes bcrypt for so many rounds. */
const USUAL_BCRYPT = 2 ** 8

/**
 * Compares as OpenBSD and the argon2 library do, in time that does not tell where they differ. `asker`: with whom it is given up
 * before it has begun; it never is if absent.
 * @rejects with Problem verifier-unavailable where too many wait; with whatever the library says where the hash is none
 */
export function verifyPassword(password: string, hash: string, asker?: Exchange): Promise<boolean> {
  const isArgon2 = hash.startsWith('$argon2')
  const verify = () => (isArgon2 ? verifyArgon2(password, hash) : verifyBcrypt(password, hash))
  return slowWork.run(verify, { size: toSize(hash), ...(asker !== undefined && { asker }) })
}

/** How long it takes, in usual checks. Those that take less count as one: requests are held for them as well. */
export function toSize(hash: string): number {
  const [, memoryKib = 0, passes = 0] = /\$m=(\d+),t=(\d+)/.exec(hash) ?? []
  const [, cost = 0] = /^\$2[aby]\$(\d\d)\$/.exec(hash) ?? []
  return Math.max(1, (Number(memoryKib) * Number(passes)) / USUAL_ARGON2, 2 ** Number(cost) / USUAL_BCRYPT)
}

async function verifyArgon2(password: string, hash: string): Promise<boolean> {
  return await loadArgon2().verify(hash, password)
}

async function verifyBcrypt(password: string, hash: string): Promise<boolean> {
  const isRight = await loadBcrypt().verify(password, hash)
  // After the check: that it is too long is nobody's business before it took its time.
  return isRight && Buffer.byteLength(password) <= MOST_BCRYPT_BYTES
}
