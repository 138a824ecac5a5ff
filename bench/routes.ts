// Owns the question: do ten thousand routes with shared prefixes cost more than one?
import { atMostTimes } from './bars.ts'
import { findMedian, runContest, startContestants, toContestTable, toFaultNotes } from './contest.ts'
import { findGatewrightVersion, startGatewright, toPlainParts } from './peers/gatewright.ts'
import { NGINX_PROXY, nginx, startNginxProxy } from './peers/nginx.ts'
import type { Peer } from './peers/peer.ts'
import type { Question } from './question.ts'
import { ANSWER, startUpstream } from './upstream.ts'

const AREAS = 100
const KINDS = 100
const ASKED_PATHS = 1000

/** 10 000 templates that differ in two of six segments: what a large organisation's API looks like to a router. */
export function toManyRoutes(): { id: string; methods: string[]; path: string }[] {
  return Array.from({ length: AREAS * KINDS }, (_, index) => ({
    id: `route-${index}`,
    methods: ['GET'],
    path: `/v1/${toPrefix(index)}/{item}/parts/{part}`,
  }))
}

/** One asked path per chosen route, spread over all of them. */
export function toManyPaths(): string[] {
  return Array.from({ length: ASKED_PATHS }, (_, index) => {
    const route = index * ((AREAS * KINDS) / ASKED_PATHS)
    return `/v1/${toPrefix(route)}/item-${index}/parts/${index % 7}`
  })
}

function toPrefix(index: number): string {
  return `area-${Math.floor(index / KINDS)}/kind-${index % KINDS}`
}

const ONE_ROUTE = [{ id: 'one', methods: ['GET'], path: '/v1/{area}/{kind}/{item}/parts/{part}' }]

function gatewrightWith(name: string, routes: unknown[]): Peer {
  return {
    name,
    findVersion: findGatewrightVersion,
    start: (given) => startGatewright(given, toPlainParts(given.upstreamPort, { api: { routes } })),
  }
}

/** nginx has no parameters in fast locations, so its routes are prefixes. */
function nginxWith(name: string, prefixes: string[]): Peer {
  const server = prefixes.map((prefix) => `location ${prefix} {${NGINX_PROXY}}`).join('\n')
  return { name, findVersion: nginx.findVersion, start: (given) => startNginxProxy(given, server) }
}

export const routes: Question = {
  name: 'routes',
  async ask(setting) {
    const upstream = await startUpstream({ dir: setting.dir, cores: setting.loadCores })
    const one = gatewrightWith('Gatewright, 1 route', ONE_ROUTE)
    const many = gatewrightWith('Gatewright, 10 000 routes', toManyRoutes())
    const peers = [
      one,
      many,
      nginxWith('nginx, 1 location', ['/v1/']),
      nginxWith(
        'nginx, 10 000 locations',
        toManyRoutes().map((_, index) => `/v1/${toPrefix(index)}/`),
      ),
    ]
    const paths = toManyPaths()
    const contestants = await startContestants(peers, setting, { upstreamPort: upstream.port, path: paths[0]! })
    const results = await runContest(contestants, { paths, expect: { body: ANSWER } }, setting)
    for (const contestant of contestants) await contestant.stop()
    await upstream.stop()
    const cpu = (peer: Peer): number | undefined => findMedian(results, peer.name)?.cpuUs
    return {
      title: '10 000 routes against 1',
      method: `All get the same ${ASKED_PATHS} paths in turn; with 10 000 routes each path has a route of its own, with 1 it has the same four parameters.`,
      tables: [toContestTable(results, one.name)],
      bars: [atMostTimes('10 000 routes against 1 route, CPU/request', 1.05, { value: cpu(many), base: cpu(one) })],
      notes: toFaultNotes(results),
    }
  },
}
