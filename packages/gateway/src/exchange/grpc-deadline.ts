/** Owns the time that a client of gRPC gives its call: `grpc-timeout`, which the upstream is told the rest of. */
import { Problem } from '@gatewright/policies'
import type { DeadlineWheel, Timed } from '../timers/deadline-wheel.ts'
import type { GatewayExchange } from './gateway-exchange.ts'

/** gRPC over HTTP2, `Timeout`: at most eight digits and a unit. */
const FORM = /^(\d{1,8})([HMSmun])$/
const MILLISECONDS: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1000,
  m: 1,
  u: 0.001,
  n: 0.000_001,
}
/** As many milliseconds as eight digits can say: more than a day. */
const MOST_MS = 99_999_999

/** Watches over it from here on. Answers why that cannot be done: what it says is none. */
export function watchGrpcDeadline(exchange: GatewayExchange, wheel: DeadlineWheel): Problem | undefined {
  const said = exchange.request.headers.get('grpc-timeout')
  if (said === undefined) return undefined
  const [, digits, unit = ''] = FORM.exec(said) ?? []
  if (digits === undefined) {
    return new Problem('malformed-request', {
      reason: 'grpc-timeout',
      detail: 'The field grpc-timeout is at most eight digits and one of H, M, S, m, u, n.',
    })
  }
  const timeoutMs = Number(digits) * (MILLISECONDS[unit] ?? 0)
  exchange.grpcDeadlineAtMs = exchange.startedAtMs + timeoutMs
  const deadline = new GrpcDeadline(exchange, said)
  exchange.onFinish(() => wheel.remove(deadline))
  wheel.set(deadline, timeoutMs, exchange.startedAtMs)
  return undefined
}

/** What is left of it for the upstream, in its own form; undefined: there is none. */
export function toGrpcTimeout({ grpcDeadlineAtMs }: GatewayExchange): string | undefined {
  if (grpcDeadlineAtMs === Number.POSITIVE_INFINITY) return undefined
  const leftMs = Math.ceil(grpcDeadlineAtMs - performance.now())
  return leftMs > MOST_MS ? `${Math.min(MOST_MS, Math.ceil(leftMs / 1000))}S` : `${Math.max(1, leftMs)}m`
}

class GrpcDeadline implements Timed {
  deadlineAtMs = Number.POSITIVE_INFINITY
  slotAtMs = 0
  slotPlace = 0
  readonly #exchange: GatewayExchange
  readonly #said: string

  constructor(exchange: GatewayExchange, said: string) {
    this.#exchange = exchange
    this.#said = said
  }

  onDeadline(): void {
    this.#exchange.abort(
      new Problem('exchange-timeout', {
        reason: 'grpc-timeout',
        detail: `There was no answer within the ${this.#said} that the call gave.`,
      }),
    )
  }
}
