/**
 * Owns the memory that all threads count in: its layout, its size, and who is handed what.
 *
 * ```
 * SharedArrayBuffer
 * ┌────────────┬─────────────────┬───────────────┬────────┬─────────────────┬─────────────────┬─ ─ ─┐
 * │ header 64 B│ shapes 4096 × 8 │ holdings × 32 │ owners │ level 0 regions │ level 1 regions │     │
 * └────────────┴─────────────────┴───────────────┴────────┴─────────────────┴─────────────────┴─ ─ ─┘
 * holding, 32 B: the regions of one use, which are its own; holding n has region n of level 0. The first is common to all
 * uses for which there was none.
 * ┌─────────┬──────────┬──────────────┬───────┐
 * │ use 8 B │ life 4 B │ 4 links × 4 B│ 4 B   │
 * └─────────┴──────────┴──────────────┴───────┘
 * use       the use's hash; 0: never held, 1: given back
 * life      how often it was taken: tells a view of it from a view of what it was before
 * link      its region of that level, plus 1 (of level 0: its life); 0: none; below 0: about to be given back
 * owner     of a region of level 1 or more: its holding, plus 1; 0: nobody's
 * region    buckets, as many as its level says; a key's is chosen by the low bits of its hash, so all that share a bucket of
 *           one level share those of the levels above, and one lock on level 0 guards all places that a key may have
 * bucket, 192 B = three cache lines of 64 B
 * ┌──────────────┬──────────────┬──────────────────┬────────┬───────────┐
 * │ 8 tags × 8 B │ 8 states × 8 │ 4 overflows × 8 B│ lock 4 │ unused 28 │
 * └──────────────┴──────────────┴──────────────────┴────────┴───────────┘
 * tag       63 ─────────────── 12 │ 11 ─ 0      the key's hash; its low 12 bits are replaced by the shape. They are
 *           hash                  │ shape       not all lost: they chose the bucket, 5 of them on level 0. No hash: nobody's.
 * state     63 ─ 48 │ 47 ─ 0                    window 1 … 65535, then what the algorithm counts in it
 *           window  │ counts                    0 is fresh; window 0 with other bits is a claim in progress
 * overflow  63 ───────── 24 │ 23 ─ 0            when all charges in it are forgotten (ms since the table began);
 *           expiry          │ charged           how much was charged since it was last empty
 * ```
 *
 * A *shape* is an algorithm and its window, `windowMs × 2 + algorithm`: with it, any thread can tell from a slot alone
 * whether it has expired, whoever's it is. Shapes are only added; they are few, as windows in a configuration are.
 */
import { randomFillSync } from 'node:crypto'
import type { HashKey } from './half-sip-hash.ts'
import { type ClockOrigin, readMonotonicMs } from './shared-clock.ts'

export const SLOTS_PER_BUCKET = 8
/** The three highest bits of a hash's low word say in which slot of its bucket a key would like to be. */
export const PREFERENCE_SHIFT = 29
/** One overflow for each order of magnitude of windows, so that a limit by the second doesn't wait for one by the day. */
export const OVERFLOW_CLASSES = 4
export const SHAPE_BITS = 12
export const MAX_SHAPES = 1 << SHAPE_BITS
export const SHAPE_MASK = BigInt(MAX_SHAPES - 1)
export const MAX_LEVELS = 4
/** 64-bit words of a bucket. */
export const BUCKET_LONGS = 24

const HEADER_BYTES = 64
const SHAPES_AT = HEADER_BYTES
const HOLDINGS_AT = SHAPES_AT + 8 * MAX_SHAPES
const HOLDING_BYTES = 32
const BUCKET_BYTES = 8 * BUCKET_LONGS
const CACHE_LINE_BYTES = 64

// 32-bit words of the header.
const HASH_KEY = 0
const TICKETS = 2
const OVERFLOWED = 3
const DIRECTORY_LOCK = 4

// 32-bit words of a holding, behind its use.
const LIFE = 2
const LINKS = 3

// 64-bit words inside a bucket.
const STATES = 8
const OVERFLOWS = 16
const LOCK = 20

export interface Level {
  /** In a region; a power of two, and no fewer than on the level before. */
  readonly buckets: number
  readonly regions: number
}

/**
 * 96 MiB of addresses; of memory, only what keys have been in (docs/adr/0017). A use is given its first 256 slots with its
 * first key, 4096 more when a bucket of them is full, and then 131 072 more. Buckets of the last begin to overflow where nine
 * keys that are alive meet in one: at 16 384 keys within their windows one bucket in a million does, at 32 768 one in
 * 4 200, at 65 536 one in 47 (Poisson).
 */
export const DEFAULT_LEVELS: readonly Level[] = [
  { buckets: 32, regions: 4096 },
  { buckets: 512, regions: 256 },
  { buckets: 16_384, regions: 16 },
]

/** What a thread needs to count with the others; goes through `postMessage` or `workerData` as it is. */
export interface CountersDescriptor extends ClockOrigin {
  readonly memory: SharedArrayBuffer
  readonly levels: readonly Level[]
}

export interface SharedCountersOptions {
  /** With one region on level 0, all uses share it. */
  readonly levels?: readonly Level[]
  /** When the table begins, in epoch milliseconds; only tests say so. */
  readonly epochMs?: number
}

/** Makes the table, once per process. */
export function createSharedCounters(options: SharedCountersOptions = {}): CountersDescriptor {
  const { levels = DEFAULT_LEVELS, epochMs = Date.now() } = options
  checkLevels(levels)
  const memory = new SharedArrayBuffer(toLayout(levels).sizeBytes)
  const secret = randomFillSync(new Int32Array(2))
  new Int32Array(memory).set(secret, HASH_KEY)
  return { memory, levels, epochMs, monotonicMs: readMonotonicMs() }
}

function checkLevels(levels: readonly Level[]): void {
  if (levels.length < 1 || levels.length > MAX_LEVELS) throw new RangeError(`levels go from 1 to ${MAX_LEVELS}`)
  let least = 1
  for (const { buckets, regions } of levels) {
    if (!(Number.isInteger(Math.log2(buckets)) && buckets >= least && buckets <= 1 << 23 && regions >= 1)) {
      throw new RangeError(`${regions} regions of ${buckets} buckets are no level: say a power of two from ${least}`)
    }
    least = buckets
  }
}

interface Layout {
  /** By level, in bytes. Level 0 has no owners: its regions are the holdings'. */
  readonly ownersAt: readonly number[]
  readonly regionsAt: readonly number[]
  readonly sizeBytes: number
}

function toLayout(levels: readonly Level[]): Layout {
  let at = HOLDINGS_AT + HOLDING_BYTES * (levels[0]?.regions ?? 0)
  const ownersAt = levels.map(({ regions }, level) => {
    const ownerAt = at
    if (level > 0) at += 4 * regions
    return ownerAt
  })
  at = Math.ceil(at / CACHE_LINE_BYTES) * CACHE_LINE_BYTES
  const regionsAt = levels.map(({ buckets, regions }) => {
    const regionAt = at
    at += buckets * regions * BUCKET_BYTES
    return regionAt
  })
  return { ownersAt, regionsAt, sizeBytes: at }
}

/** A tag without a hash: the slot was never given to a key, or the sweep has wiped it. */
export function isNobodys(tag: bigint): boolean {
  return (tag & ~SHAPE_MASK) === 0n
}

/** One thread's view: typed arrays, and where in them things stand. 32-bit and 64-bit indexes are of the whole memory. */
export class CounterTable {
  readonly words: Int32Array
  readonly longs: BigInt64Array
  readonly levels: readonly Level[]
  readonly hashKey: HashKey
  readonly epochMs: number
  readonly #layout: Layout

  constructor({ memory, levels, epochMs }: CountersDescriptor) {
    this.words = new Int32Array(memory)
    this.longs = new BigInt64Array(memory)
    this.levels = levels
    this.#layout = toLayout(levels)
    this.hashKey = { k0: this.words[HASH_KEY] ?? 0, k1: this.words[HASH_KEY + 1] ?? 0 }
    this.epochMs = epochMs
  }

  get holdingCount(): number {
    return this.levels[0]?.regions ?? 0
  }

  bucketCount(level: number): number {
    return this.levels[level]?.buckets ?? 0
  }

  regionCount(level: number): number {
    return this.levels[level]?.regions ?? 0
  }

  /** The 64-bit index of a region's first bucket. A bucket's tags stand at its beginning, slot n's at bucket + n, its state 8 further. */
  regionAt(level: number, region: number): number {
    return ((this.#layout.regionsAt[level] ?? 0) + region * this.bucketCount(level) * BUCKET_BYTES) / 8
  }

  stateAt(slot: number): number {
    return slot + STATES
  }

  overflowAt(bucket: number, overflowClass: number): number {
    return bucket + OVERFLOWS + overflowClass
  }

  /** 32-bit index, as of all that follow. Only locks of level 0 are used. */
  lockAt(bucket: number): number {
    return 2 * (bucket + LOCK)
  }

  /** Low word, high word. */
  useAt(holding: number): number {
    return (HOLDINGS_AT + holding * HOLDING_BYTES) / 4
  }

  lifeAt(holding: number): number {
    return this.useAt(holding) + LIFE
  }

  linkAt(holding: number, level: number): number {
    return this.useAt(holding) + LINKS + level
  }

  ownerAt(level: number, region: number): number {
    return (this.#layout.ownersAt[level] ?? 0) / 4 + region
  }

  /** Whoever gives out regions, or takes the last of a holding back, has it. Taken after a bucket's lock, never before. */
  get directoryLockAt(): number {
    return DIRECTORY_LOCK
  }

  /** 64-bit index. */
  shapeAt(shape: number): number {
    return (SHAPES_AT >> 3) + shape
  }

  /** Never 0, and the same again only after four thousand million others. */
  nextTicket(): number {
    return (Atomics.add(this.words, TICKETS, 1) + 1) | 0 || this.nextTicket()
  }

  countOverflow(): void {
    Atomics.add(this.words, OVERFLOWED, 1)
  }

  /** How often a key had to share an overflow. Wraps at 2^32. */
  overflowCount(): number {
    return Atomics.load(this.words, OVERFLOWED) >>> 0
  }
}
