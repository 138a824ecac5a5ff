/**
 * Owns the slow hash of keys that could be guessed: argon2id with a pepper, a secret of this gateway.
 *
 * It has no salt of each key's own, since a key that says not whose it is has to be found by its hash alone; the pepper is what
 * keeps tables of hashes from being made beforehand, and who has not both it and the hashes has nothing to try. What keeps a
 * flood of guesses from costing a slow hash each: only a key that looks weak itself can be one; the guard of the policy looks at
 * so many wrong ones of an address; one hash at a time is made on each thread, and as many wait for theirs as are made in some seconds.
 */
import { createHmac, hash } from 'node:crypto'
import { Bottleneck } from '../callers/bottleneck.ts'
import { toFingerprint } from '../callers/remembered.ts'
import { SharedWork } from '../callers/shared-work.ts'
import { loadArgon2 } from '../passwords/password-library.ts'

/** OWASP's least for argon2id (Password Storage Cheat Sheet): 19 MiB, two passes, one lane; about 15 ms. */
const COST = { memoryCost: 19_456, timeCost: 2, parallelism: 1, outputLen: 32 } as const
/** Of 64 characters that are drawn at random, 192 bits. */
const LEAST_CHARACTERS = 32
/** Of keys that were found: guesses are never remembered, so strangers cannot fill this. */
const MOST_REMEMBERED = 4096

/** In 32 bytes; takes a while, for where configurations are read. */
export function hashWeakKeySync(key: string, pepper: Uint8Array): Buffer {
  return loadArgon2().hashRawSync(key, toOptions(pepper))
}

/** The same, beside other work. */
export async function hashWeakKey(key: string, pepper: Uint8Array): Promise<Buffer> {
  return await loadArgon2().hashRaw(key, toOptions(pepper))
}

/** As an operator says it; undefined: it is too short to be one. */
export function parsePepper(text: string): Buffer | undefined {
  return text.length < LEAST_CHARACTERS ? undefined : hash('sha256', text, 'buffer')
}

/** Tells it from others, and says nothing of it. */
export function toPepperId(pepper: Uint8Array): string {
  return createHmac('sha256', pepper).update('gatewright pepper id').digest('hex').slice(0, 16)
}

export class WeakKeys {
  readonly #pepper: Uint8Array
  readonly #remembered = new Map<string, Buffer>()
  readonly #underWay = new SharedWork<Buffer>()
  /** All that one address may have looked at wait, and some more: two seconds. */
  readonly #bottleneck = new Bottleneck({ mostAtOnce: 1, mostWaiting: 128 })

  constructor(pepper: Uint8Array) {
    this.#pepper = pepper
  }

  /** undefined unless it is remembered. */
  find(key: string): Buffer | undefined {
    return this.#remembered.get(toFingerprint(key))
  }

  /** @rejects with Problem verifier-unavailable where too many wait */
  hash(key: string): Promise<Buffer> {
    return this.#underWay.run(toFingerprint(key), () => this.#bottleneck.run(() => hashWeakKey(key, this.#pepper)))
  }

  /** It was found: its next request is not hashed again. */
  remember(key: string, digest: Buffer): void {
    if (this.#remembered.size >= MOST_REMEMBERED) this.#remembered.clear()
    this.#remembered.set(toFingerprint(key), digest)
  }
}

function toOptions(pepper: Uint8Array) {
  // RFC 9106 §3.1: a salt of 16 bytes is enough; the secret is its K.
  const salt = createHmac('sha256', pepper).update('gatewright weak keys').digest().subarray(0, 16)
  return { ...COST, secret: pepper, salt }
}
