/** Owns how resources look to those who ask for them. */
import { z } from 'zod'
import type { Kind } from './kind.ts'
import { NO_TEAM } from './kind.ts'
import type { Resource } from './resource.ts'

export const timeSchema = z.string().meta({ format: 'date-time', description: 'RFC 3339, UTC.' })
export const actorSchema = z
  .string()
  .meta({ description: '`user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`.' })

/** What every resource is answered with. */
export function toResourceSchema({ body, scope, facts }: Kind) {
  return z.strictObject({
    uid: z.string().meta({ description: 'Never given twice.' }),
    ...(scope === 'team' && { team: z.string() }),
    id: z.string(),
    version: z.int().meta({ description: 'One more with each change; it is the `ETag`.' }),
    createdAt: timeSchema,
    createdBy: actorSchema,
    updatedAt: timeSchema,
    updatedBy: actorSchema,
    ...facts?.schema,
    body,
  })
}

/** `nowMs`: milliseconds since the epoch. */
export function presentResource({ facts }: Kind, { uid, team, id, version, body, ...made }: Resource, nowMs: number) {
  return {
    uid,
    ...(team !== NO_TEAM && { team }),
    id,
    version,
    createdAt: toTime(made.createdAtMs),
    createdBy: made.createdBy,
    updatedAt: toTime(made.updatedAtMs),
    updatedBy: made.updatedBy,
    ...facts?.tell(body, nowMs),
    body,
  }
}

export function toTime(ms: number): string {
  return new Date(ms).toISOString()
}
