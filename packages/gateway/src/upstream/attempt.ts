/**
 * Owns one attempt to have a request answered by a target: connection, bytes out, deadlines, and exactly one response back.
 *
 *   choose target → wait for a connection → head (and body) out → first byte → answer → answer's last byte
 *                                                └ a reused connection dies before a byte came back: once more, on a fresh one
 */
import {
  type AbortListener,
  type BodyFlow,
  type BodySink,
  BytesBody,
  type Exchange,
  GatewayResponse,
  type HeaderList,
  IDEMPOTENT_METHODS,
  Problem,
} from '@gatewright/policies'
import type { GatewayExchange } from '../exchange/gateway-exchange.ts'
import { writeChunk, writeLastChunk } from '../http1/chunk-writer.ts'
import { toUpstreamFields, toUpstreamHead } from './request-fields.ts'
import type { TargetRuntime } from './target.ts'
import type { UpstreamConnection } from './upstream-connection.ts'
import type { UpstreamRuntime } from './upstream-runtime.ts'

/** A small body travels in the same write as its head; beyond this the copy costs more than a second write. */
const TOGETHER_BYTES = 16_384

export class Attempt implements AbortListener, BodySink {
  /** On the monotonic clock, while it waits for a connection. */
  waitsUntilMs = Number.POSITIVE_INFINITY
  readonly method: string
  /** The token asked for in `Upgrade`, lower case. */
  readonly upgrade: string | undefined
  connection: UpstreamConnection | undefined
  isRequestSent = false
  readonly callerKey: string
  /** May its request be sent twice, and share a connection with others? */
  readonly isReplayable: boolean
  readonly #exchange: Exchange
  readonly #root: GatewayExchange
  readonly #upstream: UpstreamRuntime
  readonly #target: TargetRuntime
  readonly #resolve: (response: GatewayResponse) => void
  readonly #startedAtMs = performance.now()
  /** Between bytes, once the answer has begun. */
  #idleMs: number
  #isSettled = false
  #isOver = false
  #hasBeenReplayed = false
  #isChunked = false
  #bodyFlow: BodyFlow | undefined

  constructor(
    exchange: Exchange,
    { upstream, target }: { upstream: UpstreamRuntime; target: TargetRuntime },
    resolve: (response: GatewayResponse) => void,
  ) {
    const { request } = exchange
    this.#exchange = exchange
    this.#root = exchange.root as GatewayExchange
    this.#upstream = upstream
    this.#target = target
    this.#resolve = resolve
    this.#idleMs = upstream.timeouts.idleMs
    this.method = request.method
    this.upgrade = this.#root.upgrade
    this.isReplayable =
      IDEMPOTENT_METHODS.has(request.method) && request.body.isReplayable && this.upgrade === undefined
    this.callerKey = upstream.isPipelining ? (exchange.caller?.id ?? exchange.client.address) : ''
    target.inFlight++
    this.#root.upstreamId = upstream.model.id
    this.#root.upstreamTarget = target.authority
    this.#root.attempts++
  }

  get target(): TargetRuntime {
    return this.#target
  }

  start(): void {
    if (this.#exchange.abortedBy !== undefined) return this.#settleWith(this.#exchange.abortedBy)
    this.#exchange.onAbort(this)
    this.#upstream.acquire(this)
  }

  /** A connection is ready: the request goes out. */
  send(connection: UpstreamConnection): void {
    try {
      this.#send(connection)
    } catch (thrown) {
      // A body that a policy has read already, say: its fault, but the connection has half a request on it.
      this.#settleWith(Problem.from(thrown))
      connection.destroy()
    }
  }

  #send(connection: UpstreamConnection): void {
    const { request } = this.#exchange
    const { body } = request
    const upstream = this.#upstream
    const head = toUpstreamHead(this.#exchange, this.#root, { upstream, target: this.#target, upgrade: this.upgrade })
    connection.assign(this)
    if (body instanceof BytesBody && body.sizeBytes <= TOGETHER_BYTES) {
      this.isRequestSent = true
      const text = head + toUpstreamFields(request.method, body.sizeBytes) + toText(body)
      if (upstream.isPipelining && this.isReplayable) connection.writeCoalesced(text)
      else connection.writeText(text)
      return
    }
    this.#isChunked = body.sizeBytes === undefined
    connection.writeText(head + toUpstreamFields(request.method, body.sizeBytes))
    const flow = body.pipe(this)
    if (this.#isOver) flow.cancel()
    else if (!this.isRequestSent) this.#bodyFlow = flow
  }

  // The request's body on its way to the target.

  write(chunk: Uint8Array): boolean {
    const { connection } = this
    if (connection === undefined || connection.isGone || this.#isOver) return false
    if (chunk.length === 0) return true
    this.onProgress()
    if (!this.#isChunked) return connection.writeBytes(chunk)
    return writeChunk(connection.socket, chunk)
  }

  end(trailers?: HeaderList): void {
    this.isRequestSent = true
    this.#bodyFlow = undefined
    const { connection } = this
    if (connection === undefined || connection.isGone) return
    // While it was sent, its own pace counted; now the target's turn begins.
    if (!this.#isSettled) connection.expectWithin(this.#upstream.timeouts.firstByteMs)
    if (this.#isChunked) writeLastChunk(connection.socket, trailers)
  }

  /** The client's body broke off: the target must not take what came for the whole. */
  abort(reason: unknown): void {
    this.#bodyFlow = undefined
    this.#settleWith(Problem.from(reason))
    this.connection?.destroy()
  }

  onDrain(): void {
    this.#bodyFlow?.resume()
  }

  // What the connection tells.

  onProgress(): void {
    if (!this.#isOver && (this.#isSettled || !this.isRequestSent)) this.connection?.expectWithin(this.#idleMs)
  }

  onInformational(status: number, reason: string, fields: HeaderList): void {
    // RFC 9110 §15.2.1: 100 is between us and the target, we said our own to the client.
    if (status !== 100) this.#root.sendInformational(status, reason, fields)
  }

  onAnswer(response: GatewayResponse, locationAt: number): void {
    if (locationAt >= 0) this.#rewriteLocation(response, locationAt)
    this.#root.upstreamStatus = response.status
    this.#upstream.onResult(this.#target, response.status, performance.now() - this.#startedAtMs)
    // Events are far between by nature, as frames of a WebSocket are.
    if (isEventStream(response)) this.#idleMs = this.#root.tunnelIdleMs
    if (this.#isSettled) response.discard()
    else this.#settle(response)
  }

  /** The answer's last byte was read. */
  onAnswered(): void {
    if (this.isRequestSent) return this.#over()
    // The target answered without reading the whole request: nobody needs the rest.
    this.#bodyFlow?.cancel()
    this.#bodyFlow = undefined
    this.#over()
  }

  onBroken(problem: Problem, { isReplayable }: { isReplayable: boolean }): void {
    this.connection = undefined
    if (this.#isOver) return
    if (isReplayable && this.isReplayable && !this.#hasBeenReplayed && !this.#isSettled) {
      this.#hasBeenReplayed = true
      this.isRequestSent = false
      this.#upstream.connectFresh(this)
      return
    }
    this.#bodyFlow?.cancel()
    this.#bodyFlow = undefined
    this.#settleWith(problem)
  }

  onDeadline(): void {
    const { connection } = this
    // The client's turn: it owes the rest of its body, and the target took all that came.
    if (!this.#isSettled && !this.isRequestSent && connection !== undefined && !connection.socket.writableNeedDrain) {
      connection.expectWithin(this.#upstream.timeouts.idleMs)
      return
    }
    const reason = this.#isSettled ? 'idle' : connection === undefined ? 'waiting' : 'first-byte'
    this.#cancel(new Problem('upstream-timeout', { reason }))
  }

  onAbort(problem: Problem): void {
    this.#cancel(problem)
  }

  /** Waited too long for a connection, or there is no room to wait. */
  refuse(problem: Problem): void {
    this.#settleWith(problem)
  }

  #cancel(problem: Problem): void {
    if (this.#isOver) return
    this.#bodyFlow?.cancel()
    this.#bodyFlow = undefined
    this.#settleWith(problem)
    const { connection } = this
    if (connection !== undefined) connection.destroy()
    else this.#upstream.forget(this)
    this.#over()
  }

  #settleWith(problem: Problem): void {
    if (!this.#isSettled) {
      if (problem.code.startsWith('upstream-')) this.#upstream.onFailure(this.#target, problem)
      this.#settle(GatewayResponse.ofProblem(problem))
    }
    this.#over()
  }

  #settle(response: GatewayResponse): void {
    this.#isSettled = true
    this.#resolve(response)
  }

  #over(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#exchange.offAbort(this)
    this.#target.inFlight--
  }

  /** RFC 9110 §10.2.2 read as a gateway: what lies under the target is shown under the address the client used. */
  #rewriteLocation(response: GatewayResponse, at: number): void {
    const location = response.headers.valueAt(at)
    const rewritten = this.#root.toClientLocation(location, this.#target)
    if (rewritten !== location) response.headers.set('Location', rewritten)
  }
}

function toText(body: BytesBody): string {
  return body.latin1 ?? Buffer.from(body.held()).toString('latin1')
}

function isEventStream({ body, headers }: GatewayResponse): boolean {
  // Whatever has a length is no stream of events; the usual answer pays for no look at its fields.
  return body.sizeBytes === undefined && headers.get('content-type')?.startsWith('text/event-stream') === true
}
