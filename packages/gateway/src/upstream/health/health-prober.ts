/** Owns active health: asks every target of the upstreams that want it, and writes the verdict where data threads look. Runs once per process. */
import type { ActiveHealth, EgressRules, Upstream, UpstreamId, UpstreamTls } from '@gatewright/model'
import type { Clock, Log } from '@gatewright/policies'
import { EgressGuard } from '../../egress/egress-guard.ts'
import type { FindHealth, HealthCell } from '../../state/health/health-table.ts'
import type { GetPem } from '../../state/pems/pem-table.ts'
import { ClientContext } from '../tls/client-context.ts'
import { TargetTls } from '../tls/target-tls.ts'
import type { Probe, ProbeRequest, ProbeResult } from './probe.ts'

export interface ProberParts {
  readonly probe: Probe
  readonly clock: Clock
  readonly log: Log
  /** In [0, 1). */
  readonly random: () => number
}

/** The first probe comes within so long: what is down at the start is found soon, and not all are asked at once. */
const FIRST_WITHIN_MS = 1000
/** An interval is up to 10 % shorter or longer, so that the probes of many gateways do not fall into step. */
const JITTER = 0.1

interface Watched {
  readonly upstream: UpstreamId
  readonly url: string
  readonly health: ActiveHealth
  readonly request: ProbeRequest
  /** Of an `https` target. */
  readonly tls?: UpstreamTls
}

export interface WatchOrder {
  readonly upstreams: readonly Upstream[]
  /** Which addresses may be asked; any, if absent. */
  readonly egress?: EgressRules
}

export class HealthProber {
  readonly #parts: ProberParts
  readonly #watches = new Map<
    string,
    { readonly settings: string; readonly cell: HealthCell; readonly watch: TargetWatch }
  >()

  constructor(parts: ProberParts) {
    this.#parts = parts
  }

  /** From here on these are asked, and no others. What did not change goes on where it was. */
  watch({ upstreams, egress }: WatchOrder, findHealth: FindHealth, getPem: GetPem): void {
    const guard = egress === undefined ? undefined : new EgressGuard(egress)
    const contexts = new Map<UpstreamId, ClientContext>()
    const wanted = new Map(
      upstreams.flatMap(toWatched).map((watched) => [`${watched.upstream} ${watched.url}`, watched]),
    )
    for (const [key, { watch, cell }] of this.#watches) {
      if (wanted.has(key)) continue
      watch.stop()
      // Nobody asks any more, so nobody would ever say that it is back.
      cell.isOut = false
      this.#watches.delete(key)
    }
    for (const [key, watched] of wanted) {
      const settings = JSON.stringify([watched, egress])
      const running = this.#watches.get(key)
      if (running?.settings === settings) continue
      running?.watch.stop()
      const cell = findHealth(watched.upstream, watched.url)
      if (cell === undefined) throw new Error(`main made no health cell for ${key}`)
      const request = { ...toSecured(watched, contexts, getPem), ...(guard !== undefined && { guard }) }
      const watch = new TargetWatch({ ...watched, request }, cell, this.#parts)
      this.#watches.set(key, { settings, cell, watch })
    }
  }

  stop(): void {
    for (const { watch } of this.#watches.values()) watch.stop()
    this.#watches.clear()
  }
}

/** One target: probe, judge, wait, again. */
class TargetWatch {
  readonly #watched: Watched
  readonly #cell: HealthCell
  readonly #parts: ProberParts
  readonly #statuses: ReadonlySet<number>
  /** Probes in a row that contradict the verdict. */
  #contradictions = 0
  #isStopped = false
  #callOff: () => void

  constructor(watched: Watched, cell: HealthCell, parts: ProberParts) {
    this.#watched = watched
    this.#cell = cell
    this.#parts = parts
    this.#statuses = new Set(watched.health.statuses)
    this.#callOff = this.#schedule(parts.random() * Math.min(FIRST_WITHIN_MS, watched.health.intervalMs))
  }

  stop(): void {
    this.#isStopped = true
    this.#callOff()
  }

  #schedule(delayMs: number): () => void {
    return this.#parts.clock.after(delayMs, () => void this.#run())
  }

  async #run(): Promise<void> {
    const { probe, clock, random } = this.#parts
    const { request, health } = this.#watched
    const beganMs = clock.monotonicMs()
    const result = await probe(request)
    if (this.#isStopped) return
    this.#judge(result)
    const intervalMs = health.intervalMs * (1 - JITTER + 2 * JITTER * random())
    this.#callOff = this.#schedule(Math.max(0, intervalMs - (clock.monotonicMs() - beganMs)))
  }

  /** One probe proves nothing: a verdict changes after so many in a row that contradict it. */
  #judge(result: ProbeResult): void {
    const cell = this.#cell
    const isGood = 'status' in result && this.#statuses.has(result.status)
    if (isGood !== cell.isOut) {
      this.#contradictions = 0
      return
    }
    this.#contradictions++
    const { upstream, url, health } = this.#watched
    if (this.#contradictions < (isGood ? health.healthyAfter : health.unhealthyAfter)) return
    this.#contradictions = 0
    cell.isOut = !isGood
    const { log } = this.#parts
    if (isGood) log.info('a target is healthy again and takes requests', { upstream, target: url })
    else log.warn('a target is not healthy and is left out', { upstream, target: url, ...result })
  }
}

/** As data threads reach it: one context for all targets of an upstream. */
function toSecured(watched: Watched, contexts: Map<UpstreamId, ClientContext>, getPem: GetPem): ProbeRequest {
  const { upstream, url, request, tls } = watched
  if (tls === undefined) return request
  const context = contexts.get(upstream) ?? new ClientContext({ id: upstream, tls }, getPem)
  contexts.set(upstream, context)
  return { ...request, tls: new TargetTls(context, new URL(url).hostname) }
}

function toWatched({ id, targets, health, hostHeader, tls, protocol }: Upstream): Watched[] {
  const { active } = health
  if (active === undefined) return []
  const { path, timeoutMs } = active
  const headers = { ...(typeof hostHeader === 'object' && { Host: hostHeader.value }), ...active.headers }
  return targets.map(({ url }) => ({
    upstream: id,
    url,
    health: active,
    request: { url, path, headers, timeoutMs, protocol },
    ...(/^https:/i.test(url) && { tls }),
  }))
}
