/** Owns the options of `webhook-signature`: who sends, with which secrets, and how those sign who have a way of their own. */
import type { Secret } from '@gatewright/model/runtime'
import { z } from 'zod'
import { appIdSchema } from '../app-option.ts'
import { fieldNameSchema } from '../callers/credential-place.ts'
import { addressAttemptsSchema } from '../callers/guess-guard.ts'
import { toIdentityFields, toUpstreamSchema } from '../callers/upstream-facts.ts'
import { SECRET_ENCODINGS } from '../message-signatures/signature-algorithm.ts'
import { findFault } from '../option-fault.ts'
import { planIdSchema } from '../plan-option.ts'
import { secretOption } from '../secret-option.ts'
import { SIGNATURE_ENCODINGS, type WebhookScheme } from './delivery.ts'
import { createGenericScheme, findTemplateFault, TIMESTAMP_UNITS } from './generic-scheme.ts'
import { createStandardScheme, githubScheme, shopifyScheme, slackScheme, stripeScheme } from './provider-schemes.ts'
import { createHmacKey, createStandardKey, HMAC_HASHES, type SenderKey } from './sender-keys.ts'

const SECONDS_PER_DAY = 86_400
const MEBIBYTE = 1_048_576
// A sender that changes its secret has two for a while; each is tried with every delivery.
const MOST_SECRETS = 8

const genericSchema = z
  .strictObject({
    header: fieldNameSchema.meta({ description: 'The field with the signature, such as X-Signature.' }),
    algorithm: z.enum(HMAC_HASHES).default('sha256').meta({
      description: 'The hash of the HMAC. `sha1` is for senders that know no better: nothing new should use it.',
    }),
    encoding: z.enum(SIGNATURE_ENCODINGS).default('hex').meta({ description: 'How the signature is written.' }),
    prefix: z.string().default('').meta({ description: 'What stands before it, such as `sha256=`.' }),
    secretEncoding: z
      .enum(SECRET_ENCODINGS)
      .default('utf8')
      .meta({ description: 'How the secrets are written: `utf8` takes the characters as they are.' }),
    signed: z.string().default('{body}').meta({
      description:
        'What is signed: `{body}`, and what else the sender puts before or behind it, such as `{timestamp}.{body}`. There is `{timestamp}`, `{method}`, `{target}` (path and query, as sent) and `{header.x-name}` besides.',
    }),
    timestampHeader: fieldNameSchema.optional().meta({
      description: 'The field that says when it was sent; it must be part of what is signed.',
    }),
    timestampUnit: z
      .enum(TIMESTAMP_UNITS)
      .default('seconds')
      .meta({ description: 'What the time is counted in, since 1970.' }),
  })
  .superRefine(({ signed, timestampHeader }, context) => {
    const message = findTemplateFault(signed, timestampHeader !== undefined)
    if (message !== undefined) context.addIssue({ code: 'custom', path: ['signed'], message })
  })

export const options = z
  .strictObject({
    provider: z.enum(['github', 'stripe', 'slack', 'shopify', 'standard-webhooks', 'generic']).meta({
      description:
        'Who sends, and so how it signs. `standard-webhooks` is https://www.standardwebhooks.com, with secrets `whsec_…` or public keys `whpk_…`. `generic` is everybody else, as `generic` says.',
    }),
    secrets: z
      .array(secretOption('A secret of 16 bytes at least that the sender signs with.'))
      .min(1)
      .max(MOST_SECRETS)
      .meta({
        description:
          'The secrets that are shared with the sender. Several are good at once, so that one can be changed for another.',
      }),
    generic: genericSchema.optional().meta({ description: 'How the sender signs. For `generic` only.' }),
    headerPrefix: z.enum(['webhook', 'svix']).default('webhook').meta({
      description: 'For `standard-webhooks`: whether its fields are called `webhook-id` and so on, or `svix-id`.',
    }),
    app: appIdSchema.optional().meta({
      description:
        'The app that the sender is, which has to be there. If absent it is the name of the provider, and need not.',
    }),
    plan: planIdSchema.optional().meta({ description: 'Its plan; that of the app, if absent.' }),
    toleranceSeconds: z.int().min(1).max(SECONDS_PER_DAY).default(300).meta({
      description:
        'How long ago a delivery may have been sent, or how far ahead the clock of its sender may be, where the time is signed: by Stripe, Slack, Standard Webhooks, and where `generic.timestampHeader` is set.',
    }),
    replay: z.enum(['refused', 'allowed']).default('refused').meta({
      description:
        'Whether the very same delivery may come twice within the tolerance, to whatever route knows its secret. A sender that tries again signs again, so this is somebody else, unless the first was answered with 5xx: then it may. GitHub and Shopify sign no time, and theirs are never refused for that.',
    }),
    bodyLimitBytes: z
      .int()
      .min(0)
      .max(1024 * MEBIBYTE)
      .default(MEBIBYTE)
      .meta({
        description:
          'The longest body: it is held in memory to be checked, and sent on as it came. A longer one is refused with 413.',
      }),
    anonymous: z.boolean().default(false).meta({
      description: 'Lets requests without a signature pass, as nobody. One that is present and wrong is still refused.',
    }),
    forward: z.boolean().default(false).meta({
      description: 'Sends the signature on to the upstream. Otherwise its field is taken out of the request.',
    }),
    attempts: addressAttemptsSchema,
    toUpstream: toUpstreamSchema,
  })
  .superRefine(({ provider, generic }, context) => {
    if ((provider === 'generic') === (generic !== undefined)) return
    const message =
      generic === undefined
        ? 'say in `generic` how the sender signs'
        : 'only the provider `generic` has it; take it out'
    context.addIssue({ code: 'custom', path: ['generic'], message })
  })
  .superRefine((given, context) => {
    // A missing `generic` has a fault of its own.
    if (given.provider === 'generic' && given.generic === undefined) return
    const { signatureFields } = toScheme(given)
    const field = toIdentityFields(given.toUpstream).find((name) => signatureFields.includes(name.toLowerCase()))
    if (field === undefined) return
    context.addIssue({
      code: 'custom',
      path: ['toUpstream'],
      message: `${field} holds the signature; name another field`,
    })
  })
  .superRefine((given, context) => {
    for (const [index, secret] of given.secrets.entries()) {
      const message = findFault(() => toSenderKey(given, secret))
      if (message !== undefined) context.addIssue({ code: 'custom', path: ['secrets', index], message })
    }
  })

export type WebhookOptions = z.output<typeof options>

/** @throws TypeError where the secret is none for this sender; the message holds nothing of it */
export function toSenderKey(
  { provider, generic }: Pick<WebhookOptions, 'provider' | 'generic'>,
  secret: Secret,
): SenderKey {
  if (provider === 'standard-webhooks') return createStandardKey(secret)
  return createHmacKey(secret, generic?.algorithm ?? 'sha256', generic?.secretEncoding ?? 'utf8')
}

export function toScheme({
  provider,
  generic,
  headerPrefix,
}: Pick<WebhookOptions, 'provider' | 'generic' | 'headerPrefix'>): WebhookScheme {
  switch (provider) {
    case 'github':
      return githubScheme
    case 'stripe':
      return stripeScheme
    case 'slack':
      return slackScheme
    case 'shopify':
      return shopifyScheme
    case 'standard-webhooks':
      return createStandardScheme(headerPrefix)
    case 'generic':
      if (generic === undefined) throw new TypeError('the provider generic needs the option generic')
      return createGenericScheme(generic)
  }
}
