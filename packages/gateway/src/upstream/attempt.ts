/**
 * Owns one attempt to have a request answered by a target: connection, bytes out, deadlines, and exactly one response back.
 *
 *   choose target → wait for a connection → head (and body) out → first byte → answer → answer's last byte
 *                                                └ a reused connection dies before a byte came back: once more, on a fresh one
 */
import type { Upstream } from '@gatewright/model'
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
import type { GatewayExchange, InterimHead } from '../exchange/gateway-exchange.ts'
import { toGrpcTimeout } from '../exchange/grpc-deadline.ts'
import { findGrpcType } from '../exchange/grpc-type.ts'
import type { Broken, OutgoingRequest, RequestCarrier } from './carried-request.ts'
import { NO_EXTENDED_CONNECT } from './http2-carrier.ts'
import type { Pool, PooledRequest } from './pool.ts'
import { RewindableBody } from './rewindable-body.ts'
import type { TargetRuntime } from './target.ts'

/** A small body travels in the same write as its head; beyond this the copy costs more than a second write. */
const TOGETHER_BYTES = 16_384

/** How often what a target did nothing with is sent again: while it is rolled out anew, several of its connections may go away one after the other. */
const MOST_UNSENT = 3

/** The upstream that is asked, and learns how it went. */
export interface AttemptOwner {
  readonly model: Upstream
  /** The head of an answer came. */
  onResult(target: TargetRuntime, status: number, durationMs: number): void
  /** None came. */
  onFailure(target: TargetRuntime, problem: Problem): void
  /** None came, and that says nothing about the target. */
  onBlameless(): void
}

export class Attempt implements PooledRequest, OutgoingRequest, AbortListener, BodySink {
  waitsUntilMs = Number.POSITIVE_INFINITY
  readonly method: string
  readonly upgrade: string | undefined
  readonly exchange: Exchange
  readonly root: GatewayExchange
  readonly target: TargetRuntime
  isRequestSent = false
  isOver = false
  readonly callerKey: string
  isReplayable = false
  readonly #owner: AttemptOwner
  readonly #pool: Pool
  #carrier: RequestCarrier | undefined
  readonly #resolve: (response: GatewayResponse) => void
  readonly #startedAtMs = performance.now()
  /** Between bytes, once the answer has begun. */
  #idleMs: number
  #isSettled = false
  /** How often it was sent once more. */
  #sentAgain = 0
  /** Of a body whose length was said; one that says none is without end. */
  #remaining = Number.POSITIVE_INFINITY
  #bodyFlow: BodyFlow | undefined
  /** Of a body that flows once, on its way to a target that may refuse it. */
  #rewindable: RewindableBody | undefined

  constructor(
    exchange: Exchange,
    { owner, pool }: { owner: AttemptOwner; pool: Pool },
    resolve: (response: GatewayResponse) => void,
  ) {
    const { request } = exchange
    const { id, pool: shape, timeouts } = owner.model
    const { target } = pool
    this.exchange = exchange
    this.root = exchange.root as GatewayExchange
    this.#owner = owner
    this.#pool = pool
    this.target = target
    this.#resolve = resolve
    this.#idleMs = timeouts.idleMs
    this.method = request.method
    this.upgrade = this.root.upgrade
    this.callerKey = shape.pipelining > 1 ? (exchange.caller?.id ?? exchange.client.address) : ''
    // Counted from the choice on: who waits for a connection is what the next choice has to know of.
    target.inFlight++
    this.root.upstreamId = id
    this.root.upstreamTarget = target.authority
    this.root.attempts++
  }

  get model(): Upstream {
    return this.#owner.model
  }

  start(): void {
    if (this.exchange.abortedBy !== undefined) return this.#settleWith(this.exchange.abortedBy)
    this.exchange.onAbort(this)
    const { method, body } = this.exchange.request
    this.isReplayable = IDEMPOTENT_METHODS.has(method) && body.isReplayable && this.upgrade === undefined
    this.#pool.acquire(this)
  }

  /** Something is ready to carry it: the request goes out. */
  send(carrier: RequestCarrier): void {
    try {
      this.#send(carrier)
    } catch (thrown) {
      // A body that a policy has read already, say: its fault, but half a request went out.
      const problem = Problem.from(thrown)
      this.#settleWith(problem)
      carrier.abandon(this, problem)
    }
  }

  #send(carrier: RequestCarrier): void {
    const { body, headers } = this.exchange.request
    this.#carrier = carrier
    const timeout = toGrpcTimeout(this.root)
    if (timeout !== undefined) headers.set('grpc-timeout', timeout)
    if (body instanceof BytesBody && body.sizeBytes <= TOGETHER_BYTES) {
      this.isRequestSent = true
      carrier.sendWhole(this, body)
      return
    }
    this.#remaining = body.sizeBytes ?? Number.POSITIVE_INFINITY
    if (carrier.mayRefuse && !body.isReplayable) this.#rewindable ??= new RewindableBody(body)
    carrier.sendHead(this, body.sizeBytes)
    const flow = (this.#rewindable ?? body).pipe(this)
    if (this.isOver) flow.cancel()
    else if (!this.isRequestSent) this.#bodyFlow = flow
  }

  // The request's body on its way to the target.

  /** The target's side took all of it. */
  get holdsNothing(): boolean {
    return this.#carrier?.holdsNothing === true
  }

  write(chunk: Uint8Array): boolean {
    const carrier = this.#carrier
    if (carrier === undefined || carrier.isGone || this.isOver) return false
    if (chunk.length === 0) return true
    // The target would read what is too much as another request (RFC 9112 §6.3).
    if (chunk.length > this.#remaining) return this.#breakLength()
    this.#remaining -= chunk.length
    this.onProgress()
    return carrier.write(chunk)
  }

  end(trailers?: HeaderList): void {
    if (this.#remaining > 0 && this.#remaining !== Number.POSITIVE_INFINITY) {
      this.#breakLength()
      return
    }
    this.isRequestSent = true
    this.#bodyFlow = undefined
    const carrier = this.#carrier
    if (carrier === undefined || carrier.isGone) return
    // While it was sent, its own pace counted; now the target's turn begins.
    if (!this.#isSettled) carrier.expectWithin(this.model.timeouts.firstByteMs, this)
    carrier.end(trailers)
  }

  /** A client's body is as long as it says; one that a policy made may not be. */
  #breakLength(): false {
    this.#bodyFlow?.cancel()
    this.abort(new RangeError('a request body is not as long as it says'))
    return false
  }

  /** The client's body broke off: the target must not take what came for the whole. */
  abort(reason: unknown): void {
    this.#bodyFlow = undefined
    this.#settleWith(Problem.from(reason))
    this.#carrier?.breakOff(this)
  }

  onDrain(): void {
    this.#bodyFlow?.resume()
  }

  // What the connection tells.

  onProgress(): void {
    if (!this.isOver && (this.#isSettled || !this.isRequestSent)) this.#carrier?.expectWithin(this.#idleMs, this)
  }

  onInterim(head: InterimHead): void {
    // RFC 9110 §15.2.1: 100 is between us and the target, we said our own to the client.
    this.#rewindable?.forget()
    if (head.status !== 100 && !this.isOver) this.root.sendInterim(head)
  }

  onAnswer(response: GatewayResponse, locationAt: number): void {
    this.#rewindable?.forget()
    if (locationAt >= 0) this.#rewriteLocation(response, locationAt)
    this.root.upstreamStatus = response.status
    this.#owner.onResult(this.target, response.status, performance.now() - this.#startedAtMs)
    // Events are far between by nature, as frames of a WebSocket are, and messages of a call.
    if (isStreamOfMessages(response)) this.#idleMs = this.root.tunnelIdleMs
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

  onBroken(problem: Problem, how: Broken): void {
    this.#carrier = undefined
    if (this.isOver) return
    if (this.#mayGoAgain(how) && !this.#isSettled) {
      this.#sentAgain++
      this.isRequestSent = false
      this.#rewindable?.rewind()
      this.#pool.connectFresh(this)
      return
    }
    this.#bodyFlow?.cancel()
    this.#bodyFlow = undefined
    this.#settleWith(problem)
  }

  #mayGoAgain(how: Broken): boolean {
    if (how === 'begun') return false
    if (how === 'unanswered') return this.isReplayable && this.#sentAgain === 0
    const isThere = this.exchange.request.body.isReplayable || this.#rewindable?.canRewind === true
    return isThere && this.#sentAgain < MOST_UNSENT
  }

  onDeadline(): void {
    const carrier = this.#carrier
    // The client's turn: it owes the rest of its body, and the target took all that came.
    if (!this.#isSettled && !this.isRequestSent && carrier?.isBlocked === false) {
      carrier.expectWithin(this.model.timeouts.idleMs, this)
      return
    }
    const reason = this.#isSettled ? 'idle' : carrier === undefined ? 'waiting' : 'first-byte'
    this.#cancel(new Problem('upstream-timeout', { reason }))
    carrier?.onSilent(this)
  }

  onAbort(problem: Problem): void {
    const carrier = this.#carrier
    if (!this.#isSettled && problem.code === 'exchange-timeout') this.#owner.onBlameless()
    this.#cancel(problem)
    carrier?.abandon(this, problem)
  }

  refuse(problem: Problem): void {
    if (this.isOver) return
    this.#owner.onBlameless()
    this.#bodyFlow?.cancel()
    this.#settle(GatewayResponse.ofProblem(problem))
    this.#over()
  }

  #cancel(problem: Problem): void {
    if (this.isOver) return
    this.#bodyFlow?.cancel()
    this.#bodyFlow = undefined
    this.#settleWith(problem)
    if (this.#carrier === undefined) this.#pool.forget(this)
  }

  #settleWith(problem: Problem): void {
    if (!this.#isSettled) {
      if (isOfTarget(problem)) this.#owner.onFailure(this.target, problem)
      this.#settle(GatewayResponse.ofProblem(problem))
    }
    this.#over()
  }

  #settle(response: GatewayResponse): void {
    this.#isSettled = true
    this.#resolve(response)
  }

  #over(): void {
    if (this.isOver) return
    this.isOver = true
    this.exchange.offAbort(this)
    this.target.inFlight--
  }

  /** RFC 9110 §10.2.2 read as a gateway: what lies under the target is shown under the address the client used. */
  #rewriteLocation(response: GatewayResponse, at: number): void {
    const location = response.headers.valueAt(at)
    const rewritten = this.root.toClientLocation(location, this.target)
    if (rewritten !== location) response.headers.set('Location', rewritten)
  }
}

/** What we ran out of ourselves (descriptors, ports, memory), and what a client held up or asked for, says nothing about the target. */
const OWN_REASONS = new Set([
  'EMFILE',
  'ENFILE',
  'EADDRNOTAVAIL',
  'ENOBUFS',
  'ENOMEM',
  'slow-client',
  NO_EXTENDED_CONNECT,
])

function isOfTarget({ code, reason = '' }: Problem): boolean {
  return code.startsWith('upstream-') && !OWN_REASONS.has(reason)
}

/** Server-sent events, and answers of gRPC. */
function isStreamOfMessages({ body, headers }: GatewayResponse): boolean {
  // Whatever has a length is none; the usual answer pays for no look at its fields.
  if (body.sizeBytes !== undefined) return false
  return headers.get('content-type')?.startsWith('text/event-stream') === true || findGrpcType(headers) !== undefined
}
