/** Owns what a control plane keeps of a federation: whose signed word is enough to come in without a secret, and with which grants. */
import { describedShape } from '@gatewright/model'
import { z } from 'zod'
import { grantSchema } from '../access/grant.ts'

const { title, description, tags, owner } = describedShape

const MOST_SECONDS = 3600
const USUAL_SECONDS = 900
/** What signs with a key that only the issuer has: nothing symmetric, and never `none`. */
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'] as const
const USUAL_ALGORITHMS: (typeof ALGORITHMS)[number][] = ['RS256', 'ES256']

const url = z.url({
  protocol: /^https?$/,
  error: 'It is an address, such as https://token.actions.githubusercontent.com.',
})

const conditionSchema = z
  .strictObject({
    claim: z.string().min(1).meta({ description: 'Its name, such as `repository` or `sub`.' }),
    is: z.string().min(1).exactOptional().meta({ description: 'The claim is exactly this.' }),
    startsWith: z
      .string()
      .min(1)
      .exactOptional()
      .meta({ description: 'The claim begins with this: `repo:acme/`, with its slash.' }),
  })
  .refine(({ is, startsWith }) => (is === undefined) !== (startsWith === undefined), {
    error: 'A condition has either "is" or "startsWith".',
  })

export const federationBodySchema = z.strictObject({
  title,
  description,
  tags,
  owner,
  issuer: url.meta({ description: 'The `iss` of its tokens. Its keys are found by discovery.' }),
  jwksUrl: url.exactOptional().meta({ description: 'Where its keys are, if it has no discovery.' }),
  audience: z
    .string()
    .min(1)
    .meta({ description: 'The `aud` of its tokens: they were made for this control plane, and for nobody else.' }),
  algorithms: z.array(z.enum(ALGORITHMS)).min(1).default(USUAL_ALGORITHMS),
  conditions: z
    .array(conditionSchema)
    .min(1)
    .meta({ description: 'All of them hold. The issuer signs for all of its customers: say which one is yours.' }),
  grants: z.array(grantSchema).min(1).meta({ description: 'What the token may that is given for it.' }),
  lifetimeSeconds: z.int().min(60).max(MOST_SECONDS).default(USUAL_SECONDS),
})

/** With what has a default. */
export type FederationBody = z.output<typeof federationBodySchema>
