/** Owns policies that end the thread they run on, as users' policies with a fatal fault would. */
import { unlinkSync } from 'node:fs'
import { isMainThread } from 'node:worker_threads'
import { definePolicy, z } from '@gatewright/policies'

export const endThread = definePolicy({
  name: 'end-thread',
  phase: 'observe',
  summary: 'Ends the thread that runs it. For tests alone.',
  options: z.strictObject({}),
  create() {
    return function endThreadNow() {
      // In a worker thread this ends the thread, not the process.
      process.exit(1)
    }
  },
})

export const fillHeap = definePolicy({
  name: 'fill-heap',
  phase: 'observe',
  summary: 'Allocates without end. For tests alone.',
  options: z.strictObject({}),
  create() {
    return function fillHeapNow() {
      const kept: number[][] = []
      // Doubles: quickly enough that memory is what ends it, and not its silence.
      for (;;) kept.push(new Array<number>(100_000).fill(kept.length + 0.5))
    }
  },
})

export const endThreadOnce = definePolicy({
  name: 'end-thread-once',
  phase: 'observe',
  summary: 'Ends the first thread that prepares it while a file is there, and takes the file. For tests alone.',
  options: z.strictObject({ file: z.string() }),
  create({ file }) {
    if (!isMainThread && isTaken(file)) process.exit(1)
    return (exchange, next) => next(exchange)
  },
})

export const endThreadAlways = definePolicy({
  name: 'end-thread-always',
  phase: 'observe',
  summary: 'Ends every thread that prepares it. For tests alone.',
  options: z.strictObject({}),
  create() {
    if (!isMainThread) process.exit(1)
    return (exchange, next) => next(exchange)
  },
})

/** True for exactly one caller, on whatever thread. */
function isTaken(file: string): boolean {
  try {
    unlinkSync(file)
    return true
  } catch {
    return false
  }
}
