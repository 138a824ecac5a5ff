/** Owns that a token which ends makes none that goes on after it: who found it would have it for good. */
import type { Principal } from '../access/decide-access.ts'
import { AdminProblem } from '../http/admin-problem.ts'
import { toTime } from '../http/time.ts'

/** `expiresAt`: of the token that is to be made. @throws AdminProblem */
export function assertNoLonger(principal: Principal | undefined, expiresAt: string | undefined): void {
  const endMs = principal?.expiresAtMs
  if (endMs === undefined || (expiresAt !== undefined && Date.parse(expiresAt) <= endMs)) return
  throw new AdminProblem(
    'not-allowed',
    `A token makes none that goes on after it: say an "expiresAt" of ${toTime(endMs)} or before.`,
  )
}
