/**
 * Owns the memory that all threads count in: its layout, its size, and who is handed what.
 *
 * ```
 * SharedArrayBuffer
 * ┌────────────┬──────────────────────────┬───────────┬───────────┬─ ─ ─┐
 * │ header 64 B│ shapes 4096 × 8 B        │ bucket 0  │ bucket 1  │     │
 * └────────────┴──────────────────────────┴───────────┴───────────┴─ ─ ─┘
 * bucket, 192 B = three cache lines of 64 B
 * ┌──────────────┬──────────────┬──────────────────┬────────┬───────────┐
 * │ 8 tags × 8 B │ 8 states × 8 │ 4 overflows × 8 B│ lock 4 │ unused 28 │
 * └──────────────┴──────────────┴──────────────────┴────────┴───────────┘
 * tag       63 ─────────────── 12 │ 11 ─ 0      the key's hash; its low 12 bits are replaced by the shape. They are
 *           hash                  │ shape       not lost: with 4096 buckets or more, they choose the bucket.
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
/** One overflow for each order of magnitude of windows, so that a limit by the second doesn't wait for one by the day. */
export const OVERFLOW_CLASSES = 4
export const SHAPE_BITS = 12
export const MAX_SHAPES = 1 << SHAPE_BITS

const HEADER_BYTES = 64
const SHAPES_AT = HEADER_BYTES
const BUCKETS_AT = SHAPES_AT + 8 * MAX_SHAPES
const BUCKET_BYTES = 192

// 32-bit words of the header.
const HASH_KEY = 0
const TICKETS = 2
const OVERFLOWED = 3

// 64-bit words inside a bucket.
const STATES = 8
const OVERFLOWS = 16
const LOCK = 20

/**
 * 3 MiB. Overflows begin where nine keys that are alive meet in a bucket: at 16 384 keys within their windows one bucket
 * in a million does, at 32 768 one in 4 200, at 65 536 one in 47 (Poisson).
 */
export const DEFAULT_SLOTS = 1 << 17

/** What a thread needs to count with the others; goes through `postMessage` or `workerData` as it is. */
export interface CountersDescriptor extends ClockOrigin {
  readonly memory: SharedArrayBuffer
  readonly bucketCount: number
}

export interface SharedCountersOptions {
  /** Keys that can be alive at once; rounded up to a power of two, at least 8. */
  readonly slots?: number
  /** When the table begins, in epoch milliseconds; only tests say so. */
  readonly epochMs?: number
}

/** Makes the table, once per process. */
export function createSharedCounters(options: SharedCountersOptions = {}): CountersDescriptor {
  const { slots = DEFAULT_SLOTS, epochMs = Date.now() } = options
  if (!(slots >= 1 && slots <= 1 << 26)) throw new RangeError(`slots is ${slots}; it goes from 1 to ${1 << 26}`)
  const bucketCount = 2 ** Math.ceil(Math.log2(Math.max(1, slots / SLOTS_PER_BUCKET)))
  const memory = new SharedArrayBuffer(BUCKETS_AT + bucketCount * BUCKET_BYTES)
  const secret = randomFillSync(new Int32Array(2))
  new Int32Array(memory).set(secret, HASH_KEY)
  return { memory, bucketCount, epochMs, monotonicMs: readMonotonicMs() }
}

/** One thread's view: typed arrays, and where in them things stand. 32-bit and 64-bit indexes are of the whole memory. */
export class CounterTable {
  readonly words: Int32Array
  readonly longs: BigInt64Array
  readonly bucketCount: number
  readonly hashKey: HashKey
  readonly epochMs: number

  constructor({ memory, bucketCount, epochMs }: CountersDescriptor) {
    this.words = new Int32Array(memory)
    this.longs = new BigInt64Array(memory)
    this.bucketCount = bucketCount
    this.hashKey = { k0: this.words[HASH_KEY] ?? 0, k1: this.words[HASH_KEY + 1] ?? 0 }
    this.epochMs = epochMs
  }

  /** The 64-bit index of a bucket's first tag. Slot n's tag stands at bucket + n, its state 8 further. */
  bucketAt(hashLow: number): number {
    return this.bucketNumbered(hashLow & (this.bucketCount - 1))
  }

  bucketNumbered(number: number): number {
    return (BUCKETS_AT + number * BUCKET_BYTES) >> 3
  }

  stateAt(slot: number): number {
    return slot + STATES
  }

  overflowAt(bucket: number, overflowClass: number): number {
    return bucket + OVERFLOWS + overflowClass
  }

  /** 32-bit index. */
  lockAt(bucket: number): number {
    return 2 * (bucket + LOCK)
  }

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
