/** Owns how tokens look to those who ask for them. */
import { z } from 'zod'
import { PERMISSIONS } from '../access/permission.ts'
import { timeSchema, toTime } from '../http/time.ts'
import type { Token } from './token.ts'

export const tokenShape = {
  uid: z.string(),
  name: z.string(),
  hint: z.string().meta({ description: 'Its first and last letters.' }),
  scopes: z.array(z.enum(PERMISSIONS)).exactOptional().meta({ description: 'At most these; all of yours if absent.' }),
  expiresAt: timeSchema.exactOptional(),
  lastUsedAt: timeSchema.exactOptional(),
  endedAt: timeSchema.exactOptional(),
  createdAt: timeSchema,
}
export const tokenSchema = z.strictObject(tokenShape)

export function presentToken(token: Token) {
  const { uid, name, hint, scopes, expiresAtMs, lastUsedMs, endedAtMs, createdAtMs } = token
  return {
    uid,
    name,
    hint,
    ...(scopes !== undefined && { scopes: [...scopes] }),
    ...(expiresAtMs !== undefined && { expiresAt: toTime(expiresAtMs) }),
    ...(lastUsedMs !== undefined && { lastUsedAt: toTime(lastUsedMs) }),
    ...(endedAtMs !== undefined && { endedAt: toTime(endedAtMs) }),
    createdAt: toTime(createdAtMs),
  }
}
