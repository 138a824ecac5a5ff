/** Owns whether who has approved something could do so still: what they said counts when it is done, and not when they said it. */
import type { Demand } from '../access/decide-access.ts'
import { isAllowed } from '../http/assert-allowed.ts'
import type { Asking } from '../http/route.ts'
import type { Moment } from '../store/store.ts'

export interface ApprovalPlace {
  readonly demand: Demand
  /** Uids; everybody who may if undefined. */
  readonly approvers: readonly string[] | undefined
}

/** `person`: uid. Each of the places has to let them. */
export async function mayStillApprove(
  { services }: Asking,
  db: Moment,
  { person, places }: { readonly person: string; readonly places: readonly ApprovalPlace[] },
): Promise<boolean> {
  const principal = await services.findAsker(db, `user:${person}`)
  if (principal === undefined) return false
  for (const { demand, approvers } of places) {
    if (approvers?.includes(person) === false || !(await isAllowed({ principal }, db, demand))) return false
  }
  return true
}
