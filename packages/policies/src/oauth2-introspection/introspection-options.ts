/** Owns the options of `oauth2-introspection`. */
import { z } from 'zod'
import { clientSchema } from '../authorization-servers/client-authentication.ts'
import { addressAttemptsSchema } from '../callers/guess-guard.ts'
import { scopeSchema } from '../callers/scope-token.ts'
import { reportHeldField, toUpstreamSchema } from '../callers/upstream-facts.ts'
import { callTimeoutSchema, callTlsSchema, serviceUrlSchema } from '../calls/call-options.ts'
import { dpopMaxAgeSchema, dpopSchema, tokenPlaceShape, toTokenPlace } from '../tokens/token-places.ts'

const claimSchema = z.string().min(1)

export const introspectionOptions = z
  .strictObject({
    endpoint: serviceUrlSchema.optional().meta({
      description:
        'Where the server is asked about tokens. This, or `issuer`, or both: then the issuer is only compared.',
    }),
    issuer: serviceUrlSchema.optional().meta({
      description:
        'Who issues the tokens. Without `endpoint` the server is found by what the issuer publishes. Where the answer names an issuer, it has to be this one.',
    }),
    client: clientSchema,
    ...tokenPlaceShape,
    realm: z
      .string()
      .regex(/^[\x20\x21\x23-\x5b\x5d-\x7e]+$/, 'no quotation marks or backslashes')
      .default('api')
      .meta({
        description: 'Names what the token opens, for those who are refused (`WWW-Authenticate`).',
      }),
    scopes: z.array(scopeSchema).default([]).meta({
      description: 'Scopes that the token must have, all of them. One that lacks some is refused with 403.',
    }),
    audiences: z.array(z.string().min(1)).default([]).meta({
      description: 'The token must be meant for one of these. Without any it may be meant for whomever.',
    }),
    requireTokenType: z.boolean().default(true).meta({
      description:
        'Refuses tokens of which the server does not say that they are access tokens: without a type, it may be a refresh token. Switch it off for a server that never says `token_type`.',
    }),
    idClaim: claimSchema.optional().meta({
      description:
        'The claim that names the caller; `realm.name` reads a member. The first of `sub`, `username` and `client_id` if absent.',
    }),
    appClaim: claimSchema.optional().meta({
      description: 'The claim that names the app, such as `client_id`; its plan applies.',
    }),
    groupsClaim: claimSchema.optional().meta({
      description: 'The claim that lists the caller’s groups: a list, or a text with spaces or commas between them.',
    }),
    unknownApps: z.enum(['refuse', 'allow']).default('refuse').meta({
      description: 'What becomes of tokens that name an app that the configuration does not have. They have no plan.',
    }),
    clockSkewSeconds: z.number().min(0).max(600).default(30).meta({
      description: 'How far the clocks of server and gateway may be apart, in seconds.',
    }),
    cacheSeconds: z.number().min(0).max(3600).default(30).meta({
      description:
        'How long an answer about an active token holds, in seconds; never beyond the token’s end. A revoked token passes so long. 0: every request asks.',
    }),
    negativeCacheSeconds: z.number().min(0).max(3600).default(10).meta({
      description: 'How long an answer about any other token holds, in seconds.',
    }),
    cacheEntries: z.int().min(0).max(1_000_000).default(10_000).meta({
      description: 'How many answers of each kind a thread remembers; the oldest makes room.',
    }),
    maxTokenBytes: z.int().min(1).max(65_536).default(8_192).meta({
      description: 'The longest token that the server is asked about, in bytes.',
    }),
    maxCalls: z.int().min(1).max(1_000).default(64).meta({
      description:
        'How many calls to the server a thread has under way at once; what more would need is refused with 503. One address has half of them and waits for more, unless `attempts.perAddress` is 0.',
    }),
    timeoutMs: callTimeoutSchema,
    tls: callTlsSchema,
    dpop: dpopSchema,
    dpopMaxAgeSeconds: dpopMaxAgeSchema,
    attempts: addressAttemptsSchema,
    anonymous: z.boolean().default(false).meta({
      description: 'Lets callers without a token pass, as nobody. A token that is present and wrong is still refused.',
    }),
    forward: z.boolean().default(false).meta({
      description: 'Sends the token on to the upstream. Otherwise it is taken out of the request.',
    }),
    toUpstream: toUpstreamSchema,
  })
  .superRefine(({ endpoint, issuer, toUpstream, ...place }, context) => {
    if (endpoint === undefined && issuer === undefined) {
      context.addIssue({
        code: 'custom',
        path: ['endpoint'],
        message: 'name the endpoint, or the issuer that publishes it',
      })
    }
    reportHeldField(context, toTokenPlace(place), toUpstream)
  })
