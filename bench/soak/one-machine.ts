// Owns the question: on one machine, how soon is live what was published, and does anybody notice twenty changes a second?
import { RunningControlPlane } from '../../e2e/harness/control-plane.ts'
import { atMost, toShort } from '../bars.ts'
import type { Answer } from '../question.ts'
import { CpuWatch } from './cpu-watch.ts'
import { LiveWatch } from './live-watch.ts'
import { toShare } from './load-tally.ts'
import { MemoryWatch } from './memory-watch.ts'
import { CHANGING, Publishing } from './publishing.ts'
import type { SoakQuestion } from './soak-question.ts'
import { SteadyLoad } from './steady-load.ts'

const CONNECTIONS = 16
const PAUSE_MS = 10

export const oneMachine: SoakQuestion = {
  name: 'one-machine',
  // long: it is one measurement after the other, and then what they are called.
  async ask({ changes, seconds, perSecond, say }): Promise<Answer> {
    const load = await SteadyLoad.start()
    const control = await RunningControlPlane.start({ threads: 2 })
    try {
      const { client } = await control.setUp()
      const publishing = new Publishing([client])
      await publishing.prepare(load.upstreamPort)
      const watch = new LiveWatch([control.gateway])
      const liveMs: number[] = []
      const cpuMs = new CpuWatch([control.gateway.pid])
      for (let i = 0; i < changes; i++) {
        const { path, says, tookMs } = await publishing.change()
        const answeredAt = performance.now()
        // The answer says that it is live; whoever asks sees it at once.
        const behindMs = (await watch.until(path, ({ body }) => body === says)) - answeredAt
        liveMs.push(tookMs)
        if (behindMs > 1000) say(`seen ${toShort(behindMs)} ms after the answer`)
      }
      watch.close()
      const eachCpuMs = cpuMs.tell() / changes
      say(`live after ${toShort(toShare(liveMs, 0.5))} ms`)
      load.begin({ ports: [control.gateway.port], connections: CONNECTIONS, pauseMs: PAUSE_MS, changing: CHANGING })
      await load.tell()
      const memory = new MemoryWatch([control.gateway.pid])
      const rate = await publishing.changeOften(perSecond, seconds)
      const [{ growth, firstMb, mostMb } = { growth: Number.NaN, firstMb: 0, mostMb: 0 }] = memory.end()
      const told = await load.tell()
      const failed = told.failed + rate.failed.length
      return {
        title: 'One machine: a control plane beside its gateway, two threads',
        method: `${changes} publishes one after the other, from asking until it is answered, which is when all threads run it. Then ${perSecond} a second for ${seconds} s, under ${CONNECTIONS} connections of which each asks ${PAUSE_MS} ms after each answer, in turns what stays (over an upstream) and what changes. A number that goes back counts as failed.`,
        tables: [
          {
            columns: [
              'publish ms: p50',
              'p99',
              'longest',
              'under load: p50',
              'p99',
              'longest',
              'changes/s',
              'CPU ms a publish',
            ],
            rows: [
              [
                ...[liveMs, rate.tookMs].flatMap((ms) => [0.5, 0.99, 1].map((at) => toShort(toShare(ms, at)))),
                toShort(rate.perSecond),
                toShort(eachCpuMs),
              ],
            ],
          },
          {
            columns: [
              'answers',
              'failed',
              'failed changes',
              'p50 ms',
              'p99 ms',
              'longest ms',
              'MB at first',
              'MB at most',
            ],
            rows: [
              [
                told.answers,
                told.failed,
                rate.failed.length,
                ...[told.p50Ms, told.p99Ms, told.longestMs, firstMb, mostMb].map(toShort),
              ],
            ],
          },
        ],
        bars: [
          atMost('publish → live on both threads, median', 50, { value: toShare(liveMs, 0.5), unit: 'ms' }),
          atMost(`${perSecond} publishes a second: failed requests`, 0, { value: failed, unit: 'requests' }),
          atMost('peak of memory, last third against the one before', 1.1, { value: growth, unit: '×' }),
        ],
        notes: [...told.why, ...rate.failed.slice(0, 5)],
      }
    } finally {
      await load.stop()
      await control.remove()
    }
  },
}
