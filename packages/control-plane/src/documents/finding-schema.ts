/** Owns how findings look to those who ask. */
import type { Finding } from '@gatewright/model'
import { z } from 'zod'

export const findingSchema = z.strictObject({
  severity: z.enum(['fault', 'warning']),
  code: z.string(),
  message: z.string(),
  suggestion: z.string().exactOptional().meta({ description: 'How to mend it.' }),
  line: z.int().meta({ description: 'From 1; 0 where it is about no line.' }),
  path: z.string(),
})

export function presentFinding({ severity, code, message, suggestion, at }: Finding) {
  return { severity, code, message, ...(suggestion !== undefined && { suggestion }), line: at.line, path: at.path }
}
