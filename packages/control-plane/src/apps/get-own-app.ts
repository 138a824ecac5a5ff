/** Owns finding an app for whoever may do something with it. */
import type { Asking } from '../http/route.ts'
import { APP } from '../kinds.ts'
import { toRef } from '../resources/kind.ts'
import type { Resource } from '../resources/resource.ts'
import { getResource } from '../resources/resource-store.ts'
import type { Moment } from '../store/store.ts'
import { assertOwnApp } from './assert-own-app.ts'

/** @rejects ResourceFault `not-found`, AdminProblem */
export async function getOwnApp(
  asking: Asking,
  db: Moment,
  at: { readonly team: string; readonly id: string },
): Promise<Resource> {
  const app = await getResource(db, toRef(APP, at))
  await assertOwnApp(asking, db, app)
  return app
}
