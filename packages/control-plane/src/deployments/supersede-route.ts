/** Owns the route by which one API supersedes another in an environment. */
import { z } from 'zod'
import { partIdSchema } from '../apis/api-body.ts'
import { getForm } from '../apis/find-form.ts'
import { AdminProblem } from '../http/admin-problem.ts'
import { assertAllowed } from '../http/assert-allowed.ts'
import type { Asking, Route } from '../http/route.ts'
import { API } from '../kinds.ts'
import { toRef } from '../resources/kind.ts'
import { getResource } from '../resources/resource-store.ts'
import type { Moment } from '../store/store.ts'
import { findMove, MOVE_PLAN_DESCRIPTION } from '../subscriptions/find-move.ts'
import { DEPLOYING_SHAPE, defineDeploying } from './define-deploying.ts'
import { listLiveReleases } from './deployment.ts'
import { type DeploymentPlace, findMain } from './deployment-place.ts'
import { DEPRECATION_SHAPE, getLive, toDeprecated, toLifecycle } from './deprecate.ts'
import { getSuccessor, listProductsBehind, type Succession, toSuccessorUrl } from './succession.ts'

const supersedeBody = z
  .strictObject({
    by: partIdSchema.meta({ description: 'Id of the API that comes after it: of its team, and live here.' }),
    ...DEPLOYING_SHAPE,
    ...DEPRECATION_SHAPE,
    successor: DEPRECATION_SHAPE.successor.meta({ description: 'Where callers find it. Where it is live if absent.' }),
    moveSubscriptions: z.boolean().default(false).meta({
      description:
        'True: what opens the old one opens the next one too. Subscriptions to it move, and products that sell it come to sell both. Callers keep their keys.',
    }),
    plan: partIdSchema.optional().meta({ description: MOVE_PLAN_DESCRIPTION }),
  })
  .refine(({ plan, moveSubscriptions }) => plan === undefined || moveSubscriptions, {
    error: 'A plan is for subscriptions that move: say "moveSubscriptions": true as well.',
    path: ['plan'],
  })

export const SUPERSEDE_ROUTE: Route = defineDeploying({
  name: 'supersede',
  verb: 'supersede',
  summary:
    'Lets another API come after this one, such as its next version: this one is deprecated here and says where the next one is; where wanted, its subscriptions open the next one from now on.',
  body: supersedeBody,
  async wish(doing, place, { body, asking }) {
    const { by, message: _, override: __, moveSubscriptions, plan, ...said } = body
    const { team } = place.api
    if (by === place.api.id)
      throw new AdminProblem(
        'conflict',
        `"${by}" does not come after itself: name the API that does, or deprecate "${by}" without one.`,
      )
    await assertAllowed(asking, doing.db, { permission: 'api:read', team, api: by })
    const current = await getLive(doing, place)
    const isRetired = current.lifecycle?.state === 'retired'
    const to = await getResource(doing.db, toRef(API, { team, id: by }))
    const next = await getSuccessor(doing.db, place, to)
    const main = findMain(current)
    const old = await getForm(doing.db, place.api, main?.revision)
    const successor = said.successor ?? toSuccessorUrl(place, old.body, next)
    return {
      releases: listLiveReleases(current),
      lifecycle: isRetired
        ? toLifecycle(current.lifecycle, { ...said, successor })
        : toDeprecated(doing, current, { ...said, successor }),
      why: 'supersede',
      succession: {
        to: to.uid,
        id: to.id,
        ...(moveSubscriptions && { subscriptions: await findSubscriptionsWish(asking, doing.db, { place, by, plan }) }),
      },
    }
  },
})

interface MoveWish {
  readonly place: DeploymentPlace
  readonly by: string
  readonly plan: string | undefined
}

/** @rejects AdminProblem where it is not theirs to move */
async function findSubscriptionsWish(
  asking: Asking,
  db: Moment,
  { place, by, plan }: MoveWish,
): Promise<NonNullable<Succession['subscriptions']>> {
  const move = await findMove(asking, db, { from: place.api, to: by, plan })
  const products = await listProductsBehind(db, move)
  return { ...(move.plan !== undefined && { plan: move.plan.uid }), products: products.map(({ uid }) => uid) }
}
