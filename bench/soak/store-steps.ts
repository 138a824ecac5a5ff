// Owns what a publish is made of on the control plane's side, measured step by step in this process.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { deploy, type Moment, SqliteStore } from '@gatewright/control-plane'
import { LiveCheck } from '../../packages/control-plane/src/publish/live-check.ts'
import { PublicationReader } from '../../packages/control-plane/src/publish/publication-reader.ts'
import { listAllResources } from '../../packages/control-plane/src/resources/list-resources.ts'
import type { Resource } from '../../packages/control-plane/src/resources/resource.ts'
import { replaceResource } from '../../packages/control-plane/src/resources/resource-store.ts'
import { makeRevision } from '../../packages/control-plane/src/revisions/revision-store.ts'
import { act } from './fill-store.ts'

const CHANGES = 20

export interface Step {
  step: string
  firstMs: number
  nextMs: number[]
  /** Of all threads of this process, collections among them. */
  nextCpuMs: number[]
}

export async function measureSteps(file: string): Promise<{ steps: Step[]; memoryMb: number }> {
  const store = await SqliteStore.open({ file, onFault: console.error })
  const laps = new Laps()
  const before = measureHeapMb()
  const reader = new PublicationReader()
  const check = new LiveCheck(reader)
  await laps.add('reading what is live, after the change', () => store.read((db) => reader.read(db)))
  const [apis, dev] = await store.read(async (db) => [
    (await listAllResources(db, 'api')) as Resource[],
    (await listAllResources(db, 'environment')).find(({ id }) => id === 'dev'),
  ])
  for (let number = 1; number <= CHANGES; number++) {
    const api = apis?.[(number * 7919) % apis.length]
    if (api === undefined || dev === undefined) throw new Error('the store is empty')
    await laps.add('the change as a whole: the one writer is held', () =>
      act(store, async (doing) => {
        const revision = await laps.add('writing: draft, revision, deployment', async () => {
          const changed = await replaceResource(doing, api, {
            version: undefined,
            body: { ...api.body, title: `Change ${number}` },
          })
          const made = await makeRevision(doing, changed, '')
          const release = { revision: made.revision.number, share: 100 }
          await deploy(doing, { api: api.uid, environment: dev.uid }, { releases: [release], why: 'publish' })
        })
        await laps.add('the check: reading and pieces', () => reader.peek(doing.db as Moment))
        await laps.add('the check: all of it', () => check.assertRuns(doing.db))
        return revision
      }),
    )
    await laps.add('reading what is live, after the change', () => store.read((db) => reader.read(db)))
  }
  const memoryMb = measureHeapMb() - before
  await store.close()
  // What was measured has to be there until its memory was.
  if (reader === undefined || check === undefined) throw new Error('they are gone')
  return { steps: laps.toSteps(), memoryMb }
}

class Laps {
  readonly #laps = new Map<string, { ms: number; cpuMs: number }[]>()

  async add<Result>(step: string, work: () => Promise<Result>): Promise<Result> {
    const startedAt = performance.now()
    const cpu = process.cpuUsage()
    const result = await work()
    const laps = this.#laps.get(step) ?? []
    this.#laps.set(step, laps)
    const { user, system } = process.cpuUsage(cpu)
    laps.push({ ms: performance.now() - startedAt, cpuMs: (user + system) / 1000 })
    return result
  }

  toSteps(): Step[] {
    return [...this.#laps].map(([step, [first, ...next]]) => ({
      step,
      firstMs: first?.ms ?? Number.NaN,
      nextMs: next.map(({ ms }) => ms),
      nextCpuMs: next.map(({ cpuMs }) => cpuMs),
    }))
  }
}

function measureHeapMb(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  return process.memoryUsage().heapUsed / 2 ** 20
}
