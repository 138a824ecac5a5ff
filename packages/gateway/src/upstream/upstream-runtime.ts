/** Owns an upstream as this thread runs it: its targets, the choice among them, their connections and who waits for one. */
import type { PassiveHealth, Upstream } from '@gatewright/model'
import { type Exchange, GatewayResponse, type Log, type MaybePromise, Problem } from '@gatewright/policies'
import type { UpstreamMeter } from '../observe/meters.ts'
import { add, recordDuration, recordStatus } from '../state/gauges/metric-family.ts'
import type { FindHealth } from '../state/health/health-table.ts'
import type { DeadlineWheel } from '../timers/deadline-wheel.ts'
import { Attempt } from './attempt.ts'
import { compileBalance } from './balance/balance.ts'
import type { ChooseTarget } from './balance/choose-target.ts'
import { Breaker } from './breaker.ts'
import { PassiveHealthWatch } from './health/passive-health.ts'
import type { ResultListener } from './result-listener.ts'
import { TargetRuntime } from './target.ts'
import { type ConnectionOwner, UpstreamConnection } from './upstream-connection.ts'

/** All optional: a rehearsed upstream counts nothing and asks nobody. */
interface UpstreamParts {
  readonly meter?: UpstreamMeter
  readonly findHealth?: FindHealth
  readonly log?: Log
}

export class UpstreamRuntime implements ConnectionOwner {
  readonly model: Upstream
  readonly targets: readonly TargetRuntime[]
  readonly wheel: DeadlineWheel
  readonly limits: Upstream['limits']
  readonly timeouts: Upstream['timeouts']
  readonly connectMs: number
  readonly firstByteMs: number
  readonly idleMs: number
  readonly isPipelining: boolean
  readonly meter: UpstreamMeter | undefined
  readonly #choose: ChooseTarget
  readonly #breaker: Breaker | undefined
  /** Health and breaker; empty unless the file asks for them. */
  readonly #listeners: readonly ResultListener[]
  /** No snapshot uses it any more: connections end as they become free. */
  #isRetired = false

  constructor(model: Upstream, wheel: DeadlineWheel, { meter, findHealth, log }: UpstreamParts = {}) {
    this.meter = meter
    this.model = model
    this.wheel = wheel
    this.limits = model.limits
    this.timeouts = model.timeouts
    this.connectMs = model.timeouts.connectMs
    this.firstByteMs = model.timeouts.firstByteMs
    this.idleMs = model.pool.idleMs
    this.isPipelining = model.pool.pipelining > 1
    const findCell = model.health.active === undefined ? undefined : findHealth
    this.targets = model.targets.map(
      (target) => new TargetRuntime(target, (waited) => this.#expireWaiting(waited), findCell?.(model.id, target.url)),
    )
    this.#choose = compileBalance(model.balance)
    this.#breaker = model.breaker === undefined ? undefined : new Breaker(model.breaker)
    const passive = model.health.passive === undefined ? undefined : this.#watchPassively(model.health.passive, log)
    this.#listeners = [this.#breaker, passive].filter((listener) => listener !== undefined)
  }

  #watchPassively(options: PassiveHealth, log: Log | undefined): PassiveHealthWatch {
    return new PassiveHealthWatch(options, {
      targets: this.targets,
      wheel: this.wheel,
      now: () => performance.now(),
      onEjected: ({ url }) => {
        const { ejectMs, failures } = options
        log?.warn('a target failed again and again and is left out', {
          upstream: this.model.id,
          target: url,
          failures,
          ejectMs,
        })
      },
    })
  }

  /** One attempt. Never rejects: what fails is a response with its problem. */
  forward(exchange: Exchange): MaybePromise<GatewayResponse> {
    const target = this.#choose(this.targets, exchange)
    // Fail closed: when all targets are out there is no panic mode that sends to them nevertheless. Passive health never
    // leaves out more than its share, so this is where an operator's own probes say that nobody is healthy.
    if (target === undefined) {
      return GatewayResponse.ofProblem(new Problem('upstream-unavailable', { reason: 'no-target' }))
    }
    // After the choice: a request that has nowhere to go must not use up the one that may try.
    if (this.#breaker !== undefined && !this.#breaker.mayPass()) {
      return GatewayResponse.ofProblem(this.#breaker.toProblem())
    }
    return new Promise((resolve) => new Attempt(exchange, { upstream: this, target }, resolve).start())
  }

  acquire(attempt: Attempt): void {
    const { target } = attempt
    for (let connection = target.idle.pop(); connection !== undefined; connection = target.idle.pop()) {
      if (!connection.isGone) return this.#sendOn(connection, attempt)
    }
    if (target.connections < this.model.pool.maxConnections) return this.connectFresh(attempt)
    const shared = this.isPipelining ? this.#findShared(attempt) : undefined
    if (shared !== undefined) return this.#sendOn(shared, attempt)
    // Whose connection is opening waits for that, and not in the queue.
    if (target.waiting.length - target.opening >= this.model.pool.maxWaiting) {
      return attempt.refuse(new Problem('upstream-overloaded', { reason: 'queue-full' }))
    }
    this.#wait(attempt)
  }

  /** On a new connection, whatever stands idle. */
  connectFresh(attempt: Attempt): void {
    this.#wait(attempt)
    this.#openForWaiting(attempt.target)
  }

  /** One connection for each that waits, as far as there may be more; each serves whoever waits longest when it is there. */
  #openForWaiting(target: TargetRuntime): void {
    if (target.opening >= target.waiting.length || target.connections >= this.model.pool.maxConnections) return
    target.opening++
    new UpstreamConnection(target, this)
  }

  /** The attempt gave up while it waited. */
  forget(attempt: Attempt): void {
    const { waiting } = attempt.target
    const at = waiting.indexOf(attempt)
    if (at >= 0) waiting.splice(at, 1)
  }

  /** Ends connections as they become free. */
  retire(): void {
    this.#isRetired = true
    for (const target of this.targets) for (const connection of target.idle.splice(0)) connection.destroy()
  }

  onResult(target: TargetRuntime, status: number, durationMs: number): void {
    if (this.meter !== undefined) {
      recordStatus(this.meter.requests, status)
      recordDuration(this.meter.durations, durationMs)
    }
    for (const listener of this.#listeners) listener.onResult(target, status)
  }

  onFailure(target: TargetRuntime, problem: Problem): void {
    if (this.meter !== undefined) add(this.meter.failures, 1)
    // A full queue is ours: the target was not asked.
    if (problem.code === 'upstream-overloaded') return
    for (const listener of this.#listeners) listener.onFailure(target, problem)
  }

  onConnected(connection: UpstreamConnection): void {
    connection.target.opening--
    if (this.meter !== undefined) add(this.meter.connections, 1)
    this.#giveWork(connection)
  }

  onFree(connection: UpstreamConnection): void {
    this.#giveWork(connection)
  }

  onGone(connection: UpstreamConnection, wasConnected: boolean): void {
    if (wasConnected && this.meter !== undefined) add(this.meter.connections, -1)
    const { target } = connection
    target.busy.delete(connection)
    const at = target.idle.indexOf(connection)
    if (at >= 0) target.idle.splice(at, 1)
    if (!wasConnected) {
      target.opening--
      target.waiting.shift()?.onBroken(connection.connectProblem, { isReplayable: false })
    }
    // Its place is free for one that waits because there were too many.
    this.#openForWaiting(target)
  }

  #giveWork(connection: UpstreamConnection): void {
    const { target } = connection
    const next = target.waiting[0]
    if (next !== undefined && (connection.sent.length === 0 || this.#mayShare(connection, next))) {
      target.waiting.shift()
      return this.#sendOn(connection, next)
    }
    if (connection.sent.length > 0) return
    target.busy.delete(connection)
    if (this.#isRetired) return connection.destroy()
    this.wheel.set(connection, connection.idleMs, performance.now())
    target.idle.push(connection)
  }

  #sendOn(connection: UpstreamConnection, attempt: Attempt): void {
    if (this.isPipelining) {
      connection.callerKey = attempt.callerKey
      if (attempt.isReplayable) connection.target.busy.add(connection)
      else connection.target.busy.delete(connection)
    }
    attempt.send(connection)
  }

  /** The least loaded connection that this caller's replayable request may share. */
  #findShared(attempt: Attempt): UpstreamConnection | undefined {
    let best: UpstreamConnection | undefined
    for (const connection of attempt.target.busy) {
      if (!this.#mayShare(connection, attempt)) continue
      if (best === undefined || connection.sent.length < best.sent.length) best = connection
    }
    return best
  }

  /** Behind other requests goes only what may be sent again, and nobody waits for another caller's answer. */
  #mayShare(connection: UpstreamConnection, attempt: Attempt): boolean {
    const { pipelining, shareCallers } = this.model.pool
    if (!attempt.isReplayable || attempt.target.refusesPipelining) return false
    if (connection.isGone || !attempt.target.busy.has(connection) || connection.sent.length >= pipelining) return false
    return shareCallers || connection.callerKey === attempt.callerKey
  }

  /** Everybody waits equally long, so the first in the list is the first whose time passes: one deadline a target will do. */
  #wait(attempt: Attempt): void {
    const { target } = attempt
    const nowMs = performance.now()
    const waitMs = this.timeouts.connectMs + this.timeouts.firstByteMs
    attempt.waitsUntilMs = nowMs + waitMs
    target.waiting.push(attempt)
    if (target.waiting.length === 1) this.wheel.set(target, waitMs, nowMs)
  }

  #expireWaiting(target: TargetRuntime): void {
    const nowMs = performance.now()
    for (let first = target.waiting[0]; first !== undefined; first = target.waiting[0]) {
      if (first.waitsUntilMs > nowMs) {
        this.wheel.set(target, first.waitsUntilMs - nowMs, nowMs)
        return
      }
      target.waiting.shift()
      first.onDeadline()
    }
  }
}
