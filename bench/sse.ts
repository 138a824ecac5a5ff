// Owns the question: how much later does an event of a stream arrive because a gateway stands between?
import { get } from 'node:http'
import { join } from 'node:path'
import { findFreePort } from '../packages/policies/src/testing/free-ports.ts'
import { atMost, toShort } from './bars.ts'
import { type Contestant, startContestants, toMedian } from './contest.ts'
import { gatewright } from './peers/gatewright.ts'
import { haproxy, startHaproxy } from './peers/haproxy.ts'
import { NGINX_PROXY, nginx, startNginxProxy } from './peers/nginx.ts'
import { nodeProxies } from './peers/node-proxies.ts'
import type { Peer } from './peers/peer.ts'
import { start, waitUntilAnswering } from './processes.ts'
import type { Question } from './question.ts'

const nginxUnbuffered: Peer = {
  ...nginx,
  name: 'nginx, proxy_buffering off',
  start: (given) =>
    startNginxProxy(given, `location / { proxy_buffering off; ${NGINX_PROXY} }`, {
      name: 'nginx-sse',
    }),
}

// Without the option it holds small writes back for up to 200 ms.
const haproxyUndelayed: Peer = {
  ...haproxy,
  name: 'HAProxy, http-no-delay',
  start: (given) => startHaproxy(given, { defaults: 'option http-no-delay' }),
}

export const sse: Question = {
  name: 'sse',
  async ask(setting) {
    const port = await findFreePort()
    const upstream = start(process.execPath, [join(import.meta.dirname, 'servers', 'sse.ts')], {
      dir: setting.dir,
      name: 'sse-upstream',
      env: { PORT: String(port) },
    })
    await waitUntilAnswering(upstream, `http://127.0.0.1:${port}/`)
    const free = { ...setting, gatewayCores: undefined } // one stream does not fill a core
    const started = await startContestants([gatewright, nginxUnbuffered, haproxyUndelayed, ...nodeProxies], free, {
      upstreamPort: port,
    })
    const direct: Contestant = { name: 'direct', pid: upstream.pid, port, stop: async () => {} }
    const contestants = [direct, ...started]
    const delays = new Map<string, number[]>(contestants.map(({ name }) => [name, []]))
    for (let round = 1; round <= setting.rounds; round++) {
      for (const { name, port } of contestants) {
        delays.get(name)?.push(...(await readDelays(`http://127.0.0.1:${port}/events`, setting.seconds)))
      }
    }
    for (const contestant of started) await contestant.stop()
    await upstream.stop()
    const added = (name: string, pick: (values: number[]) => number): number | undefined => {
      const values = delays.get(name)
      return values && values.length > 0 ? pick(values) - pick(delays.get('direct') ?? []) : undefined
    }
    return {
      title: 'Server-sent events: added delay',
      method: `One stream at a time, an event every 10 ms; from writing an event in the upstream to reading it in the client.`,
      tables: [
        {
          columns: ['gateway', 'p50 ms', 'p99 ms', 'added p50 ms', 'added p99 ms', 'events'],
          rows: [...delays].map(([name, values]) => [
            name,
            toShort(toMedian(values)),
            toShort(toP99(values)),
            toShort(added(name, toMedian) ?? 0),
            toShort(added(name, toP99) ?? 0),
            values.length,
          ]),
        },
      ],
      bars: [
        atMost('an SSE chunk later on the way, median', 1, { value: added(gatewright.name, toMedian), unit: 'ms' }),
        atMost('an SSE chunk later on the way, p99', 1, { value: added(gatewright.name, toP99), unit: 'ms' }),
      ],
      notes: [],
    }
  },
}

function toP99(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length * 0.99)] ?? 0
}

/** Milliseconds between writing and reading of every event of a stream that is read for `seconds`. */
function readDelays(url: string, seconds: number): Promise<number[]> {
  return new Promise((resolve, reject) => {
    const delays: number[] = []
    const request = get(url, { agent: false }, (response) => {
      let rest = ''
      response.setEncoding('latin1')
      response.on('data', (part: string) => {
        const now = process.hrtime.bigint()
        const events = (rest + part).split('\n\n')
        rest = events.pop() ?? ''
        for (const event of events) delays.push(Number(now - BigInt(event.slice('data: '.length))) / 1e6)
      })
      response.on('error', () => {}) // the stream is ended by us
    })
    request.on('error', reject)
    setTimeout(() => {
      request.destroy()
      if (delays.length < seconds * 10) reject(new Error(`${url} sent only ${delays.length} events in ${seconds} s`))
      else resolve(delays)
    }, seconds * 1000)
  })
}
