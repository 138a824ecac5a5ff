/** Owns the telling of what should not happen: an exchange that failed by a fault of the configuration or of the gateway is in the log, with its stack. */

import { PROBLEMS } from '@gatewright/model/runtime'
import type { Log, Problem } from '@gatewright/policies'
import type { GatewayExchange } from '../exchange/gateway-exchange.ts'

/** A fault on a busy route would otherwise write a stack for every request. */
const MOST_IN_PERIOD = 20
const PERIOD_MS = 10_000

export class FaultLog {
  readonly #log: Log
  #periodEndsMs = 0
  #told = 0
  #untold = 0

  constructor(log: Log) {
    this.#log = log
  }

  /** Tells of problems whose owner is the configuration or the gateway, and which have a cause; others are nobody's fault here. */
  write(exchange: GatewayExchange, { code, policy, reason, cause }: Problem): void {
    const { owner } = PROBLEMS[code]
    if ((owner !== 'config' && owner !== 'gateway') || cause === undefined) return
    this.#tell(exchange, `an exchange ended with the problem ${code}`, { policy, reason, cause })
  }

  /** The client got the problem nevertheless, in the standard form: the shape failed, not the exchange. */
  writeShapeFailure(exchange: GatewayExchange, { code }: Problem, cause: unknown): void {
    const words = 'an error shape (`errors` of the API) failed, and its problem was answered in the standard form'
    this.#tell(exchange, words, { problem: code, cause })
  }

  #tell(exchange: GatewayExchange, message: string, { cause, ...more }: Readonly<Record<string, unknown>>): void {
    if (!this.#mayTell(performance.now())) return
    const { api, route } = exchange.route
    this.#log.error(message, {
      id: exchange.id,
      api: api === '' ? undefined : api,
      route: route === '' ? undefined : route,
      ...more,
      cause: cause instanceof Error ? (cause.stack ?? cause.message) : String(cause),
    })
  }

  #mayTell(nowMs: number): boolean {
    if (nowMs >= this.#periodEndsMs) {
      if (this.#untold > 0)
        this.#log.warn('more exchanges ended by faults than were told here', { untold: this.#untold })
      this.#periodEndsMs = nowMs + PERIOD_MS
      this.#told = 0
      this.#untold = 0
    }
    if (this.#told < MOST_IN_PERIOD) {
      this.#told++
      return true
    }
    this.#untold++
    return false
  }
}
