/** Owns what a request and whatever carries it to a target know of each other: a connection of HTTP/1.1, or one stream of HTTP/2. */
import type { Upstream } from '@gatewright/model'
import type { BytesBody, Exchange, GatewayResponse, HeaderList, Problem } from '@gatewright/policies'
import type { GatewayExchange, InterimHead } from '../exchange/gateway-exchange.ts'
import type { TargetRuntime } from './target.ts'

/**
 * What the target can know of a request whose connection broke: nothing, because not a byte of it went out or because it says
 * that it did nothing with it; perhaps all of it, but nothing of an answer came and it is not known to have begun; or it has begun.
 */
export type Broken = 'unsent' | 'unanswered' | 'begun'

export interface CarriedRequest {
  readonly method: string
  /** The token asked for in `Upgrade`, lower case. */
  readonly upgrade: string | undefined
  /** Its last byte went out. */
  readonly isRequestSent: boolean
  /** Nobody waits for its answer any more. */
  readonly isOver: boolean
  /** Something of its answer came. */
  onProgress(): void
  onInterim(head: InterimHead): void
  /** `locationAt`: which field is `Location`, or -1. */
  onAnswer(response: GatewayResponse, locationAt: number): void
  /** The answer's last byte was read. */
  onAnswered(): void
  /** There will be no answer here. */
  onBroken(problem: Problem, how: Broken): void
  /** Nothing came in time, and it is its turn. */
  onDeadline(): void
  /** The connection takes more of its body. */
  onDrain(): void
}

/** Where it goes, and what is sent. */
export interface OutgoingRequest extends CarriedRequest {
  readonly exchange: Exchange
  readonly root: GatewayExchange
  readonly model: Pick<Upstream, 'hostHeader' | 'via'>
  readonly target: TargetRuntime
}

/** Carries one request after another, or only one; each ends with `onAnswered` or `onBroken`. */
export interface RequestCarrier {
  /** Nothing can be written any more. */
  readonly isGone: boolean
  /** The target may say of a request, half of which it has, that it did nothing with it. */
  readonly mayRefuse: boolean
  /** What was written has left us: its memory may be used again. */
  readonly holdsNothing: boolean
  /** The target does not take more for now. */
  readonly isBlocked: boolean
  /** Head and body at once: it is short, or there is none. */
  sendWhole(request: OutgoingRequest, body: BytesBody): void
  /** The head; its body follows by `write` and `end`, so many octets of it where that is known. */
  sendHead(request: OutgoingRequest, bodyBytes: number | undefined): void
  /** A piece of the body, not an empty one. False: there is no room, until `onDrain`. */
  write(chunk: Uint8Array): boolean
  end(trailers: HeaderList | undefined): void
  /** Something must come within so long, or the request hears of it; while it is not its turn, another's deadline counts. */
  expectWithin(delayMs: number, request: CarriedRequest): void
  /** Nobody waits for its answer any more, and why. */
  abandon(request: CarriedRequest, problem: Problem): void
  /** It is not whole, and must not be taken for it. */
  breakOff(request: CarriedRequest): void
  /** The target let its time pass: those behind may wait in vain. */
  onSilent(request: CarriedRequest): void
}
