/** Owns the seam between attempts and what learns from them: passive health and the breaker. */
import type { Problem } from '@gatewright/policies'
import type { TargetRuntime } from './target.ts'

/** Told how every attempt ended. What is no fault of the target is not told: a client that left, a queue of ours that is full. */
export interface ResultListener {
  /** The head of an answer came. */
  onResult(target: TargetRuntime, status: number): void
  /** None came: no connection, a broken or malformed answer, or too late. */
  onFailure(target: TargetRuntime, problem: Problem): void
}
