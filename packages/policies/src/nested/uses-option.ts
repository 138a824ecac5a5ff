/** Owns options that hold uses of other policies. */
import { z } from 'zod'
import { celSchema } from '../scopes/expression-option.ts'

/** As `policies` of an API; nothing is filled in, so that a use says here what it says in the file. */
const useSchema = z.strictObject({
  policy: z.string().min(1).meta({ description: 'The name of a policy.' }),
  options: z
    .record(z.string(), z.unknown())
    .optional()
    .meta({ description: "The policy's own options; its documentation page lists them." }),
  when: celSchema.optional().meta({ description: 'The use runs only where this CEL condition is true.' }),
  enabled: z.boolean().optional().meta({ description: 'False: it stays in the list and does not run.' }),
  id: z.string().min(1).optional().meta({ description: 'Names its state (counters, caches), which survives reloads.' }),
})

export const usesSchema = z.array(useSchema)
