/** Owns what a control plane keeps of an environment: where its APIs answer, and what is different there. */
import { describedShape, egressSchema, policyUsesSchema, upstreamSchema, variablesSchema } from '@gatewright/model'
import { z } from 'zod'

const { title, description, tags, owner } = describedShape

export const environmentBodySchema = z.strictObject({
  title,
  description,
  tags,
  owner,
  hosts: z
    .array(z.string().min(1))
    .min(1)
    .exactOptional()
    .meta({ description: 'Names that its APIs answer to, where they name none themselves. Every name if absent.' }),
  pathPrefix: z
    .string()
    .regex(/^(?:\/[^/{}?#]+)+$/, { error: 'A prefix begins with "/" and does not end with it: "/dev".' })
    .exactOptional()
    .meta({ description: 'Stands before the base path of each of its APIs.' }),
  variables: variablesSchema.exactOptional().meta({ description: 'Texts for expressions: `variables.<name>`.' }),
  upstreams: z
    .array(upstreamSchema)
    .exactOptional()
    .meta({ description: 'Shared by its APIs, by id: the same API calls others in each environment.' }),
  policies: policyUsesSchema
    .exactOptional()
    .meta({ description: 'Run for every request of each of its APIs, before those of the API.' }),
  egress: egressSchema.exactOptional(),
})

/** As people write it. */
export type EnvironmentBody = z.input<typeof environmentBodySchema>
