/** Owns what an operator says about the signatures that are taken. */
import { z } from 'zod'
import { appIdSchema } from '../app-option.ts'
import { PATH_FORMS } from '../aws-signature/canonical-request.ts'
import { fieldNameSchema } from '../callers/credential-place.ts'
import { addressAttemptsSchema } from '../callers/guess-guard.ts'
import { toIdentityFields, toUpstreamSchema } from '../callers/upstream-facts.ts'
import { planIdSchema } from '../plan-option.ts'
import { secretOption } from '../secret-option.ts'

const MIB = 1 << 20
/** Amazon S3 API Reference, "Error Responses", RequestTimeTooSkewed: a quarter of an hour; most other services take 5 minutes. */
const MOST_SKEW_SECONDS = 900

const scopePart = z.string().regex(/^[A-Za-z0-9-]{1,64}$/, 'use letters, digits and - only')

const credentialSchema = z.strictObject({
  accessKeyId: z
    .string()
    .regex(/^[\w.@-]{1,128}$/, 'use 1 to 128 letters, digits and _.@-')
    .meta({ description: 'What the caller calls its key, such as AKIDEXAMPLE. It is no secret.' }),
  secretAccessKey: secretOption('What the caller signs with.'),
  sessionToken: secretOption(
    'Of temporary credentials: what requests of this key carry in X-Amz-Security-Token. Without it they may carry none.',
  ).optional(),
  app: appIdSchema.meta({
    description: 'The app that calls with this key. One that is disabled, or not there, is refused.',
  }),
  plan: planIdSchema.optional().meta({ description: 'The plan it calls with; that of the app unless said.' }),
})

export const awsSigv4Options = z
  .strictObject({
    credentials: z.array(credentialSchema).min(1).meta({ description: 'Whose signatures are taken.' }),
    region: scopePart.meta({ description: 'The region that requests are signed for, such as `eu-central-1`.' }),
    service: scopePart.meta({
      description: 'The service that requests are signed for: `execute-api`, `s3`, or a name of your own.',
    }),
    clockSkewSeconds: z.int().min(1).max(MOST_SKEW_SECONDS).default(300).meta({
      description:
        'How far the clock of a caller may be from this one, either way. For so long a request can be sent again by whoever sees it: the signature has no memory, and TLS is what keeps it from being seen.',
    }),
    requiredSignedHeaders: z.array(fieldNameSchema).default(['Content-Type']).meta({
      description:
        'Header fields that the signature has to cover where they are present, beside `Host` and every `X-Amz-…`, which it always has to.',
    }),
    unsignedPayload: z.enum(['refuse', 'allow']).default('refuse').meta({
      description:
        'What happens to a body that the signature does not cover (`UNSIGNED-PAYLOAD`). A GET or HEAD without a body is never refused for it.',
    }),
    presigned: z.enum(['refuse', 'allow']).default('refuse').meta({
      description:
        'What happens to requests that are signed in their query. Whoever has such a URL may use it for as long as it says, up to a week, and as often as they like.',
    }),
    bodyLimitBytes: z
      .int()
      .min(0)
      .max(1024 * MIB)
      .default(MIB)
      .meta({
        description:
          'Longest body that is read to prove its SHA-256, in bytes; of a body in signed chunks, the longest chunk.',
      }),
    pathForm: z.enum(PATH_FORMS).optional().meta({
      description:
        'How callers spell the path that they sign. `normal` resolves dot segments, joins slashes, and escapes once more what was sent; `received` only escapes it once more; `s3` escapes it once. Unless said it is `s3` for S3 and `normal` for the rest.',
    }),
    anonymous: z.boolean().default(false).meta({
      description:
        'Lets requests that are not signed pass, as nobody. A signature that is there and wrong is still refused.',
    }),
    forward: z.boolean().default(false).meta({
      description:
        'Sends the signature on to the upstream, and a body in chunks as it came. Otherwise signature and session token are taken out, and chunks are joined.',
    }),
    // Access key ids stand in every presigned URL: whoever reads one could lock its owner out by the name.
    attempts: addressAttemptsSchema,
    toUpstream: toUpstreamSchema,
  })
  .superRefine(({ credentials, toUpstream }, context) => {
    const seen = new Set<string>()
    for (const [at, { accessKeyId }] of credentials.entries()) {
      if (seen.has(accessKeyId)) {
        const message = `${accessKeyId} is there twice; a key belongs to one app`
        context.addIssue({ code: 'custom', path: ['credentials', at, 'accessKeyId'], message })
      }
      seen.add(accessKeyId)
    }
    for (const field of toIdentityFields(toUpstream)) {
      if (!/^(?:date$|x-amz-)/i.test(field)) continue
      const message = `${field} is part of signatures, and would be taken out before it is looked at; name another field`
      context.addIssue({ code: 'custom', path: ['toUpstream'], message })
    }
  })

export type AwsSigv4Options = z.output<typeof awsSigv4Options>
