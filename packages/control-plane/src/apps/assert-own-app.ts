/** Owns who may do something with an app: whose it is, and who manages those of others. */

import { AdminProblem } from '../http/admin-problem.ts'
import { assertAllowed, isAllowed } from '../http/assert-allowed.ts'
import type { Asking } from '../http/route.ts'
import type { Putting } from '../resources/kind.ts'
import type { Described, ResourceRef } from '../resources/resource.ts'
import type { Doing } from '../store/doing.ts'
import type { Moment } from '../store/store.ts'
import type { AppBody } from './app-body.ts'

/** Where an app stands, and what it says of itself. */
type KnownApp = Pick<ResourceRef, 'team' | 'id'> & { readonly body: Described }

/** Whoever it belongs to, and who has `app:manage` where it stands or in the team that it belongs to. @rejects AdminProblem */
export async function assertOwnApp(asking: Asking, db: Moment, { team, id, body }: KnownApp): Promise<void> {
  const { principal } = asking
  const { owner } = body
  if (principal?.user !== undefined && owner === `user:${principal.user}`) return
  const places = [team, ...(owner?.startsWith('team:') === true ? [owner.slice('team:'.length)] : [])]
  for (const place of places) {
    if (await isAllowed(asking, db, { permission: 'app:manage', team: place })) return
  }
  const say = principal?.user === undefined ? '' : ` Yours say the owner "user:${principal.user}".`
  throw new AdminProblem(
    'not-allowed',
    `The app "${id}" is not yours: that needs the permission "app:manage" in the team "${team}".${say}`,
    { extensions: { permission: 'app:manage' } },
  )
}

/** Both what it is and what it is to become has to be one's own; numbers of plans are for those who edit plans. @rejects AdminProblem */
export async function assertMayPutApp(asking: Asking, { db }: Doing, { ref, before, body }: Putting): Promise<void> {
  if (before !== undefined) await assertOwnApp(asking, db, before)
  await assertOwnApp(asking, db, { ...ref, body })
  if (hasSameOverrides(before?.body, body)) return
  await assertAllowed(asking, db, { permission: 'plan:edit', team: ref.team })
}

export function hasSameOverrides(before: Described = {}, after: Described): boolean {
  const { overrides: old = {} } = before as AppBody
  const { overrides = {} } = after as AppBody
  return JSON.stringify(old) === JSON.stringify(overrides)
}
