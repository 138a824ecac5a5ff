// Owns the question: what do 20 route changes a second cost the traffic, and when is a change live on every thread?
import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { Agent, get } from 'node:http'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { atMost, atMostTimes, toShort } from './bars.ts'
import { startContestant, toMedian } from './contest.ts'
import { runLoad } from './load.ts'
import { runPaced } from './paced-load.ts'
import {
  findGatewrightVersion,
  type GatewrightRunning,
  startGatewright,
  toFile,
  toPlainParts,
} from './peers/gatewright.ts'
import type { Peer } from './peers/peer.ts'
import type { Question, Setting } from './question.ts'
import { toManyRoutes } from './routes.ts'
import { ANSWER, startUpstream } from './upstream.ts'

const CHANGE_INTERVAL_MS = 50
/** Changed routes that stay in the file: the oldest goes when a new one comes, so that its size does not drift. */
const KEPT_CHANGES = 40
// Each watches from a connection of its own: with two threads all of them land on one with a chance of 1 in 128.
const WATCHERS = 8
const WATCH_INTERVAL_MS = 5

/** On full load every figure is one of a machine without a free core; what users see is nearer to half. */
type Share = 'full' | 'half'

interface Window {
  requests: number
  failed: number
  p99Us: number
  fault?: string
}

interface Outcome {
  routes: number
  share: Share
  quiet: Window[]
  churned: Window[]
  /** Milliseconds from the rename of the file until the last watcher was answered by the new route. */
  liveMs: number[]
  changes: number
  watchFaults: number
}

const SITUATIONS: [number, Share][] = [
  [100, 'full'],
  [100, 'half'],
  [1000, 'half'],
]

export const churn: Question = {
  name: 'churn',
  async ask(setting) {
    const upstream = await startUpstream({ dir: setting.dir })
    const outcomes: Outcome[] = []
    for (const [routes, share] of SITUATIONS) {
      const outcome = await measureChurn({ routes, share, upstreamPort: upstream.port }, setting)
      if (outcome !== undefined) outcomes.push(outcome)
    }
    await upstream.stop()
    return {
      title: '20 route changes a second under load',
      method: `Two threads, ${setting.connections} connections, at full load (wrk) or at an even rate of half of that; every ${CHANGE_INTERVAL_MS} ms the whole file is replaced by a rename, one route comes and the oldest of ${KEPT_CHANGES} goes. Windows with and without changes alternate; in those without, the same bytes are written as often where the gateway does not look, so that what the bench itself costs is in both. ${WATCHERS} connections ask for the newest route every ${WATCH_INTERVAL_MS} ms, which is part of the time measured.`,
      tables: [
        {
          columns: [
            'routes in the file',
            'load',
            'failed requests',
            'of',
            'p99 ms quiet',
            'p99 ms changing',
            'changes',
            'live on all: p50 ms',
            'p99 ms',
            'never seen live',
          ],
          rows: outcomes.map(toRow),
        },
      ],
      bars: outcomes.flatMap(toBars),
      notes: outcomes.flatMap(toNotes),
    }
  },
}

interface Situation {
  routes: number
  share: Share
  upstreamPort: number
}

async function measureChurn(situation: Situation, setting: Setting): Promise<Outcome | undefined> {
  const { routes, share, upstreamPort } = situation
  let running: GatewrightRunning | undefined
  const peer: Peer = {
    name: `Gatewright, ${routes} routes changing, ${share} load`,
    findVersion: findGatewrightVersion,
    async start(given) {
      running = await startGatewright(given, toPartsAt(0, situation))
      return running
    },
  }
  const contestant = await startContestant(peer, { ...setting, threads: 2, gatewayCores: undefined }, { upstreamPort })
  if (contestant === undefined || running === undefined) return undefined
  const { configFile } = running
  const outcome: Outcome = { routes, share, quiet: [], churned: [], liveMs: [], changes: 0, watchFaults: 0 }
  const watch = startWatchers(contestant.port, outcome)
  const replaceFile = (file: string, change: number, onWritten: () => void): void => {
    writeFileSync(`${file}.new`, toFile(contestant.port, toPartsAt(change, situation)))
    onWritten()
    renameSync(`${file}.new`, file)
  }
  const writeChange = (): void => {
    const change = outcome.changes + 1
    replaceFile(configFile, change, () => watch.expect(change))
    outcome.changes = change
  }
  // Load, gateway and bench share two cores: writing a thousand routes is itself a millisecond that requests wait for.
  const elsewhere = join(setting.dir, `elsewhere-${routes}-${share}`)
  mkdirSync(elsewhere, { recursive: true })
  let written = 0
  const writeElsewhere = (): void => replaceFile(join(elsewhere, 'gatewright.yaml'), ++written, () => {})
  const { connections, seconds, dir } = setting
  const load = { paths: ['/orders/1'], expect: { body: ANSWER }, connections, seconds, dir }
  const maximum = (await runLoad(contestant, { ...load, seconds: 2 })).requestsPerSecond
  const runWindow = (): Promise<Window> =>
    share === 'full' ? runLoad(contestant, load) : runPacedWindow(contestant, maximum / 2, { connections, seconds })
  for (let round = 1; round <= setting.rounds; round++) {
    outcome.quiet.push(await runWhile(writeElsewhere, runWindow))
    outcome.churned.push(await runWhile(writeChange, runWindow))
    setting.say(
      `round ${round}, ${routes} routes, ${share} load: p99 ${outcome.quiet.at(-1)?.p99Us} µs quiet, ${outcome.churned.at(-1)?.p99Us} µs changing, ${outcome.liveMs.length} of ${outcome.changes} live`,
    )
  }
  await sleep(500)
  await watch.stop()
  await contestant.stop()
  return outcome
}

async function runWhile(write: () => void, runWindow: () => Promise<Window>): Promise<Window> {
  const timer = setInterval(write, CHANGE_INTERVAL_MS)
  try {
    return await runWindow()
  } finally {
    clearInterval(timer)
  }
}

/** The file after so many changes. */
function toPartsAt(change: number, { routes, upstreamPort }: Situation) {
  const fixed = [{ id: 'orders', path: '/orders/{id}' }, { id: 'root', path: '/' }, ...toManyRoutes().slice(0, routes)]
  const recent = Array.from({ length: Math.min(change, KEPT_CHANGES) }, (_, index) => change - index)
  const changed = recent.map((number) => ({ id: `change-${number}`, path: `/changes/${number}` }))
  return toPlainParts(upstreamPort, { api: { routes: [...fixed, ...changed] } })
}

async function runPacedWindow(
  contestant: { port: number },
  rate: number,
  setting: { connections: number; seconds: number },
): Promise<Window> {
  const paced = await runPaced(contestant, rate, setting)
  return { ...paced, requests: paced.answered }
}

/** Every watcher asks for the change after the last it saw; when all have seen one, its time is taken. */
function startWatchers(port: number, outcome: Outcome) {
  const renamedAt = new Map<number, number>()
  const seenBy = new Map<number, number>()
  let newest = 0
  let isOver = false
  const watchers = Array.from({ length: WATCHERS }, async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    for (let next = 1; !isOver; ) {
      if (next + KEPT_CHANGES / 2 < newest) next = newest // one that was missed must not hold up all later ones
      const status = await askStatus(port, `/changes/${next}`, agent)
      if (status === 200) note(next++)
      else if (status !== 404) outcome.watchFaults++
      if (status !== 200) await sleep(WATCH_INTERVAL_MS)
    }
    agent.destroy()
  })
  const note = (change: number): void => {
    const seen = (seenBy.get(change) ?? 0) + 1
    seenBy.set(change, seen)
    if (seen === WATCHERS) outcome.liveMs.push(performance.now() - (renamedAt.get(change) ?? Number.NaN))
  }
  return {
    expect(change: number): void {
      newest = change
      renamedAt.set(change, performance.now())
    },
    async stop(): Promise<void> {
      isOver = true
      await Promise.all(watchers)
    },
  }
}

/** Zero when there was no answer. */
function askStatus(port: number, path: string, agent: Agent): Promise<number> {
  return new Promise((resolve) => {
    const request = get({ port, path, agent, host: '127.0.0.1' }, (response) => {
      response.resume()
      response.on('end', () => resolve(response.statusCode ?? 0))
    })
    request.on('error', () => resolve(0))
  })
}

function toRow(outcome: Outcome): (string | number)[] {
  const { routes, share, quiet, churned, liveMs, changes } = outcome
  const requests = churned.reduce((sum, sample) => sum + sample.requests, 0)
  const live = liveMs.length === 0 ? ['–', '–'] : [toShort(toMedian(liveMs)), toShort(toP99(liveMs))]
  const [before, during] = [quiet, churned].map((samples) =>
    toShort(toMedian(samples.map(({ p99Us }) => p99Us)) / 1000),
  ) as [string, string]
  return [routes, share, toFailed(outcome), requests, before, during, changes, ...live, changes - liveMs.length]
}

function toBars(outcome: Outcome) {
  const { routes, share, quiet, churned, liveMs, changes } = outcome
  const what = `${routes} routes, ${share} load, 20 changes a second`
  const p99 = (samples: Window[]): number => toMedian(samples.map((sample) => sample.p99Us))
  return [
    atMost(`${what}: failed requests`, 0, { value: toFailed(outcome), unit: 'requests' }),
    atMostTimes(`${what}: p99 against no changes`, 1.5, {
      value: p99(churned),
      base: p99(quiet),
    }),
    atMost(`${what}: live on every thread, p99`, 50, {
      // A change that some watcher never saw was not live in time.
      value: toP99([...liveMs, ...Array(changes - liveMs.length).fill(Number.POSITIVE_INFINITY)]),
      unit: 'ms',
    }),
  ]
}

function toFailed({ churned, watchFaults }: Outcome): number {
  return churned.reduce((sum, sample) => sum + sample.failed, watchFaults)
}

function toP99(values: number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length * 0.99)] ?? 0
}

function toNotes({ routes, share, quiet, churned }: Outcome): string[] {
  const toNote = (kind: string, { fault }: Window): string[] =>
    fault === undefined ? [] : [`${routes} routes, ${share} load, a window ${kind} changes: ${fault}`]
  return [
    ...quiet.flatMap((window) => toNote('without', window)),
    ...churned.flatMap((window) => toNote('with', window)),
  ]
}
