// Owns the question: with 5 000 APIs published, what does it take to publish one more change, and who stands still meanwhile?
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { findFreePort } from '../packages/policies/src/testing/free-ports.ts'
import { atMost, toShort } from './bars.ts'
import { toMedian } from './contest.ts'
import type { Question, Setting } from './question.ts'
import type { Stalls } from './servers/stalls.ts'

interface Steady {
  answers: number
  p50Ms: number
  p99Ms: number
  p999Ms: number
  longestMs: number
}

interface Changed {
  liveMs: number[]
  memoryMb: number[]
  steps: { step: string; firstMs: number; nextMs: number }[]
}

interface Outcome extends Changed {
  apis: number
  perSecond: number
  startMs: number
  quiet: Watched
  changing: Watched
}

interface Watched extends Steady {
  /** Of the data thread. */
  stalls: Stalls
}

const CHANGES_PER_SECOND = 20
/** The last at the rate that memory has to be flat at, the others one by one. */
const SITUATIONS: readonly (readonly [apis: number, perSecond: number])[] = [
  [10, 2],
  [5000, 2],
  [5000, CHANGES_PER_SECOND],
]

export const publish: Question = {
  name: 'publish',
  async ask(setting) {
    const outcomes: Outcome[] = []
    for (const [apis, perSecond] of SITUATIONS) outcomes.push(await measure(apis, perSecond, setting))
    const [few, many, often] = outcomes
    return {
      title: '5 000 published APIs, one of them changed',
      method: `Ten routes an API, published as one file each; 1 data thread; the whole process on all cores. From giving the changed set to the gateway until every thread serves it. A timer of 1 ms in the data thread says how late it was, and how late without what the kernel says that the thread waited for a core, which main, its collector and the client of the bench have too. A connection beside asks again 1 ms after each answer.`,
      tables: [toTimes(outcomes), toSteps(outcomes)],
      bars: [
        atMost('10 APIs: published → live, median', 50, { value: few && toMedian([...few.liveMs]), unit: 'ms' }),
        atMost('5 000 APIs: published → live, median', 250, { value: many && toMedian([...many.liveMs]), unit: 'ms' }),
        atMost('5 000 APIs: start', 3000, { value: many?.startMs, unit: 'ms' }),
        ...[many, often].map((each) =>
          atMost(`5 000 APIs, ${each?.perSecond} changes a second: longest stall of the data thread`, 10, {
            value: each?.changing.stalls.longestOwnMs,
            unit: 'ms',
          }),
        ),
        atMost('5 000 APIs, 20 changes a second: peak of memory, last third against the one before', 1.1, {
          value: often && toGrowth(often.memoryMb),
          unit: '×',
        }),
      ],
      notes: [],
    }
  },
}

async function measure(apis: number, perSecond: number, setting: Setting): Promise<Outcome> {
  const port = await findFreePort()
  // A minute at the usual five rounds of four seconds.
  const changes = Math.round(perSecond * setting.rounds * setting.seconds * 3)
  const gateway = startServer('published', {
    PORT: port,
    APIS: apis,
    THREADS: 1,
    CHANGES: changes,
    INTERVAL_MS: 1000 / perSecond,
    DIR: setting.dir,
  })
  const { startMs } = await hear<{ startMs: number }>(gateway)
  const steady = startServer('steady', { PORT: port })
  await sleep(3000)
  const watch = async (): Promise<Watched> => {
    const told = await ask<Steady>(steady)
    const answer = await fetch(`http://127.0.0.1:${port}/stalls`)
    return { ...told, stalls: (await answer.json()) as Stalls }
  }
  await watch()
  await sleep(setting.seconds * 1000)
  const quiet = await watch()
  gateway.send('change')
  const changed = await hear<Changed>(gateway)
  const changing = await watch()
  for (const server of [steady, gateway]) {
    const ended = once(server, 'exit')
    server.kill('SIGKILL')
    await ended
  }
  setting.say(
    `${apis} APIs, ${perSecond} changes a second: live after ${toShort(toMedian([...changed.liveMs]))} ms, longest answer ${toShort(changing.longestMs)} ms, stall ${toStalls(changing)} ms`,
  )
  return { apis, perSecond, startMs, quiet, changing, ...changed }
}

function startServer(name: string, env: Record<string, string | number>): ChildProcess {
  const texts = Object.entries(env).map(([key, value]) => [key, String(value)])
  const server = fork(join(import.meta.dirname, 'servers', `${name}.ts`), {
    env: { ...process.env, ...Object.fromEntries(texts) },
  })
  process.on('exit', () => server.kill('SIGKILL'))
  return server
}

function ask<Told>(server: ChildProcess): Promise<Told> {
  const told = hear<Told>(server)
  server.send('say')
  return told
}

function hear<Told>(server: ChildProcess): Promise<Told> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number | null): void => reject(new Error(`a server of the bench ended with ${code}`))
    server.once('exit', onExit)
    server.once('message', (told) => {
      server.off('exit', onExit)
      resolve(told as Told)
    })
  })
}

/** Peaks, since it goes up and down with collections; what is loaded is given back in the first third. */
function toGrowth(memoryMb: readonly number[]): number {
  const third = Math.floor(memoryMb.length / 3)
  const toPeak = (from: number, to?: number): number => Math.max(...memoryMb.slice(from, to))
  return toPeak(2 * third) / toPeak(third, 2 * third)
}

function toTimes(outcomes: readonly Outcome[]) {
  return {
    columns: [
      'APIs',
      'changes/s',
      'start ms',
      'live: p50 ms',
      'slowest ms',
      'longest answers ms (99.9 %), quiet',
      'changing',
      'stalls ms (with waiting for a core), quiet',
      'changing',
      'MB at first',
      'MB at most',
    ],
    rows: outcomes.map(({ apis, perSecond, startMs, liveMs, quiet, changing, memoryMb }) => [
      apis,
      perSecond,
      toShort(startMs),
      toShort(toMedian([...liveMs])),
      toShort(Math.max(...liveMs)),
      toLongest(quiet),
      toLongest(changing),
      toStalls(quiet),
      toStalls(changing),
      toShort(memoryMb[0] ?? 0),
      toShort(Math.max(...memoryMb)),
    ]),
  }
}

function toLongest({ longestMs, p999Ms }: Steady): string {
  return `${toShort(longestMs)} (${toShort(p999Ms)})`
}

function toStalls({ stalls }: Watched): string {
  return `${toShort(stalls.longestOwnMs)} (${toShort(stalls.longestMs)})`
}

function toSteps(outcomes: readonly Outcome[]) {
  const many = outcomes.at(-1)
  return {
    columns: ['what main does of 5 000 APIs', 'all ms', 'one changed ms'],
    rows: (many?.steps ?? []).map(({ step, firstMs, nextMs }) => [step, toShort(firstMs), toShort(nextMs)]),
  }
}
