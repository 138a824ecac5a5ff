/** Owns how breaking changes look to those who ask. */
import { z } from 'zod'
import type { BreakingChange } from './breaking-change.ts'

export const breakingChangeSchema = z.strictObject({
  code: z.string(),
  message: z.string(),
  at: z.strictObject({
    operation: z.string().exactOptional().meta({ description: '`POST /orders/{id}`; absent: the whole API.' }),
    of: z.enum(['body', 'document']),
    version: z.enum(['before', 'after']),
    pointer: z.string().meta({ description: 'RFC 6901.' }),
  }),
  before: z.unknown().optional(),
  after: z.unknown().optional(),
})

export function presentBreakingChange({ at, ...change }: BreakingChange) {
  return { ...change, at: { ...at } }
}
