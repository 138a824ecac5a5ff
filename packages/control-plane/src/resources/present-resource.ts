/** Owns how resources look to those who ask for them. */
import { z } from 'zod'
import { actorSchema } from '../access/actor.ts'
import { timeSchema, toTime } from '../http/time.ts'
import { type Kind, NO_TEAM } from './kind.ts'
import type { Resource } from './resource.ts'

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
