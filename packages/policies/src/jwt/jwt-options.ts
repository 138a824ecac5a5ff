/** Owns the options of `jwt`. */
import { z } from 'zod'
import { appIdSchema } from '../app-option.ts'
import { addressAttemptsSchema } from '../callers/guess-guard.ts'
import { reportHeldField, toUpstreamSchema } from '../callers/upstream-facts.ts'
import { callTlsSchema, serviceUrlSchema } from '../calls/call-options.ts'
import { findFault } from '../option-fault.ts'
import { secretOption } from '../secret-option.ts'
import { ASYMMETRIC_ALGORITHMS, JWS_ALGORITHMS } from '../tokens/jws-algorithms.ts'
import { DECRYPTION_ALGORITHMS } from '../tokens/token-decryption.ts'
import { dpopMaxAgeSchema, dpopSchema, tokenPlaceShape, toTokenPlace } from '../tokens/token-places.ts'
import { createVerificationKey, type VerificationKey } from '../tokens/verification-key.ts'

const keyShape = z.strictObject({
  kid: z.string().min(1).optional().meta({ description: 'The `kid` of tokens that it checks; any, if absent.' }),
  algorithm: z.enum(JWS_ALGORITHMS).meta({ description: 'The one algorithm it is used with.' }),
  publicKey: z
    .string()
    .min(1)
    .optional()
    .meta({ description: 'In PEM, or a JWK as JSON; `${file:issuer.pem}` reads it from a file.' }),
  secret: secretOption('For HS256, HS384 and HS512: the shared secret, as long as the hash at least.').optional(),
  secretEncoding: z
    .enum(['text', 'base64url'])
    .default('text')
    .meta({ description: 'How the secret is written: as its text, or in base64url.' }),
})

const keySchema = keyShape.superRefine((key, context) => {
  const { algorithm, publicKey, secret } = key
  const wanted = algorithm.startsWith('HS') ? 'secret' : 'publicKey'
  const isWhole = (secret === undefined) !== (publicKey === undefined) && key[wanted] !== undefined
  const message = isWhole ? findFault(() => toFixedKey(key)) : `${algorithm} takes \`${wanted}\`, and only that`
  if (message !== undefined) context.addIssue({ code: 'custom', path: [wanted], message })
})

/** @throws Error that says why it is no key for its algorithm, and shows nothing of it */
export function toFixedKey({
  kid,
  algorithm,
  publicKey,
  secret,
  secretEncoding,
}: z.output<typeof keyShape>): VerificationKey {
  const material =
    secret === undefined
      ? { publicKey: publicKey ?? '' }
      : { secret: Buffer.from(secret.reveal(), secretEncoding === 'text' ? 'utf8' : 'base64url') }
  return createVerificationKey(kid, algorithm, material)
}

const issuerSchema = z
  .strictObject({
    issuer: z.string().min(1).meta({ description: 'What `iss` has to be, letter for letter.' }),
    audiences: z.union([z.array(z.string().min(1)).min(1), z.literal('any')]).meta({
      description:
        'Of which `aud` has to name one: whom the issuer made the token for. `any` takes those for others as well.',
    }),
    jwksUrl: serviceUrlSchema.optional().meta({
      description:
        'Where its keys are. Without it and without `keys`, what it publishes says where (OpenID Connect Discovery 1.0, RFC 8414).',
    }),
    keys: z.array(keySchema).min(1).optional().meta({ description: 'Its keys, where they are not asked for.' }),
    algorithms: z
      .array(z.enum(ASYMMETRIC_ALGORITHMS))
      .min(1)
      .default([...ASYMMETRIC_ALGORITHMS])
      .meta({
        description: 'The algorithms that its published keys may be used with; each key only with those that fit it.',
      }),
    tls: callTlsSchema,
    freshSeconds: z.int().min(60).max(86_400).default(600).meta({
      description: 'After how long its keys are asked for again, where the answer does not say. In the background.',
    }),
    staleSeconds: z
      .int()
      .min(0)
      .max(30 * 86_400)
      .default(86_400)
      .meta({ description: 'How long its last keys are used while it cannot be reached.' }),
    idClaim: z.string().min(1).default('sub').meta({ description: 'The claim that says who calls.' }),
    scopesClaim: z
      .string()
      .min(1)
      .default('scope')
      .meta({ description: 'The claim with scopes: a list, or a text with spaces between them.' }),
    groupsClaim: z
      .string()
      .min(1)
      .default('groups')
      .meta({ description: 'The claim with groups: a list, or one text.' }),
    app: appIdSchema.optional().meta({ description: 'The app that all its tokens belong to, which has to be there.' }),
    appClaim: z
      .string()
      .min(1)
      .optional()
      .meta({ description: 'The claim that names the app, such as `azp` or `client_id`; its plan applies.' }),
    unknownApps: z.enum(['refuse', 'allow']).default('refuse').meta({
      description: 'What becomes of tokens that name an app that the configuration does not have. They have no plan.',
    }),
  })
  .superRefine(({ keys, jwksUrl, app, appClaim, issuer }, context) => {
    const fault = (path: string, message: string): void => context.addIssue({ code: 'custom', path: [path], message })
    if (keys !== undefined && jwksUrl !== undefined) fault('keys', 'write `keys` or `jwksUrl`, not both')
    if (app !== undefined && appClaim !== undefined) fault('appClaim', 'write `app` or `appClaim`, not both')
    // A set of both kinds is where a public key is taken for a secret (RFC 8725 §2.1).
    if (new Set(keys?.map(({ algorithm }) => algorithm.startsWith('HS'))).size > 1) {
      fault('keys', 'one issuer has secrets or public keys, not both: make two issuers of it')
    }
    const names = (keys ?? []).map(({ kid, algorithm }) => `${kid} ${algorithm}`)
    if (new Set(names).size < names.length && keys?.some(({ kid }) => kid !== undefined)) {
      fault('keys', 'two keys have the same `kid` and algorithm: give each its own')
    }
    if (keys === undefined && jwksUrl === undefined && !serviceUrlSchema.safeParse(issuer).success) {
      fault('issuer', 'its keys can be found only where this is a URL: write `jwksUrl` or `keys`')
    }
  })

export type IssuerOptions = z.output<typeof issuerSchema>

const shape = z.strictObject({
  issuers: z
    .array(issuerSchema)
    .min(1)
    .superRefine((issuers, context) => {
      const names = issuers.map(({ issuer }) => issuer)
      const twice = names.findIndex((name, index) => names.indexOf(name) !== index)
      if (twice < 0) return
      context.addIssue({ code: 'custom', path: [twice, 'issuer'], message: `${names[twice]} is there twice` })
    })
    .meta({ description: 'Whose tokens are taken.' }),
  ...tokenPlaceShape,
  clockSkewSeconds: z
    .int()
    .min(0)
    .max(600)
    .default(30)
    .meta({ description: 'How far the clock of an issuer may be off.' }),
  maxAgeSeconds: z
    .int()
    .min(1)
    .optional()
    .meta({ description: 'How old a token may be by its `iat`, whatever its `exp` says.' }),
  expiry: z
    .enum(['required', 'optional'])
    .default('required')
    .meta({ description: 'Whether tokens without `exp` are refused. One that is there always counts.' }),
  types: z
    .array(z.string().min(1))
    .min(1)
    .optional()
    .meta({ description: 'What `typ` in the header may be, such as `at+jwt` (RFC 9068). Anything, if absent.' }),
  requiredClaims: z.array(z.string().min(1)).default([]).meta({ description: 'Claims that have to be there.' }),
  maxTokenBytes: z
    .int()
    .min(256)
    .max(65_536)
    .default(16_384)
    .meta({ description: 'Longer tokens are refused unread.' }),
  cacheEntries: z
    .int()
    .min(0)
    .max(1_000_000)
    .default(10_000)
    .meta({ description: 'How many verified tokens each thread remembers until they expire.' }),
  decryption: z
    .array(
      z.strictObject({
        kid: z.string().min(1).optional().meta({ description: 'The `kid` of tokens that it opens; any, if absent.' }),
        algorithm: z.enum(DECRYPTION_ALGORITHMS).meta({ description: 'How the key of the token is encrypted.' }),
        key: secretOption('The private key in PEM or as a JWK; for `dir` and AES, a JWK with `k`.'),
      }),
    )
    .min(1)
    .optional()
    .meta({
      description: 'Keys for encrypted tokens (JWE). What is inside has to be signed: encryption alone proves nobody.',
    }),
  dpop: dpopSchema,
  dpopMaxAgeSeconds: dpopMaxAgeSchema,
  anonymous: z.boolean().default(false).meta({
    description: 'Lets callers without a token pass, as nobody. A token that is present and wrong is still refused.',
  }),
  forward: z
    .boolean()
    .default(false)
    .meta({ description: 'Sends the token on to the upstream. Otherwise it is taken out of the request.' }),
  attempts: addressAttemptsSchema,
  toUpstream: toUpstreamSchema,
})

export const jwtOptions = shape.superRefine(({ toUpstream, ...place }, context) =>
  reportHeldField(context, toTokenPlace(place), toUpstream),
)

export type JwtOptions = z.output<typeof jwtOptions>
