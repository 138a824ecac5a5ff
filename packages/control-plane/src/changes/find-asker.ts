/** Owns who a change that waits is done for: whoever asked, with what they may when it is done. */
import type { Actor } from '../access/actor.ts'
import type { Principal } from '../access/decide-access.ts'
import { AdminProblem } from '../http/admin-problem.ts'
import type { Asking } from '../http/route.ts'
import type { Doing } from '../store/doing.ts'

/** With what they may now: who has left, or was let go, does nothing by what others approve. @rejects AdminProblem */
export async function findAsker({ services }: Asking, { db }: Doing, askedBy: Actor): Promise<Principal> {
  const principal = await services.findAsker(db, askedBy)
  if (principal !== undefined) return principal
  throw new AdminProblem(
    'conflict',
    'Who asked for this is suspended or gone, or their token was ended: refuse it, and let somebody else ask again.',
  )
}
