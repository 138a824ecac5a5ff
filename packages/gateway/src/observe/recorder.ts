/** Owns the record of every exchange: exactly once, after the last byte; it changes nothing. */
import { Problem } from '@gatewright/policies'
import type { Ended, GatewayExchange } from '../exchange/gateway-exchange.ts'
import type { AccessLog } from './access-log.ts'

/** Where a thread counts. */
export interface Meter {
  began(): void
  ended(exchange: GatewayExchange, durationMs: number): void
}

/** Nobody is told: it only says why what was left over is cancelled. */
const OVER = new Problem('client-left', { reason: 'over' })

export class Recorder {
  readonly #meter: Meter
  readonly #accessLog: () => AccessLog | undefined
  readonly #onListenerError: (error: unknown) => void

  constructor(parts: {
    meter: Meter
    accessLog: () => AccessLog | undefined
    onListenerError: (error: unknown) => void
  }) {
    this.#meter = parts.meter
    this.#accessLog = parts.accessLog
    this.#onListenerError = parts.onListenerError
  }

  open(_exchange: GatewayExchange): void {
    this.#meter.began()
  }

  record(exchange: GatewayExchange, ended: Ended): void {
    const durationMs = performance.now() - exchange.startedAtMs
    this.#meter.ended(exchange, durationMs)
    if (exchange.hasFinishListeners) {
      const { status, problem } = exchange
      exchange.finish({ status, ended, problem, durationMs }, this.#onListenerError)
    }
    this.#accessLog()?.write(exchange, ended, durationMs)
    // An answer that a policy dropped, or an attempt that nobody waits for: with the exchange goes what still runs for it.
    exchange.abort(OVER)
  }
}
