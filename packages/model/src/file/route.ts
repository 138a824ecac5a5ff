/** Owns how a file describes a route, or refines an operation of an OpenAPI document. */
import { z } from 'zod'
import { describedShape } from './described.ts'
import { predicatesSchema } from './match.ts'
import { policyUsesSchema } from './policy-use.ts'
import { upstreamRefSchema } from './upstream.ts'

/** A token (RFC 9110 §5.6.2); methods are case-sensitive (§9.1). */
const tokenSchema = z
  .string()
  .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, { error: "This is no token: only letters, digits and !#$%&'*+-.^_`|~." })

export const routeSchema = z
  .strictObject({
    id: z
      .string()
      .regex(/^[^\u0000-\u001f\u007f]{1,512}$/, {
        error: 'A route id has 1 to 512 characters and no control characters.',
      })
      .exactOptional()
      .meta({ description: 'Unique in its API. `GET /path` if absent; the operation id for operations.' }),
    ...describedShape,
    operation: z
      .string()
      .min(1)
      .exactOptional()
      .meta({ description: 'Refines the OpenAPI operation of this id, or of this `METHOD /path`.' }),
    methods: z
      .array(tokenSchema)
      .min(1)
      .exactOptional()
      .meta({ description: 'All of them if absent. HEAD uses the route of GET.' }),
    path: z.string().exactOptional().meta({
      description: 'Below the base path: literal segments, `{name}` for one segment, a last `{name+}` for one or more.',
    }),
    match: predicatesSchema.exactOptional(),
    upstream: upstreamRefSchema.exactOptional().meta({ description: "Instead of the API's." }),
    upgrades: z
      .array(tokenSchema)
      .exactOptional()
      .meta({ description: 'Tokens of `Upgrade`, besides `websocket`, that may become tunnels.' }),
    bodyBytes: z.int().min(0).exactOptional().meta({ description: "Largest request body, instead of the listener's." }),
    policies: policyUsesSchema.meta({ description: "Run after the API's." }),
  })
  .meta({ id: 'Route' })
