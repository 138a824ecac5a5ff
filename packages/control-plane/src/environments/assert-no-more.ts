/** Owns that nothing comes of what others have approved that did not when it was asked for, such as by something that it uses. */
import { AdminProblem } from '../http/admin-problem.ts'
import { exceeds, type Outcome } from '../publish/outcome.ts'

/** `asked`: undefined where it was not kept. @throws AdminProblem */
export function assertNoMore(environment: string, now: Outcome, asked: Outcome | undefined): void {
  if (asked === undefined || !exceeds(now, asked)) return
  throw new AdminProblem(
    'changed-meanwhile',
    `By now something else would come of it in "${environment}" than when it was asked for: what it uses was changed since. Refuse it, and let it be asked for again.`,
  )
}
