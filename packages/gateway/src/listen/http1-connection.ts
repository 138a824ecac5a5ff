/**
 * Owns one client connection speaking HTTP/1.1: one request at a time, its answer, then the next; when to close, and how.
 *
 *   idle ──first byte──▶ head ──empty line──▶ exchange ──answer and body done──▶ idle
 *     │                    │ refused             │ client left: the exchange is aborted
 *     ▼ keep-alive passed  ▼                     ▼ rest of the body is too long to skip
 *   closed             lingering ◀────────────────      101 ──▶ tunnel (the socket is handed over)
 *
 * What a pipelining client sends ahead waits in `#backlog` until the answer before it is written.
 */
import type { Socket } from 'node:net'
import {
  BytesBody,
  type Client,
  EMPTY_BODY,
  type GatewayResponse,
  PIECE_BYTES,
  Problem,
  StreamBody,
} from '@gatewright/policies'
import { toPlainAddress } from '../exchange/client-address.ts'
import type { Ended, GatewayExchange, InterimHead } from '../exchange/gateway-exchange.ts'
import { Refusal } from '../http1/refusal.ts'
import { NO_BODY } from '../http1/request-head.ts'
import { AnswerWriter, writeWhole } from '../respond/answer-writer.ts'
import { serializeAnswerHead, toFraming, toInterimHead } from '../respond/response-head.ts'
import { adoptSocket } from '../sockets/adopt-socket.ts'
import { ReadBuffer } from '../sockets/read-buffer.ts'
import type { Timed } from '../timers/deadline-wheel.ts'
import { atTurnEnd, type TurnEndListener } from '../timers/turn-end.ts'
import { Backlog } from './backlog.ts'
import { BodyRate, RATE_PERIOD_MS } from './body-rate.ts'
import { CONNECTION_BOUNDS, CONNECTION_REFUSALS } from './connection-bounds.ts'
import type { ClientConnection, ConnectionSettings, ReceivedRequest } from './connection-contract.ts'
import { RequestBody } from './request-body.ts'
import { type ReadHead, RequestReader } from './request-reader.ts'

type State = 'idle' | 'head' | 'exchange' | 'lingering' | 'tunnel' | 'closed'

export class Http1Connection implements Timed, TurnEndListener, ClientConnection {
  deadlineAtMs = Number.POSITIVE_INFINITY
  slotAtMs = 0
  slotPlace = 0
  readonly localPort: number
  /** The other end; with PROXY protocol, who it says it speaks for. */
  readonly peerAddress: string
  readonly peerPort: number
  /** Who a client is for whom nobody else may speak. */
  readonly strangerFacts: Client
  readonly settings: ConnectionSettings
  readonly #socket: Socket
  readonly #buffer = new ReadBuffer()
  readonly #reader: RequestReader
  #state: State = 'idle'
  #exchange: GatewayExchange | undefined
  #body: RequestBody | undefined
  #writer: AnswerWriter | undefined
  #answerFlow: { resume(): void; cancel(): void } | undefined
  readonly #backlog = new Backlog()
  #rate: BodyRate
  #isReadingPaused = false
  #isAnswerBegun = false
  #isAnswerWritten = false
  /** An answer that is written at the end of this turn. */
  #unwritten = ''
  #mustClose = false
  #requests = 0
  #tunnelReader: ((chunk: Buffer) => void) | undefined
  #owesContinue = false
  #lingeredBytes = 0

  constructor(accepted: Socket, settings: ConnectionSettings, peer?: { address: string; port: number }) {
    this.settings = settings
    this.localPort = settings.localPort
    this.peerAddress = toPlainAddress(peer?.address ?? accepted.remoteAddress ?? '')
    this.peerPort = peer?.port ?? accepted.remotePort ?? 0
    const { peerAddress, peerPort } = this
    this.strangerFacts = { address: peerAddress, port: peerPort, peerAddress, isPeerTrusted: false }
    const { limits } = settings
    this.#reader = new RequestReader(limits)
    this.#rate = new BodyRate(limits.bodyMinBytesPerSecond)
    this.#socket = adoptSocket(accepted, this.#buffer, (chunk) => this.onData(chunk))
    const socket = this.#socket
    socket.on('end', () => this.#onClientLeft())
    socket.on('error', () => this.#onClientLeft())
    socket.on('close', () => this.#onClientLeft())
    socket.on('drain', () => this.#onDrain())
    settings.wheel.set(this, Math.min(limits.headTimeoutMs, limits.keepAliveMs), performance.now())
  }

  /** The listener has other settings: what was taken from them is taken anew. */
  onSettingsChanged(): void {
    const { limits } = this.settings
    this.#reader.changeLimits(limits)
    this.#rate = new BodyRate(limits.bodyMinBytesPerSecond)
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
        if (!this.#backlog.isEmpty) this.#keepForLater(chunk)
        else this.#readHead(chunk)
        break
      case 'exchange':
        this.#readDuringExchange(chunk)
        break
      case 'lingering':
        this.#lingeredBytes += chunk.length
        if (this.#lingeredBytes > CONNECTION_BOUNDS.lingerBytes) this.destroy()
        break
      case 'tunnel':
        this.#tunnelReader?.(this.#buffer.own(chunk))
        break
    }
  }

  /** Closes now, whatever is under way; `reason` is for the record. */
  destroy(reason?: string): void {
    // RFC 9112 §8: an answer that only the end of the connection delimits would look whole if that came in order.
    if (this.#isAnswerBegun && this.#exchange !== undefined) this.#socket.resetAndDestroy()
    else this.#socket.destroy()
    this.#onClientLeft(reason)
  }

  /** There are too many connections, in all or of this address. */
  refuseCrowd(): void {
    this.#refuse(CONNECTION_REFUSALS.crowd)
  }

  /** No further request: an idle connection closes, a busy one after its answer. */
  closeGracefully(): void {
    // What was sent ahead is answered first; draining closes the connection behind the next answer.
    if (this.#state === 'idle' && !this.#backlog.isEmpty && this.settings.isDraining) return
    this.#mustClose = true
    if (this.#state !== 'idle') return
    // Not closed at once: a request on its way to us would be answered by a reset, which looks like a fault to its client.
    if (this.#requests > 0) this.#linger()
    // Who connected in time is answered: clients expect an end on connections that carried a request, not on new ones.
    else this.settings.wheel.set(this, CONNECTION_BOUNDS.lingerMs, performance.now())
  }

  onDeadline(): void {
    if (this.#state === 'head') this.#refuse(CONNECTION_REFUSALS.timeout)
    else if (this.#state === 'exchange') this.#onExchangeDeadline()
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
    this.#owesContinue = expectsContinue
    const body = this.#beginBody(read, chunk)
    const httpVersion = minorVersion === 1 ? '1.1' : '1.0'
    this.settings.receiver.receive({ method, rawTarget, target, authority, httpVersion, headers, body, upgrade }, this)
  }

  /** A body that came whole is bytes; anything else is read as it comes, and what is behind it waits. */
  #beginBody({ framing, bodyAt, bodyText }: ReadHead, chunk: Buffer): ReceivedRequest['body'] {
    let end = bodyAt
    let body: ReceivedRequest['body'] = EMPTY_BODY
    if (framing > 0 && bodyAt + framing <= chunk.length) {
      end = bodyAt + framing
      body = new BytesBody(
        bodyText === undefined ? this.#buffer.own(chunk.subarray(bodyAt, end)) : { latin1: bodyText },
      )
    } else if (framing !== NO_BODY) {
      this.#buffer.startStreaming()
      this.#body = new RequestBody(this, framing)
      if (end < chunk.length) end += this.#body.feed(this.#buffer.own(chunk.subarray(end)), 0)
      body = new StreamBody(this.#body)
    }
    if (end < chunk.length) this.#keepForLater(chunk.subarray(end))
    return body
  }

  dropTrailers(names: ReadonlySet<string>): void {
    this.#body?.dropTrailers(names)
  }

  /** Sets the largest body accepted from here on. False: more came already. */
  limitBody(limitBytes: number): boolean {
    const body = this.#body
    if (body === undefined) return true
    body.limitBytes = limitBytes
    return body.readBytes <= limitBytes
  }

  /** Lower-case names that this request's `Connection` field meant for this connection only. */
  get connectionFields(): readonly string[] {
    return this.#reader.head.connection.named
  }

  #readDuringExchange(chunk: Buffer): void {
    const body = this.#body
    let at = 0
    if (body !== undefined && !body.isWhole) {
      if (body.isCancelled) return this.#skipBody(body, chunk)
      // The first read after a request that waited in the backlog still goes into the shared buffer.
      const own = this.#buffer.own(chunk)
      at = body.feed(own, 0)
      if (body.holdsNothing) this.#buffer.giveBack(own)
    }
    if (at < chunk.length) this.#keepForLater(chunk.subarray(at))
  }

  #keepForLater(chunk: Buffer): void {
    this.#backlog.push(this.#buffer.own(chunk))
    if (this.#backlog.bytes > CONNECTION_BOUNDS.backlogBytes) this.pauseReading()
  }

  // The request body's side.

  pauseReading(): void {
    this.#isReadingPaused = true
    this.#socket.pause()
  }

  resumeReading(): void {
    if (!this.#isReadingPaused || this.#backlog.bytes > CONNECTION_BOUNDS.backlogBytes) return
    this.#isReadingPaused = false
    this.#socket.resume()
    this.#watchRate()
  }

  onBodyWanted(): void {
    this.#watchRate()
    if (!this.#owesContinue) return
    this.#owesContinue = false
    // RFC 9110 §10.1.1: said when the body is first read, and not once the final answer has begun.
    if (!this.#isAnswerBegun && this.#body?.isWhole !== true)
      this.#socket.write('HTTP/1.1 100 Continue\r\n\r\n', 'latin1')
  }

  onBodyUnwanted(): void {
    this.resumeReading()
  }

  #watchRate(): void {
    const body = this.#body
    if (!this.#rate.isWatched || body === undefined || body.isWhole || this.#isAnswerBegun) return
    this.#rate.begin(this.#socket.bytesRead)
    this.settings.wheel.set(this, RATE_PERIOD_MS, performance.now())
  }

  #onExchangeDeadline(): void {
    if (this.#isAnswerBegun) return this.destroy()
    const body = this.#body
    if (body === undefined || body.isWhole) return
    // Only while we read: a body that waits for the upstream is not the client's fault.
    if (body.isPaused || !this.#rate.isTooSlow(this.#socket.bytesRead)) return this.#watchRate()
    body.breakOff(new Problem('request-timeout', { reason: 'body', detail: 'The request body arrives too slowly.' }))
  }

  // Answering.

  /** Writes an interim answer (RFC 9110 §15.2). */
  sendInterim(exchange: GatewayExchange, head: InterimHead): void {
    // An attempt that lost may still be told hints when the next exchange of this connection is under way.
    if (this.#exchange !== exchange || this.#state !== 'exchange' || this.#isAnswerBegun) return
    // A client that does not read gets none: they are hints, and must not pile up.
    if (!this.#socket.writableNeedDrain) this.#socket.write(toInterimHead(head), 'latin1')
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
    const body = this.#body
    if (body === undefined || body.isWhole || (body.hasReader && !body.isCancelled)) return true
    // The client waits for a 100 that will not come: it may send the body or not (RFC 9110 §10.1.1), so nothing can follow.
    return !this.#owesContinue && body.remainingBytes <= CONNECTION_BOUNDS.drainBytes
  }

  answer(exchange: GatewayExchange, response: GatewayResponse): void {
    if (this.#exchange !== exchange || this.#state !== 'exchange' || this.#isAnswerBegun) {
      response.discard()
      return
    }
    this.#isAnswerBegun = true
    // What was set while the body was read ends with it: from here on only a client that does not read is waited for.
    this.settings.wheel.clear(this)
    if (response.status === 101) return this.#handOver(exchange, response)
    const framing = toFraming(response, exchange.request.method, exchange.request.httpVersion)
    if (framing.kind === 'close' || !this.#mayKeepAlive()) this.#mustClose = true
    const head = serializeAnswerHead(exchange, response, { framing, keepsAlive: !this.#mustClose, now: Date.now })
    const { body } = response
    if (framing.kind === 'none' || body.sizeBytes === 0) {
      if (body.sizeBytes !== 0) body.discard()
      return this.#writeAtTurnEnd(head)
    }
    if (body instanceof BytesBody && body.sizeBytes <= PIECE_BYTES) {
      exchange.bytesOut = body.sizeBytes
      if (body.latin1 !== undefined) return this.#writeAtTurnEnd(head + body.latin1)
      writeWhole(this.#socket, head, body.held())
      return this.#onWritten()
    }
    this.#socket.write(head, 'latin1')
    const writer = new AnswerWriter(this.#socket, framing, this)
    this.#writer = writer
    try {
      const flow = body.pipe(writer)
      if (writer.isBroken) flow.cancel()
      else if (!writer.isEnded) this.#answerFlow = flow
    } catch {
      // A policy has read this body already; its head is out, so breaking off is the only honest end.
      this.onBodyBroken()
    }
  }

  #writeAtTurnEnd(answer: string): void {
    this.#unwritten = answer
    atTurnEnd(this)
  }

  onTurnEnd(): void {
    const answer = this.#unwritten
    this.#unwritten = ''
    // The client may have left in this very turn.
    if (this.#exchange === undefined || this.#state !== 'exchange') return
    this.#socket.write(answer, 'latin1')
    this.#onWritten()
  }

  onBodyWritten(): void {
    this.#onWritten()
  }

  /** What the client has is not the whole answer, and the broken connection says so (RFC 9112 §8). */
  onBodyBroken(): void {
    const exchange = this.#exchange
    this.#exchange = undefined
    if (exchange !== undefined) this.#tellEnded(exchange, 'upstream-broke')
    this.#socket.resetAndDestroy()
    this.#onClientLeft()
  }

  onClientSlow(): void {
    this.settings.wheel.set(this, CONNECTION_BOUNDS.stalledClientMs, performance.now())
  }

  #onDrain(): void {
    if (this.#isAnswerWritten) return
    this.settings.wheel.clear(this)
    this.#answerFlow?.resume()
  }

  /** Every byte was given to the socket; once the kernel has them, the exchange is over. */
  #onWritten(): void {
    this.#isAnswerWritten = true
    this.#answerFlow = undefined
    if (this.#socket.writableLength === 0) return this.#onFlushed()
    this.onClientSlow()
    const exchange = this.#exchange
    // `drain` would not do: it only comes where a write was told to wait, and less than that may be queued.
    this.#socket.write('', 'latin1', () => {
      if (this.#exchange === exchange) this.#onFlushed()
    })
  }

  #onFlushed(): void {
    const exchange = this.#exchange
    if (exchange === undefined) return
    this.#exchange = undefined
    if (this.#writer !== undefined) exchange.bytesOut = this.#writer.writtenBytes
    this.#tellEnded(exchange, 'answered')
    const body = this.#body
    if (body !== undefined && !body.isWhole) {
      body.cancel()
      if (!this.#mustClose && body.remainingBytes <= CONNECTION_BOUNDS.drainBytes) {
        this.settings.wheel.set(this, this.settings.limits.headTimeoutMs, performance.now())
        this.resumeReading()
        return
      }
      return this.#linger()
    }
    this.#nextOrClose()
  }

  #tellEnded(exchange: GatewayExchange, ended: Ended): void {
    if (this.#body !== undefined) exchange.bytesIn = this.#body.readBytes
    this.settings.receiver.onEnded(exchange, ended)
  }

  #nextOrClose(): void {
    if (this.#mustClose) return this.#linger()
    this.#state = 'idle'
    if (this.#body !== undefined) this.#buffer.stopStreaming()
    this.#body = undefined
    this.#writer = undefined
    this.#isAnswerBegun = false
    this.#isAnswerWritten = false
    this.settings.wheel.set(this, this.settings.limits.keepAliveMs, performance.now())
    if (!this.#backlog.isEmpty) setImmediate(() => this.#readBacklog())
    else this.resumeReading()
  }

  #readBacklog(): void {
    if (this.#state !== 'idle') return
    const waiting = this.#backlog.take()
    this.onData(waiting)
    this.resumeReading()
  }

  /** Skips a body that nobody reads, within bounds, so that the connection can go on. */
  #skipBody(body: RequestBody, chunk: Buffer): void {
    if (!this.#isAnswerWritten) {
      // Until the answer is written, no more than fits the bound is read.
      if (body.remainingBytes > CONNECTION_BOUNDS.drainBytes) this.#mustClose = true
    }
    const end = body.feed(chunk, 0)
    if (body.isWhole) {
      if (end < chunk.length) this.#keepForLater(chunk.subarray(end))
      if (this.#isAnswerWritten && this.#exchange === undefined) this.#nextOrClose()
    }
  }

  /** RFC 9112 §9.6: ends our side, reads on for a while, then closes: a reset could destroy the answer before it is read. */
  #linger(): void {
    if (this.#state === 'closed') return
    this.#state = 'lingering'
    this.#backlog.take()
    this.#isReadingPaused = false
    this.#socket.end()
    this.#socket.resume()
    this.settings.wheel.set(this, CONNECTION_BOUNDS.lingerMs, performance.now())
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
      rest: this.#backlog.take(),
      readWith: (reader) => {
        this.#tunnelReader = reader
      },
      // Until then it counts as a connection, and is one.
      release: () => this.settings.onClosed(this),
    })
  }

  /** The socket is of no more use, whoever closed it. */
  #onClientLeft(reason?: string): void {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    this.settings.wheel.remove(this)
    const exchange = this.#exchange
    this.#exchange = undefined
    const problem = new Problem('client-left', reason === undefined ? {} : { reason })
    if (exchange !== undefined && !this.#isAnswerBegun) {
      exchange.status = problem.status
      exchange.problem = problem
    }
    this.#body?.breakOff(problem)
    this.#answerFlow?.cancel()
    if (exchange !== undefined) {
      exchange.abort(problem)
      this.#tellEnded(exchange, 'client-left')
    }
    this.#socket.destroy()
    this.settings.onClosed(this)
  }
}
