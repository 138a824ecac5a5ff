/** Owns the routes of an API's end: it is deprecated somewhere, retired, and called back. What is live stays the same revision. */
import { z } from 'zod'
import { apiBodySchema } from '../apis/api-body.ts'
import { AdminProblem } from '../http/admin-problem.ts'
import type { Route } from '../http/route.ts'
import { toInvalidProblem } from '../http/to-admin-problem.ts'
import { toTime } from '../resources/present-resource.ts'
import type { Doing } from '../resources/resource-store.ts'
import { DEPLOYING_SHAPE, defineDeploying } from './define-deploying.ts'
import { type Deployment, type Lifecycle, listLiveReleases } from './deployment.ts'
import { type DeploymentPlace, getDeployment } from './deployment-place.ts'

const LIFECYCLE_SHAPE = {
  sunsetAt: z.string().optional().meta({ description: 'From when on it may not answer any more (RFC 8594).' }),
  successor: z.string().optional().meta({ description: 'URL or path of what comes after it.' }),
  link: z.string().optional().meta({ description: 'URL or path of a page that tells people about it.' }),
}

/** Only what is live ends. @rejects AdminProblem */
async function getLive({ db }: Doing, place: DeploymentPlace): Promise<Deployment> {
  const current = await getDeployment(db, place)
  if (listLiveReleases(current).length > 0) return current
  throw new AdminProblem('conflict', `"${place.api.id}" is not live in "${place.environment.id}".`)
}

/** What is not said again stays. @throws AdminProblem */
function toLifecycle(before: Lifecycle | undefined, said: Readonly<Record<string, string | undefined>>): Lifecycle {
  const given = Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined))
  const parsed = apiBodySchema.shape.lifecycle.safeParse({ ...before, ...given })
  if (!parsed.success) throw toInvalidProblem('body', parsed.error)
  return parsed.data as Lifecycle
}

export const LIFECYCLE_ROUTES: readonly Route[] = [
  defineDeploying({
    name: 'deprecate',
    verb: 'deprecate',
    summary: 'Tells callers with each answer that there is something better, and until when they can stay (RFC 9745).',
    body: z.strictObject({
      ...DEPLOYING_SHAPE,
      deprecatedAt: z.string().optional().meta({ description: 'Since when, or from when on. Now if absent.' }),
      ...LIFECYCLE_SHAPE,
    }),
    async wish(doing, place, { body: { message: _, override: __, ...said } }) {
      const current = await getLive(doing, place)
      const deprecatedAt = said.deprecatedAt ?? current.lifecycle?.deprecatedAt ?? toTime(doing.nowMs)
      const lifecycle = toLifecycle(current.lifecycle, { ...said, deprecatedAt, state: 'deprecated' })
      return { releases: listLiveReleases(current), lifecycle, why: 'deprecate' }
    },
  }),
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
