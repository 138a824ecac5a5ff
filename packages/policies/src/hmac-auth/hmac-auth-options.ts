/** Owns the options of `hmac-auth`: whose keys are known, and what a signature must cover and say. */
import { z } from 'zod'
import { appIdSchema } from '../app-option.ts'
import { fieldNameSchema } from '../callers/credential-place.ts'
import { addressAttemptsSchema } from '../callers/guess-guard.ts'
import { toIdentityFields, toUpstreamSchema } from '../callers/upstream-facts.ts'
import { parseComponent } from '../message-signatures/component.ts'
import {
  createVerificationKey,
  SECRET_ENCODINGS,
  SIGNATURE_ALGORITHMS,
} from '../message-signatures/signature-algorithm.ts'
import { SignatureFault } from '../message-signatures/signature-fault.ts'
import { STRUCTURED_TYPES } from '../message-signatures/structured-types.ts'
import { findFault } from '../option-fault.ts'
import { planIdSchema } from '../plan-option.ts'
import { secretOption } from '../secret-option.ts'

const SECONDS_PER_DAY = 86_400
const MEBIBYTE = 1_048_576

const keySchema = z
  .strictObject({
    algorithm: z.enum(SIGNATURE_ALGORITHMS).meta({
      description: 'The one algorithm of this key. A signature that names another in `alg` is refused.',
    }),
    secret: secretOption('For `hmac-sha256`: the secret that the caller signs with, of 16 bytes at least.').optional(),
    secretEncoding: z
      .enum(SECRET_ENCODINGS)
      .default('utf8')
      .meta({ description: 'How the secret is written: `utf8` takes the characters as they are.' }),
    publicKey: z
      .union([z.string().min(1), z.record(z.string(), z.unknown())])
      .optional()
      .meta({ description: 'For all other algorithms: the public key of the caller, as PEM or as a JWK.' }),
    app: appIdSchema.meta({
      description: 'The app that calls with this key. One that is disabled, or not there, is refused.',
    }),
    plan: planIdSchema.optional().meta({ description: 'Its plan; that of the app, if absent.' }),
  })
  .superRefine(({ algorithm, secret, publicKey, secretEncoding }, context) => {
    const isShared = algorithm === 'hmac-sha256'
    const isWhole = isShared === (secret !== undefined) && isShared === (publicKey === undefined)
    if (!isWhole) {
      const message = isShared
        ? 'hmac-sha256 needs `secret`, and no `publicKey`'
        : `${algorithm} needs \`publicKey\`, and no \`secret\``
      context.addIssue({ code: 'custom', message })
      return
    }
    const message = findFault(() => createVerificationKey({ algorithm, secret, publicKey, secretEncoding }))
    if (message !== undefined) context.addIssue({ code: 'custom', path: [isShared ? 'secret' : 'publicKey'], message })
  })

const componentSchema = z.string().superRefine((text, context) => {
  try {
    parseComponent(text)
  } catch (fault) {
    if (!(fault instanceof SignatureFault)) throw fault
    context.addIssue({ code: 'custom', message: fault.detail })
  }
})

export const options = z
  .strictObject({
    keys: z
      .record(z.string().min(1), keySchema)
      .refine((keys) => Object.keys(keys).length > 0, 'name one key at least')
      .meta({ description: 'The keys that are known, by the `keyid` that signatures name.' }),
    required: z.array(componentSchema).optional().meta({
      description:
        'What each signature must cover, such as `@method`, `content-type` or `"@query-param";name="id"`. If absent: `@method` and the whole target, which is `@target-uri`, or `@authority` with `@request-target`, or with `@path` and, where there is one, `@query`.',
    }),
    coverBody: z.boolean().default(true).meta({
      description: 'Asks for `content-digest` among what is covered, wherever there is a body.',
    }),
    bodyLimitBytes: z
      .int()
      .min(0)
      .max(1024 * MEBIBYTE)
      .default(MEBIBYTE)
      .meta({
        description:
          'The longest body whose digest is checked: it is held in memory for that. A longer one is refused with 413.',
      }),
    maxAgeSeconds: z.int().min(1).max(SECONDS_PER_DAY).default(300).meta({
      description: 'How long a signature is good for, from its `created` on, which each must say.',
    }),
    clockSkewSeconds: z.int().min(0).max(3600).default(30).meta({
      description: "How far a caller's clock may be from this one's.",
    }),
    nonce: z.enum(['required', 'optional']).default('optional').meta({
      description:
        'A signature with a `nonce` is good for once, wherever its key is known. `required` refuses one without. There is room for 1.4 million that are alive, of all keys, proofs of DPoP and deliveries together, which are 4 200 a second where they live for 330 seconds; beyond, new ones may be taken for used.',
    }),
    tag: z
      .string()
      .regex(/^[\x20-\x7e]+$/, 'use printable ASCII')
      .optional()
      .meta({
        description: 'Only signatures with this `tag` are looked at. Others on the request are for somebody else.',
      }),
    structuredFields: z.record(fieldNameSchema, z.enum(STRUCTURED_TYPES)).default({}).meta({
      description:
        'How fields of your own are structured (RFC 9651), for signatures that cover them with `;sf` or `;key`.',
    }),
    anonymous: z.boolean().default(false).meta({
      description: 'Lets callers without a signature pass, as nobody. One that is present and wrong is still refused.',
    }),
    forward: z.boolean().default(false).meta({
      description:
        'Sends the signature on to the upstream. Otherwise it is taken out of the request, and those for others stay.',
    }),
    attempts: addressAttemptsSchema,
    toUpstream: toUpstreamSchema,
  })
  .superRefine(({ toUpstream }, context) => {
    const field = toIdentityFields(toUpstream).find((name) =>
      /^(?:signature|signature-input|content-digest)$/i.test(name),
    )
    if (field === undefined) return
    context.addIssue({
      code: 'custom',
      path: ['toUpstream'],
      message: `${field} is part of the signature; name another field`,
    })
  })

export type HmacAuthOptions = z.output<typeof options>
