/**
 * Owns one connection to a target: requests go out in order, answers come back in that order, parsed as strictly as requests.
 *
 *   sent      [ request whose answer is being read ][ request ][ request ]   more than one only with pipelining
 *   reading   head → body (length · chunked · until close) → next request's answer
 *
 * Whatever is not exactly one answer for each request ends the connection: no answer can reach another client. An answer that
 * nobody waits for any more is read and dropped while others wait behind it, and ends the connection otherwise.
 */
import type { Socket } from 'node:net'
import { type BytesBody, GatewayResponse, type HeaderList, Problem, StreamBody } from '@gatewright/policies'
import { writeChunk, writeLastChunk } from '../http1/chunk-writer.ts'
import { CHUNKED, UNTIL_CLOSE } from '../http1/framing.ts'
import { Refusal } from '../http1/refusal.ts'
import { FramedBody } from '../sockets/framed-body.ts'
import type { HeldReader } from '../sockets/held-source.ts'
import type { ReadBuffer } from '../sockets/read-buffer.ts'
import type { DeadlineWheel, Timed } from '../timers/deadline-wheel.ts'
import { AnswerReader } from './answer-reader.ts'
import type { CarriedRequest, OutgoingRequest, RequestCarrier } from './carried-request.ts'
import { toBrokenProblem } from './connection-problem.ts'
import type { Dial } from './dial.ts'
import { Outbox } from './outbox.ts'
import { toUpstreamFields, toUpstreamHead } from './request-fields.ts'
import { isCleanEnd } from './tls/clean-end.ts'
import { UpstreamTunnel } from './upstream-tunnel.ts'

/** So much of an answer that nobody wants is read for the sake of those behind it: a few round trips' worth, and less than a new connection costs. */
const SKIP_BYTES = 65_536

/** How long a client is looked at before it is called slow. */
export const LOOK_MS = 5_000

export interface ConnectionOwner {
  readonly wheel: DeadlineWheel
  readonly limits: { readonly headerBytes: number; readonly headerFields: number }
  readonly firstByteMs: number
  /** How long it may wait unused. */
  readonly idleMs: number
  /** It may take another request. */
  onFree(connection: UpstreamConnection): void
  /** It is gone; requests that it still owes are told afterwards. */
  onGone(connection: UpstreamConnection): void
}

export class UpstreamConnection implements RequestCarrier, Timed, HeldReader {
  deadlineAtMs = Number.POSITIVE_INFINITY
  slotAtMs = 0
  slotPlace = 0
  readonly sent: CarriedRequest[] = []
  /** Exchanges it carried: above 0 it is a reused connection. */
  answered = 0
  isGone = false
  readonly mayRefuse = false
  /** It ended while it owed several answers, and not because we ended it. */
  brokePipeline = false
  /** Whose requests are in flight; '' for nobody's. Pipelined connections are not shared by different callers. */
  callerKey = ''
  readonly #socket: Socket
  readonly #buffer: ReadBuffer
  readonly #owner: ConnectionOwner
  readonly #reader: AnswerReader
  /** Of the answer under way; without one, a head comes next. */
  #body: FramedBody | undefined
  readonly #outbox: Outbox
  /** How long it may wait unused: ours, or less if the target says so. */
  idleMs: number
  /** Something of an answer came, if only a 1xx: the target has the request, so it is not sent again. */
  #hasBegunAnswer = false
  #keepsAlive = true
  /** The request body under way has no length. */
  #isChunked = false
  #tunnelReader: ((chunk: Buffer) => void) | undefined
  #isPaused = false
  /** It serves those that wait, and ends. */
  #isClosing = false
  #skippedBytes = 0
  /** A request that its client held up when it was looked at. */
  #watched: { readonly request: CarriedRequest; readonly sinceMs: number; readonly bytes: number } | undefined

  constructor(dial: Dial, owner: ConnectionOwner) {
    const { socket, buffer } = dial
    this.#owner = owner
    this.idleMs = owner.idleMs
    this.#buffer = buffer
    this.#reader = new AnswerReader(owner.limits, buffer)
    this.#socket = socket
    this.#outbox = new Outbox(socket)
    dial.onData = (chunk) => this.#onData(chunk)
    socket.on('end', () => this.#onEnd())
    socket.on('error', (error) => this.#fail(error))
    socket.on('close', () => this.#fail(undefined))
    socket.on('drain', () => this.sent[this.sent.length - 1]?.onDrain())
  }

  /** May it take another request behind those it carries? Not in the middle of one whose body is still on its way. */
  get takesMore(): boolean {
    return !this.isGone && !this.#isClosing && this.sent[this.sent.length - 1]?.isRequestSent !== false
  }

  /** It waited unused long enough, or an answer does not come. */
  onDeadline(): void {
    const first = this.sent[0]
    if (first === undefined || first.isOver) this.destroy()
    // Whoever reads the answer is slow: that is not the upstream's silence.
    else if (this.#isPaused) first.onProgress()
    else first.onDeadline()
  }

  /** Something must come within so long, or the request whose turn it is hears of it. */
  #expectWithin(delayMs: number): void {
    this.#owner.wheel.set(this, delayMs, this.#owner.wheel.now())
  }

  /** As this request says; while it is not its turn, another's deadline counts. */
  expectWithin(delayMs: number, request: CarriedRequest): void {
    if (this.sent[0] === request) this.#expectWithin(delayMs)
  }

  // What is sent.

  get holdsNothing(): boolean {
    return this.#socket.writableLength === 0
  }

  get isBlocked(): boolean {
    return this.#socket.writableNeedDrain
  }

  /** At the end of this turn of the event loop: one write for all that pipelining puts here in it. */
  sendWhole(request: OutgoingRequest, body: BytesBody): void {
    const head = toUpstreamHead(request) + toUpstreamFields(request.method, body.sizeBytes)
    this.#assign(request)
    this.#outbox.put(head + (body.latin1 ?? Buffer.from(body.held()).toString('latin1')))
  }

  /** At once; what waits came before it. */
  sendHead(request: OutgoingRequest, bodyBytes: number | undefined): void {
    const head = toUpstreamHead(request) + toUpstreamFields(request.method, bodyBytes)
    this.#isChunked = bodyBytes === undefined
    this.#assign(request)
    this.#outbox.send(head)
  }

  #assign(request: CarriedRequest): void {
    this.sent.push(request)
    if (this.sent.length === 1) this.#expectWithin(this.#owner.firstByteMs)
  }

  write(chunk: Uint8Array): boolean {
    const isBelowMark = this.#isChunked ? writeChunk(this.#socket, chunk) : this.#socket.write(chunk)
    // Node asks for a rest after every long write, also where the kernel has taken all of it.
    return isBelowMark || this.holdsNothing
  }

  end(trailers: HeaderList | undefined): void {
    if (this.#isChunked) writeLastChunk(this.#socket, trailers)
  }

  /**
   * Octets a second since it was first looked at, where it waits for its client: to take more of an answer, or to bring more
   * of a request that has no answer yet. `undefined`: it does not, or the first look is not `LOOK_MS` ago.
   */
  findClientPace(nowMs: number): number | undefined {
    const request = this.sent[0]
    if (request === undefined || !this.#waitsForClient(request)) return undefined
    const bytes = this.#socket.bytesRead + this.#socket.bytesWritten
    if (this.#watched?.request !== request) this.#watched = { request, sinceMs: nowMs, bytes }
    const elapsedMs = nowMs - this.#watched.sinceMs
    return elapsedMs < LOOK_MS ? undefined : ((bytes - this.#watched.bytes) * 1000) / elapsedMs
  }

  #waitsForClient({ isRequestSent }: CarriedRequest): boolean {
    if (this.#body !== undefined) return this.#isPaused
    return !isRequestSent && this.#socket.writableLength === 0
  }

  /** Its client is slow, and others wait. */
  takeBack(): void {
    this.#breakOff(new Problem('upstream-overloaded', { reason: 'slow-client' }), { isOurs: true })
  }

  pauseReading(): void {
    this.#isPaused = true
    this.#socket.pause()
  }

  resumeReading(): void {
    this.#isPaused = false
    if (!this.isGone) this.#socket.resume()
  }

  /** Nobody may use it any more; requests in flight are told. Ours: it says nothing about the target. */
  destroy(): void {
    this.#fail(undefined, { isOurs: true })
  }

  breakOff(): void {
    this.destroy()
  }

  onSilent(): void {
    this.destroy()
  }

  abandon(request: CarriedRequest, problem: Problem): void {
    if (this.isGone) return
    if (this.sent[0] !== request || this.#body === undefined) return this.#closeAfterOthers(0)
    this.#body.breakOff(problem)
    this.onBodyUnwanted()
  }

  /** Its reader wants no more of the answer under way. */
  onBodyUnwanted(): void {
    const body = this.#body
    // What has no end but that of the connection leaves nothing for those behind it. Chunks are counted as they come.
    if (body !== undefined && body.framing !== CHUNKED && body.remainingBytes > SKIP_BYTES) return this.destroy()
    // The first in line is the one that gave up, even if it has not said so yet.
    this.#closeAfterOthers(1)
    this.resumeReading()
  }

  /** Serves those who still wait, from this place in the line on, and nobody else: what is not wanted may be long in coming. */
  #closeAfterOthers(from: number): void {
    if (this.#isAwaited(from)) this.#isClosing = true
    else this.destroy()
  }

  /** Does anybody wait for an answer, from this place in the line on? */
  #isAwaited(from: number): boolean {
    for (let i = from; i < this.sent.length; i++) if (this.sent[i]?.isOver === false) return true
    return false
  }

  #onData(chunk: Buffer): void {
    if (this.#tunnelReader !== undefined) return this.#tunnelReader(this.#buffer.own(chunk))
    let at = 0
    while (at < chunk.length && !this.isGone) {
      const request = this.sent[0]
      // RFC 9112 §9.2: bytes that answer nothing are a desynchronised or hostile upstream.
      if (request === undefined) return this.destroy()
      const body = this.#body
      if (body === undefined) {
        at = this.#readHead(chunk, at, request)
        continue
      }
      // Only what shares its chunk with the head is still in the shared buffer.
      const own = this.#buffer.own(chunk)
      at = this.#readBody(own, at, { body, request })
      if (body.holdsNothing) this.#buffer.giveBack(own)
    }
  }

  #readHead(chunk: Buffer, at: number, request: CarriedRequest): number {
    // No target can answer what it was not asked: this is more of the answer before. Its next reader is somebody else.
    if (this.sent.length <= this.#outbox.requests) {
      this.destroy()
      return chunk.length
    }
    const reader = this.#reader
    this.#hasBegunAnswer = true
    const fields = reader.read(chunk, at, request.method)
    if (fields === undefined) {
      request.onProgress()
      return chunk.length
    }
    if (fields instanceof Refusal) return this.#refuse(fields, chunk)
    const { status, reason } = reader.head
    if (status === 101) return this.#switchProtocols(fields, request, chunk.subarray(reader.bodyAt))
    if (status >= 200) return this.#beginAnswer(fields, request, chunk)
    request.onInterim({ status, reason, fields })
    return reader.bodyAt
  }

  #beginAnswer(fields: HeaderList, request: CarriedRequest, chunk: Buffer): number {
    const { head } = this.#reader
    this.#keepsAlive = head.keepsAlive
    this.#rememberIdleTime()
    const answer = this.#reader.toAnswer(fields, chunk)
    const { bodyAt, endAt } = this.#reader
    if (endAt >= 0) {
      if (!request.isOver) request.onAnswer(answer, head.locationAt)
      this.#finishAnswer(request, chunk.length - endAt)
      return endAt
    }
    this.#buffer.startStreaming()
    this.#skippedBytes = 0
    const body = new FramedBody(this, head.body)
    this.#body = body
    if (request.isOver) {
      body.cancel()
      return this.isGone ? chunk.length : bodyAt
    }
    answer.body = new StreamBody(body)
    request.onAnswer(answer, head.locationAt)
    request.onProgress()
    return bodyAt
  }

  #readBody(chunk: Buffer, at: number, { body, request }: { body: FramedBody; request: CarriedRequest }): number {
    request.onProgress()
    if (body.isCancelled && body.framing === CHUNKED && !this.#maySkip(chunk.length - at)) return chunk.length
    const read = body.read(chunk, at)
    if (this.isGone) return chunk.length
    if (read instanceof Refusal) return this.#refuse(read, chunk)
    if (body.isRead) {
      // First the request is over, then its reader hears the end: with it the exchange ends, and what is not over is cancelled.
      this.#finishAnswer(request, chunk.length - read)
      body.finish(body.trailers)
    }
    return read
  }

  /** Of an answer in chunks, whose length nobody knew: no more than is cheap. */
  #maySkip(bytes: number): boolean {
    this.#skippedBytes += bytes
    if (this.#skippedBytes <= SKIP_BYTES) return true
    this.destroy()
    return false
  }

  /** The whole answer was read. `strayBytes`: what follows in the same chunk. */
  #finishAnswer(request: CarriedRequest, strayBytes: number): void {
    this.sent.shift()
    this.answered++
    if (this.#body !== undefined) this.#buffer.stopStreaming()
    this.#body = undefined
    this.#hasBegunAnswer = false
    request.onAnswered()
    if (this.isGone) return
    const isClean = strayBytes === 0 || this.sent.length > 0
    if (!this.#keepsAlive || !request.isRequestSent || !isClean) return this.#fail(undefined)
    if (this.#isClosing && !this.#isAwaited(0)) return this.destroy()
    if (this.sent.length === 0) this.callerKey = ''
    else this.#expectWithin(this.#owner.firstByteMs)
    this.#owner.onFree(this)
  }

  /** RFC 9112 §9.3: the target's own limit, less a second for the way. */
  #rememberIdleTime(): void {
    const seconds = this.#reader.head.keepAliveSeconds
    if (seconds >= 0) this.idleMs = Math.min(this.#owner.idleMs, Math.max(0, (seconds - 1) * 1000))
    if (this.idleMs === 0) this.#keepsAlive = false
  }

  #switchProtocols(fields: HeaderList, request: CarriedRequest, rest: Buffer): number {
    const { upgradeAt, connection, reason } = this.#reader.head
    const asked = request.upgrade
    const given = upgradeAt >= 0 ? fields.valueAt(upgradeAt).toLowerCase() : ''
    // RFC 9110 §7.8: only what was asked for, and only said with `Connection: upgrade`.
    if (asked === undefined || given !== asked || !connection.upgrade || this.sent.length > 1) {
      return this.#refuse(new Refusal('upstream-malformed', 'unasked-101', ''), rest)
    }
    const answer = new GatewayResponse({ status: 101, reason, headers: fields })
    this.sent.shift()
    this.isGone = true
    this.#owner.wheel.remove(this)
    this.#outbox.close()
    // One read may hold several TLS records: those behind the 101 come although reading is paused from here on.
    const early: Buffer[] = []
    this.#tunnelReader = (chunk) => early.push(chunk)
    answer.tunnel = UpstreamTunnel.takeOver(this.#socket, rest, (reader) => {
      this.#tunnelReader = reader
      for (const chunk of early.splice(0)) reader(chunk)
    })
    this.#buffer.startStreaming()
    this.#owner.onGone(this)
    request.onAnswer(answer, -1)
    request.onAnswered()
    return 0
  }

  #refuse(refusal: Refusal, chunk: Buffer): number {
    this.#breakOff(new Problem('upstream-malformed', { reason: refusal.reason }))
    return chunk.length
  }

  #onEnd(): void {
    const request = this.sent[0]
    const body = this.#body
    // RFC 9112 §6.3 rule 8: the only framing in which closing is the end, and only a clean close; over TLS, §9.8 says which that is.
    const isEnd = body?.framing === UNTIL_CLOSE && isCleanEnd(this.#socket, { isPaused: this.#isPaused })
    if (request !== undefined && isEnd) {
      this.#keepsAlive = false
      this.#finishAnswer(request, 0)
      body.finish(undefined)
      return
    }
    this.#fail(undefined)
  }

  #breakOff(problem: Problem, how = { isOurs: false }): void {
    const request = this.sent.shift()
    const body = this.#body
    this.#body = undefined
    request?.onBroken(problem, 'begun')
    if (body !== undefined) body.breakOff(problem)
    // Those behind it got nothing of an answer yet.
    this.answered++
    this.#hasBegunAnswer = false
    this.#fail(undefined, how)
  }

  /** The socket is gone or unusable: everybody who waits for it is told what that means for them. */
  #fail(error: NodeJS.ErrnoException | undefined, { isOurs } = { isOurs: false }): void {
    if (this.isGone) return
    this.isGone = true
    this.#owner.wheel.remove(this)
    this.#outbox.close()
    this.#socket.destroy()
    const owed = this.sent.splice(0)
    const firstUnsent = owed.length - this.#outbox.requests
    this.brokePipeline = owed.length > 1 && !isOurs
    const body = this.#body
    this.#body = undefined
    const isFresh = this.answered === 0 && !this.#hasBegunAnswer
    this.#owner.onGone(this)
    for (const [index, request] of owed.entries()) {
      const isFirst = index === 0
      if (isFirst && body !== undefined) body.breakOff(toBrokenProblem(error, isFresh))
      // Before a byte of its answer, a connection that was used before, or that we ended, says nothing about this request.
      const isStale = (this.answered > 0 || !isFirst || isOurs) && !(isFirst && this.#hasBegunAnswer)
      const how = index >= firstUnsent ? 'unsent' : isStale ? 'unanswered' : 'begun'
      request.onBroken(toBrokenProblem(error, isFresh), how)
    }
  }
}
