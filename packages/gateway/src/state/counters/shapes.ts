/** Owns the list of shapes in the table: how any thread tells whether a stranger's slot may be reused. */
import type { CounterTable } from './counter-table.ts'
import { MAX_SHAPES } from './counter-table.ts'
import { toWindowAge, toWindowNumber } from './window-number.ts'

export type ShapeKind = 'sliding-window' | 'token-bucket'

/** Finds the shape's number, or adds it: 1 … 4095, equal in all threads. */
export function registerShape(table: CounterTable, kind: ShapeKind, windowMs: number): number {
  const entry = (BigInt(windowMs) << 1n) | (kind === 'token-bucket' ? 1n : 0n)
  for (let shape = 1; shape < MAX_SHAPES; shape++) {
    const found = Atomics.compareExchange(table.longs, table.shapeAt(shape), 0n, entry)
    if (found === 0n || found === entry) return shape
  }
  throw new RangeError(
    `${MAX_SHAPES - 1} different windows have been counted since the start, and ${windowMs} ms would be one more: use windows already in use, or restart`,
  )
}

/** Judges slots by their shape. Remembers shapes, because they never change. */
export class Expiry {
  readonly #table: CounterTable
  readonly #windowsMs = new Float64Array(MAX_SHAPES)
  readonly #lifetimes = new Uint8Array(MAX_SHAPES)

  constructor(table: CounterTable) {
    this.#table = table
  }

  /** True when a key with this state could take exactly as much as one never seen. */
  hasExpired(shape: number, stateHigh: number, nowMs: number): boolean {
    const stored = stateHigh >>> 16
    if (stored === 0) return true
    if (this.#lifetimes[shape] === 0) this.#learn(shape)
    const current = toWindowNumber(Math.floor(nowMs / (this.#windowsMs[shape] ?? 1)))
    return toWindowAge(stored, current) >= (this.#lifetimes[shape] ?? 0)
  }

  #learn(shape: number): void {
    const entry = Atomics.load(this.#table.longs, this.#table.shapeAt(shape))
    this.#windowsMs[shape] = Number(entry >> 1n)
    // A sliding window looks back one window; a token bucket's state is the moment from which it is full.
    this.#lifetimes[shape] = (entry & 1n) === 1n ? 1 : 2
  }
}
