/** Owns what a control plane keeps of an API: what a file says of it, without where it is and which of its revisions are live. */
import { apiSchema, idSchema, routeSchema, writtenUsesSchema } from '@gatewright/model'
import { z } from 'zod'

/** A point stands between the parts of an id in a snapshot, so none stands in them. */
export const partIdSchema = idSchema.refine((id) => !id.includes('.'), {
  error: 'An id of what a control plane keeps has no ".".',
})

export const apiBodySchema = apiSchema
  .omit({ id: true, environment: true, variables: true, openapi: true, releases: true, releaseKey: true })
  .extend({
    policies: writtenUsesSchema.exactOptional().meta({ description: 'Run for every route, after the global ones.' }),
    routes: z
      .array(
        routeSchema.extend({
          policies: writtenUsesSchema.exactOptional().meta({ description: "Run after the API's." }),
        }),
      )
      .exactOptional()
      .meta({
        description:
          'Refine operations of the document, or add routes. With neither document nor routes, every path is forwarded.',
      }),
    document: z
      .string()
      .regex(/^[0-9a-f]{64}$/, { error: 'A document is named by the SHA-256 of its content, in lower-case hex.' })
      .exactOptional()
      .meta({ description: 'Its OpenAPI document.' }),
  })

/** As people write it: what has a default may be absent. */
export type ApiBody = z.input<typeof apiBodySchema>
