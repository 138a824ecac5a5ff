/** Owns what a connection to a target knows of a request that it carries, and tells it. */
import type { GatewayResponse, Problem } from '@gatewright/policies'
import type { InterimHead } from '../exchange/gateway-exchange.ts'

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
  /** There will be no answer here. `isReplayable`: nothing of one came, and the target is not known to have begun. */
  onBroken(problem: Problem, facts: { readonly isReplayable: boolean }): void
  /** Nothing came in time, and it is its turn. */
  onDeadline(): void
  /** The connection takes more of its body. */
  onDrain(): void
}
