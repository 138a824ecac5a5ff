/** Owns what the slot protocol asks of an algorithm: read a state, charge it, write it, explain it. */
import type { Decision, LimiterSpec } from '@gatewright/policies'
import type { ShapeKind } from './shapes.ts'

/** The counts in a state have 24 bits. */
export const MAX_LIMIT = 2 ** 24 - 1
/** 49 days: windows have 32 bits. */
export const MAX_WINDOW_MS = 2 ** 32 - 1

/**
 * One thread's instrument for one limiter. It holds the state that it last read, in fields: a request makes no object
 * but its decision.
 */
export interface Meter {
  readonly kind: ShapeKind
  /** The window by which states are numbered. */
  readonly windowMs: number
  /** What a fresh key may take at once. */
  readonly capacity: number
  /** After so long without a charge every key is fresh. */
  readonly horizonMs: number
  /** The state to write, in two halves; of the key as last read and charged. */
  readonly high: number
  readonly low: number
  /** Reads a state as of now. */
  read(high: number, low: number, nowMs: number): void
  /** Reads a key that has no slot, and to whom so much must be imputed. */
  readFresh(charged: number, nowMs: number): void
  /** All or nothing; then `high` and `low` are what to write. */
  charge(cost: number): boolean
  refund(cost: number): void
  /** After `charge`: allowed → until one more fits; refused → until this cost fits. */
  toDecision(allowed: boolean, cost: number): Decision
}

/** Throws a `RangeError` that says what may be there instead. */
export function checkSpec({ id, limit, windowMs, burst }: LimiterSpec): void {
  checkInteger(`limit of ${id}`, limit, MAX_LIMIT)
  checkInteger(`windowMs of ${id}`, windowMs, MAX_WINDOW_MS)
  if (burst !== undefined) checkInteger(`burst of ${id}`, burst, MAX_LIMIT)
}

function checkInteger(what: string, value: number, max: number): void {
  if (Number.isInteger(value) && value >= 1 && value <= max) return
  throw new RangeError(`${what} is ${value}; it must be a whole number from 1 to ${max}`)
}
