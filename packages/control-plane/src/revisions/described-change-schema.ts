/** Owns how changes between two forms of an API look to those who ask. */
import { z } from 'zod'

export const describedChangeSchema = z.strictObject({
  kind: z.enum(['added', 'removed', 'changed']),
  what: z.string().meta({ description: '`API`, `route getOrder`, `schema Order`, `document`, `environment`.' }),
  path: z.string().meta({ description: 'Within that; empty for all of it.' }),
  text: z.string().meta({ description: 'One line for people.' }),
  before: z.unknown().optional(),
  after: z.unknown().optional(),
})
