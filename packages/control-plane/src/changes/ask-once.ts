/** Owns that who asks twice for the same waits once, and that nobody lets too much wait. */
import type { DeploymentRef } from '../deployments/deployment-store.ts'
import { AdminProblem } from '../http/admin-problem.ts'
import type { Doing } from '../store/doing.ts'
import type { ChangeRequest } from './change-request.ts'
import { askForChange, listChanges } from './change-store.ts'

/** Of one person at one place. */
export const MOST_WAITING = 200

interface Once<Wanted extends object> {
  readonly asking: Pick<ChangeRequest<Wanted>, 'wish' | 'person' | 'team'>
  isSame(wish: Wanted): boolean
}

/** What waits already goes with the message that others see. @rejects AdminProblem where too much waits */
export async function askOnce<Wanted extends object>(
  doing: Doing,
  ref: DeploymentRef,
  { asking, isSame }: Once<Wanted>,
): Promise<{ readonly asked: ChangeRequest<Wanted>; readonly isNew: boolean }> {
  const query = { ...ref, person: asking.person, state: 'waiting' as const, limit: MOST_WAITING }
  // What waits at a place is all of one kind.
  const waiting = (await listChanges(doing.db, query, doing.nowMs)) as readonly object[] as ChangeRequest<Wanted>[]
  const known = waiting.find(({ wish }) => isSame(wish))
  if (known !== undefined) return { asked: known, isNew: false }
  if (waiting.length < MOST_WAITING) return { asked: await askForChange(doing, ref, asking), isNew: true }
  throw new AdminProblem(
    'too-busy',
    `${MOST_WAITING} changes of yours wait here already: have some approved, or withdraw those that are not wanted any more.`,
  )
}
