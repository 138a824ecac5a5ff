// Owns a fair contest: all contestants in one run, taking turns round by round, and medians over the rounds.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { findFreePort } from '../packages/policies/src/testing/free-ports.ts'
import { toShort } from './bars.ts'
import { type Load, runLoad, type Sample } from './load.ts'
import type { Peer } from './peers/peer.ts'
import { type Running, waitUntilAnswering } from './processes.ts'
import type { Setting, Table } from './question.ts'

export interface Contestant {
  name: string
  pid: number
  port: number
  /** Where this one's load differs from the contest's: other paths, another key. */
  load?: Partial<Pick<Load, 'paths' | 'headers' | 'expect'>>
  stop(): Promise<void>
}

export interface Result {
  name: string
  /** Medians over the rounds that count; absent where none did. */
  median?: Sample
  counted: number
  faults: string[]
}

export type ContestLoad = Omit<Load, 'dir' | 'seconds' | 'cores' | 'connections'> & { connections?: number }

/** Starts a peer and waits for its first good answer; a peer that is not installed or does not start is left out, and said so. */
export async function startContestant(
  peer: Peer,
  setting: Setting,
  { upstreamPort, path = '/', scheme = 'http' }: { upstreamPort: number; path?: string; scheme?: 'http' | 'https' },
): Promise<Contestant | undefined> {
  if (peer.findVersion() === undefined) {
    setting.say(`${peer.name}: not found on this machine, skipped`)
    return undefined
  }
  const dir = join(setting.dir, peer.name.replace(/[^\w]+/g, '-'))
  mkdirSync(dir, { recursive: true })
  const port = await findFreePort()
  let running: Running | undefined
  try {
    running = await peer.start({ upstreamPort, port, dir, threads: setting.threads, cores: setting.gatewayCores })
    await waitUntilAnswering(running, `${scheme}://127.0.0.1:${port}${path}`, peer.headers)
    const { pid } = running
    const stop = (): Promise<void> => running?.stop() ?? Promise.resolve()
    return { name: peer.name, pid, port, stop, ...(peer.headers && { load: { headers: peer.headers } }) }
  } catch (error) {
    await running?.stop()
    setting.say(`${peer.name}: could not be started, left out: ${error instanceof Error ? error.message : error}`)
    return undefined
  }
}

export async function startContestants(
  peers: Peer[],
  setting: Setting,
  given: { upstreamPort: number; path?: string; scheme?: 'http' | 'https' },
): Promise<Contestant[]> {
  const started: Contestant[] = []
  for (const peer of peers) {
    const contestant = await startContestant(peer, setting, given)
    if (contestant) started.push(contestant)
  }
  return started
}

export function runContest(contestants: Contestant[], load: ContestLoad, setting: Setting): Promise<Result[]> {
  return takeTurns(contestants, setting, (contestant, seconds) =>
    runLoad(contestant, {
      connections: setting.connections,
      ...load,
      ...contestant.load,
      seconds,
      cores: setting.loadCores,
      dir: setting.dir,
    }),
  )
}

/** Every contestant in every round; `measure` is one run of about so many seconds. */
export async function takeTurns(
  contestants: Contestant[],
  setting: Setting,
  measure: (contestant: Contestant, seconds: number) => Promise<Sample>,
): Promise<Result[]> {
  const samples = new Map<string, Sample[]>(contestants.map(({ name }) => [name, []]))
  // Just-in-time compilers and connection pools settle before the first round that counts.
  for (const contestant of contestants) await measure(contestant, 2)
  for (let round = 1; round <= setting.rounds; round++) {
    for (const contestant of contestants) {
      const sample = await measure(contestant, setting.seconds)
      samples.get(contestant.name)?.push(sample)
      setting.say(
        `round ${round}: ${contestant.name}: ${sample.fault ?? `${toShort(sample.cpuUs)} µs, ${Math.round(sample.requestsPerSecond)} requests/s`}`,
      )
    }
  }
  return [...samples].map(([name, taken]) => toResult(name, taken))
}

function toResult(name: string, samples: Sample[]): Result {
  const counted = samples.filter((sample) => sample.fault === undefined)
  const faults = samples.map((sample) => sample.fault).filter((fault) => fault !== undefined)
  if (counted.length === 0) return { name, counted: 0, faults }
  const median = { ...counted[0]! }
  for (const key of Object.keys(median) as (keyof Sample)[]) {
    if (key !== 'fault') median[key] = toMedian(counted.map((sample) => sample[key] as number))
  }
  return { name, median, counted: counted.length, faults }
}

export function toMedian(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

export function findMedian(results: Result[], name: string): Sample | undefined {
  return results.find((result) => result.name === name)?.median
}

/** The common table: CPU per request first, because it holds on a noisy machine where requests per second do not. */
export function toContestTable(results: Result[], baseName: string): Table {
  const base = findMedian(results, baseName)
  return {
    columns: [
      'gateway',
      'user µs',
      'sys µs',
      'CPU µs/request',
      `× ${baseName}`,
      'requests/s',
      'p50 ms',
      'p99 ms',
      'RSS MB',
      'runs',
    ],
    rows: results.map(({ name, median, counted, faults }) => {
      const runs = `${counted}/${counted + faults.length}`
      if (median === undefined) return [name, '–', '–', '–', '–', '–', '–', '–', '–', runs]
      return [
        name,
        toShort(median.userUs),
        toShort(median.systemUs),
        toShort(median.cpuUs),
        base ? toShort(median.cpuUs / base.cpuUs) : '–',
        Math.round(median.requestsPerSecond),
        toShort(median.p50Us / 1000),
        // Not every load tells quantiles.
        Number.isNaN(median.p99Us) ? '–' : toShort(median.p99Us / 1000),
        Math.round(median.memoryMb),
        runs,
      ]
    }),
  }
}

export function toFaultNotes(results: Result[]): string[] {
  return results.flatMap(({ name, faults }) =>
    [...new Set(faults)].slice(0, 1).map((fault) => `${name}, a run that did not count: ${fault}`),
  )
}
