/** Owns what it is for something that is live to be deprecated: since when, until when, and what comes after it. */
import { z } from 'zod'
import { apiBodySchema } from '../apis/api-body.ts'
import { AdminProblem } from '../http/admin-problem.ts'
import { toTime } from '../http/time.ts'
import { toInvalidProblem } from '../http/to-admin-problem.ts'
import type { Doing } from '../store/doing.ts'
import { type Deployment, type Lifecycle, listLiveReleases } from './deployment.ts'
import { type DeploymentPlace, getDeployment } from './deployment-place.ts'

export const LIFECYCLE_SHAPE = {
  sunsetAt: z.string().optional().meta({ description: 'From when on it may not answer any more (RFC 8594).' }),
  successor: z.string().optional().meta({ description: 'URL or path of what comes after it.' }),
  link: z.string().optional().meta({ description: 'URL or path of a page that tells people about it.' }),
}

export const DEPRECATION_SHAPE = {
  deprecatedAt: z.string().optional().meta({ description: 'Since when, or from when on. Now if absent.' }),
  ...LIFECYCLE_SHAPE,
}

type Said = Readonly<Record<string, string | undefined>>

/** Only what is live ends. @rejects AdminProblem */
export async function getLive({ db }: Doing, place: DeploymentPlace): Promise<Deployment> {
  const current = await getDeployment(db, place)
  if (listLiveReleases(current).length > 0) return current
  throw new AdminProblem('conflict', `"${place.api.id}" is not live in "${place.environment.id}".`)
}

/** What is not said again stays. @throws AdminProblem */
export function toLifecycle(before: Lifecycle | undefined, said: Said): Lifecycle {
  const given = Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined))
  const parsed = apiBodySchema.shape.lifecycle.safeParse({ ...before, ...given })
  if (!parsed.success) throw toInvalidProblem('body', parsed.error)
  return parsed.data as Lifecycle
}

/** @throws AdminProblem */
export function toDeprecated({ nowMs }: Doing, { lifecycle }: Deployment, said: Said): Lifecycle {
  const deprecatedAt = said.deprecatedAt ?? lifecycle?.deprecatedAt ?? toTime(nowMs)
  return toLifecycle(lifecycle, { ...said, deprecatedAt, state: 'deprecated' })
}
