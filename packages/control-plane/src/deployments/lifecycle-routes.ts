/** Owns the routes of an API's end: it is deprecated somewhere, superseded, retired, and called back. What is live stays the same revision. */
import { z } from 'zod'
import { AdminProblem } from '../http/admin-problem.ts'
import type { Route } from '../http/route.ts'
import { DEPLOYING_SHAPE, defineDeploying } from './define-deploying.ts'
import { listLiveReleases } from './deployment.ts'
import { DEPRECATION_SHAPE, getLive, LIFECYCLE_SHAPE, toDeprecated, toLifecycle } from './deprecate.ts'
import { SUPERSEDE_ROUTE } from './supersede-route.ts'

export const LIFECYCLE_ROUTES: readonly Route[] = [
  defineDeploying({
    name: 'deprecate',
    verb: 'deprecate',
    summary: 'Tells callers with each answer that there is something better, and until when they can stay (RFC 9745).',
    body: z.strictObject({
      ...DEPLOYING_SHAPE,
      ...DEPRECATION_SHAPE,
    }),
    async wish(doing, place, { body: { message: _, override: __, ...said } }) {
      const current = await getLive(doing, place)
      const lifecycle = toDeprecated(doing, current, said)
      return { releases: listLiveReleases(current), lifecycle, why: 'deprecate' }
    },
  }),
  SUPERSEDE_ROUTE,
  defineDeploying({
    name: 'retire',
    verb: 'retire',
    summary: 'Answers every request with 410. It stays where it is, so that callers hear what comes after it.',
    body: z.strictObject({ ...DEPLOYING_SHAPE, ...LIFECYCLE_SHAPE }),
    async wish(doing, place, { body: { message: _, override: __, ...said } }) {
      const current = await getLive(doing, place)
      const lifecycle = toLifecycle(current.lifecycle, { ...said, state: 'retired' })
      return { releases: listLiveReleases(current), lifecycle, why: 'retire' }
    },
  }),
  defineDeploying({
    name: 'revive',
    verb: 'revive',
    summary: 'Takes back that it is deprecated, or retired.',
    body: z.strictObject(DEPLOYING_SHAPE),
    async wish(doing, place) {
      const current = await getLive(doing, place)
      if (current.lifecycle === undefined)
        throw new AdminProblem(
          'conflict',
          'It is neither deprecated nor retired here; what the API says itself is changed in the API.',
        )
      return { releases: listLiveReleases(current), lifecycle: null, why: 'revive' }
    },
  }),
]
