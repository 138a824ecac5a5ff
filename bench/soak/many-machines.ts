// Owns the question: with three nodes and two control planes on PostgreSQL, how soon is live everywhere what was published, and refused what was ended?
import type { Client } from '@gatewright/client'
import type { RunningGateway } from '../../e2e/harness/gateway.ts'
import { atMost, toShort } from '../bars.ts'
import type { Answer, Table } from '../question.ts'
import { CpuWatch } from './cpu-watch.ts'
import { LiveWatch } from './live-watch.ts'
import { type LoadTold, toShare } from './load-tally.ts'
import { ManyMachines, NODES } from './machines-stage.ts'
import { MemoryWatch } from './memory-watch.ts'
import { CHANGING, Publishing, type Rate } from './publishing.ts'
import type { SoakQuestion } from './soak-question.ts'
import { SteadyLoad } from './steady-load.ts'

const REVOCATIONS = 20
const CONNECTIONS = 6
const PAUSE_MS = 10

type Memory = ReturnType<MemoryWatch['end']>

export const manyMachines: SoakQuestion = {
  name: 'many-machines',
  async ask({ changes, seconds, perSecond, say }): Promise<Answer> {
    const load = await SteadyLoad.start()
    const stage = await ManyMachines.start()
    try {
      const clients = await stage.toClients()
      const publishing = new Publishing(clients)
      await publishing.prepare(load.upstreamPort)
      const cpu = new CpuWatch([...stage.nodes, ...stage.controls].map(({ pid }) => pid))
      const liveMs = await measureLive(stage.nodes, publishing, Math.ceil(changes / 2))
      const eachCpuMs = cpu.tell() / liveMs.length
      say(`live after ${toShort(toShare(liveMs, 0.5))} ms`)
      const endedMs = await measureEnds(stage.nodes, clients, REVOCATIONS)
      say(`refused after ${toShort(Math.max(...endedMs))} ms at the longest`)
      load.begin({
        ports: stage.nodes.map(({ port }) => port),
        connections: CONNECTIONS,
        pauseMs: PAUSE_MS,
        changing: CHANGING,
      })
      await load.tell()
      const memory = new MemoryWatch([...stage.nodes, ...stage.controls].map(({ pid }) => pid))
      const rate = await publishing.changeOften(perSecond, seconds)
      const memories = memory.end()
      const told = await load.tell()
      return {
        title: `${NODES} nodes of two threads, 2 control planes, PostgreSQL`,
        method: `${liveMs.length} publishes one after the other, by the two control planes in turns: from asking until four connections to each node have the new answer and all threads of it run the same. ${endedMs.length} keys: from asking to end one until every such connection is refused. Then ${perSecond} publishes a second for ${seconds} s, with ${CONNECTIONS} connections to each node of which each asks ${PAUSE_MS} ms after each answer.`,
        tables: [toTimes(liveMs, endedMs, rate), toLoadTable(told, rate), toMemory(memories)],
        bars: [
          atMost('publish → live on every thread of three nodes, median', 250, {
            value: toShare(liveMs, 0.5),
            unit: 'ms',
          }),
          atMost('key ended → refused on all three, longest', 1000, { value: Math.max(...endedMs), unit: 'ms' }),
          atMost(`${perSecond} publishes a second: failed requests`, 0, {
            value: told.failed + rate.failed.length,
            unit: 'requests',
          }),
          atMost('peak of memory of any process, last third against the one before', 1.1, {
            value: Math.max(...memories.map(({ growth }) => growth)),
            unit: '×',
          }),
        ],
        notes: [
          `CPU time of a publish, of all five processes without PostgreSQL, and with the questions of who watches: ${toShort(eachCpuMs)} ms.`,
          ...told.why,
          ...rate.failed.slice(0, 5),
        ],
      }
    } finally {
      await load.stop()
      await stage.end()
    }
  },
}

async function measureLive(nodes: readonly RunningGateway[], publishing: Publishing, changes: number) {
  const watch = new LiveWatch(nodes)
  const liveMs: number[] = []
  for (let i = 0; i < changes; i++) {
    const { path, says, askedAt } = await publishing.change()
    const seenAt = await watch.until(path, ({ body }) => body === says)
    liveMs.push(Math.max(seenAt, await watch.untilEqual()) - askedAt)
  }
  watch.close()
  return liveMs
}

async function measureEnds(nodes: readonly RunningGateway[], clients: readonly Client[], count: number) {
  const [client] = clients
  if (client === undefined) return []
  const params = { team: 'main', id: 'closed' }
  const policies = [{ policy: 'key-auth' }, { policy: 'respond', options: { body: 'in' } }]
  await client.ask('putApi', { params, body: { basePath: '/closed', policies } })
  await client.ask('publish', { params: { ...params, environment: 'prod' }, body: {} })
  const app = { team: 'main', id: 'acme' }
  await client.ask('putApp', { params: app, body: {} })
  const endedMs: number[] = []
  for (let i = 0; i < count; i++) {
    const { body } = await client.ask('issueKey', { params: app, body: {} })
    const headers = { 'x-api-key': body.value }
    // Of refusals an address has only so many for free.
    const watch = new LiveWatch(nodes, `127.0.1.${i + 1}`)
    await watch.until('/closed', ({ status }) => status === 200, headers)
    const askedAt = performance.now()
    const other = clients[i % clients.length]
    await other?.ask('endKey', { params: { ...app, uid: body.uid } })
    endedMs.push((await watch.until('/closed', ({ status }) => status === 401, headers)) - askedAt)
    watch.close()
  }
  return endedMs
}

function toTimes(liveMs: readonly number[], endedMs: readonly number[], rate: Rate): Table {
  const rows = [
    ['publish → live everywhere', liveMs],
    ['key ended → refused everywhere', endedMs],
    ['publish → answered, under load', rate.tookMs],
  ] as const
  return {
    columns: ['ms', 'of', 'p50', 'p99', 'longest'],
    rows: rows.map(([what, ms]) => [what, ms.length, ...[0.5, 0.99, 1].map((at) => toShort(toShare(ms, at)))]),
  }
}

function toLoadTable({ answers, failed, ...ms }: LoadTold, rate: Rate): Table {
  return {
    columns: ['answers', 'failed', 'failed changes', 'changes/s', 'p50 ms', 'p99 ms', 'longest ms'],
    rows: [[answers, failed, rate.failed.length, ...[rate.perSecond, ms.p50Ms, ms.p99Ms, ms.longestMs].map(toShort)]],
  }
}

function toMemory(memories: Memory): Table {
  return {
    columns: ['process', 'MB at first', 'MB at most', 'last third ÷ middle third'],
    rows: memories.map(({ growth, firstMb, mostMb }, index) => [
      index < NODES ? `node ${index + 1}` : `control plane ${index - NODES + 1}`,
      ...[firstMb, mostMb, growth].map(toShort),
    ]),
  }
}
