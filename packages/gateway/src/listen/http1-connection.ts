/**
 * Owns one client connection speaking HTTP/1.1: one request at a time, its answer, then the next; when to close, and how.
 * What comes during an exchange is its intake's, what goes out its sender's.
 *
 *   idle ──first byte──▶ head ──empty line──▶ exchange ──answer and body done──▶ idle
 *     │                    │ refused             │ client left: the exchange is aborted
 *     ▼ keep-alive passed  ▼                     ▼ rest of the body is too long to skip
 *   closed             lingering ◀────────────────      101 ──▶ tunnel (the socket is handed over)
 *
 * What a pipelining client sends ahead waits until the answer before it is written.
 */
import type { Socket } from 'node:net'
import { type Client, type GatewayResponse, Problem } from '@gatewright/policies'
import { toPlainAddress } from '../exchange/client-address.ts'
import type { BrokenOffBy, Ended, GatewayExchange, InterimHead } from '../exchange/gateway-exchange.ts'
import { Refusal } from '../http1/refusal.ts'
import { toFraming, toInterimHead } from '../respond/response-head.ts'
import type { AdoptedSocket } from '../sockets/adopt-socket.ts'
import type { ReadBuffer } from '../sockets/read-buffer.ts'
import type { Timed } from '../timers/deadline-wheel.ts'
import { type AnswerOwner, AnswerSender } from './answer-sender.ts'
import { CONNECTION_BOUNDS, CONNECTION_REFUSALS } from './connection-bounds.ts'
import {
  type ClientConnection,
  type ConnectionOrigin,
  type ConnectionSettings,
  type ConnectionTls,
  toStrangerFacts,
} from './connection-contract.ts'
import { type IntakeOwner, RequestIntake } from './request-intake.ts'
import { type ReadHead, RequestReader } from './request-reader.ts'
import { toUpgradeHead } from './tunnels.ts'

type State = 'idle' | 'head' | 'exchange' | 'lingering' | 'tunnel' | 'closed'

export class Http1Connection implements Timed, ClientConnection, AnswerOwner, IntakeOwner {
  deadlineAtMs = Number.POSITIVE_INFINITY
  slotAtMs = 0
  slotPlace = 0
  readonly httpVersion = '1.1'
  readonly localPort: number
  /** The other end; with PROXY protocol, who it says it speaks for. */
  readonly peerAddress: string
  readonly peerPort: number
  /** Who a client is for whom nobody else may speak. */
  readonly strangerFacts: Client
  readonly tls: ConnectionTls | undefined
  readonly settings: ConnectionSettings
  readonly #socket: Socket
  readonly #adopted: AdoptedSocket
  readonly #buffer: ReadBuffer
  readonly #reader: RequestReader
  #state: State = 'idle'
  #exchange: GatewayExchange | undefined
  readonly #intake: RequestIntake
  readonly #sender: AnswerSender
  #mustClose = false
  #requests = 0
  #tunnelReader: ((chunk: Buffer) => void) | undefined
  #lingersUntilMs = 0

  constructor(adopted: AdoptedSocket, settings: ConnectionSettings, { peer, tls }: ConnectionOrigin = {}) {
    const { socket } = adopted
    this.settings = settings
    this.localPort = settings.localPort
    this.tls = tls
    this.peerAddress = toPlainAddress(peer?.address ?? socket.remoteAddress ?? '')
    this.peerPort = peer?.port ?? socket.remotePort ?? 0
    this.strangerFacts = toStrangerFacts(this)
    const { limits } = settings
    this.#reader = new RequestReader(limits, tls === undefined ? 'http' : 'https')
    this.#adopted = adopted
    this.#buffer = adopted.buffer
    adopted.onData = (chunk) => this.onData(chunk)
    this.#socket = socket
    this.#intake = new RequestIntake(socket, this.#buffer, this)
    this.#sender = new AnswerSender(socket, this)
    socket.on('end', () => this.#onClientLeft())
    socket.on('error', () => this.#onClientLeft())
    socket.on('close', () => this.#onClientLeft())
    socket.on('drain', () => this.#sender.onDrain())
    settings.wheel.set(this, Math.min(limits.headTimeoutMs, limits.keepAliveMs), performance.now())
  }

  /** The listener has other settings: what was taken from them is taken anew. */
  onSettingsChanged(): void {
    this.#reader.changeLimits(this.settings.limits)
    this.#intake.onSettingsChanged()
  }

  get isIdle(): boolean {
    return this.#state === 'idle'
  }

  /** Bytes came. */
  onData(chunk: Buffer): void {
    switch (this.#state) {
      case 'idle':
      case 'head':
        // What came earlier waits for its turn of the event loop: these bytes stand behind it.
        if (this.#intake.hasBacklog) this.#intake.keepForLater(chunk)
        else this.#readHead(chunk)
        break
      case 'exchange':
        this.#readDuringExchange(chunk)
        break
      case 'lingering':
        this.#lingerOn()
        break
      case 'tunnel':
        this.#tunnelReader?.(this.#buffer.own(chunk))
        break
    }
  }

  /** Closes now, whatever is under way; `by` is for the record: on a client that stalls nothing waits, it might as well have left. */
  destroy(by?: BrokenOffBy): void {
    // RFC 9112 §8: an answer that only the end of the connection delimits would look whole if that came in order.
    if (this.isAnswerBegun && this.#exchange !== undefined) this.#adopted.breakOff()
    else this.#socket.destroy()
    this.#onClientLeft(by)
  }

  /** There are too many connections, in all or of this address. */
  refuseCrowd(): void {
    this.#refuse(CONNECTION_REFUSALS.crowd)
  }

  /** No further request: an idle connection closes, a busy one after its answer. */
  closeGracefully(): void {
    // What was sent ahead is answered first; draining closes the connection behind the next answer.
    if (this.#state === 'idle' && this.#intake.hasBacklog && this.settings.isDraining) return
    this.#mustClose = true
    if (this.#state !== 'idle') return
    // Not closed at once: a request on its way to us would be answered by a reset, which looks like a fault to its client.
    if (this.#requests > 0) this.#linger()
    // Who connected in time is answered: clients expect an end on connections that carried a request, not on new ones.
    else this.settings.wheel.set(this, CONNECTION_BOUNDS.lingerMs, performance.now())
  }

  onDeadline(): void {
    if (this.#state === 'head') this.#refuse(CONNECTION_REFUSALS.timeout)
    else if (this.#state === 'exchange' && !this.isAnswerBegun) this.#intake.onDeadline()
    else this.destroy()
  }

  #readHead(chunk: Buffer): void {
    const read = this.#reader.read(chunk)
    if (read instanceof Refusal) return this.#refuse(read)
    if (read !== undefined) return this.#beginRequest(read, chunk)
    if (this.#state === 'head') return
    this.#state = 'head'
    this.settings.wheel.set(this, this.settings.limits.headTimeoutMs, performance.now())
  }

  #beginRequest(read: ReadHead, chunk: Buffer): void {
    const { method, target: rawTarget, minorVersion, expectsContinue } = this.#reader.head
    const { headers, target, authority, upgrade } = read
    this.settings.wheel.clear(this)
    this.#state = 'exchange'
    this.#requests++
    this.#intake.owesContinue = expectsContinue
    const body = this.#intake.beginBody(read, chunk)
    const httpVersion = minorVersion === 1 ? '1.1' : '1.0'
    this.settings.receiver.receive({ method, rawTarget, target, authority, httpVersion, headers, body, upgrade }, this)
  }

  dropTrailers(names: ReadonlySet<string>): void {
    this.#intake.body?.dropTrailers(names)
  }

  /** Clients of gRPC do not speak HTTP/1.1. */
  expectMessages(): void {}

  /** Sets the largest body accepted from here on. False: more came already. */
  limitBody(limitBytes: number): boolean {
    const { body } = this.#intake
    if (body === undefined) return true
    body.limitBytes = limitBytes
    return body.readBytes <= limitBytes
  }

  /** Lower-case names that this request's `Connection` field meant for this connection only. */
  get connectionFields(): readonly string[] {
    return this.#reader.head.connection.named
  }

  #readDuringExchange(chunk: Buffer): void {
    const intake = this.#intake
    // The answer is out, and only the rest of its request is waited for.
    const isAnswered = this.#sender.isWritten && this.#exchange === undefined
    // Until the answer is written, no more than fits the bound is skipped.
    if (!this.#sender.isWritten && intake.body?.isCancelled && intake.restBytes > CONNECTION_BOUNDS.drainBytes) {
      this.#mustClose = true
    }
    intake.take(chunk)
    if (isAnswered && intake.restBytes === 0) this.#nextOrClose()
  }

  // Answering.

  /** Writes an interim answer (RFC 9110 §15.2). */
  sendInterim(exchange: GatewayExchange, head: InterimHead): void {
    // An attempt that lost may still be told hints when the next exchange of this connection is under way.
    if (this.#exchange !== exchange || this.#state !== 'exchange' || this.isAnswerBegun) return
    // A client that does not read gets none: they are hints, and must not pile up.
    if (!this.#socket.writableNeedDrain) this.#socket.write(toInterimHead(head), 'latin1')
  }

  get isAnswerBegun(): boolean {
    return this.#sender.isBegun
  }

  /** The exchange whose answer comes next. */
  begin(exchange: GatewayExchange): void {
    this.#exchange = exchange
  }

  /** May this answer leave the connection open? Known before its head is written. */
  #mayKeepAlive(): boolean {
    const { limits } = this.settings
    if (this.#mustClose || this.settings.isDraining || this.#reader.head.wantsClose) return false
    if (limits.requestsPerConnection > 0 && this.#requests >= limits.requestsPerConnection) return false
    const { isUnread, owesContinue, restBytes } = this.#intake
    if (!isUnread) return true
    // The client waits for a 100 that will not come: it may send the body or not (RFC 9110 §10.1.1), so nothing can follow.
    return !owesContinue && restBytes <= CONNECTION_BOUNDS.drainBytes
  }

  answer(exchange: GatewayExchange, response: GatewayResponse): void {
    if (this.#exchange !== exchange || this.#state !== 'exchange' || this.isAnswerBegun) {
      response.discard()
      return
    }
    this.#sender.isBegun = true
    // What was set while the body was read ends with it: from here on only a client that does not read is waited for.
    this.settings.wheel.clear(this)
    if (response.status === 101) return this.#handOver(exchange, response)
    const framing = toFraming(response, exchange.request.method, exchange.request.httpVersion)
    if (framing.kind === 'close' || !this.#mayKeepAlive()) this.#mustClose = true
    this.#sender.send(exchange, response, { framing, keepsAlive: !this.#mustClose, now: Date.now })
  }

  /** What the client has is not the whole answer, and the broken connection says so (RFC 9112 §8). */
  onAnswerBroken(): void {
    const exchange = this.#exchange
    this.#exchange = undefined
    if (exchange !== undefined) this.#tellEnded(exchange, 'upstream-broke')
    this.#adopted.breakOff()
    this.#onClientLeft()
  }

  onClientSlow(): void {
    this.settings.wheel.set(this, CONNECTION_BOUNDS.stalledClientMs, performance.now())
  }

  onClientReady(): void {
    this.settings.wheel.clear(this)
  }

  onAnswerFlushed(): void {
    const exchange = this.#exchange
    if (exchange === undefined) return
    this.#exchange = undefined
    this.#tellEnded(exchange, 'answered')
    const intake = this.#intake
    const { restBytes } = intake
    if (restBytes === 0) return this.#nextOrClose()
    intake.body?.cancel()
    if (this.#mustClose || restBytes > CONNECTION_BOUNDS.drainBytes) return this.#linger()
    this.settings.wheel.set(this, this.settings.limits.headTimeoutMs, performance.now())
    intake.resumeReading()
  }

  #tellEnded(exchange: GatewayExchange, ended: Ended): void {
    exchange.bytesIn = this.#intake.bodyBytes
    this.settings.receiver.onEnded(exchange, ended)
  }

  #nextOrClose(): void {
    if (this.#mustClose) return this.#linger()
    this.#state = 'idle'
    this.#intake.end()
    this.#sender.reset()
    this.settings.wheel.set(this, this.settings.limits.keepAliveMs, performance.now())
    if (this.#intake.hasBacklog) setImmediate(() => this.#readBacklog())
    else this.#intake.resumeReading()
  }

  #readBacklog(): void {
    if (this.#state !== 'idle') return
    this.onData(this.#intake.takeBacklog())
    this.#intake.resumeReading()
  }

  /** RFC 9112 §9.6: ends our side, reads on for a while, then closes: a reset could destroy the answer before it is read. */
  #linger(): void {
    if (this.#state === 'closed') return
    this.#state = 'lingering'
    this.#socket.end()
    this.#intake.discard()
    this.#lingersUntilMs = performance.now() + CONNECTION_BOUNDS.lingerMostMs
    this.#lingerOn()
  }

  /** Whoever sends everything before it reads is waited for as long as it sends. */
  #lingerOn(): void {
    const nowMs = performance.now()
    const restMs = Math.max(0, this.#lingersUntilMs - nowMs)
    this.settings.wheel.set(this, Math.min(restMs, CONNECTION_BOUNDS.lingerMs), nowMs)
  }

  #refuse(refusal: Refusal): void {
    this.#mustClose = true
    this.#state = 'exchange'
    const { method, target } = this.#reader.head
    this.settings.receiver.refuse(refusal, { method, target }, this)
  }

  #handOver(exchange: GatewayExchange, response: GatewayResponse): void {
    const socket = this.#socket
    this.#state = 'tunnel'
    this.#buffer.startStreaming()
    this.#exchange = undefined
    this.settings.wheel.remove(this)
    for (const event of ['end', 'error', 'close', 'drain']) socket.removeAllListeners(event)
    this.settings.receiver.openTunnel(exchange, response, {
      socket,
      rest: this.#intake.takeBacklog(),
      accept: (accepted, answer) => {
        socket.write(toUpgradeHead(accepted, answer), 'latin1')
        return true
      },
      readWith: (reader) => {
        this.#tunnelReader = reader
      },
      // Until then it counts as a connection, and is one.
      release: () => this.settings.onClosed(this),
    })
  }

  /** The socket is of no more use, whoever closed it. */
  #onClientLeft(by: BrokenOffBy = 'client-left'): void {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    this.settings.wheel.remove(this)
    const exchange = this.#exchange
    this.#exchange = undefined
    const problem = new Problem(by)
    if (exchange !== undefined && !this.isAnswerBegun) {
      exchange.status = problem.status
      exchange.problem = problem
    }
    this.#intake.body?.breakOff(problem)
    this.#sender.drop()
    if (exchange !== undefined) {
      exchange.abort(problem)
      this.#tellEnded(exchange, by)
    }
    this.#socket.destroy()
    this.settings.onClosed(this)
  }
}
