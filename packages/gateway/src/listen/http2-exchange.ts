/**
 * Owns one request of an HTTP/2 connection and its answer: a stream as the gateway sees a connection.
 *
 *   head ──▶ received ──▶ exchange under way ──answer──▶ being sent ──all in frames──▶ over
 *                             └── reset, or the connection ended: the exchange is aborted, and over once it has answered
 */
import {
  BytesBody,
  type Client,
  EMPTY_BODY,
  type GatewayResponse,
  type HeaderList,
  PIECE_BYTES,
  Problem,
  StreamBody,
} from '@gatewright/policies'
import type { BrokenOffBy, Ended, GatewayExchange, InterimHead } from '../exchange/gateway-exchange.ts'
import { findGrpcType, readsTrailers } from '../exchange/grpc-type.ts'
import type { Refusal } from '../http1/refusal.ts'
import { ERROR_CODES } from '../http2/frame.ts'
import type { Http2Stream, StreamListener } from '../http2/http2-stream.ts'
import { writeAnswerHead, writeInterimHead } from '../respond/http2-head.ts'
import { toFraming } from '../respond/response-head.ts'
import type { ReadBuffer } from '../sockets/read-buffer.ts'
import type { DeadlineWheel, Timed } from '../timers/deadline-wheel.ts'
import { BodyRate } from './body-rate.ts'
import { CONNECTION_BOUNDS } from './connection-bounds.ts'
import type { ClientConnection, ConnectionSettings, ConnectionTls, ReceivedRequest } from './connection-contract.ts'
import { Http2Answer } from './http2-answer.ts'
import { Http2Body } from './http2-body.ts'
import type { Http2RequestHead } from './http2-request-head.ts'
import { openHttp2Tunnel } from './http2-tunnel.ts'

/** The connection that it came over. */
export interface ExchangeCarrier {
  readonly settings: ConnectionSettings
  readonly buffer: ReadBuffer
  readonly localPort: number
  readonly peerAddress: string
  readonly peerPort: number
  readonly strangerFacts: Client
  readonly tls: ConnectionTls | undefined
  /** Who ended the connection, if anybody but the client did. */
  readonly endedBy: BrokenOffBy | undefined
  onExchangeOver(exchange: Http2Exchange): void
}

export class Http2Exchange implements ClientConnection, StreamListener, Timed {
  deadlineAtMs = Number.POSITIVE_INFINITY
  slotAtMs = 0
  slotPlace = 0
  readonly connectionFields: readonly string[] = []
  readonly httpVersion = '2'
  readonly stream: Http2Stream
  readonly #carrier: ExchangeCarrier
  readonly #head: Http2RequestHead
  /** Whole by the time its request was received, where it is short. Of a tunnel: all that comes before it is open. */
  #pieces: Buffer[] | undefined = []
  #wholeBytes = 0
  #body: Http2Body | undefined
  #trailers: HeaderList | undefined
  #rate: BodyRate
  readonly #grpcType: string | undefined
  #owesContinue: boolean
  #exchange: GatewayExchange | undefined
  #answer: Http2Answer | undefined
  #isOver = false

  constructor(carrier: ExchangeCarrier, stream: Http2Stream, head: Http2RequestHead) {
    this.#carrier = carrier
    this.stream = stream
    this.#head = head
    this.#owesContinue = head.expectsContinue
    this.#grpcType = findGrpcType(head.headers)
    this.#rate = new BodyRate(carrier.settings.limits.bodyMinBytesPerSecond)
  }

  get settings(): ConnectionSettings {
    return this.#carrier.settings
  }

  get localPort(): number {
    return this.#carrier.localPort
  }

  get peerAddress(): string {
    return this.#carrier.peerAddress
  }

  get peerPort(): number {
    return this.#carrier.peerPort
  }

  get strangerFacts(): Client {
    return this.#carrier.strangerFacts
  }

  get tls(): ConnectionTls | undefined {
    return this.#carrier.tls
  }

  get #wheel(): DeadlineWheel {
    return this.#carrier.settings.wheel
  }

  /** All of it that came in the same read is there: the gateway gets it. */
  receive(): void {
    if (this.#isOver) return
    const { expectsContinue: _, ...head } = this.#head
    // What follows an extended CONNECT is the tunnel's, if there will be one (RFC 8441 §4): until then it waits in its window.
    const body = head.upgrade === undefined ? this.#toBody() : EMPTY_BODY
    this.settings.receiver.receive({ ...head, body }, this)
  }

  /** It is answered without a route. */
  refuse(refusal: Refusal, head: { readonly method: string; readonly target: string }): void {
    this.settings.receiver.refuse(refusal, head, this)
  }

  #toBody(): ReceivedRequest['body'] {
    const pieces = this.#pieces ?? []
    this.#pieces = undefined
    const { stream } = this
    if (stream.isReceiveEnded && this.#trailers === undefined) {
      if (pieces.length === 0) return EMPTY_BODY
      const bytes = pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : Buffer.concat(pieces)
      this.#wholeBytes = bytes.length
      stream.consumed(bytes.length)
      return new BytesBody(bytes)
    }
    const body = new Http2Body(this, stream, this.#carrier.buffer)
    this.#body = body
    for (const piece of pieces) body.take(piece)
    if (stream.isReceiveEnded) body.end(this.#trailers)
    return new StreamBody(body)
  }

  // The stream's side.

  onData(chunk: Buffer): void {
    const body = this.#body
    if (body === undefined) {
      // A copy: it came with its head, and is short; or for a tunnel, and waits.
      this.#pieces?.push(Buffer.from(chunk))
      return
    }
    body.take(chunk)
    if (body.isCancelled) this.stream.ignoreData()
  }

  onEnd(trailers: HeaderList | undefined): void {
    this.#trailers = trailers
    this.#body?.end(trailers)
  }

  onWritable(): void {
    this.#answer?.onWritable()
  }

  onSent(): void {
    const exchange = this.#exchange
    if (exchange === undefined) return
    const { trailers, isCutShort = false } = this.#answer ?? {}
    if (trailers !== undefined) this.#noteStatus(exchange, trailers)
    this.#finish(isCutShort ? 'upstream-broke' : 'answered')
    this.#body?.cancel()
    this.#release()
  }

  onReset(): void {
    this.#breakOff(this.#carrier.endedBy ?? 'client-left')
  }

  // The body's side.

  onBodyWanted(): void {
    this.#watchRate()
    if (!this.#owesContinue || this.#answer !== undefined || this.stream.isReceiveEnded) return
    this.#owesContinue = false
    // RFC 9110 §10.1.1.
    this.stream.beginHead().status(100)
    this.stream.sendHead({ endsStream: false })
  }

  /** What is not given back of the window, the client does not send. */
  pauseReading(): void {}

  resumeReading(): void {
    this.#body?.giveWindow()
    this.#watchRate()
  }

  onBodyUnwanted(): void {
    this.stream.ignoreData()
  }

  #watchRate(): void {
    const body = this.#body
    if (!this.#rate.isWatched || body === undefined || body.isWhole || this.#answer !== undefined) return
    this.#rate.begin(body.readBytes)
    this.#wheel.set(this, this.#rate.periodMs, performance.now())
  }

  onDeadline(): void {
    const body = this.#body
    if (this.#answer !== undefined) {
      // It takes nothing of what waits for it.
      this.stream.reset(ERROR_CODES.cancel)
      this.#breakOff('client-left')
    } else if (body !== undefined && !body.isWhole && !body.isCancelled) {
      if (body.isPaused || !this.#rate.isTooSlow(body.readBytes)) return this.#watchRate()
      const detail =
        this.#grpcType === undefined
          ? 'The request body arrives too slowly.'
          : 'The call brought no message for too long.'
      body.breakOff(new Problem('request-timeout', { reason: 'body', detail }))
      this.stream.ignoreData()
    }
  }

  // The gateway's side.

  begin(exchange: GatewayExchange): void {
    this.#exchange = exchange
  }

  dropTrailers(names: ReadonlySet<string>): void {
    this.#body?.dropTrailers(names)
  }

  limitBody(limitBytes: number): boolean {
    const body = this.#body
    if (body === undefined) return true
    body.limitBytes = limitBytes
    return body.readBytes <= limitBytes
  }

  /** Nothing that one stream says is mistaken for another's. */
  closeGracefully(): void {}

  expectMessages(exchange: GatewayExchange): void {
    if (this.#exchange === exchange) this.#rate = BodyRate.ofMessages(this.settings.limits.tunnelIdleMs)
  }

  sendInterim(exchange: GatewayExchange, head: InterimHead): void {
    if (this.#exchange !== exchange || this.#answer !== undefined || this.#isOver) return
    writeInterimHead(this.stream.beginHead(), head)
    this.stream.sendHead({ endsStream: false })
  }

  answer(exchange: GatewayExchange, response: GatewayResponse): void {
    if (this.#exchange !== exchange || this.#answer !== undefined || this.#isOver) {
      response.discard()
      if (this.#exchange === undefined) this.#release()
      return
    }
    this.#wheel.clear(this)
    const answer = new Http2Answer(this.stream, {
      readsStatus: readsTrailers(this.#grpcType),
      onSlow: () => this.#wheel.set(this, CONNECTION_BOUNDS.stalledClientMs, performance.now()),
      onReady: () => this.#wheel.clear(this),
      onBroken: () => this.#breakOff('upstream-broke'),
    })
    this.#answer = answer
    if (response.status === 101) return this.#handOver(exchange, response)
    this.#noteStatus(exchange, response.headers)
    const { stream } = this
    const framing = toFraming(response, exchange.request.method, '2')
    const { body } = response
    const isEmpty = framing.kind === 'none' || body.sizeBytes === 0
    writeAnswerHead(stream.beginHead(), exchange, { response, framing })
    stream.sendHead({ endsStream: isEmpty })
    if (isEmpty) {
      if (body.sizeBytes !== 0) body.discard()
    } else if (body instanceof BytesBody && body.sizeBytes <= PIECE_BYTES) {
      answer.writtenBytes = body.sizeBytes
      stream.writeLast(body.latin1 ?? body.held() ?? '')
      if (!this.#isOver) answer.waitForClient()
    } else {
      answer.pipe(body, framing.kind === 'length' ? framing.bytes : undefined)
    }
  }

  #noteStatus(exchange: GatewayExchange, fields: HeaderList): void {
    if (this.#grpcType !== undefined) exchange.noteGrpcStatus(fields)
  }

  #handOver(exchange: GatewayExchange, response: GatewayResponse): void {
    this.#exchange = undefined
    this.#wheel.remove(this)
    const client = openHttp2Tunnel(this.stream, {
      early: this.#pieces ?? [],
      onOver: () => this.#release(),
    })
    this.settings.receiver.openTunnel(exchange, response, client)
  }

  /** Every byte was said, or never will be. */
  #finish(ended: Ended): void {
    const exchange = this.#exchange
    this.#exchange = undefined
    this.#wheel.remove(this)
    if (exchange === undefined) return
    exchange.bytesIn = this.#body?.readBytes ?? this.#wholeBytes
    exchange.bytesOut = this.#answer?.sentBytes ?? 0
    this.settings.receiver.onEnded(exchange, ended)
  }

  #breakOff(by: Exclude<Ended, 'answered'>): void {
    if (this.#isOver) return
    const exchange = this.#exchange
    const answer = this.#answer
    const problem = new Problem(by === 'upstream-broke' ? 'upstream-closed' : by)
    if (exchange !== undefined && answer === undefined) {
      exchange.status = problem.status
      exchange.problem = problem
    }
    this.#body?.breakOff(problem)
    answer?.cancel()
    exchange?.abort(problem)
    this.#finish(by)
    // While its policies still run, it counts: resets must not multiply work. One that came with its request began none.
    if (answer !== undefined || exchange === undefined) this.#release()
  }

  #release(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#wheel.remove(this)
    this.stream.release()
    this.#carrier.onExchangeOver(this)
  }
}
