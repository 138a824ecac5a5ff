/** Owns what a connection to a target knows of a request that it carries, and tells it. */
import type { GatewayResponse, Problem } from '@gatewright/policies'
import type { InterimHead } from '../exchange/gateway-exchange.ts'

/**
 * What the target can know of a request whose connection broke: nothing, because not a byte of it went out; perhaps all of
 * it, but nothing of an answer came and it is not known to have begun; or it has begun.
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
