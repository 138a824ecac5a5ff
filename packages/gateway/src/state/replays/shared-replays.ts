/**
 * Owns what was used and must not be used again, over all threads and in a fixed size (docs/adr/0028).
 *
 *   slots    [ tag, until ][ tag, until ]…   in buckets of eight; a key has two buckets, and stands in one of them
 *
 * A slot is one word of 64 bits that changes by compare-and-set, and is free again when its time has passed: nothing is swept, and
 * no lock can be left behind by a dead thread. Where both buckets of a key are full it counts as used: too strict, never too lax.
 */
import type { ReplayList, Replays } from '@gatewright/policies'
import { drawHashKey, type HashKey, KeyHasher } from '../counters/half-sip-hash.ts'

/** 16 MiB, mapped as it is touched. Two buckets to choose from hold two thirds of them before one is turned away. */
const SLOTS = 2 ** 21
const BUCKET_SLOTS = 8
const FREE = 0n

export interface ReplaysDescriptor {
  readonly memory: SharedArrayBuffer
  /** Where times begin, in epoch milliseconds. */
  readonly epochMs: number
  /** Secret: nobody outside can choose keys that meet. */
  readonly hashKey: HashKey
}

/** `slots`: a power of two. */
export function createSharedReplays({ slots = SLOTS, epochMs = Date.now() } = {}): ReplaysDescriptor {
  const memory = new SharedArrayBuffer(slots * BigInt64Array.BYTES_PER_ELEMENT)
  return { memory, epochMs, hashKey: drawHashKey() }
}

export function openReplays(descriptor: ReplaysDescriptor, now: () => number = Date.now): Replays {
  return { list: (id) => new SharedReplayList(id, descriptor, now) }
}

class SharedReplayList implements ReplayList {
  readonly #slots: BigInt64Array
  readonly #buckets: number
  readonly #epochMs: number
  readonly #hasher: KeyHasher
  readonly #now: () => number

  constructor(id: string, { memory, epochMs, hashKey }: ReplaysDescriptor, now: () => number) {
    this.#slots = new BigInt64Array(memory)
    this.#buckets = this.#slots.length / BUCKET_SLOTS
    this.#epochMs = epochMs
    this.#hasher = new KeyHasher(id, hashKey)
    this.#now = now
  }

  use(key: string, untilMs: number): boolean {
    const now = this.#toSeconds(this.#now())
    const until = this.#toSeconds(untilMs) + 1
    if (until <= now) return true
    const places = this.#placesOf(key)
    for (;;) {
      if (this.#find(places, now) >= 0) return false
      const at = this.#findRoom(places, now)
      if (at < 0) return false
      const found = Atomics.load(this.#slots, at)
      if (isAlive(found, now)) continue
      if (Atomics.compareExchange(this.#slots, at, found, toSlot(places.tag, until)) !== found) continue
      // Another thread may have put the same key in its other bucket meanwhile. Whoever comes second sees the first; where
      // each sees the other, it is used for both.
      return this.#find(places, now, at) < 0
    }
  }

  giveBack(key: string): void {
    const places = this.#placesOf(key)
    const at = this.#find(places, this.#toSeconds(this.#now()))
    if (at < 0) return
    const found = Atomics.load(this.#slots, at)
    if (tagOf(found) === places.tag) Atomics.compareExchange(this.#slots, at, found, FREE)
  }

  /** The slot in which it stands, and is not `own`; -1: none. */
  #find({ first, second, tag }: Places, now: number, own = -1): number {
    for (const start of [first, second]) {
      for (let at = start; at < start + BUCKET_SLOTS; at++) {
        const found = Atomics.load(this.#slots, at)
        if (at !== own && tagOf(found) === tag && isAlive(found, now)) return at
      }
    }
    return -1
  }

  /** A free slot of the emptier bucket; -1: there is none in either. */
  #findRoom({ first, second }: Places, now: number): number {
    const [one, other] = [this.#freeIn(first, now), this.#freeIn(second, now)]
    return (one.count >= other.count ? one : other).at
  }

  #freeIn(start: number, now: number): { readonly count: number; readonly at: number } {
    let count = 0
    let at = -1
    for (let slot = start; slot < start + BUCKET_SLOTS; slot++) {
      if (isAlive(Atomics.load(this.#slots, slot), now)) continue
      count++
      at = slot
    }
    return { count, at }
  }

  /** The tag is of bits that choose no bucket. */
  #placesOf(key: string): Places {
    this.#hasher.hash(key)
    const { low, high } = this.#hasher
    const first = (low & (this.#buckets - 1)) * BUCKET_SLOTS
    const second = ((low ^ Math.imul(high | 1, 0x9e3779b1)) & (this.#buckets - 1)) * BUCKET_SLOTS
    return { first, second, tag: BigInt(high >>> 0) }
  }

  /** The first is 1. What came before the memory was made is over. */
  #toSeconds(atMs: number): number {
    return Math.max(1, Math.floor((atMs - this.#epochMs) / 1000) + 1)
  }
}

interface Places {
  readonly first: number
  readonly second: number
  readonly tag: bigint
}

function toSlot(tag: bigint, until: number): bigint {
  return BigInt.asIntN(64, (tag << 32n) | BigInt(until))
}

function tagOf(slot: bigint): bigint {
  return BigInt.asUintN(32, slot >> 32n)
}

function isAlive(slot: bigint, now: number): boolean {
  return Number(BigInt.asUintN(32, slot)) > now
}
