/**
 * Owns what was revoked, over all threads and in a fixed size: a sketch of times (docs/adr/0027).
 *
 *   cells    [ … t … │ … t′ … │ … ]   a key has four of them; it was revoked at the least of their times
 *   newest   t″                       no key was revoked later: most sessions began after it, and are not looked up
 *
 * Cells only go up. Keys that share all four cells are revoked together: too strict, never too lax, and never for what
 * begins afterwards. So nothing has to be removed, and no lock can be left behind by a dead thread.
 */
import type { RevocationList, Revocations } from '@gatewright/policies'
import { drawHashKey, type HashKey, KeyHasher } from '../counters/half-sip-hash.ts'

/** 4 MiB, mapped as it is touched. Of 30 000 keys at once one stranger in 7 000 shares all cells with others, of 100 000 one in 100. */
const CELLS = 2 ** 20
const PROBES = 4
/** What a cell counts in; 31 bits of it are 6.8 years of one process, and after them everything looks revoked. */
const UNIT_MS = 100
const LAST_UNIT = 2 ** 31 - 1
const NEVER = 0

export interface RevocationsDescriptor {
  readonly memory: SharedArrayBuffer
  /** Where times begin, in epoch milliseconds. */
  readonly epochMs: number
  /** Secret: nobody outside can choose keys that meet. */
  readonly hashKey: HashKey
}

/** `cells`: a power of two. */
export function createSharedRevocations({ cells = CELLS, epochMs = Date.now() } = {}): RevocationsDescriptor {
  const memory = new SharedArrayBuffer((cells + 1) * Int32Array.BYTES_PER_ELEMENT)
  return { memory, epochMs, hashKey: drawHashKey() }
}

export function openRevocations(descriptor: RevocationsDescriptor): Revocations {
  return { list: (id) => new SharedRevocationList(id, descriptor) }
}

class SharedRevocationList implements RevocationList {
  readonly #words: Int32Array
  readonly #newestAt: number
  readonly #epochMs: number
  readonly #hasher: KeyHasher

  constructor(id: string, { memory, epochMs, hashKey }: RevocationsDescriptor) {
    this.#words = new Int32Array(memory)
    this.#newestAt = this.#words.length - 1
    this.#epochMs = epochMs
    this.#hasher = new KeyHasher(id, hashKey)
  }

  revoke(key: string, atMs: number): void {
    // What was revoked before the memory was made cannot be told from what was revoked at its first moment.
    const unit = Math.max(NEVER + 1, this.#toUnit(atMs))
    this.#hasher.hash(key)
    for (let probe = 0; probe < PROBES; probe++) this.#raise(this.#cellAt(probe), unit)
    this.#raise(this.#newestAt, unit)
  }

  isRevoked(key: string, beganAtMs: number): boolean {
    const began = Math.max(NEVER + 1, this.#toUnit(beganAtMs))
    if (Atomics.load(this.#words, this.#newestAt) < began) return false
    this.#hasher.hash(key)
    for (let probe = 0; probe < PROBES; probe++)
      if (Atomics.load(this.#words, this.#cellAt(probe)) < began) return false
    return true
  }

  /** The first is 1, and what comes before it is less. */
  #toUnit(atMs: number): number {
    return Math.min(LAST_UNIT, Math.floor((atMs - this.#epochMs) / UNIT_MS) + 1)
  }

  #raise(at: number, unit: number): void {
    for (let found = Atomics.load(this.#words, at); found < unit; ) {
      const before = Atomics.compareExchange(this.#words, at, found, unit)
      if (before === found) return
      found = before
    }
  }

  /** Of the key hashed last. An odd step reaches each cell once. */
  #cellAt(probe: number): number {
    const { low, high } = this.#hasher
    return (low + Math.imul(probe, high | 1)) & (this.#newestAt - 1)
  }
}
