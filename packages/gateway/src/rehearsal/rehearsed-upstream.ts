/** Owns the far end of a rehearsed pipeline: it writes down what it would have been sent, and answers what it was told to. */
import type { Upstream } from '@gatewright/model'
import { BytesBody, type Exchange, GatewayResponse, HeaderList, Problem } from '@gatewright/policies'
import type { GatewayExchange } from '../exchange/gateway-exchange.ts'
import { HeadParser } from '../http1/head-parser.ts'
import { Refusal } from '../http1/refusal.ts'
import type { UpstreamPort } from '../snapshot/runtime.ts'
import type { DeadlineWheel } from '../timers/deadline-wheel.ts'
import { compileBalance } from '../upstream/balance/balance.ts'
import type { ChooseTarget } from '../upstream/balance/choose-target.ts'
import { toUpstreamFields, toUpstreamHead } from '../upstream/request-fields.ts'
import type { TargetRuntime } from '../upstream/target.ts'
import { UpstreamRuntime } from '../upstream/upstream-runtime.ts'
import { UpstreamTunnel } from '../upstream/upstream-tunnel.ts'
import { MemorySocket } from './memory-socket.ts'
import type { Fields } from './parse-answer.ts'
import type { RehearsalClock } from './rehearsal-clock.ts'

/** How an upstream fails to answer. */
export const UPSTREAM_FAILURES = {
  refused: 'upstream-unreachable',
  closed: 'upstream-closed',
  malformed: 'upstream-malformed',
  silent: 'upstream-timeout',
} as const

export type UpstreamFailure = keyof typeof UPSTREAM_FAILURES

export interface RehearsedAnswer {
  readonly status?: number
  readonly headers?: Fields
  readonly body?: string | Uint8Array
  /** Passes before it answers, on the rehearsal's clock. */
  readonly delayMs?: number
  readonly fail?: UpstreamFailure
}

/** One attempt, as the target received it, or would have. */
export interface ReceivedAttempt {
  readonly upstream: string
  readonly target: string
  readonly method: string
  /** Path and query. */
  readonly path: string
  readonly headers: Fields
  readonly body: Buffer
  /** The target took no connection, so it saw nothing of this. */
  readonly isRefused: boolean
}

/** What the attempts of the request under way meet. */
export interface Stage {
  readonly clock: RehearsalClock
  /** The answer to the next attempt. */
  nextAnswer(): RehearsedAnswer
  note(attempt: ReceivedAttempt): void
}

/** More than any rehearsed request holds. */
const BODY_LIMIT_BYTES = 1 << 28
const NO_LIMITS = { firstLineBytes: 1 << 30, headerBytes: 1 << 30, headerFields: 1 << 30 }

export class RehearsedUpstream implements UpstreamPort {
  readonly #stage: Stage
  readonly #wheel: DeadlineWheel
  readonly #model: Upstream
  /** Says what a request to it looks like; it never connects. */
  #upstream: UpstreamRuntime
  #choose: ChooseTarget

  constructor(model: Upstream, stage: Stage, wheel: DeadlineWheel) {
    this.#model = model
    this.#stage = stage
    this.#wheel = wheel
    this.#upstream = new UpstreamRuntime(model, wheel)
    this.#choose = compileBalance(model.balance)
  }

  /** Whose turn it is begins anew. */
  restart(): void {
    this.#upstream = new UpstreamRuntime(this.#model, this.#wheel)
    this.#choose = compileBalance(this.#model.balance)
  }

  retire(): void {}

  async forward(exchange: Exchange): Promise<GatewayResponse> {
    const target = this.#choose(this.#upstream.targets, exchange)
    if (target === undefined) {
      return GatewayResponse.ofProblem(new Problem('upstream-unavailable', { reason: 'no-target' }))
    }
    if (exchange.abortedBy !== undefined) return GatewayResponse.ofProblem(exchange.abortedBy)
    const root = exchange.root as GatewayExchange
    root.upstreamId = this.#model.id
    root.upstreamTarget = target.authority
    root.attempts++
    const answer = this.#stage.nextAnswer()
    try {
      const body = await exchange.request.body.bytes({ limitBytes: BODY_LIMIT_BYTES })
      const received = this.#toReceived(exchange, target, Buffer.from(body))
      this.#stage.note({ ...received, isRefused: answer.fail === 'refused' })
    } catch (broken) {
      return GatewayResponse.ofProblem(broken)
    }
    const problem = await this.#wait(exchange, answer)
    if (problem !== undefined) return GatewayResponse.ofProblem(problem)
    return toResponse(root, target, answer)
  }

  #toReceived(exchange: Exchange, target: TargetRuntime, body: Buffer): Omit<ReceivedAttempt, 'isRefused'> {
    const root = exchange.root as GatewayExchange
    const head =
      toUpstreamHead({ exchange, root, model: this.#model, target, upgrade: root.upgrade }) +
      toUpstreamFields(exchange.request.method, body.length)
    const parser = new HeadParser(NO_LIMITS, () => undefined, { skipsEmptyLine: false })
    const fields = parser.push(Buffer.from(head, 'latin1'))
    if (fields === undefined || fields instanceof Refusal) throw new Error(`no valid request: ${JSON.stringify(head)}`)
    const [method = '', path = ''] = head.slice(0, head.indexOf('\r\n')).split(' ')
    return {
      upstream: this.#model.id,
      target: target.url,
      method,
      path,
      headers: Array.from({ length: fields.size }, (_, i) => [fields.nameAt(i), fields.valueAt(i)] as const),
      body,
    }
  }

  /** Until it answers; a problem where it does not, or nobody waits any more. */
  #wait(exchange: Exchange, { delayMs = 0, fail }: RehearsedAnswer): Promise<Problem | undefined> {
    const { firstByteMs } = this.#model.timeouts
    const isLate = fail === 'silent' || delayMs >= firstByteMs
    const problem = isLate
      ? new Problem('upstream-timeout', { reason: 'first-byte' })
      : fail === undefined
        ? undefined
        : new Problem(UPSTREAM_FAILURES[fail], { reason: 'rehearsed' })
    const waitMs = isLate ? firstByteMs : delayMs
    if (waitMs === 0) return Promise.resolve(problem)
    return new Promise((resolve) => {
      const listener = {
        onAbort(abortedBy: Problem) {
          callOff()
          resolve(abortedBy)
        },
      }
      const callOff = this.#stage.clock.after(waitMs, () => {
        exchange.offAbort(listener)
        resolve(problem)
      })
      exchange.onAbort(listener)
    })
  }
}

function toResponse(root: GatewayExchange, target: TargetRuntime, answer: RehearsedAnswer): GatewayResponse {
  const { status = 200, headers = [], body = '' } = answer
  const fields = HeaderList.of(headers)
  const location = fields.get('location')
  if (location !== undefined) fields.set('Location', root.toClientLocation(location, target))
  root.upstreamStatus = status
  const bytes = typeof body === 'string' ? Buffer.from(body) : body
  if (status !== 101) return new GatewayResponse({ status, headers: fields, body: new BytesBody(bytes) })
  // RFC 9110 §15.2.2: only who asked for another protocol may be told that it is spoken from here on.
  if (root.upgrade === undefined) return GatewayResponse.ofProblem(new Problem('upstream-malformed', { reason: '101' }))
  if (!fields.has('connection')) fields.append('Connection', 'Upgrade')
  if (!fields.has('upgrade')) fields.append('Upgrade', root.upgrade)
  const response = new GatewayResponse({ status, headers: fields })
  const socket = new MemorySocket('', 0).asSocket()
  response.tunnel = new UpstreamTunnel({ socket, rest: Buffer.alloc(0), readWith() {}, release() {} })
  return response
}
