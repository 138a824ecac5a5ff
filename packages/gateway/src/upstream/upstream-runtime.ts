/** Owns an upstream as this thread runs it: its targets, the choice among them, and what is learnt from every attempt. */
import type { PassiveHealth, Upstream } from '@gatewright/model'
import { type Exchange, GatewayResponse, type Log, type MaybePromise, Problem } from '@gatewright/policies'
import type { EgressGuard } from '../egress/egress-guard.ts'
import type { GatewayExchange } from '../exchange/gateway-exchange.ts'
import type { UpstreamMeter } from '../observe/meters.ts'
import { add, type Cells, recordDuration, recordStatus } from '../state/gauges/metric-family.ts'
import type { FindHealth } from '../state/health/health-table.ts'
import type { GetPem } from '../state/pems/pem-table.ts'
import type { DeadlineWheel } from '../timers/deadline-wheel.ts'
import { Attempt, type AttemptOwner } from './attempt.ts'
import { awaitBody, isArriving } from './await-body.ts'
import { compileBalance, isAvailable } from './balance/balance.ts'
import type { ChooseTarget } from './balance/choose-target.ts'
import { Breaker } from './breaker.ts'
import { GaugeShare } from './gauge-share.ts'
import { PassiveHealthWatch } from './health/passive-health.ts'
import { Pool } from './pool.ts'
import type { ResultListener } from './result-listener.ts'
import { TargetRuntime } from './target.ts'
import { ClientContext } from './tls/client-context.ts'

/** All optional: a rehearsed upstream counts nothing and asks nobody. */
interface UpstreamParts {
  readonly meter?: UpstreamMeter
  readonly findHealth?: FindHealth
  /** Where what `tls` refers to is read. */
  readonly getPem?: GetPem
  readonly log?: Log
  /** Which addresses may be connected to; any, if absent. */
  readonly guard?: EgressGuard
}

export class UpstreamRuntime implements AttemptOwner {
  readonly model: Upstream
  readonly targets: readonly TargetRuntime[]
  readonly pools: ReadonlyMap<TargetRuntime, Pool>
  /** For requests that want to become tunnels. */
  readonly tunnelPools: ReadonlyMap<TargetRuntime, Pool>
  readonly #wheel: DeadlineWheel
  readonly #meter: UpstreamMeter | undefined
  readonly #choose: ChooseTarget
  readonly #breaker: Breaker | undefined
  /** What of health and breaker shows in gauges. */
  readonly #shares: GaugeShare[] = []
  /** Health and breaker; empty unless the file asks for them. */
  readonly #listeners: readonly ResultListener[]

  /** @throws which file of `tls` cannot be used, and why */
  constructor(model: Upstream, wheel: DeadlineWheel, { meter, findHealth, getPem, log, guard }: UpstreamParts = {}) {
    this.model = model
    this.#wheel = wheel
    this.#meter = meter
    const findCell = model.health.active === undefined ? undefined : findHealth
    const isOverTls = model.targets.some(({ url }) => /^https:/i.test(url))
    const context = isOverTls ? new ClientContext(model, getPem) : undefined
    this.targets = model.targets.map(
      (target) => new TargetRuntime(target, { health: findCell?.(model.id, target.url), context, guard }),
    )
    const onCount = (amount: 1 | -1): void => {
      if (meter !== undefined) add(meter.connections, amount)
    }
    const toPools = (upstream: Upstream): ReadonlyMap<TargetRuntime, Pool> =>
      new Map(this.targets.map((target) => [target, new Pool({ target, upstream, wheel, onCount })] as const))
    this.pools = toPools(model)
    // Most servers of HTTP/2 take no tunnels on it, and each has a connection of its own anyway.
    this.tunnelPools = model.protocol === 'auto' ? toPools({ ...model, protocol: 'http1' }) : this.pools
    this.#choose = compileBalance(model.balance)
    const breakerShare = this.#toShare(meter?.breakerOpen)
    const now = (): number => performance.now()
    this.#breaker = model.breaker && new Breaker(model.breaker, now, (isOpen) => breakerShare.add(isOpen ? 1 : -1))
    const passive = model.health.passive === undefined ? undefined : this.#watchPassively(model.health.passive, log)
    this.#listeners = [this.#breaker, passive].filter((listener) => listener !== undefined)
  }

  #toShare(cells: Cells | undefined): GaugeShare {
    const share = new GaugeShare(cells)
    this.#shares.push(share)
    return share
  }

  #watchPassively(options: PassiveHealth, log: Log | undefined): PassiveHealthWatch {
    const shares = new Map(this.targets.map((target) => [target, this.#toShare(this.#meter?.ejected.get(target.url))]))
    return new PassiveHealthWatch(options, {
      targets: this.targets,
      wheel: this.#wheel,
      now: () => performance.now(),
      onReturned: (target) => shares.get(target)?.add(-1),
      onEjected: (target) => {
        const { ejectMs, failures } = options
        shares.get(target)?.add(1)
        log?.warn('a target failed again and again and is left out', {
          upstream: this.model.id,
          target: target.url,
          failures,
          ejectMs,
        })
      },
    })
  }

  /** One attempt. Never rejects: what fails is a response with its problem. */
  forward(exchange: Exchange): MaybePromise<GatewayResponse> {
    if (!isArriving(exchange.request.body)) return this.#attempt(exchange)
    // Nobody need send the rest of what can go nowhere.
    if (!this.targets.some(isAvailable)) return toNoTarget()
    if (this.#breaker?.isShut) return GatewayResponse.ofProblem(this.#breaker.toProblem())
    // Before the choice: a target counts what it works on, and a slow client must neither weigh on it nor be the one that tries.
    return awaitBody(exchange).then((problem) =>
      problem === undefined ? this.#attempt(exchange) : GatewayResponse.ofProblem(problem),
    )
  }

  #attempt(exchange: Exchange): MaybePromise<GatewayResponse> {
    const target = this.#choose(this.targets, exchange)
    // Fail closed: when all targets are out there is no panic mode that sends to them nevertheless. Passive health never
    // leaves out more than its share, so this is where an operator's own probes say that nobody is healthy.
    if (target === undefined) return toNoTarget()
    // After the choice: a request that has nowhere to go must not use up the one that may try.
    if (this.#breaker !== undefined && !this.#breaker.mayPass()) {
      return GatewayResponse.ofProblem(this.#breaker.toProblem())
    }
    const { upgrade } = exchange.root as GatewayExchange
    const pool = (upgrade === undefined ? this.pools : this.tunnelPools).get(target)
    if (pool === undefined) throw new Error(`target ${target.url} has no pool`)
    return new Promise((resolve) => new Attempt(exchange, { owner: this, pool }, resolve).start())
  }

  /** Ends connections as they become free, and shows nothing more. */
  retire(): void {
    for (const pool of [...this.pools.values(), ...this.tunnelPools.values()]) pool.retire()
    for (const share of this.#shares) share.giveBack()
  }

  onResult(target: TargetRuntime, status: number, durationMs: number): void {
    if (this.#meter !== undefined) {
      recordStatus(this.#meter.requests, status)
      recordDuration(this.#meter.durations, durationMs)
    }
    for (const listener of this.#listeners) listener.onResult(target, status)
  }

  onFailure(target: TargetRuntime, problem: Problem): void {
    if (this.#meter !== undefined) add(this.#meter.failures, 1)
    // A slow client: the target did what it should.
    if (problem.code === 'upstream-overloaded') return
    for (const listener of this.#listeners) listener.onFailure(target, problem)
  }

  /** Counted, but no target's failure: a full queue, or time that was for other tries and the client's body as well. */
  onBlameless(): void {
    if (this.#meter !== undefined) add(this.#meter.failures, 1)
  }
}

function toNoTarget(): GatewayResponse {
  return GatewayResponse.ofProblem(new Problem('upstream-unavailable', { reason: 'no-target' }))
}
