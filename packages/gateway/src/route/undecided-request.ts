/** Owns a request that may go on in several releases: what any of them allows until its caller is known, and what the one allows where it goes on. */
import { Problem } from '@gatewright/policies'
import type { GatewayExchange } from '../exchange/gateway-exchange.ts'
import type { ReleaseMatch, Undecided } from '../exchange/undecided.ts'
import type { ClientConnection, ReceivedRequest } from '../listen/connection-contract.ts'
import { type Allowance, findRefusal, toAllowedUpgrade } from './allowance.ts'

interface Arrival {
  readonly received: ReceivedRequest
  readonly connection: ClientConnection
}

export class UndecidedRequest implements Undecided {
  readonly own: Undecided['own']
  readonly others: Undecided['others']
  /** Of all routes that it may go on in. */
  readonly allowance: Allowance
  readonly #exchange: GatewayExchange
  readonly #arrival: Arrival

  constructor({ own, others }: Omit<Undecided, 'settle'>, exchange: GatewayExchange, arrival: Arrival) {
    this.own = own
    this.others = others
    this.#exchange = exchange
    this.#arrival = arrival
    this.allowance = toWidest([own, ...others.values()], arrival.connection.settings.limits.bodyBytes)
  }

  settle(match: ReleaseMatch): Problem | undefined {
    const { received, connection } = this.#arrival
    if (match instanceof Problem) {
      if (match.code === 'ambiguous-path') connection.closeGracefully()
      return match
    }
    this.#exchange.upgrade = toAllowedUpgrade(received, match.route)
    return findRefusal(received, match.route, connection)
  }
}

function toWidest(matches: readonly ReleaseMatch[], usualBytes: number): Allowance {
  const routes = matches.flatMap((match) => (match instanceof Problem ? [] : [match.route]))
  return {
    upgrades: routes.flatMap(({ upgrades }) => upgrades),
    bodyBytes: Math.max(...routes.map(({ bodyBytes }) => bodyBytes ?? usualBytes)),
  }
}
