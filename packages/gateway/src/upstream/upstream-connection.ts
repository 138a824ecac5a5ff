/**
 * Owns one connection to a target: requests go out in order, answers come back in that order, parsed as strictly as requests.
 *
 *   sent      [ attempt whose answer is being read ][ attempt ][ attempt ]   more than one only with pipelining
 *   reading   head → body (length · chunked · until close) → next attempt's head
 *
 * Whatever is not exactly one answer for each request ends the connection: no answer can reach another client.
 */
import { connect, type Socket } from 'node:net'
import { BytesBody, EMPTY_BODY, GatewayResponse, type HeaderList, Problem, StreamBody } from '@gatewright/policies'
import { ChunkDecoder } from '../http1/chunk-decoder.ts'
import { HeadParser } from '../http1/head-parser.ts'
import { toLatin1 } from '../http1/latin1.ts'
import { Refusal } from '../http1/refusal.ts'
import { CHUNKED, UNTIL_CLOSE } from '../http1/request-head.ts'
import { ResponseHead } from '../http1/response-head.ts'
import { ReadBuffer } from '../sockets/read-buffer.ts'
import type { DeadlineWheel, Timed } from '../timers/deadline-wheel.ts'
import { AnswerBody } from './answer-body.ts'
import type { Attempt } from './attempt.ts'
import type { TargetRuntime } from './target.ts'
import { UpstreamTunnel } from './upstream-tunnel.ts'

/** Up to here an answer that came whole stays text: one string write later, without an allocation (Node's stack buffer for string writes). */
const TEXT_BYTES = 16_384

/** Before one answer; a server says 100, 102 and a few 103s. */
const MOST_INTERIM_ANSWERS = 16

type Reading = 'head' | 'body' | 'nothing'

export interface ConnectionOwner {
  readonly wheel: DeadlineWheel
  readonly limits: { readonly headerBytes: number; readonly headerFields: number }
  readonly connectMs: number
  readonly firstByteMs: number
  /** How long it may wait unused. */
  readonly idleMs: number
  /** It is connected. */
  onConnected(connection: UpstreamConnection): void
  /** It may take another request. */
  onFree(connection: UpstreamConnection): void
  /** It is gone; attempts it still owed were told before. */
  onGone(connection: UpstreamConnection, wasConnected: boolean): void
}

export class UpstreamConnection implements Timed {
  deadlineAtMs = Number.POSITIVE_INFINITY
  slotAtMs = 0
  slotPlace = 0
  readonly target: TargetRuntime
  readonly sent: Attempt[] = []
  /** Exchanges it carried: above 0 it is a reused connection. */
  answered = 0
  isConnected = false
  isGone = false
  /** Whose requests are in flight; '' for nobody's. Pipelined connections are not shared by different callers. */
  callerKey = ''
  readonly #socket: Socket
  readonly #buffer = new ReadBuffer()
  readonly #owner: ConnectionOwner
  readonly #head = new ResponseHead()
  readonly #parser: HeadParser
  #reading: Reading = 'head'
  #body: AnswerBody | undefined
  #remaining = 0
  #decoder: ChunkDecoder | undefined
  #outbox = ''
  #isFlushDue = false
  /** How long it may wait unused: ours, or less if the target says so. */
  idleMs: number
  /** Why it could not be opened. */
  connectProblem = new Problem('upstream-unreachable')
  /** Something of an answer came, if only a 1xx: the target has the request, so it is not sent again. */
  #hasBegunAnswer = false
  #keepsAlive = true
  #tunnelReader: ((chunk: Buffer) => void) | undefined
  #isPaused = false
  #interimAnswers = 0

  constructor(target: TargetRuntime, owner: ConnectionOwner) {
    this.target = target
    this.#owner = owner
    this.idleMs = owner.idleMs
    this.#parser = new HeadParser({ firstLineBytes: owner.limits.headerBytes, ...owner.limits }, this.#head.scanLine, {
      skipsEmptyLine: false,
    })
    const buffer = this.#buffer
    const socket = connect({
      host: target.hostname,
      port: target.port,
      noDelay: true,
      onread: {
        buffer: buffer.next,
        callback: (bytes) => {
          this.#onData(buffer.take(bytes))
          return true
        },
      },
    })
    this.#socket = socket
    target.connections++
    socket.on('connect', () => {
      this.isConnected = true
      owner.wheel.clear(this)
      owner.onConnected(this)
    })
    socket.on('end', () => this.#onEnd())
    socket.on('error', (error) => this.#fail(error))
    socket.on('close', () => this.#fail(undefined))
    socket.on('drain', () => this.sent[this.sent.length - 1]?.onDrain())
    owner.wheel.set(this, owner.connectMs, performance.now())
  }

  /** Connect takes too long, or it waited unused long enough. */
  onDeadline(): void {
    if (!this.isConnected) this.#fail(Object.assign(new Error('connect timed out'), { code: 'ETIMEDOUT' }))
    else if (this.sent.length === 0) this.destroy()
    // Whoever reads the answer is slow: that is not the upstream's silence.
    else if (this.#isPaused) this.sent[0]?.onProgress()
    else this.sent[0]?.onDeadline()
  }

  /** Something must come within so long, or the attempt whose turn it is hears of it. */
  expectWithin(delayMs: number): void {
    this.#owner.wheel.set(this, delayMs, performance.now())
  }

  get socket(): Socket {
    return this.#socket
  }

  /** Queues an attempt; its bytes follow by `write`. */
  assign(attempt: Attempt): void {
    this.sent.push(attempt)
    if (this.sent.length === 1) this.expectWithin(this.#owner.firstByteMs)
    attempt.connection = this
  }

  /** Head, or head and small body as latin1 text. */
  writeText(text: string): void {
    this.#socket.write(text, 'latin1')
  }

  /** As `writeText`, together with what else comes in this turn of the event loop: one write for many requests. */
  writeCoalesced(text: string): void {
    this.#outbox += text
    if (this.#isFlushDue) return
    this.#isFlushDue = true
    setImmediate(() => this.#flush())
  }

  #flush(): void {
    this.#isFlushDue = false
    const text = this.#outbox
    this.#outbox = ''
    if (!this.isGone) this.#socket.write(text, 'latin1')
  }

  /** False: wait for the attempt's `onDrain`. */
  writeBytes(bytes: Uint8Array): boolean {
    return this.#socket.write(bytes)
  }

  pause(): void {
    this.#isPaused = true
    this.#socket.pause()
  }

  resume(): void {
    this.#isPaused = false
    if (!this.isGone) this.#socket.resume()
  }

  /** Nobody may use it any more; attempts in flight are told. Ours: it says nothing about the target. */
  destroy(): void {
    this.#fail(undefined, { isOurs: true })
  }

  #onData(chunk: Buffer): void {
    if (this.#tunnelReader !== undefined) return this.#tunnelReader(this.#buffer.own(chunk))
    let at = 0
    while (at < chunk.length && !this.isGone) {
      const attempt = this.sent[0]
      // RFC 9112 §9.2: bytes that answer nothing are a desynchronised or hostile upstream.
      if (attempt === undefined || this.#reading === 'nothing') return this.destroy()
      at = this.#reading === 'head' ? this.#readHead(chunk, at, attempt) : this.#readBody(chunk, at)
    }
  }

  #readHead(chunk: Buffer, at: number, attempt: Attempt): number {
    const parser = this.#parser
    this.#hasBegunAnswer = true
    const fields = parser.push(at === 0 ? chunk : chunk.subarray(at))
    if (fields === undefined) {
      attempt.onProgress()
      return chunk.length
    }
    if (fields instanceof Refusal) return this.#refuse(fields, chunk)
    const refusal = this.#head.readFields(fields, attempt.method)
    if (refusal !== undefined) return this.#refuse(refusal, chunk)
    const bodyAt = at + parser.bodyAt
    const { status } = this.#head
    if (status === 101) return this.#switchProtocols(fields, attempt, chunk.subarray(bodyAt))
    if (status < 200) {
      parser.reset()
      // RFC 9110 §15.2 sets no bound; without one an upstream could fill the client's queue with answers that are none.
      if (++this.#interimAnswers > MOST_INTERIM_ANSWERS) {
        return this.#refuse(new Refusal('upstream-malformed', 'interim-answers', ''), chunk)
      }
      attempt.onInformational(status, this.#head.reason, fields)
      return bodyAt
    }
    return this.#beginAnswer(fields, attempt, { chunk, bodyAt })
  }

  #beginAnswer(fields: HeaderList, attempt: Attempt, { chunk, bodyAt }: { chunk: Buffer; bodyAt: number }): number {
    const head = this.#head
    const framing = head.body
    this.#keepsAlive = head.keepsAlive
    this.#rememberIdleTime()
    const answer = new GatewayResponse({ status: head.status, reason: head.reason, headers: fields, body: EMPTY_BODY })
    let { locationAt } = head
    if (head.connection.named.length > 0) {
      for (const name of head.connection.named) fields.delete(name)
      locationAt = fields.indexOf('location')
    }
    this.#parser.reset()
    if (framing === 0) {
      attempt.onAnswer(answer, locationAt)
      this.#finishAnswer(attempt, chunk.length - bodyAt)
      return bodyAt
    }
    if (framing > 0 && bodyAt + framing <= chunk.length) {
      const end = bodyAt + framing
      answer.body =
        framing <= TEXT_BYTES
          ? new BytesBody({ latin1: toLatin1(chunk, bodyAt, end) })
          : new BytesBody(this.#buffer.own(chunk.subarray(bodyAt, end)))
      attempt.onAnswer(answer, locationAt)
      this.#finishAnswer(attempt, chunk.length - end)
      return end
    }
    this.#reading = 'body'
    this.#buffer.startStreaming()
    this.#remaining = framing > 0 ? framing : 0
    this.#decoder = framing === CHUNKED ? new ChunkDecoder() : undefined
    this.#body = new AnswerBody(this, framing > 0 ? framing : undefined)
    answer.body = new StreamBody(this.#body)
    attempt.onAnswer(answer, locationAt)
    attempt.onProgress()
    return bodyAt
  }

  #readBody(bytes: Buffer, at: number): number {
    // Only what shares its chunk with the head is still in the shared buffer.
    const chunk = this.#buffer.own(bytes)
    const body = this.#body
    const attempt = this.sent[0]
    if (body === undefined || attempt === undefined) return chunk.length
    attempt.onProgress()
    const decoder = this.#decoder
    if (decoder !== undefined) {
      const read = decoder.push(chunk, at, body.emit)
      if (this.isGone) return chunk.length
      if (read instanceof Refusal) {
        this.#breakOff(new Problem('upstream-malformed', { reason: read.reason }))
        return chunk.length
      }
      if (decoder.isDone) {
        // First the attempt is over, then its reader hears the end: with it the exchange ends, and what is not over is cancelled.
        this.#finishAnswer(attempt, chunk.length - read)
        body.finish(decoder.trailers)
      }
      return read
    }
    if (this.#remaining === 0) {
      body.emit(at === 0 ? chunk : chunk.subarray(at))
      return chunk.length
    }
    const end = Math.min(chunk.length, at + this.#remaining)
    this.#remaining -= end - at
    body.emit(at === 0 && end === chunk.length ? chunk : chunk.subarray(at, end))
    if (this.#remaining === 0 && !this.isGone) {
      this.#finishAnswer(attempt, chunk.length - end)
      body.finish(undefined)
    }
    return end
  }

  /** The whole answer was read. `strayBytes`: what follows in the same chunk. */
  #finishAnswer(attempt: Attempt, strayBytes: number): void {
    this.sent.shift()
    this.#interimAnswers = 0
    this.answered++
    this.#reading = 'head'
    if (this.#body !== undefined) this.#buffer.stopStreaming()
    this.#body = undefined
    this.#decoder = undefined
    this.#hasBegunAnswer = false
    attempt.onAnswered()
    if (this.isGone) return
    const isClean = strayBytes === 0 || this.sent.length > 0
    if (!this.#keepsAlive || !attempt.isRequestSent || !isClean) return this.#fail(undefined)
    if (this.sent.length === 0) this.callerKey = ''
    else this.expectWithin(this.#owner.firstByteMs)
    this.#owner.onFree(this)
  }

  /** RFC 9112 §9.3: the target's own limit, less a second for the way. */
  #rememberIdleTime(): void {
    const seconds = this.#head.keepAliveSeconds
    if (seconds >= 0) this.idleMs = Math.min(this.#owner.idleMs, Math.max(0, (seconds - 1) * 1000))
    if (this.idleMs === 0) this.#keepsAlive = false
  }

  #switchProtocols(fields: HeaderList, attempt: Attempt, rest: Buffer): number {
    const asked = attempt.upgrade
    const given = this.#head.upgradeAt >= 0 ? fields.valueAt(this.#head.upgradeAt).toLowerCase() : ''
    // RFC 9110 §7.8: only what was asked for, and only said with `Connection: upgrade`.
    if (asked === undefined || given !== asked || !this.#head.connection.upgrade || this.sent.length > 1) {
      return this.#refuse(new Refusal('upstream-malformed', 'unasked-101', ''), rest)
    }
    const answer = new GatewayResponse({ status: 101, reason: this.#head.reason, headers: fields })
    const socket = this.#socket
    this.sent.shift()
    this.isGone = true
    this.#owner.wheel.remove(this)
    for (const event of ['end', 'error', 'close', 'drain', 'connect']) socket.removeAllListeners(event)
    socket.on('error', () => socket.destroy())
    socket.pause()
    answer.tunnel = new UpstreamTunnel({
      socket,
      rest: Buffer.from(rest),
      readWith: (reader) => {
        this.#tunnelReader = reader
      },
      release() {},
    })
    this.#buffer.startStreaming()
    this.target.connections--
    this.#owner.onGone(this, true)
    attempt.onAnswer(answer, -1)
    attempt.onAnswered()
    return 0
  }

  #refuse(refusal: Refusal, chunk: Buffer): number {
    this.#breakOff(new Problem('upstream-malformed', { reason: refusal.reason }))
    return chunk.length
  }

  #onEnd(): void {
    const attempt = this.sent[0]
    const body = this.#body
    // RFC 9112 §6.3 rule 8: the only framing in which closing is the end, and only a clean close.
    if (attempt !== undefined && body !== undefined && this.#decoder === undefined && this.#isUntilClose()) {
      this.#keepsAlive = false
      this.#finishAnswer(attempt, 0)
      body.finish(undefined)
      return
    }
    this.#fail(undefined)
  }

  #isUntilClose(): boolean {
    return this.#reading === 'body' && this.#head.body === UNTIL_CLOSE
  }

  #breakOff(problem: Problem): void {
    const attempt = this.sent.shift()
    const body = this.#body
    this.#body = undefined
    attempt?.onBroken(problem, { isReplayable: false })
    if (body !== undefined) body.breakOff(problem)
    // Those behind it got nothing of an answer yet.
    this.answered++
    this.#hasBegunAnswer = false
    this.#fail(undefined)
  }

  /** The socket is gone or unusable: everybody who waits for it is told what that means for them. */
  #fail(error: NodeJS.ErrnoException | undefined, { isOurs } = { isOurs: false }): void {
    if (this.isGone) return
    this.isGone = true
    const { isConnected } = this
    this.#owner.wheel.remove(this)
    this.target.connections--
    this.#socket.destroy()
    const owed = this.sent.splice(0)
    if (owed.length > 1 && !isOurs) this.target.refusesPipelining = true
    const body = this.#body
    this.#body = undefined
    const reason = error?.code ?? 'closed'
    for (const [index, attempt] of owed.entries()) {
      const isFirst = index === 0
      if (isFirst && body !== undefined) body.breakOff(new Problem('upstream-closed', { reason, cause: error }))
      // Before a byte of its answer, a connection that was used before says nothing about this request.
      const isStale = (this.answered > 0 || !isFirst) && !(isFirst && this.#hasBegunAnswer)
      attempt.onBroken(new Problem('upstream-closed', { reason, cause: error }), { isReplayable: isStale })
    }
    if (!isConnected) this.connectProblem = new Problem('upstream-unreachable', { reason, cause: error })
    this.#owner.onGone(this, isConnected)
  }
}
