/** Owns what people may say of a release themselves, and what is kept of it: apps that are there, and previews that end. */
import { previewSchema } from '@gatewright/model'
import { z } from 'zod'
import { AdminProblem } from '../http/admin-problem.ts'
import { toTime } from '../http/time.ts'
import { findResource } from '../resources/resource-store.ts'
import type { Doing } from '../store/doing.ts'
import type { Moment } from '../store/store.ts'
import type { DeployedRelease } from './deployment.ts'
import { releaseSchema } from './deployment-answer.ts'

const DAY_MS = 24 * 3_600_000
const USUAL_MS = 7 * DAY_MS
/** A door that nobody remembers is none that somebody wants. */
const MOST_MS = 90 * DAY_MS

export const appsSchema = z
  .array(z.string().regex(/^[\w-]+(?:\/[\w-]+)?$/, { error: 'An app is its id, or its team and its id: "shop/web".' }))
  .min(1)
  .meta({ description: 'Apps that get it, whatever else is said: `web` of the API’s team, or `shop/web`.' })

export const saidReleaseSchema = releaseSchema
  .extend({
    apps: appsSchema.exactOptional(),
    preview: previewSchema.exactOptional().meta({ description: 'It is not live: only who brings its token gets it.' }),
  })
  .refine(({ preview, share, when, apps }) => preview === undefined || (share ?? when ?? apps) === undefined, {
    error: 'A preview is for who brings its token, and has no "share", "when" and "apps".',
  })

/** @rejects AdminProblem */
export async function toDeployedRelease(
  { db, nowMs }: Doing,
  team: string,
  { apps, preview, ...said }: z.output<typeof saidReleaseSchema>,
): Promise<DeployedRelease> {
  return {
    ...said,
    ...(apps !== undefined && { apps: await getAppNames(db, team, apps) }),
    ...(preview !== undefined && { preview: { ...preview, expires: toPreviewEnd(preview.expires, nowMs) } }),
  }
}

/** `team/id`. @rejects AdminProblem */
export async function getAppNames(db: Moment, team: string, said: readonly string[]): Promise<string[]> {
  const named = [...new Set(said.map((each) => (each.includes('/') ? each : `${team}/${each}`)))]
  for (const each of named) {
    const [of = '', id = ''] = each.split('/')
    if ((await findResource(db, { kind: 'app', team: of, id })) !== undefined) continue
    throw new AdminProblem('request-invalid', `There is no app "${id}" in the team "${of}".`)
  }
  return named
}

/** @throws AdminProblem */
export function toPreviewEnd(said: string | undefined, nowMs: number): string {
  const endMs = said === undefined ? nowMs + USUAL_MS : Date.parse(said)
  if (endMs > nowMs && endMs <= nowMs + MOST_MS) return toTime(endMs)
  throw new AdminProblem('request-invalid', 'A preview ends later than now, and within 90 days.')
}
