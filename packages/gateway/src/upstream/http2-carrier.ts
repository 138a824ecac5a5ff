/**
 * Owns one request on a stream of HTTP/2, and the answer that comes back on it.
 *
 *   head (and body) out → interim heads → head → body → end       the same order as on a connection of HTTP/1.1, and no turns
 */
import {
  type Body,
  BytesBody,
  EMPTY_BODY,
  GatewayResponse,
  type HeaderList,
  Problem,
  StreamBody,
} from '@gatewright/policies'
import { findGrpcType } from '../exchange/grpc-type.ts'
import { toLatin1 } from '../http1/latin1.ts'
import type { DecodedHead } from '../http2/decoded-head.ts'
import { ERROR_CODES } from '../http2/frame.ts'
import type { Http2Stream, StreamListener, StreamReset } from '../http2/http2-stream.ts'
import type { HeldReader } from '../sockets/held-source.ts'
import type { ReadBuffer } from '../sockets/read-buffer.ts'
import { toWebSocketAccept } from '../sockets/web-socket-accept.ts'
import { WindowedBody } from '../sockets/windowed-body.ts'
import type { DeadlineWheel, Timed } from '../timers/deadline-wheel.ts'
import { MOST_INTERIM_ANSWERS } from './answer-reader.ts'
import type { Broken, CarriedRequest, OutgoingRequest, RequestCarrier } from './carried-request.ts'
import { writeUpstreamHead } from './request-fields.ts'
import { LOOK_MS } from './upstream-connection.ts'
import { UpstreamTunnel } from './upstream-tunnel.ts'

/** The target speaks HTTP/2 and takes no tunnels on it: that is how it is, and no failure. */
export const NO_EXTENDED_CONNECT = 'no-extended-connect'

/** Up to here a body that came whole stays text: it leaves in one write with its head. */
const TEXT_BYTES = 16_384

/** The connection that it goes over. */
export interface CarrierHost {
  readonly owner: { readonly wheel: DeadlineWheel; readonly firstByteMs: number }
  readonly buffer: ReadBuffer
  /** Reads so far: whoever finds none since it was sent waits for a target that says nothing at all. */
  readonly reads: number
  /** Requests were answered on it before, or we ended it: that it is gone says nothing about those it carries. */
  readonly isStale: boolean
  /** The target takes tunnels (RFC 8441 §3). */
  readonly takesExtendedConnect: boolean
  /** Why it is gone. */
  readonly problem: Problem
  open(listener: StreamListener): Http2Stream
  /** An answer began: it is handed on when all that came in the same read is there. */
  onAnswerBegun(carrier: Http2Carrier): void
  /** A body more, or one less, whose reader keeps what comes. */
  countStreaming(amount: 1 | -1): void
  onCarried(carrier: Http2Carrier, how: { readonly wasAnswered: boolean }): void
  /** A request heard nothing in its time. `reads`: since when. */
  onSilence(reads: number): void
}

export class Http2Carrier implements RequestCarrier, StreamListener, HeldReader, Timed {
  deadlineAtMs = Number.POSITIVE_INFINITY
  slotAtMs = 0
  slotPlace = 0
  isGone = false
  readonly mayRefuse = true
  readonly #host: CarrierHost
  readonly #stream: Http2Stream
  #request: OutgoingRequest | undefined
  #interimAnswers = 0
  /** Something of an answer came, if only a 1xx: the target has the request. */
  #hasBegunAnswer = false
  /** Not handed on yet. */
  #answer: GatewayResponse | undefined
  /** What came of its body in the same read, in latin1. */
  #pieces: string[] = []
  #trailers: HeaderList | undefined
  #body: WindowedBody | undefined
  #reads = 0
  /** Octets of either body, so far. */
  #movedBytes = 0
  /** When it was first found to wait for its client. */
  #watched: { readonly sinceMs: number; readonly bytes: number } | undefined

  constructor(host: CarrierHost) {
    this.#host = host
    this.#stream = host.open(this)
  }

  // What is sent.

  get holdsNothing(): boolean {
    return this.#stream.holdsNothing
  }

  get isBlocked(): boolean {
    return this.#stream.queuedBytes > 0
  }

  sendWhole(request: OutgoingRequest, body: BytesBody): void {
    if (request.upgrade !== undefined) return this.#askForTunnel(request)
    const { sizeBytes } = body
    if (sizeBytes > 0) {
      this.#sendHead(request, { bodyBytes: sizeBytes, endsStream: false })
      this.#stream.writeLast(body.latin1 ?? body.held())
    } else if (findGrpcType(request.exchange.request.headers) === undefined) {
      this.#sendHead(request, { bodyBytes: 0, endsStream: true })
    } else {
      // gRPC over HTTP2, Requests: a call ends on a DATA frame, and servers wait for one (grpc-go for ever).
      this.#sendHead(request, { bodyBytes: undefined, endsStream: false })
      this.#stream.end()
    }
  }

  sendHead(request: OutgoingRequest, bodyBytes: number | undefined): void {
    const { exchange, root } = request
    if (findGrpcType(exchange.request.headers) !== undefined) root.clientSide.expectMessages(root)
    this.#sendHead(request, { bodyBytes, endsStream: false })
  }

  #sendHead(request: OutgoingRequest, { bodyBytes, endsStream }: HeadFacts): void {
    const stream = this.#stream
    writeUpstreamHead(request, bodyBytes, () => stream.beginHead())
    stream.sendHead({ endsStream })
    this.#request = request
    this.expectWithin(this.#host.owner.firstByteMs)
  }

  /** RFC 8441 §4: only where the target has said that it takes such. */
  #askForTunnel(request: OutgoingRequest): void {
    if (this.#host.takesExtendedConnect) return this.#sendHead(request, { bodyBytes: undefined, endsStream: false })
    this.#request = request
    this.#break(new Problem('upstream-unreachable', { reason: NO_EXTENDED_CONNECT }), 'begun')
  }

  write(chunk: Uint8Array): boolean {
    this.#movedBytes += chunk.length
    return this.#stream.write(chunk)
  }

  end(trailers: HeaderList | undefined): void {
    this.#stream.end(trailers)
  }

  onWritable(): void {
    this.#request?.onDrain()
  }

  // How long it may take, and who gave up.

  expectWithin(delayMs: number): void {
    if (this.isGone) return
    const { wheel } = this.#host.owner
    this.#reads = this.#host.reads
    wheel.set(this, delayMs, wheel.now())
  }

  onDeadline(): void {
    // Whoever reads the answer is slow: that is not the upstream's silence.
    if (this.#body?.isPaused === true) this.#request?.onProgress()
    else this.#request?.onDeadline()
  }

  abandon(_: CarriedRequest, problem: Problem): void {
    this.#body?.breakOff(problem)
    this.#over()
  }

  /** Its request will never be whole: whoever reads what is answered to it already must not wait for the rest. */
  breakOff(): void {
    this.#body?.breakOff(new Problem('malformed-request', { reason: 'body-broke-off' }))
    this.#over()
  }

  onSilent(): void {
    const reads = this.#reads
    this.#body?.breakOff(new Problem('upstream-timeout', { reason: 'idle' }))
    this.#over()
    this.#host.onSilence(reads)
  }

  /** As `UpstreamConnection.findClientPace`. */
  findClientPace(nowMs: number): number | undefined {
    if (!this.#waitsForClient) return undefined
    this.#watched ??= { sinceMs: nowMs, bytes: this.#movedBytes }
    const elapsedMs = nowMs - this.#watched.sinceMs
    return elapsedMs < LOOK_MS ? undefined : ((this.#movedBytes - this.#watched.bytes) * 1000) / elapsedMs
  }

  get #waitsForClient(): boolean {
    if (this.#body !== undefined) return this.#body.isPaused
    return this.#request?.isRequestSent === false && !this.isBlocked
  }

  /** Its client is slow, and others wait. */
  takeBack(): void {
    this.#break(new Problem('upstream-overloaded', { reason: 'slow-client' }), 'begun')
  }

  // What comes.

  onHead(head: DecodedHead): void {
    const request = this.#request
    if (request === undefined || this.isGone) return
    this.#hasBegunAnswer = true
    const { status, headers } = head
    if (request.upgrade !== undefined && status >= 200 && status < 300) return this.#openTunnel(request, head)
    if (status >= 200) {
      this.#answer = new GatewayResponse({ status, headers, body: EMPTY_BODY })
      this.#host.onAnswerBegun(this)
      return
    }
    if (++this.#interimAnswers > MOST_INTERIM_ANSWERS) {
      this.#break(new Problem('upstream-malformed', { reason: 'interim-answers' }), 'begun')
      return
    }
    request.onInterim({ status, reason: '', fields: headers })
    request.onProgress()
  }

  /** To whoever asked in HTTP/1.1 the target says yes as one of HTTP/1.1 would: the proof is the gateway's to give. */
  #openTunnel(request: OutgoingRequest, { headers }: DecodedHead): void {
    const { upgrade = '', exchange } = request
    const key = exchange.request.headers.get('sec-websocket-key')
    headers.set('Connection', 'Upgrade')
    headers.set('Upgrade', upgrade)
    if (key !== undefined) headers.set('Sec-WebSocket-Accept', toWebSocketAccept(key))
    const answer = new GatewayResponse({ status: 101, headers, body: EMPTY_BODY })
    this.#host.owner.wheel.remove(this)
    this.#request = undefined
    answer.tunnel = UpstreamTunnel.overStream(this.#stream, () => this.#over({ wasAnswered: true }))
    request.onAnswer(answer, -1)
    request.onAnswered()
  }

  onData(chunk: Buffer): void {
    const body = this.#body
    this.#movedBytes += chunk.length
    if (body === undefined) {
      this.#pieces.push(toLatin1(chunk, 0, chunk.length))
      return
    }
    this.#request?.onProgress()
    body.take(chunk)
  }

  onEnd(trailers: HeaderList | undefined): void {
    if (this.#answer === undefined) this.#finish(trailers)
    else this.#trailers = trailers
  }

  /** All of it that came in the same read is there: the request gets its answer. */
  deliver(): void {
    const answer = this.#answer
    const request = this.#request
    this.#answer = undefined
    if (answer === undefined || request === undefined || this.isGone) return
    const stream = this.#stream
    const isWhole = stream.isReceiveEnded && this.#trailers === undefined
    if (isWhole) answer.body = this.#toWholeBody()
    else if (!stream.isBodiless) answer.body = this.#toBody()
    request.onAnswer(answer, answer.headers.indexOf('location'))
    if (stream.isReceiveEnded) this.#finish(this.#trailers)
    else request.onProgress()
  }

  #toWholeBody(): Body {
    const [first = '', ...others] = this.#pieces
    const text = others.length === 0 ? first : this.#pieces.join('')
    if (text === '') return EMPTY_BODY
    this.#stream.consumed(text.length)
    return new BytesBody(text.length <= TEXT_BYTES ? { latin1: text } : Buffer.from(text, 'latin1'))
  }

  #toBody(): StreamBody {
    const host = this.#host
    const body = new WindowedBody(this, this.#stream, host.buffer)
    this.#body = body
    host.countStreaming(1)
    for (const piece of this.#pieces.splice(0)) body.take(Buffer.from(piece, 'latin1'))
    return new StreamBody(body)
  }

  #finish(trailers: HeaderList | undefined): void {
    const body = this.#body
    // First the request is over, then its reader hears the end: with it the exchange ends, and what is not over is cancelled.
    const request = this.#request
    this.#over({ wasAnswered: true })
    request?.onAnswered()
    body?.finish(trailers)
  }

  onReset({ by, code, reason, isUnprocessed }: StreamReset): void {
    const { problem } = this.#host
    // RFC 9113 §8.1: it has answered, and does not want the rest of the request.
    if (this.#answer !== undefined && this.#stream.isReceiveEnded) return
    // Whoever has begun to answer has looked at it, whatever it says.
    const isUntouched = isUnprocessed && !this.#hasBegunAnswer
    if (by === 'connection') this.#break(problem, isUntouched ? 'unsent' : this.#judge())
    else if (by === 'engine') this.#break(new Problem('upstream-malformed', { reason }), 'begun')
    else {
      // Without an error nothing failed: so end those that went away in the middle of what they had not begun (`node:http2` does).
      const how = isUntouched ? 'unsent' : code === ERROR_CODES.noError ? this.#judge() : 'begun'
      this.#break(new Problem('upstream-closed', { reason: reason === 'goaway' ? reason : toResetReason(code) }), how)
    }
  }

  /** Before a byte of its answer, a connection that was used before, or that we ended, says nothing about this request. */
  #judge(): Broken {
    return this.#hasBegunAnswer || !this.#host.isStale ? 'begun' : 'unanswered'
  }

  #break(problem: Problem, how: Broken): void {
    const body = this.#body
    const request = this.#request
    this.#over()
    body?.breakOff(problem)
    request?.onBroken(problem, how)
  }

  // The body's side.

  /** What is not given back of the window, the target does not send. */
  pauseReading(): void {}

  resumeReading(): void {
    this.#body?.giveWindow()
  }

  onBodyUnwanted(): void {
    const request = this.#request
    this.#over()
    request?.onAnswered()
  }

  /** Whatever is left of the stream is cut off. */
  #over({ wasAnswered } = { wasAnswered: false }): void {
    if (this.isGone) return
    this.isGone = true
    const host = this.#host
    host.owner.wheel.remove(this)
    if (this.#body !== undefined) host.countStreaming(-1)
    this.#request = undefined
    this.#stream.release()
    host.onCarried(this, { wasAnswered })
  }
}

interface HeadFacts {
  readonly bodyBytes: number | undefined
  readonly endsStream: boolean
}

const CODE_NAMES = new Map<number, string>(Object.entries(ERROR_CODES).map(([name, code]) => [code, name]))

/** `reset-refused-stream`, with the name of RFC 9113 §7. */
function toResetReason(code: number): string {
  const name = CODE_NAMES.get(code)?.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
  return `reset-${name ?? code}`
}
