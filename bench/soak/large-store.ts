// Owns the question: with 5 000 APIs in the store, what does one more publish take, whom does it hold up, and how soon does everything start?
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Client } from '@gatewright/client'
import { type LiveEnvironment, SqliteStore } from '@gatewright/control-plane'
import { RunningControlPlane } from '../../e2e/harness/control-plane.ts'
import { until } from '../../e2e/harness/deadline.ts'
import { spawnGateway } from '../../e2e/harness/gateway.ts'
import { findFreePort } from '../../packages/policies/src/testing/free-ports.ts'
import { atMost, toShort } from '../bars.ts'
import { readMemoryMb } from '../process-cpu.ts'
import { toPublishedSet } from '../publish-set.ts'
import type { Answer } from '../question.ts'
import { fillStore } from './fill-store.ts'
import { toShare } from './load-tally.ts'
import type { SoakQuestion, SoakSetting } from './soak-question.ts'
import { measureSteps, type Step } from './store-steps.ts'

const YAML = 'gatewright: 1\naccessLog: off\n'
/** Nobody answers there: nothing is asked of it. */
const UPSTREAM_PORT = 9
const STARTS = 3
const CHANGES = 20

interface Start {
  readyMs: number
  controlMs: number
  memoryMb: number
}

export const largeStore: SoakQuestion = {
  name: 'large-store',
  async ask(setting): Promise<Answer> {
    const { apis, say } = setting
    const set = toPublishedSet(apis, UPSTREAM_PORT)
    const control = await RunningControlPlane.start()
    const { token } = await control.setUp()
    await control.kill()
    try {
      const filledMs = await fill(control.data, set)
      say(`the store was filled in ${toShort(filledMs / 1000)} s`)
      const { steps, memoryMb } = await measureSteps(join(control.data, 'control.db'))
      say('starts')
      // As it is started again: with the same flags.
      const port = await findFreePort()
      const first = await measureStart(control.data, port)
      const starts: Start[] = []
      for (let i = 0; i < STARTS; i++) starts.push(await measureStart(control.data, port))
      say('publishes')
      const publishMs = await measurePublishes(control.data, token, set)
      return toAnswer(setting, { steps, memoryMb, first, starts, publishMs })
    } finally {
      await control.remove()
    }
  },
}

async function fill(data: string, set: readonly LiveEnvironment[]): Promise<number> {
  const startedAt = performance.now()
  const store = await SqliteStore.open({ file: join(data, 'control.db'), onFault: console.error })
  await fillStore(store, set)
  await store.close()
  return performance.now() - startedAt
}

/** Ready: it serves what it served last. */
async function measureStart(data: string, port: number): Promise<Start> {
  const startedAt = performance.now()
  const args = ['--control-plane', '--data', data, '--control-port', `${await findFreePort()}`]
  const config = join(data, 'gatewright.yaml')
  await writeFile(config, YAML)
  const gateway = await spawnGateway({ yaml: YAML, config, port, threads: 1, args })
  try {
    const [readyMs, controlMs] = await Promise.all(
      [() => gateway.isReady(), () => gateway.stderr.includes('serves on')].map(async (isSo) => {
        await until(async () => (await isSo()) || undefined, 'the start')
        return performance.now() - startedAt
      }),
    )
    return { readyMs: readyMs ?? 0, controlMs: controlMs ?? 0, memoryMb: readMemoryMb(gateway.pid) }
  } finally {
    await gateway.stop()
  }
}

async function measurePublishes(data: string, token: string, [dev]: readonly LiveEnvironment[]): Promise<number[]> {
  const control = await RunningControlPlane.start({ data, threads: 2 })
  try {
    const client: Client = control.toClient(token)
    const publishMs: number[] = []
    for (let number = 1; number <= CHANGES; number++) {
      const api = dev?.apis[(number * 7919) % (dev?.apis.length ?? 1)]
      if (api === undefined) continue
      const params = { team: api.team, id: api.id }
      const body = { ...api.releases[0]?.body, title: `changed ${number}` }
      await client.ask('putApi', { params, body: body as object })
      const askedAt = performance.now()
      await client.ask('publish', { params: { ...params, environment: 'dev' }, body: {} })
      publishMs.push(performance.now() - askedAt)
    }
    return publishMs
  } finally {
    await control.kill()
  }
}

interface Measured {
  steps: readonly Step[]
  memoryMb: number
  first: Start
  starts: readonly Start[]
  publishMs: readonly number[]
}

function toAnswer({ apis }: SoakSetting, { steps, memoryMb, first, starts, publishMs }: Measured): Answer {
  const ready = toShare(
    starts.map(({ readyMs }) => readyMs),
    0.5,
  )
  const write = steps.find(({ step }) => step.startsWith('the change as a whole'))
  return {
    title: `${apis} APIs of ten routes each in the store (SQLite)`,
    method: `Steps in one process by themselves, of ${CHANGES} changes one after the other, with what the first one costs. Starts: of \`start --control-plane\`, one thread. Publishes by the admin API, two threads.`,
    tables: [
      {
        columns: ['step', 'first ms', 'next: p50 ms', 'longest ms', 'p50 CPU ms'],
        rows: steps.map(({ step, firstMs, nextMs, nextCpuMs }) => [
          step,
          toShort(firstMs),
          toShort(toShare(nextMs, 0.5)),
          toShort(toShare(nextMs, 1)),
          toShort(toShare(nextCpuMs, 0.5)),
        ]),
      },
      {
        columns: ['start', 'gateway ready ms', 'control plane answers ms', 'MB'],
        rows: [first, ...starts].map(({ readyMs, controlMs, memoryMb }, index) => [
          index === 0 ? 'first, with nothing kept' : `again, ${index}`,
          ...[readyMs, controlMs, memoryMb].map(toShort),
        ]),
      },
      {
        columns: ['publish → live on both threads ms', 'p50', 'p99', 'first'],
        rows: [['', ...[toShare(publishMs, 0.5), toShare(publishMs, 1), publishMs[0] ?? 0].map(toShort)]],
      },
    ],
    bars: [
      atMost('start until the gateway is ready, median', 3000, { value: ready, unit: 'ms' }),
      atMost('publish → live on both threads, median', 250, { value: toShare(publishMs, 0.5), unit: 'ms' }),
      atMost('the one writer is held, median', 100, { value: write && toShare(write.nextMs, 0.5), unit: 'ms' }),
    ],
    notes: [`What reading, check and pieces hold of it: ${toShort(memoryMb)} MB of heap.`],
  }
}
