/** Owns how keys look to those who ask for them: never the key. */
import { z } from 'zod'
import { actorSchema } from '../access/actor.ts'
import { timeSchema, toTime } from '../http/time.ts'
import type { Key, KeyTerms } from './key.ts'

const name = z.string().min(1).max(200).meta({ description: 'For people: where it is used.' })
const plan = z.string().min(1).max(128).meta({
  description: "Id of a plan of the app's team, which counts before its subscriptions: saying it needs `plan:edit`.",
})
const time = z.iso.datetime()

/** What may be said of a key that is made. */
export const keyTermsShape = {
  name: name.exactOptional(),
  plan: plan.exactOptional(),
  notBefore: time.exactOptional().meta({ description: 'Refused before; RFC 3339.' }),
  expiresAt: time.exactOptional().meta({ description: 'Refused from then on; RFC 3339.' }),
}

export const keyChangeSchema = z.strictObject({
  name: name.nullable().exactOptional(),
  plan: plan.nullable().exactOptional(),
  expiresAt: time.nullable().exactOptional(),
})

export const keyShape = {
  uid: z.string(),
  hint: z.string().meta({ description: 'Its first and last letters; empty where only a hash was brought along.' }),
  name: z.string().exactOptional(),
  plan: z.string().exactOptional(),
  notBefore: timeSchema.exactOptional(),
  expiresAt: timeSchema.exactOptional(),
  endedAt: timeSchema.exactOptional().meta({ description: 'Since when it is refused for good.' }),
  createdAt: timeSchema,
  createdBy: actorSchema,
}
export const keySchema = z.strictObject(keyShape)

export function presentKey(key: Key) {
  const { uid, hint, notBeforeMs, expiresAtMs, endedAtMs, createdAtMs, createdBy } = key
  return {
    uid,
    hint,
    ...(key.name !== undefined && { name: key.name }),
    ...(key.plan !== undefined && { plan: key.plan }),
    ...(notBeforeMs !== undefined && { notBefore: toTime(notBeforeMs) }),
    ...(expiresAtMs !== undefined && { expiresAt: toTime(expiresAtMs) }),
    ...(endedAtMs !== undefined && { endedAt: toTime(endedAtMs) }),
    createdAt: toTime(createdAtMs),
    createdBy,
  }
}

interface SaidTerms {
  readonly name?: string
  readonly plan?: string
  readonly notBefore?: string
  readonly expiresAt?: string
}

export function toKeyTerms({ notBefore, expiresAt, ...said }: SaidTerms): KeyTerms {
  return {
    ...said,
    ...(notBefore !== undefined && { notBeforeMs: Date.parse(notBefore) }),
    ...(expiresAt !== undefined && { expiresAtMs: Date.parse(expiresAt) }),
  }
}
