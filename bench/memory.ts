// Owns the question: how much memory is resident when idle, with many routes, with many connections, per thread?
import { mkdirSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { atMost } from './bars.ts'
import { startContestant, toMedian } from './contest.ts'
import { caddy } from './peers/caddy.ts'
import { findGatewrightVersion, gatewright, startGatewright, toPlainParts } from './peers/gatewright.ts'
import { haproxy } from './peers/haproxy.ts'
import { nginx } from './peers/nginx.ts'
import { nodeProxies } from './peers/node-proxies.ts'
import type { Peer } from './peers/peer.ts'
import { readMemoryMb } from './process-cpu.ts'
import { ask } from './processes.ts'
import type { Question, Setting } from './question.ts'
import { toManyPaths, toManyRoutes } from './routes.ts'
import { startUpstream } from './upstream.ts'

const IDLE_CONNECTIONS = 10_000
const SETTLE_MS = 3000

interface Memory {
  idleMb: number
  /** With 10 000 connections that have each had one answer. */
  connectedMb?: number
}

export const memory: Question = {
  name: 'memory',
  async ask(setting) {
    const upstream = await startUpstream({ dir: setting.dir })
    // Memory is not a race for cores; the bars are for two data threads.
    const measure = (peer: Peer, threads: number, connections = 0): Promise<Memory | undefined> =>
      measureMemory(peer, upstream.port, { setting: withFolder(setting, threads), connections })
    const two = await measure(gatewright, 2, IDLE_CONNECTIONS)
    const four = await measure(gatewright, 4)
    const routed = await measure(gatewrightWithManyRoutes, 2)
    const rows: (string | number)[][] = [
      ['Gatewright, 2 threads', ...toCells(two)],
      ['Gatewright, 4 threads', ...toCells(four)],
      ['Gatewright, 2 threads, 10 000 routes', ...toCells(routed)],
    ]
    for (const peer of [nginx, haproxy, caddy, ...nodeProxies]) {
      // HAProxy's upstream connections count too; its limit would refuse some of the 10 000.
      rows.push([peer.name, ...toCells(await measure(peer, 2, peer === haproxy ? 0 : IDLE_CONNECTIONS))])
    }
    await upstream.stop()
    const perThread = two && four && (four.idleMb - two.idleMb) / 2
    return {
      title: 'Resident memory',
      method: `After ${SETTLE_MS / 1000} s at rest, two threads or workers unless said otherwise (proxies from npm have one); connections are keep-alive, and each has had one answer. Several processes of one peer are added up.`,
      tables: [{ columns: ['gateway', 'idle MB', '10 000 connections MB'], rows }],
      bars: [
        atMost('resident memory, idle', 130, { value: two?.idleMb, unit: 'MB' }),
        atMost('resident memory, 10 000 routes', 250, { value: routed?.idleMb, unit: 'MB' }),
        atMost('resident memory, 10 000 idle connections', 300, { value: two?.connectedMb, unit: 'MB' }),
        atMost('resident memory, each further thread', 25, { value: perThread, unit: 'MB' }),
      ],
      notes: [],
    }
  },
}

const gatewrightWithManyRoutes: Peer = {
  name: 'Gatewright, 10 000 routes',
  findVersion: findGatewrightVersion,
  start: (given) => startGatewright(given, toPlainParts(given.upstreamPort, { api: { routes: toManyRoutes() } })),
}

function withFolder(setting: Setting, threads: number): Setting {
  const dir = join(setting.dir, `threads-${threads}`)
  mkdirSync(dir, { recursive: true })
  return { ...setting, dir, threads, gatewayCores: undefined }
}

async function measureMemory(
  peer: Peer,
  upstreamPort: number,
  { setting, connections }: { setting: Setting; connections: number },
): Promise<Memory | undefined> {
  const path = toManyPaths()[0]!
  const contestant = await startContestant(peer, setting, { upstreamPort, path })
  if (contestant === undefined) return undefined
  await ask(`http://127.0.0.1:${contestant.port}${path}`)
  await sleep(SETTLE_MS)
  const memory: Memory = { idleMb: readSettled(contestant.pid) }
  if (connections > 0) {
    const sockets = await openConnections(contestant.port, connections)
    await sleep(SETTLE_MS)
    memory.connectedMb = readSettled(contestant.pid)
    for (const socket of sockets) socket.destroy()
  }
  await contestant.stop()
  setting.say(
    `${peer.name}, ${setting.threads} threads: ${memory.idleMb.toFixed(0)} MB, connected ${memory.connectedMb?.toFixed(0) ?? '–'} MB`,
  )
  return memory
}

function readSettled(pid: number): number {
  return toMedian([readMemoryMb(pid), readMemoryMb(pid), readMemoryMb(pid)])
}

/** Opens them in batches, so that no accept queue overflows; every one must get a whole 200. */
async function openConnections(port: number, count: number): Promise<Socket[]> {
  const sockets: Socket[] = []
  const batch = 200
  while (sockets.length < count) {
    sockets.push(
      ...(await Promise.all(Array.from({ length: Math.min(batch, count - sockets.length) }, () => openOne(port)))),
    )
  }
  return sockets
}

function openOne(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1')
    const fail = (): void => reject(new Error('a connection was closed before its answer'))
    socket.once('error', reject)
    socket.once('close', fail)
    socket.write('GET /v1/idle HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n')
    socket.once('data', (data) => {
      socket.off('close', fail)
      if (data.toString('latin1').startsWith('HTTP/1.1 200 ')) resolve(socket)
      else reject(new Error(`an idle connection was answered with ${data.toString('latin1').slice(0, 80)}`))
    })
  })
}

function toCells(memory: Memory | undefined): (string | number)[] {
  const toCell = (value: number | undefined): string | number => (value === undefined ? '–' : Math.round(value))
  return [toCell(memory?.idleMb), toCell(memory?.connectedMb)]
}
