/** Owns what a rule is: something that has to be true of every API, and what to do where it is not. */
import { describedShape } from '@gatewright/model'
import { z } from 'zod'
import { partIdSchema } from '../apis/api-body.ts'

const { title, description, tags, owner, enabled } = describedShape

const whereSchema = z
  .strictObject({
    teams: z.array(z.string().min(1)).min(1).exactOptional().meta({ description: 'Only APIs of these teams.' }),
    environments: z
      .array(partIdSchema)
      .min(1)
      .exactOptional()
      .meta({ description: 'Only where an API goes to one of these environments.' }),
    tags: z.array(z.string().min(1)).min(1).exactOptional().meta({ description: 'Only APIs with one of these tags.' }),
  })
  .meta({ description: 'Of which APIs it has to be true. All that is said has to fit; of every API if absent.' })

export const ruleBodySchema = z.strictObject({
  title,
  description,
  tags,
  owner,
  enabled,
  each: z.enum(['api', 'route', 'operation']).default('api').meta({
    description:
      'For what it is asked: once for the API, or for each `route` or `operation`, which the expression then sees by this name.',
  }),
  expression: z.string().min(1).meta({
    description:
      'CEL that has to be true. It sees `api`, `environment`, `owner`, `tags` and `operations`. One that fails is a fault.',
  }),
  message: z.string().min(1).meta({ description: 'What to do where it is not true.' }),
  severity: z
    .enum(['fault', 'warning'])
    .default('fault')
    .meta({ description: 'A fault keeps an API from being published; a warning does not.' }),
  where: whereSchema.exactOptional(),
})

/** As people write it. */
export type RuleBody = z.input<typeof ruleBodySchema>

export interface Rule {
  readonly id: string
  readonly body: RuleBody
}
