/** Owns what a control plane keeps of an app: whose it is, and what it has different of its team's plans. Its keys and subscriptions are kept beside it. */
import { describedShape } from '@gatewright/model'
import { z } from 'zod'

const { title, description, tags } = describedShape

export const appBodySchema = z.strictObject({
  title,
  description,
  tags,
  owner: z
    .string()
    .regex(/^(?:user|team):[^\s:]+$/, { error: 'An app belongs to a person, "user:<uid>", or to a team, "team:<id>".' })
    .exactOptional()
    .meta({ description: 'Whose it is: `user:<uid>` or `team:<id>`. Its team if absent.' }),
  enabled: z.boolean().exactOptional().meta({ description: 'False: all of its keys are refused. True if absent.' }),
  overrides: z
    .record(z.string(), z.record(z.string(), z.record(z.string(), z.unknown())))
    .exactOptional()
    .meta({
      description:
        "Other options for the policies of its team's plans: by the id of the plan, then by the `id` of the use or the name of its policy. `null` takes an option away.",
    }),
})

/** As people write it. */
export type AppBody = z.input<typeof appBodySchema>
