// Owns a policy of the bench that says how long its thread stood still, and how much of that it only waited for a core.
//
// A timer of one millisecond that comes late tells that the thread did not turn; the kernel tells how long it was ready and got no core.
import { openSync, readSync } from 'node:fs'
import { BytesBody, definePolicy, GatewayResponse, HeaderList, z } from '@gatewright/policies'

export interface Stalls {
  /** From one turn to the next, at most. */
  readonly longestMs: number
  /** Of a turn, without what it waited for a core. */
  readonly longestOwnMs: number
  readonly turns: number
}

const TICK_MS = 1
const NONE: Stalls = { longestMs: 0, longestOwnMs: 0, turns: 0 }

const schedule = openSync('/proc/thread-self/schedstat', 'r')
const buffer = Buffer.alloc(128)
let stalls = NONE
let lastMs = performance.now()
let lastWaitedMs = readWaitedMs()

setInterval(() => {
  const [nowMs, waitedMs] = [performance.now(), readWaitedMs()]
  const tookMs = nowMs - lastMs - TICK_MS
  const ownMs = tookMs - (waitedMs - lastWaitedMs)
  stalls = {
    longestMs: Math.max(stalls.longestMs, tookMs),
    longestOwnMs: Math.max(stalls.longestOwnMs, ownMs),
    turns: stalls.turns + 1,
  }
  lastMs = nowMs
  lastWaitedMs = waitedMs
}, TICK_MS).unref()

/** Its second figure, in nanoseconds (https://docs.kernel.org/scheduler/sched-stats.html). */
function readWaitedMs(): number {
  const size = readSync(schedule, buffer, 0, buffer.length, 0)
  return Number(buffer.toString('latin1', 0, size).split(' ')[1]) / 1e6
}

/** Since it was asked last. */
export const answerStalls = definePolicy({
  name: 'answer-stalls',
  phase: 'upstream',
  summary: 'Answers with how long its thread stood still. For the bench alone.',
  options: z.strictObject({}),
  answers: true,
  create() {
    return function answerStalls() {
      const body = BytesBody.ofText(JSON.stringify(stalls))
      stalls = NONE
      return new GatewayResponse({ status: 200, headers: HeaderList.of([['Content-Type', 'application/json']]), body })
    }
  },
})
