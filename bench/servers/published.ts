// Owns a gateway that serves what is published: it changes one API at a time, and says what that took.
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type LiveEnvironment, NO_TERMS, PieceComposer } from '@gatewright/control-plane'
import { GatewayProcess, type MadeFile } from '@gatewright/gateway'
import { ConfigurationMemory, resolve, validate } from '@gatewright/model'
import { BUILT_IN_POLICIES } from '@gatewright/policies'
import { changeOne, toPublishedSet } from '../publish-set.ts'

const [port, apis, threads, changes, intervalMs] = ['PORT', 'APIS', 'THREADS', 'CHANGES', 'INTERVAL_MS'].map((name) =>
  Number(process.env[name]),
) as [number, number, number, number, number]
const dir = process.env.DIR ?? '.'

const composer = new PieceComposer()
const own: MadeFile = {
  path: join(dir, 'own.json'),
  text: JSON.stringify({
    gatewright: 1,
    accessLog: 'off',
    listeners: [{ id: 'public', host: '127.0.0.1', port }],
    extensions: [join(import.meta.dirname, 'stalls.ts')],
    apis: [
      { id: 'own', basePath: '/own', policies: [{ policy: 'respond', options: { body: 'ok' } }] },
      { id: 'stalls', basePath: '/stalls', policies: [{ policy: 'answer-stalls' }] },
    ],
  }),
}
let set = toPublishedSet(apis, port)
let feed = toFeed(set)
const gateway = new GatewayProcess({
  config: own,
  threads,
  log: { info() {}, warn: console.error, error: console.error },
  feed: () => feed,
})
const startedAt = performance.now()
const fault = await gateway.start()
if (fault !== undefined) throw new Error(fault)
say({ startMs: performance.now() - startedAt })
process.on('message', (wanted) => void (wanted === 'change' ? change() : process.exit(0)))

/** One after the other at an even rate; of those that come while one is taken over, the newest counts for all. */
async function change(): Promise<void> {
  const liveMs: number[] = []
  const memoryMb: number[] = []
  const waiting: number[] = []
  let version = gateway.configuration.version
  const settle = (): void => {
    if (gateway.configuration.version === version) return
    version = gateway.configuration.version
    const now = performance.now()
    for (const publishedAt of waiting.splice(0, takenOver)) liveMs.push(now - publishedAt)
    takenOver = waiting.length
  }
  let takenOver = 0
  const watch = setInterval(settle, 1)
  for (let number = 1; number <= changes; number++) {
    const dueAt = performance.now() + intervalMs
    set = changeOne(set, number)
    waiting.push(performance.now())
    feed = toFeed(set)
    // What is read from here on holds it; what is being taken over does not.
    if (waiting.length === 1) takenOver = 1
    gateway.reload('what is live has changed', { isAsked: true })
    if (number % 20 === 1) memoryMb.push(process.memoryUsage().rss / 2 ** 20)
    await sleep(Math.max(0, dueAt - performance.now()))
  }
  while (waiting.length > 0) await sleep(1)
  clearInterval(watch)
  memoryMb.push(process.memoryUsage().rss / 2 ** 20)
  say({ liveMs, memoryMb, steps: measureSteps() })
}

/** What main does of a publication, by itself: of all there is, and again when one API has changed. */
function measureSteps(): { step: string; firstMs: number; nextMs: number }[] {
  const memory = new ConfigurationMemory()
  const ownComposer = new PieceComposer()
  const laps: number[][] = []
  let current = toPublishedSet(apis, port)
  for (let round = 0; round < 12; round++) {
    if (round > 0) current = changeOne(current, round)
    const marks = [performance.now()]
    const pieces = toFeed(current, ownComposer)
    marks.push(performance.now())
    const { draft, sources } = resolve({
      files: [own],
      overlays: [pieces],
      env: () => undefined,
      readFile: () => undefined,
      memory,
    })
    marks.push(performance.now())
    validate(draft, BUILT_IN_POLICIES, { sources, memory, isWhole: true })
    marks.push(performance.now())
    laps.push(marks.slice(1).map((at, index) => at - (marks[index] ?? at)))
  }
  const [first = [], ...next] = laps
  return ['compose', 'read and resolve', 'validate'].map((step, index) => {
    const sorted = next.map((lap) => lap[index] ?? 0).sort((a, b) => a - b)
    return { step, firstMs: first[index] ?? 0, nextMs: sorted[sorted.length >> 1] ?? 0 }
  })
}

function toFeed(environments: readonly LiveEnvironment[], by = composer): MadeFile[] {
  return by
    .compose({ environments, terms: NO_TERMS })
    .map(({ name, text }) => ({ path: join(dir, 'published', name), text, isForeign: true }))
}

function say(told: object): void {
  process.send?.(told)
}
