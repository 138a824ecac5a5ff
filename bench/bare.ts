// Owns the question: what does a request cost that is only passed on?
import { atMostTimes } from './bars.ts'
import { findMedian, runContest, startContestants, toContestTable, toFaultNotes } from './contest.ts'
import { caddy } from './peers/caddy.ts'
import { envoy } from './peers/envoy.ts'
import { gatewright, gatewrightCoalescing, gatewrightMultiplexing, gatewrightToTls } from './peers/gatewright.ts'
import { haproxy } from './peers/haproxy.ts'
import { nginx } from './peers/nginx.ts'
import { nodeProxies } from './peers/node-proxies.ts'
import { traefik } from './peers/traefik.ts'
import { varnish } from './peers/varnish.ts'
import type { Question } from './question.ts'
import { ANSWER, startUpstream } from './upstream.ts'

/** Those whose versions the table names. */
export const BARE_PEERS = [gatewright, nginx, haproxy, varnish, caddy, envoy, traefik, ...nodeProxies]

export const bare: Question = {
  name: 'bare',
  async ask(setting) {
    const upstream = await startUpstream({ dir: setting.dir, cores: setting.loadCores })
    const contestants = await startContestants([...BARE_PEERS, gatewrightCoalescing], setting, {
      upstreamPort: upstream.port,
    })
    const multiplexing = await startContestants([gatewrightMultiplexing], setting, { upstreamPort: upstream.http2Port })
    contestants.push(...multiplexing)
    const secured = await startContestants([gatewrightToTls(upstream.ca)], setting, { upstreamPort: upstream.tlsPort })
    contestants.push(...secured)
    const results = await runContest(contestants, { paths: ['/orders/1'], expect: { body: ANSWER } }, setting)
    for (const contestant of contestants) await contestant.stop()
    await upstream.stop()
    const cpu = (name: string): number | undefined => findMedian(results, name)?.cpuUs
    return {
      title: 'Bare proxy',
      method: `No policies, access logs off, our metrics on. ${setting.connections} keep-alive connections, eight request header fields, a ${ANSWER.length}-byte JSON answer; ${setting.threads} thread(s) each.`,
      tables: [toContestTable(results, nginx.name)],
      bars: [
        atMostTimes('bare proxy, CPU/request, against nginx', 1.6, {
          value: cpu(gatewright.name),
          base: cpu(nginx.name),
        }),
        atMostTimes('bare proxy, CPU/request, against @fastify/http-proxy', 0.35, {
          value: cpu(gatewright.name),
          base: cpu('@fastify/http-proxy'),
        }),
        atMostTimes('bare proxy, CPU/request, against Caddy', 0.4, {
          value: cpu(gatewright.name),
          base: cpu(caddy.name),
        }),
        atMostTimes('stretch: bare proxy, coalescing on, CPU/request, against nginx', 1.0, {
          value: cpu(gatewrightCoalescing.name),
          base: cpu(nginx.name),
        }),
        atMostTimes('stretch: bare proxy, HTTP/2 to the upstream, CPU/request, against nginx', 1.0, {
          value: cpu(gatewrightMultiplexing.name),
          base: cpu(nginx.name),
        }),
      ],
      notes: toFaultNotes(results),
    }
  },
}
