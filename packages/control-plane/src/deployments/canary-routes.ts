/** Owns the routes of a canary: a revision that a part of the traffic gets, until it gets all of it or none. */
import { z } from 'zod'
import { AdminProblem } from '../http/admin-problem.ts'
import type { Route } from '../http/route.ts'
import { makeRevision } from '../revisions/revision-store.ts'
import { DEPLOYING_SHAPE, defineDeploying } from './define-deploying.ts'
import { type DeployedRelease, type Deployment, listLiveReleases } from './deployment.ts'
import { findMain, getDeployment } from './deployment-place.ts'
import { toWhole } from './deployment-store.ts'
import { acknowledgeSchema } from './judge-wish.ts'
import { appsSchema, getAppNames } from './said-release.ts'

/** @throws AdminProblem */
function splitCanary(deployment: Deployment): {
  readonly main: DeployedRelease
  readonly canary: DeployedRelease
} {
  const [main, canary] = listLiveReleases(deployment)
  if (main === undefined || canary === undefined) throw new AdminProblem('conflict', 'There is no canary here now.')
  return { main, canary }
}

const canaryBody = z
  .strictObject({
    revision: z.int().min(1).optional().meta({ description: 'The draft as it is now, where none is said.' }),
    share: z.number().gt(0).lt(100).optional().meta({ description: 'Percent of the requests.' }),
    when: z.string().min(1).optional().meta({ description: 'CEL: requests for which it is true get it.' }),
    apps: appsSchema.optional(),
    acknowledge: acknowledgeSchema.optional(),
    ...DEPLOYING_SHAPE,
  })
  .refine(
    ({ share, when, apps }) => (share === undefined || when === undefined) && (share ?? when ?? apps) !== undefined,
    {
      error: 'Say who gets it: a "share" of the requests or "when", "apps", or one of the first two and "apps".',
    },
  )

export const CANARY_ROUTES: readonly Route[] = [
  defineDeploying({
    name: 'startCanary',
    verb: 'canary',
    summary: 'Gives a part of the traffic to another revision. A second time it gives another part.',
    body: canaryBody,
    async wish(doing, place, { body: { message, acknowledge, share, when, apps, ...body } }) {
      const main = findMain(await getDeployment(doing.db, place))
      if (main === undefined)
        throw new AdminProblem('conflict', 'Nothing is live that a canary could be tried beside: publish first.')
      const revision = body.revision ?? (await makeRevision(doing, place.api, message)).revision.number
      if (revision === main.revision)
        throw new AdminProblem('conflict', `Revision ${revision} has the traffic already.`)
      const named = apps === undefined ? {} : { apps: await getAppNames(doing.db, place.api.team, apps) }
      const releases = [
        { revision: main.revision, share: 100 - (share ?? 0) },
        { revision, ...(share !== undefined && { share }), ...(when !== undefined && { when }), ...named },
      ]
      return { releases, why: 'canary', acknowledge }
    },
  }),
  defineDeploying({
    name: 'promoteCanary',
    verb: 'canary/promote',
    summary: 'Gives all traffic to the canary.',
    body: z.strictObject(DEPLOYING_SHAPE),
    async wish(doing, place) {
      const { canary } = splitCanary(await getDeployment(doing.db, place))
      return { releases: toWhole(canary.revision), why: 'canary' }
    },
  }),
  defineDeploying({
    name: 'abortCanary',
    verb: 'canary/abort',
    summary: 'Takes the traffic of the canary back.',
    body: z.strictObject(DEPLOYING_SHAPE),
    async wish(doing, place) {
      const { main } = splitCanary(await getDeployment(doing.db, place))
      return { releases: toWhole(main.revision), why: 'canary' }
    },
  }),
]
