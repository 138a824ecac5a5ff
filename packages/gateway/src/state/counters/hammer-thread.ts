/** Owns what a thread does in the tests of shared counters: it takes as fast as it can, and keeps a tally of what it got. */
import { isMainThread, workerData } from 'node:worker_threads'
import type { Limiter, LimiterSpec } from '@gatewright/policies'
import { type CountersDescriptor, openCounters } from './shared-counters.ts'

export interface HammerOrder {
  readonly descriptor: CountersDescriptor
  readonly spec: LimiterSpec
  /** Word 0: how often a thread was ready. Word 1: which phase to begin. Then one word per key: how often it was allowed. */
  readonly tally: SharedArrayBuffer
  /** A fixed time, or absent: each take is one millisecond later than the last, in all threads. */
  readonly nowMs: number | undefined
  readonly keys: number
  /** How often each key is tried; 0 goes on until it is killed, with ever new keys. */
  readonly rounds: number
  /** So often all of it, each time two windows later; once, if absent. */
  readonly phases?: number
}

export const TALLY_AT = 3

function hammer(order: HammerOrder): void {
  const { descriptor, spec, nowMs, phases = 1 } = order
  const words = new Int32Array(order.tally)
  let phase = 1
  const ticking = () => descriptor.epochMs + Atomics.add(words, 2, 1)
  const now = nowMs === undefined ? ticking : () => nowMs + (phase - 1) * 2 * spec.windowMs
  const limiter = openCounters(descriptor, { now }).limiter(spec)
  for (; phase <= phases; phase++) {
    Atomics.add(words, 0, 1)
    Atomics.notify(words, 0)
    Atomics.wait(words, 1, phase - 1)
    hammerOnce(order, limiter, words)
  }
}

function hammerOnce({ keys, rounds }: HammerOrder, limiter: Limiter, words: Int32Array): void {
  for (let round = 0; rounds === 0 || round < rounds; round++) {
    for (let key = 0; key < keys; key++) {
      const name = rounds === 0 ? `key ${round} ${key}` : `key ${key}`
      const decision = limiter.take(name, 1)
      if (!(decision instanceof Promise) && decision.allowed) Atomics.add(words, TALLY_AT + key, 1)
    }
  }
}

// The test itself reads `TALLY_AT` from here.
if (!isMainThread) hammer(workerData as HammerOrder)
