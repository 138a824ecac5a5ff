/**
 * Owns the connections to one target: how many there are, which are unused, which may be shared, and who waits for one.
 *
 *   acquire ──unused, or HTTP/2 with room──▶ send      ──below maxConnections──▶ opening ──connected──▶ send
 *      └──pipelining, and the same caller's──▶ send behind others      └──else──▶ waiting, in the order of coming
 */
import type { Upstream, UpstreamProtocol } from '@gatewright/model'
import { Problem } from '@gatewright/policies'
import type { DeadlineWheel, Timed } from '../timers/deadline-wheel.ts'
import type { CarriedRequest, RequestCarrier } from './carried-request.ts'
import { Dial, type DialOwner } from './dial.ts'
import { type Http2ConnectionOwner, Http2UpstreamConnection } from './http2-upstream-connection.ts'
import type { TargetRuntime } from './target.ts'
import { type ConnectionOwner, UpstreamConnection } from './upstream-connection.ts'

/** A request that wants a connection. */
export interface PooledRequest extends CarriedRequest {
  /** On the monotonic clock, while it waits. */
  waitsUntilMs: number
  /** Who asks; '' where connections are not shared. */
  readonly callerKey: string
  /** May its request be sent twice, and share a connection with others? */
  readonly isReplayable: boolean
  /** Something is ready to carry it. */
  send(carrier: RequestCarrier): void
  /** There is no room to wait, or no connection came; whose fault it is, another has told. */
  refuse(problem: Problem): void
}

/** What a client may hold that others wait for: a connection of HTTP/1.1, or a stream. */
interface ClientPlace {
  /** Octets a second, where it waits for its client. */
  findClientPace(nowMs: number): number | undefined
  takeBack(): void
}

interface PoolParts {
  readonly target: TargetRuntime
  readonly upstream: Pick<Upstream, 'pool' | 'protocol' | 'timeouts' | 'limits'>
  readonly wheel: DeadlineWheel
  /** One connection more, or one less. */
  readonly onCount: (amount: 1 | -1) => void
}

/** How often those who wait are looked at. */
const LOOK_INTERVAL_MS = 1_000
/** Of a client that others wait for; a phone on the edge of its cell has more. */
const SLOW_BYTES_PER_SECOND = 16_384

export class Pool implements DialOwner, ConnectionOwner, Http2ConnectionOwner, Timed {
  deadlineAtMs = Number.POSITIVE_INFINITY
  slotAtMs = 0
  slotPlace = 0
  readonly target: TargetRuntime
  readonly wheel: DeadlineWheel
  readonly limits: Upstream['limits']
  readonly protocol: UpstreamProtocol
  readonly connectMs: number
  readonly firstByteMs: number
  readonly idleMs: number
  readonly streams: number
  /** Unused connections, the most recently used last: the coldest are let go first. */
  readonly idle: UpstreamConnection[] = []
  readonly waiting: PooledRequest[] = []
  opening = 0
  /** Set once this target broke a pipelined connection: it gets one request at a time from then on. */
  refusesPipelining = false
  readonly #model: Upstream['pool']
  readonly #onCount: (amount: 1 | -1) => void
  /** Connections with requests in flight that may take more: pipelining only. */
  readonly #busy: Set<UpstreamConnection> = new Set()
  readonly #connections = new Set<UpstreamConnection>()
  /** Of HTTP/2, those that are not leaving: filled in this order, so that the last are the first to fall idle. */
  readonly #multiplexed = new Set<Http2UpstreamConnection>()
  /** Of those, the ones that are not opening any more. */
  #ready = 0
  /** Those of HTTP/2 that finish what they carry and take no more. */
  readonly #leaving = new Set<Http2UpstreamConnection>()
  /** How many requests a connection that is opening will take: more than one where HTTP/2 is expected. */
  #servesEach: number
  /** No snapshot uses it any more: connections end as they become free. */
  #isRetired = false

  constructor({ target, upstream: { pool, protocol, timeouts, limits }, wheel, onCount }: PoolParts) {
    this.target = target
    this.wheel = wheel
    this.protocol = protocol
    this.limits = limits
    this.connectMs = timeouts.connectMs
    this.firstByteMs = timeouts.firstByteMs
    this.idleMs = pool.idleMs
    this.streams = pool.streams
    // Where the target is to choose, the first connection tells; more would be too many, if it chooses HTTP/2.
    this.#servesEach = protocol === 'http1' || (protocol === 'auto' && target.scheme === 'http') ? 1 : pool.streams
    this.#model = pool
    this.#onCount = onCount
  }

  acquire(request: PooledRequest): void {
    const { idle, waiting } = this
    for (let connection = idle.pop(); connection !== undefined; connection = idle.pop()) {
      if (!connection.isGone) return this.#sendOn(connection, request)
    }
    const roomy = this.#findRoom()
    if (roomy !== undefined) return request.send(roomy.carry())
    if (this.#mayOpen) return this.connectFresh(request)
    const shared = this.#model.pipelining > 1 ? this.#findShared(request) : undefined
    if (shared !== undefined) return this.#sendOn(shared, request)
    // Whose connection is opening waits for that, and not in the queue.
    if (waiting.length - this.opening * this.#servesEach >= this.#model.maxWaiting) {
      return request.refuse(new Problem('upstream-overloaded', { reason: 'queue-full' }))
    }
    this.#wait(request)
  }

  /** On a new connection, whatever stands idle; on one of HTTP/2 that has room, where there may be no other. */
  connectFresh(request: PooledRequest): void {
    const shared = this.#mayOpen ? undefined : this.#findRoom()
    if (shared !== undefined) return request.send(shared.carry())
    this.#wait(request)
    this.#openForWaiting()
  }

  #findRoom(): Http2UpstreamConnection | undefined {
    for (const connection of this.#multiplexed) if (connection.hasRoom) return connection
    return undefined
  }

  /** The request gave up while it waited. */
  forget(request: PooledRequest): void {
    const at = this.waiting.indexOf(request)
    if (at >= 0) this.waiting.splice(at, 1)
  }

  /** Ends connections as they become free. */
  retire(): void {
    this.#isRetired = true
    for (const connection of this.idle.splice(0)) connection.destroy()
    // One that is opening is waited for; it leaves when it has served those.
    for (const connection of [...this.#multiplexed]) if (connection.isReady && connection.isUnused) connection.leave()
  }

  onDialled(dial: Dial): void {
    const { target, protocol } = this
    const isHttp2 = target.speaksHttp2(dial.socket, protocol)
    if (!isHttp2 && (protocol === 'h2' || protocol === 'h2c')) {
      dial.drop()
      return this.onDialFailed(new Problem('upstream-unreachable', { reason: 'no-http2' }))
    }
    if (isHttp2) {
      // It is opening until the target has shown that it does.
      this.#multiplexed.add(new Http2UpstreamConnection(dial, this))
      return
    }
    this.#servesEach = 1
    this.opening--
    const connection = new UpstreamConnection(dial, this)
    this.#connections.add(connection)
    this.#onCount(1)
    this.#giveWork(connection)
    this.#openForWaiting()
  }

  /**
   * All that it would have served hear it: each on its own would wait for the next to fail. Where another connection serves, they
   * have their time to wait for that, and for one that is tried at the next look.
   */
  onDialFailed(problem: Problem): void {
    this.opening--
    if (this.#ready > 0) return
    const [first, ...others] = this.waiting.splice(0, this.#servesEach)
    first?.onBroken(problem, 'begun')
    // One connection failed, and not a hundred.
    for (const request of others) request.refuse(problem)
    this.#openForWaiting()
  }

  onReady(connection: Http2UpstreamConnection): void {
    this.opening--
    this.#ready++
    this.#onCount(1)
    // One that allows nothing for now says nothing about the next.
    if (connection.peerStreams > 0) this.#servesEach = Math.min(this.streams, connection.peerStreams)
    this.onRoom(connection)
    this.#openForWaiting()
  }

  onRoom(connection: Http2UpstreamConnection): void {
    while (connection.hasRoom) {
      const next = this.waiting.shift()
      if (next === undefined) break
      next.send(connection.carry())
    }
    if (!connection.isUnused || connection.isGone) return
    if (this.#isRetired) connection.leave()
    else this.wheel.set(connection, this.idleMs, this.wheel.now())
  }

  onLeaving(connection: Http2UpstreamConnection): void {
    this.#multiplexed.delete(connection)
    this.#ready--
    this.#leaving.add(connection)
    this.#goOnAfter(connection)
  }

  /** Who was of no use is not followed at once by the next: those who wait look again. */
  #goOnAfter(connection: Http2UpstreamConnection): void {
    if (connection.hasCarried) this.#openForWaiting()
  }

  onHttp2Gone(connection: Http2UpstreamConnection): void {
    const wasTaking = this.#multiplexed.delete(connection)
    if (!connection.isReady) return this.onDialFailed(connection.problem)
    if (wasTaking) this.#ready--
    this.#leaving.delete(connection)
    this.#onCount(-1)
    this.#goOnAfter(connection)
  }

  onFree(connection: UpstreamConnection): void {
    this.#giveWork(connection)
  }

  onGone(connection: UpstreamConnection): void {
    this.#connections.delete(connection)
    if (connection.brokePipeline) this.refusesPipelining = true
    this.#busy.delete(connection)
    const at = this.idle.indexOf(connection)
    if (at >= 0) this.idle.splice(at, 1)
    this.#onCount(-1)
    // Its place is free for one that waits because there were too many.
    this.#openForWaiting()
  }

  /** Everybody waits equally long, so the first in the list is the first whose time passes: one deadline a target will do. */
  onDeadline(): void {
    const { waiting } = this
    const nowMs = this.wheel.now()
    for (let first = waiting[0]; first !== undefined && first.waitsUntilMs <= nowMs; first = waiting[0]) {
      waiting.shift()
      first.onDeadline()
    }
    if (waiting.length > 0) this.#takeBackFromSlow(nowMs)
    this.#openForWaiting()
    this.#lookAgain(nowMs)
  }

  /**
   * A few hundred clients that hardly read or hardly send would else keep everybody from a target: who waits gets the
   * place of the slowest, where that is slower than any network in use.
   */
  #takeBackFromSlow(nowMs: number): void {
    if (this.#mayOpen) return
    const slow: { readonly place: ClientPlace; readonly pace: number }[] = []
    const look = (place: ClientPlace): void => {
      const pace = place.findClientPace(nowMs)
      if (pace !== undefined && pace < SLOW_BYTES_PER_SECOND) slow.push({ place, pace })
    }
    for (const connection of this.#connections) look(connection)
    for (const { carriers } of this.#multiplexed) for (const carrier of carriers) look(carrier)
    slow.sort((one, other) => one.pace - other.pace)
    const wanted = Math.max(0, this.waiting.length - this.opening * this.#servesEach)
    for (const { place } of slow.slice(0, wanted)) place.takeBack()
  }

  /** While somebody waits. */
  #lookAgain(nowMs: number): void {
    const [first] = this.waiting
    if (first !== undefined) this.wheel.set(this, Math.min(first.waitsUntilMs - nowMs, LOOK_INTERVAL_MS), nowMs)
  }

  /** One connection for each that waits, as far as there may be more; each serves whoever waits longest when it is there. */
  #openForWaiting(): void {
    while (this.opening * this.#servesEach < this.waiting.length && this.#mayOpen) {
      this.opening++
      new Dial(this.target, this)
    }
  }

  get #mayOpen(): boolean {
    const { maxConnections } = this.#model
    // The target takes nothing at all for now: another connection would hear the same.
    for (const connection of this.#multiplexed) if (connection.isReady && connection.peerStreams === 0) return false
    // Those that leave make room for as many: a target that is rolled out anew must not wait for calls of hours.
    return this.#connections.size + this.#ready + this.opening < maxConnections && this.#leaving.size <= maxConnections
  }

  #giveWork(connection: UpstreamConnection): void {
    const next = this.waiting[0]
    if (next !== undefined && (connection.sent.length === 0 || this.#mayShare(connection, next))) {
      this.waiting.shift()
      return this.#sendOn(connection, next)
    }
    if (connection.sent.length > 0) return
    this.#busy.delete(connection)
    if (this.#isRetired) return connection.destroy()
    this.wheel.set(connection, connection.idleMs, this.wheel.now())
    this.idle.push(connection)
  }

  #sendOn(connection: UpstreamConnection, request: PooledRequest): void {
    if (this.#model.pipelining > 1) {
      connection.callerKey = request.callerKey
      if (request.isReplayable) this.#busy.add(connection)
      else this.#busy.delete(connection)
    }
    request.send(connection)
  }

  /** The least loaded connection that this caller's replayable request may share. */
  #findShared(request: PooledRequest): UpstreamConnection | undefined {
    let best: UpstreamConnection | undefined
    for (const connection of this.#busy) {
      if (!this.#mayShare(connection, request)) continue
      if (best === undefined || connection.sent.length < best.sent.length) best = connection
    }
    return best
  }

  /** Behind other requests goes only what may be sent again, and nobody waits for another caller's answer. */
  #mayShare(connection: UpstreamConnection, request: PooledRequest): boolean {
    const { pipelining, shareCallers } = this.#model
    if (!request.isReplayable || this.refusesPipelining) return false
    if (!this.#busy.has(connection) || !connection.takesMore || connection.sent.length >= pipelining) return false
    return shareCallers || connection.callerKey === request.callerKey
  }

  #wait(request: PooledRequest): void {
    const nowMs = this.wheel.now()
    const waitMs = this.connectMs + this.firstByteMs
    request.waitsUntilMs = nowMs + waitMs
    this.waiting.push(request)
    if (this.waiting.length === 1) this.#lookAgain(nowMs)
  }
}
