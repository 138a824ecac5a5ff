/** Owns who may subscribe to what: a product that they may see, or one API of a team that shows it to them. */
import { AdminProblem } from '../http/admin-problem.ts'
import { assertAllowed, isAllowed } from '../http/assert-allowed.ts'
import type { Asking } from '../http/route.ts'
import { API, PLAN, PRODUCT } from '../kinds.ts'
import type { ProductBody } from '../products/product-body.ts'
import { toRef } from '../resources/kind.ts'
import type { Resource } from '../resources/resource.ts'
import { findResource, getResource } from '../resources/resource-store.ts'
import type { Moment } from '../store/store.ts'
import type { SubscriptionRequest } from './subscription-store.ts'

/** Ids of what is asked for. `team`: of who sells. */
export interface OfferAsked {
  readonly team: string
  readonly product?: string
  readonly api?: string
  readonly plan: string
}

/** What is subscribed to. @rejects AdminProblem, ResourceFault */
export async function getOffer(
  asking: Asking,
  db: Moment,
  asked: OfferAsked,
): Promise<Omit<SubscriptionRequest, 'app'> & { readonly sold: Resource }> {
  const { team, product, api, plan: id } = asked
  if (product !== undefined) {
    const sold = await getProduct(asking, db, { team, id: product })
    const plan = await getResource(db, toRef(PLAN, { team, id }))
    return { sold, target: { product: sold.uid }, plan: plan.uid }
  }
  await assertAllowed(asking, db, { permission: 'api:read', team, ...(api !== undefined && { api }) })
  const sold = await getResource(db, toRef(API, { team, id: api ?? '' }))
  const plan = await getResource(db, toRef(PLAN, { team, id }))
  // Nobody has said on which plans it is sold alone: any plan of the team would do, so somebody of the team looks.
  const approvalNeeded = !(await isAllowed(asking, db, { permission: 'subscription:approve', team, api: sold.id }))
  return { sold, target: { api: sold.uid }, plan: plan.uid, approvalNeeded }
}

/** Of one that is its team's alone nothing is said to others, not even that it is there. @rejects AdminProblem */
async function getProduct(asking: Asking, db: Moment, at: { readonly team: string; readonly id: string }) {
  const product = await findResource(db, toRef(PRODUCT, at))
  const isForAll = ((product?.body as ProductBody | undefined)?.visibility ?? 'team') !== 'team'
  const maySee = isForAll || (await isAllowed(asking, db, { permission: 'product:read', team: at.team }))
  if (product !== undefined && maySee) return product
  throw new AdminProblem('not-found', `There is no product "${at.id}" of the team "${at.team}" that you may see.`)
}
