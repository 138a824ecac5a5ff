/** Owns how a file describes plans: limits and quotas sold together. */
import { z } from 'zod'
import { describedShape, idSchema } from './described.ts'
import { policyUsesSchema } from './policy-use.ts'

export const planSchema = z
  .strictObject({
    id: idSchema,
    ...describedShape,
    enabled: z
      .boolean()
      .exactOptional()
      .meta({ description: 'False: its callers are refused wherever plans count. True if absent.' }),
    policies: policyUsesSchema.meta({
      description: 'Run for callers of this plan, right after they are known, or where `{ policy: plan }` stands.',
    }),
    apis: z
      .array(
        z.strictObject({
          api: z.string().min(1).meta({ description: 'The id of an API.' }),
          routes: z.array(z.string().min(1)).exactOptional().meta({ description: 'Ids of its routes; all if absent.' }),
        }),
      )
      .exactOptional()
      .meta({ description: 'What it opens: callers of this plan are refused elsewhere. Everything if absent.' }),
    overrides: z
      .record(z.string(), z.record(z.string(), z.record(z.string(), z.unknown())))
      .exactOptional()
      .meta({
        description:
          'By app, other options for its policies: what `overrides` of the app says, for apps that are not in the file. What the app says itself comes first.',
      }),
  })
  .meta({ id: 'Plan' })
