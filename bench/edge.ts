// Owns the question: what does a request cost that comes over TLS, in HTTP/1.1 and in HTTP/2, and what does a handshake cost?
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { atMostTimes, toShort } from './bars.ts'
import {
  type Contestant,
  findMedian,
  startContestants,
  takeTurns,
  toContestTable,
  toFaultNotes,
  toMedian,
} from './contest.ts'
import { runH2Load } from './h2-load.ts'
import { caddyEdge, gatewrightEdge, nginxEdge } from './peers/edge.ts'
import { readCpu } from './process-cpu.ts'
import { findCommand } from './processes.ts'
import type { Question, Setting, Table } from './question.ts'
import { startUpstream } from './upstream.ts'

const PEERS = [gatewrightEdge, nginxEdge, caddyEdge]
/** About so many requests a second does the slowest serve: a round is as long as the other questions' are. */
const REQUESTS_A_SECOND = 8000
/** Of HTTP/2, that is; connections times streams is what HTTP/1.1 has in flight. */
const STREAMS = 4

export const edge: Question = {
  name: 'edge',
  async ask(setting) {
    const upstream = await startUpstream({ dir: setting.dir, cores: setting.loadCores })
    const contestants = await startContestants(PEERS, setting, { upstreamPort: upstream.port, scheme: 'https' })
    const load = (isHttp1: boolean) =>
      takeTurns(contestants, setting, ({ pid, port }, seconds) =>
        runH2Load(pid, {
          url: `https://localhost:${port}/orders/1`,
          requests: seconds * REQUESTS_A_SECOND,
          connections: isHttp1 ? setting.connections : setting.connections / STREAMS,
          streams: isHttp1 ? 1 : STREAMS,
          isHttp1,
          cores: setting.loadCores,
        }),
      )
    const http1 = await load(true)
    const http2 = await load(false)
    const handshakes = await countHandshakes(contestants, setting)
    for (const contestant of contestants) await contestant.stop()
    await upstream.stop()
    const ours = gatewrightEdge.name
    const cpu = (results: typeof http1, name: string): number | undefined => findMedian(results, name)?.cpuUs
    return {
      title: 'The edge: TLS, HTTP/1.1 and HTTP/2',
      method: `h2load, ${setting.connections} keep-alive connections of HTTP/1.1, then ${setting.connections / STREAMS} of HTTP/2 with ${STREAMS} requests in flight each; one ECDSA P-256 certificate, TLS 1.3, proxied to the same upstream; ${setting.threads} thread(s) each. p50 is h2load's mean.`,
      tables: [toContestTable(http1, nginxEdge.name), toContestTable(http2, nginxEdge.name), handshakes],
      bars: [
        atMostTimes('HTTPS/1.1 keep-alive, CPU/request, against nginx', 1.7, {
          value: cpu(http1, ours),
          base: cpu(http1, nginxEdge.name),
        }),
        atMostTimes('HTTP/2, CPU/request, against nginx', 2.5, {
          value: cpu(http2, ours),
          base: cpu(http2, nginxEdge.name),
        }),
        atMostTimes('HTTP/2, CPU/request, against Caddy', 0.6, {
          value: cpu(http2, ours),
          base: cpu(http2, caddyEdge.name),
        }),
      ],
      notes: [...toFaultNotes(http1), ...toFaultNotes(http2)],
    }
  },
}

/** Handshakes of a client that comes for the first time, and of one that comes back with a ticket. */
async function countHandshakes(contestants: Contestant[], setting: Setting): Promise<Table> {
  const rows: (string | number)[][] = []
  for (const { name, pid, port } of contestants) {
    const figures: number[] = []
    for (const kind of ['-new', '-reuse']) {
      const rounds: number[] = []
      for (let round = 0; round < setting.rounds; round++) {
        rounds.push(await countOnce(pid, { kind, port, seconds: Math.max(2, setting.seconds >> 1) }))
      }
      figures.push(toMedian(rounds))
    }
    rows.push([name, ...figures.map((figure) => Math.round(figure)), toShort((figures[1] ?? 0) / (figures[0] ?? 1))])
    setting.say(
      `${name}: ${figures.map((figure) => Math.round(figure)).join(' full, ')} resumed handshakes a CPU second`,
    )
  }
  return {
    columns: ['gateway', 'full handshakes/CPU s', 'resumed handshakes/CPU s', 'resumed ÷ full'],
    rows,
  }
}

async function countOnce(
  pid: number,
  { kind, port, seconds }: { kind: string; port: number; seconds: number },
): Promise<number> {
  const openssl = findCommand('openssl')
  if (openssl === undefined) throw new Error('openssl is not on PATH (Debian: apt install openssl)')
  const before = readCpu(pid)
  // A request each, because TLS 1.3 sends its tickets behind the handshake.
  const args = ['s_time', '-connect', `127.0.0.1:${port}`, kind, '-time', `${seconds}`, '-www', '/orders/1']
  const { stdout } = await promisify(execFile)(openssl, args)
  const after = readCpu(pid)
  const connections = Number(/^(\d+) connections in [\d.]+ real seconds/m.exec(stdout)?.[1] ?? Number.NaN)
  return connections / (after.user - before.user + after.system - before.system)
}
