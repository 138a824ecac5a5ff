/** Owns one client connection speaking HTTP/2: its session, its exchanges, how long it may idle, and how it ends. */
import type { Socket } from 'node:net'
import type { Client } from '@gatewright/policies'
import { toPlainAddress } from '../exchange/client-address.ts'
import type { BrokenOffBy } from '../exchange/gateway-exchange.ts'
import { Refusal } from '../http1/refusal.ts'
import type { DecodedHead } from '../http2/decoded-head.ts'
import { Http2Session } from '../http2/http2-session.ts'
import type { Http2Stream } from '../http2/http2-stream.ts'
import type { RequestTaker } from '../http2/message-intake.ts'
import type { SessionOwner } from '../http2/session-contract.ts'
import { HTTP2_DEFAULTS } from '../http2/session-settings.ts'
import type { AdoptedSocket } from '../sockets/adopt-socket.ts'
import type { ReadBuffer } from '../sockets/read-buffer.ts'
import type { Timed } from '../timers/deadline-wheel.ts'
import { CONNECTION_BOUNDS } from './connection-bounds.ts'
import {
  type ConnectionOrigin,
  type ConnectionSettings,
  type ConnectionTls,
  type OpenConnection,
  toStrangerFacts,
} from './connection-contract.ts'
import { type ExchangeCarrier, Http2Exchange } from './http2-exchange.ts'
import { NO_HEAD, toRequestHead } from './http2-request-head.ts'

export class Http2Connection implements OpenConnection, ExchangeCarrier, SessionOwner, RequestTaker, Timed {
  deadlineAtMs = Number.POSITIVE_INFINITY
  slotAtMs = 0
  slotPlace = 0
  readonly settings: ConnectionSettings
  readonly buffer: ReadBuffer
  readonly localPort: number
  readonly peerAddress: string
  readonly peerPort: number
  readonly strangerFacts: Client
  readonly tls: ConnectionTls | undefined
  endedBy: BrokenOffBy | undefined
  readonly #socket: Socket
  readonly #session: Http2Session
  readonly #exchanges = new Set<Http2Exchange>()
  /** Whose head came in the read under way: what else of them comes in it is there before they are looked at. */
  #fresh: Http2Exchange[] = []
  #requests = 0
  #isClosing = false
  /** What waited for the client when it was last looked at, and since when it is as much. */
  #untakenBytes = 0
  #untakenSinceMs = 0
  #isGone = false

  constructor(adopted: AdoptedSocket, settings: ConnectionSettings, { peer, tls }: ConnectionOrigin = {}) {
    const { socket } = adopted
    const { limits, http2 } = settings
    this.settings = settings
    this.buffer = adopted.buffer
    this.localPort = settings.localPort
    this.tls = tls
    this.peerAddress = toPlainAddress(peer?.address ?? socket.remoteAddress ?? '')
    this.peerPort = peer?.port ?? socket.remotePort ?? 0
    this.strangerFacts = toStrangerFacts(this)
    this.#socket = socket
    this.#session = new Http2Session({
      role: 'server',
      owner: this,
      port: socket,
      now: () => performance.now(),
      settings: {
        ...HTTP2_DEFAULTS,
        headerListBytes: limits.headerBytes,
        headerFields: limits.headerFields,
        concurrentStreams: http2.streams,
        takesExtendedConnect: http2.webSockets,
      },
    })
    adopted.onData = (chunk) => this.onData(chunk)
    for (const event of ['end', 'error', 'close']) socket.on(event, () => this.#onGone('client-left'))
    socket.on('drain', () => this.#session.onDrain())
    settings.wheel.set(this, Math.min(limits.headTimeoutMs, limits.keepAliveMs), performance.now())
  }

  get isIdle(): boolean {
    return this.#exchanges.size === 0
  }

  onData(chunk: Buffer): void {
    if (this.#isGone) return
    this.#session.read(chunk)
    if (this.#fresh.length === 0) return
    const fresh = this.#fresh
    this.#fresh = []
    for (const exchange of fresh) exchange.receive()
  }

  /** Limits of heads were announced, and stay what they are; the others are asked for each time. */
  onSettingsChanged(): void {}

  refuseCrowd(): void {
    this.destroy()
  }

  /** RFC 9113 §6.8: those under way are answered, and those on their way to us. */
  closeGracefully(): void {
    if (this.#isClosing || this.#isGone) return
    this.#isClosing = true
    this.#session.goAway()
    this.#linger()
  }

  #linger(): void {
    this.settings.wheel.set(this, CONNECTION_BOUNDS.lingerMs, performance.now())
  }

  destroy(by: BrokenOffBy = 'client-left'): void {
    this.#onGone(by)
  }

  onDeadline(): void {
    if (!this.#isClosing) return this.closeGracefully()
    if (this.#session.isDown) return this.destroy()
    if (!this.#session.isGoingAway) {
      // A client that never says that it has heard of the end would go on for ever.
      this.#session.endNow()
      return this.#linger()
    }
    if (!this.isIdle) return
    if (this.#isTaking()) return this.#linger()
    this.destroy()
  }

  /** The end of the last answer waits for a client that has taken something of it lately. */
  #isTaking(): boolean {
    const { writableLength } = this.#socket
    if (writableLength === 0) return false
    const nowMs = performance.now()
    if (writableLength !== this.#untakenBytes) {
      this.#untakenBytes = writableLength
      this.#untakenSinceMs = nowMs
    }
    return nowMs - this.#untakenSinceMs < CONNECTION_BOUNDS.stalledClientMs
  }

  // The session's side.

  onRequest(stream: Http2Stream, head: DecodedHead): void {
    const received = toRequestHead(head)
    if (received instanceof Refusal) {
      this.#refuse(stream, head, received)
      return
    }
    this.#fresh.push(this.#open(new Http2Exchange(this, stream, received)))
  }

  onMalformed(stream: Http2Stream, head: DecodedHead, refusal: Refusal): boolean {
    this.#refuse(stream, head, refusal)
    return true
  }

  /** Answered like a request, but by no route. */
  #refuse(stream: Http2Stream, { method, path }: DecodedHead, refusal: Refusal): void {
    this.#open(new Http2Exchange(this, stream, NO_HEAD)).refuse(refusal, { method, target: path })
  }

  #open(exchange: Http2Exchange): Http2Exchange {
    exchange.stream.listener = exchange
    // One that closes has a deadline whatever comes.
    if (!this.#isClosing) this.settings.wheel.clear(this)
    this.#exchanges.add(exchange)
    this.#requests++
    const { requestsPerConnection } = this.settings.limits
    const isLast = requestsPerConnection > 0 && this.#requests >= requestsPerConnection
    if (isLast || this.settings.isDraining) this.closeGracefully()
    return exchange
  }

  onSettings(): void {}

  /** A client that goes away has no more to ask. */
  onGoaway(): void {
    this.closeGracefully()
  }

  onIdle(): void {
    if (this.#isClosing && this.#session.isGoingAway) this.#socket.destroySoon()
  }

  onDown(): void {
    // What was said last still goes out, and whoever does not take it is not waited for.
    this.#socket.end()
    this.#isClosing = true
    this.#linger()
  }

  onExchangeOver(exchange: Http2Exchange): void {
    this.#exchanges.delete(exchange)
    if (this.#exchanges.size > 0 || this.#isGone) return
    if (this.#isClosing) return this.#linger()
    this.settings.wheel.set(this, this.settings.limits.keepAliveMs, performance.now())
  }

  #onGone(by: BrokenOffBy): void {
    if (this.#isGone) return
    this.#isGone = true
    this.endedBy = by
    this.settings.wheel.remove(this)
    this.#session.close(by)
    this.#socket.destroy()
    this.settings.onClosed(this)
  }
}
