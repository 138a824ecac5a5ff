/** Owns runs of the rest of a pipeline that must answer in time. */
import type { Exchange } from '../exchange.ts'
import { GatewayResponse } from '../messages/response.ts'
import type { Next } from '../policy.ts'
import type { Problem } from '../problem.ts'
import type { Clock } from '../services.ts'

interface Limit {
  readonly clock: Clock
  readonly timeoutMs: number
  /** What a run that is late answers with, and what its fork is ended by. */
  readonly problem: Problem
  /** Keeps the time running after the answer's head, until the exchange is over. */
  readonly untilFinish?: boolean
}

/**
 * Runs on a fork, which ends when time is out; the exchange itself goes on, so that a retry outside can try again. Does not
 * rely on what runs inside to notice: an answer that comes too late is dropped.
 */
export function runWithin(fork: Exchange, next: Next, limit: Limit): Promise<GatewayResponse> {
  const { clock, timeoutMs, problem, untilFinish = false } = limit
  return new Promise((resolve, reject) => {
    let isLate = false
    const callOff = clock.after(timeoutMs, () => {
      isLate = true
      fork.abort(problem)
      resolve(GatewayResponse.ofProblem(problem))
    })
    const settle = (response: GatewayResponse) => {
      if (isLate) return response.discard()
      if (untilFinish) fork.onFinish(callOff)
      else callOff()
      resolve(response)
    }
    const answer = next(fork)
    if (answer instanceof Promise) answer.then(settle, reject)
    else settle(answer)
  })
}
