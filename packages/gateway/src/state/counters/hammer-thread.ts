/** Owns what a thread does in the tests of shared counters: it takes as fast as it can, and keeps a tally of what it got. */
import { isMainThread, workerData } from 'node:worker_threads'
import type { LimiterSpec } from '@gatewright/policies'
import { type CountersDescriptor, openCounters } from './shared-counters.ts'

export interface HammerOrder {
  readonly descriptor: CountersDescriptor
  readonly spec: LimiterSpec
  /** Word 0: how many threads are ready. Word 1: set to begin. Then one word per key: how often it was allowed. */
  readonly tally: SharedArrayBuffer
  /** A fixed time, or absent: each take is one millisecond later than the last, in all threads. */
  readonly nowMs: number | undefined
  readonly keys: number
  /** How often each key is tried; 0 goes on until it is killed, with ever new keys. */
  readonly rounds: number
}

export const TALLY_AT = 3

function hammer({ descriptor, spec, tally, nowMs, keys, rounds }: HammerOrder): void {
  const words = new Int32Array(tally)
  const ticking = () => descriptor.epochMs + Atomics.add(words, 2, 1)
  const limiter = openCounters(descriptor, { now: nowMs === undefined ? ticking : () => nowMs }).limiter(spec)
  Atomics.add(words, 0, 1)
  Atomics.notify(words, 0)
  Atomics.wait(words, 1, 0)
  for (let round = 0; rounds === 0 || round < rounds; round++) {
    for (let key = 0; key < keys; key++) {
      const name = rounds === 0 ? `key ${round} ${key}` : `key ${key}`
      if (limiter.take(name, 1).allowed) Atomics.add(words, TALLY_AT + key, 1)
    }
  }
}

// The test itself reads `TALLY_AT` from here.
if (!isMainThread) hammer(workerData as HammerOrder)
