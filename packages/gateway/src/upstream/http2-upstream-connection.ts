/**
 * Owns one connection to a target that speaks HTTP/2: its session, the requests that it carries at once, how long it may idle,
 * and how it ends.
 *
 *   opened ──SETTINGS of the target──▶ ready ──GOAWAY──▶ leaving: what it carries is finished, nothing new goes on it
 */
import type { Socket } from 'node:net'
import { Problem } from '@gatewright/policies'
import { Http2Session } from '../http2/http2-session.ts'
import type { Http2Stream, StreamListener } from '../http2/http2-stream.ts'
import type { SessionOwner } from '../http2/session-contract.ts'
import { HTTP2_DEFAULTS } from '../http2/session-settings.ts'
import type { ReadBuffer } from '../sockets/read-buffer.ts'
import type { DeadlineWheel, Timed } from '../timers/deadline-wheel.ts'
import { toBrokenProblem } from './connection-problem.ts'
import type { Dial } from './dial.ts'
import { type CarrierHost, Http2Carrier } from './http2-carrier.ts'

/** What one answer's window grows to while its reader keeps up: 80 Mbit/s over a line with 50 ms there and back. */
const STREAM_WINDOW_MOST_BYTES = 524_288

/** How long what was said last may take to leave. */
const LINGER_MS = 2_000

export interface Http2ConnectionOwner {
  readonly wheel: DeadlineWheel
  readonly limits: { readonly headerBytes: number; readonly headerFields: number }
  readonly connectMs: number
  readonly firstByteMs: number
  /** Requests that it carries at once, if the target allows as many. */
  readonly streams: number
  /** The target has shown that it speaks HTTP/2. */
  onReady(connection: Http2UpstreamConnection): void
  /** It may take more requests than before, or carries none any more. */
  onRoom(connection: Http2UpstreamConnection): void
  /** It takes no more. */
  onLeaving(connection: Http2UpstreamConnection): void
  /** It is gone; requests that it still owes are told afterwards. */
  onHttp2Gone(connection: Http2UpstreamConnection): void
}

export class Http2UpstreamConnection implements CarrierHost, SessionOwner, Timed {
  deadlineAtMs = Number.POSITIVE_INFINITY
  slotAtMs = 0
  slotPlace = 0
  readonly buffer: ReadBuffer
  readonly owner: Http2ConnectionOwner
  /** The target's SETTINGS came. */
  isReady = false
  isGone = false
  /** It was of use. */
  hasCarried = false
  problem = new Problem('upstream-closed', { reason: 'closed' })
  isStale = false
  reads = 0
  readonly #socket: Socket
  readonly #session: Http2Session
  readonly #carriers = new Set<Http2Carrier>()
  /** Whose answers began in the read under way: what else of them comes in it is there before they are handed on. */
  #fresh: Http2Carrier[] = []
  #streaming = 0
  /** The target was asked whether it is still there. */
  #isAsked = false
  #isLeaving = false

  constructor(dial: Dial, owner: Http2ConnectionOwner) {
    const { socket, buffer } = dial
    const { limits } = owner
    this.owner = owner
    this.buffer = buffer
    this.#socket = socket
    this.#session = new Http2Session({
      role: 'client',
      owner: this,
      port: socket,
      now: () => performance.now(),
      settings: {
        ...HTTP2_DEFAULTS,
        headerListBytes: limits.headerBytes,
        headerFields: limits.headerFields,
        streamWindowMostBytes: STREAM_WINDOW_MOST_BYTES,
        // All streams together: a client that reads slowly takes nothing from the answers beside its own.
        connectionWindowBytes: STREAM_WINDOW_MOST_BYTES * Math.max(2, owner.streams),
      },
    })
    dial.onData = (chunk) => this.#onData(chunk)
    socket.on('end', () => this.#end(toBrokenProblem(undefined, !this.isStale)))
    socket.on('error', (error) => this.#end(toBrokenProblem(error, !this.isStale)))
    socket.on('close', () => {
      this.#end(toBrokenProblem(undefined, !this.isStale))
      owner.wheel.remove(this)
    })
    socket.on('drain', () => this.#session.onDrain())
    owner.wheel.set(this, owner.connectMs, owner.wheel.now())
  }

  /** May it take another request? */
  get hasRoom(): boolean {
    if (!this.isReady || this.isGone || this.#isLeaving || this.#isAsked) return false
    return this.#carriers.size < this.owner.streams && this.#session.canOpen
  }

  get carriers(): Iterable<Http2Carrier> {
    return this.#carriers
  }

  get isUnused(): boolean {
    return this.#carriers.size === 0
  }

  /** What the target lets us send at once, at most; without end where it does not say. */
  get peerStreams(): number {
    return this.#session.peer.concurrentStreams
  }

  get takesExtendedConnect(): boolean {
    return this.#session.peer.takesExtendedConnect
  }

  /** For one request; it is sent at once. */
  carry(): Http2Carrier {
    const carrier = new Http2Carrier(this)
    this.#carriers.add(carrier)
    this.hasCarried = true
    // While something is asked of it, its deadline is that of the requests.
    this.owner.wheel.clear(this)
    return carrier
  }

  /** Nobody may use it any more; requests in flight are told. */
  destroy(): void {
    this.isStale = true
    this.#end(new Problem('upstream-closed', { reason: 'closed' }))
  }

  /** Of no more use: what it carries is finished, then it ends. */
  leave(): void {
    if (this.isGone || this.#isLeaving) return
    this.#isLeaving = true
    this.#session.goAway()
    this.owner.onLeaving(this)
    this.owner.wheel.set(this, LINGER_MS, this.owner.wheel.now())
  }

  /** The target has not opened HTTP/2 in time, did not show that it is there, or nobody needed the connection. */
  onDeadline(): void {
    if (this.isGone) this.#socket.destroy()
    else if (!this.isReady) this.#end(toNotReady('ETIMEDOUT'))
    else if (this.#isAsked) this.#end(new Problem('upstream-closed', { reason: 'silent' }))
    else if (this.#isLeaving) {
      if (this.isUnused) this.destroy()
    } else this.leave()
  }

  #onData(chunk: Buffer): void {
    this.reads++
    this.#session.read(chunk)
    if (this.#isAsked && !this.isGone) {
      // It is there.
      this.#isAsked = false
      this.owner.wheel.clear(this)
      this.owner.onRoom(this)
    }
    if (this.#fresh.length === 0) return
    const fresh = this.#fresh
    this.#fresh = []
    for (const carrier of fresh) carrier.deliver()
  }

  // The carriers' side.

  open(listener: StreamListener): Http2Stream {
    return this.#session.open(listener)
  }

  onAnswerBegun(carrier: Http2Carrier): void {
    this.#fresh.push(carrier)
  }

  countStreaming(amount: 1 | -1): void {
    this.#streaming += amount
    if (this.#streaming > 0) this.buffer.startStreaming()
    else this.buffer.stopStreaming()
  }

  onCarried(carrier: Http2Carrier, { wasAnswered }: { wasAnswered: boolean }): void {
    this.#carriers.delete(carrier)
    if (this.isGone) return
    this.isStale ||= wasAnswered
    // Until it has shown that it is there, its deadline is for that.
    if (!this.#isLeaving && !this.#isAsked) this.owner.onRoom(this)
    // It ends when what was said last is written; a target that takes nothing is not waited for.
    if (this.#isLeaving && this.isUnused) this.owner.wheel.set(this, LINGER_MS, this.owner.wheel.now())
  }

  onSilence(reads: number): void {
    if (this.isGone || this.#isAsked || reads !== this.reads) return
    // The request may only be slow; but if the line is dead, no other must wait for it to be found so.
    this.#isAsked = true
    this.#session.ping()
    this.owner.wheel.set(this, this.owner.connectMs, this.owner.wheel.now())
  }

  // The session's side.

  onSettings(): void {
    if (this.isReady) return this.owner.onRoom(this)
    this.isReady = true
    this.owner.wheel.clear(this)
    this.owner.onReady(this)
  }

  onGoaway(): void {
    if (this.isGone) return
    if (!this.isReady) return this.#end(new Problem('upstream-closed', { reason: 'goaway' }))
    if (!this.#isLeaving) {
      this.#isLeaving = true
      this.owner.onLeaving(this)
    }
    if (this.isUnused) this.onIdle()
  }

  onIdle(): void {
    if (!this.#isLeaving || this.isGone) return
    this.isStale = true
    this.#end(new Problem('upstream-closed', { reason: 'closed' }), { isGentle: true })
  }

  onDown(_: number, reason: string): void {
    // Whoever does not begin with SETTINGS speaks something else: HTTP/1.1, mostly.
    const problem = this.isReady ? new Problem('upstream-malformed', { reason }) : toNotReady('no-http2')
    // So it is told, as far as it listens.
    this.#end(problem, { isGentle: true })
  }

  #end(problem: Problem, { isGentle } = { isGentle: false }): void {
    if (this.isGone) return
    this.isGone = true
    this.problem = this.isReady || problem.code !== 'upstream-closed' ? problem : toNotReady(problem.reason ?? 'closed')
    const { wheel } = this.owner
    if (isGentle) {
      wheel.set(this, LINGER_MS, wheel.now())
      this.#socket.destroySoon()
    } else {
      wheel.remove(this)
      this.#socket.destroy()
    }
    this.owner.onHttp2Gone(this)
    this.#session.close(problem.reason ?? 'closed')
  }
}

function toNotReady(reason: string): Problem {
  return new Problem('upstream-unreachable', { reason })
}
