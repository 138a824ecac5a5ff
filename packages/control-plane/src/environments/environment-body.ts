/** Owns what a control plane keeps of an environment: where its APIs answer, and what is different there. */
import { describedShape, egressSchema, upstreamSchema, variablesSchema, writtenUsesSchema } from '@gatewright/model'
import { z } from 'zod'

const { title, description, tags, owner } = describedShape

const protectionSchema = z
  .strictObject({
    approvals: z
      .int()
      .min(0)
      .max(10)
      .exactOptional()
      .meta({ description: 'How many others have to approve each change of what is live. None if absent.' }),
    approvers: z
      .array(z.string().min(1))
      .min(1)
      .exactOptional()
      .meta({ description: 'Uids of the people who may, where they may approve at all. Everybody who may if absent.' }),
    frozen: z
      .strictObject({
        until: z.iso
          .datetime({ offset: true, error: 'A time is written as 2026-01-31T00:00:00Z.' })
          .exactOptional()
          .meta({ description: 'Until somebody takes it off, if absent.' }),
        reason: z.string().min(1),
      })
      .exactOptional()
      .meta({ description: 'Nothing that is live changes.' }),
  })
  .meta({
    description: 'Keeps what is live from being changed by one person. Nobody removes an environment that has it.',
  })

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
  policies: writtenUsesSchema.exactOptional().meta({
    description:
      'Run for every request of each of its APIs, before those of the API. Policy lists are those of the team `main`.',
  }),
  egress: egressSchema.exactOptional(),
  protection: protectionSchema.exactOptional(),
})

/** As people write it. */
export type EnvironmentBody = z.input<typeof environmentBodySchema>

/** Does what is live there wait for others before it changes? */
export function needsApproval({ protection }: Pick<EnvironmentBody, 'protection'>): boolean {
  return (protection?.approvals ?? 0) > 0
}
