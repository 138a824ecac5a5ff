/** Owns the one verb: a function around the rest of the pipeline. */
import type { Exchange } from './exchange.ts'
import type { MaybePromise } from './maybe-promise.ts'
import type { GatewayResponse } from './messages/response.ts'

/** Runs the rest of the pipeline. Never rejects with a problem: look at `response.problem`. */
export type Next = (exchange: Exchange) => MaybePromise<GatewayResponse>

/** One function around the rest of the pipeline. It may act before next, after it, instead of it, or call it again on a fork. */
export type Policy = (exchange: Exchange, next: Next) => MaybePromise<GatewayResponse>
