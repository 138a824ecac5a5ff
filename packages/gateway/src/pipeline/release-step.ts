/** Owns the step right behind what authenticates, where a request goes on in the release of the app that calls. */
import { type Exchange, GatewayResponse, type MaybePromise, type Next, Problem } from '@gatewright/policies'
import type { GatewayExchange } from '../exchange/gateway-exchange.ts'
import type { ReleaseMatch } from '../exchange/undecided.ts'

/** `stay`: the rest of the pipeline that it stands in. Never throws, as what it stands before does not. */
export function createReleaseStep(stay: Next): Next {
  return function goOn(exchange) {
    const root = exchange.root as GatewayExchange
    const { undecided, api } = root
    // Whoever shows the token of a preview stays in it.
    if (undecided === undefined) return stay(exchange)
    const app = exchange.caller?.app
    const revision = app === undefined ? undefined : api?.appReleases?.byApp.get(app)
    const match = (revision === undefined ? undefined : undecided.others.get(revision)) ?? undecided.own
    return enter(exchange, root, match)
  }
}

function enter(exchange: Exchange, root: GatewayExchange, match: ReleaseMatch): MaybePromise<GatewayResponse> {
  // Where there is no route, the record says the API alone.
  const facts = match instanceof Problem ? (root.api?.facts ?? root.route) : match.route.facts
  exchange.route = facts
  root.route = facts
  const refused = root.undecided?.settle(match)
  if (match instanceof Problem) return GatewayResponse.ofProblem(match)
  if (refused !== undefined) return GatewayResponse.ofProblem(refused)
  exchange.request.matched = match
  root.request.matched = match
  return (match.route.runKnown ?? match.route.run)(exchange)
}
