/** Owns how known senders sign what they deliver, each as its own documentation says. */
import { SignatureFault } from '../message-signatures/signature-fault.ts'
import type { HeaderList } from '../messages/header-list.ts'
import {
  type ClaimedSignature,
  findOctets,
  getField,
  malformedSignature,
  parseTimestamp,
  type WebhookScheme,
} from './delivery.ts'

// A sender that changes its secret signs with two. Each one more is a comparison, and costs next to nothing.
const MOST_SIGNATURES = 16

const has =
  (...names: readonly string[]) =>
  (headers: HeaderList): boolean =>
    names.some((name) => headers.has(name))

/** https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries */
export const githubScheme: WebhookScheme = {
  field: 'X-Hub-Signature-256',
  // The older one, by SHA-1, is sent beside it.
  signatureFields: ['x-hub-signature-256', 'x-hub-signature'],
  isPresent: has('x-hub-signature-256', 'x-hub-signature'),
  read({ headers }) {
    if (!headers.has('x-hub-signature-256')) {
      throw new SignatureFault('weak-algorithm', 'X-Hub-Signature is by SHA-1. Send X-Hub-Signature-256.')
    }
    const text = getField(headers, 'x-hub-signature-256')
    const octets = text.startsWith('sha256=') ? findOctets(text.slice('sha256='.length), 'hex') : undefined
    if (octets === undefined) throw malformedSignature(this.field)
    return { signatures: [{ kind: 'hmac', octets }], before: '', after: '', sentAtSeconds: undefined }
  },
}

/** https://docs.stripe.com/webhooks/signature: `t=1492774577,v1=5257a8…,v1=…,v0=…`; `v0` is of tests, and no signature. */
export const stripeScheme: WebhookScheme = {
  field: 'Stripe-Signature',
  signatureFields: ['stripe-signature'],
  isPresent: has('stripe-signature'),
  read({ headers }) {
    const parts = getField(headers, 'stripe-signature').split(',', MOST_SIGNATURES + 2)
    const times = parts.filter((part) => part.startsWith('t=')).map((part) => part.slice(2))
    const signatures = parts
      .filter((part) => part.startsWith('v1='))
      .flatMap((part): ClaimedSignature[] => {
        const octets = findOctets(part.slice(3), 'hex')
        return octets === undefined ? [] : [{ kind: 'hmac', octets }]
      })
    const [time, ...more] = times
    if (time === undefined || more.length > 0 || signatures.length === 0 || parts.length > MOST_SIGNATURES) {
      throw malformedSignature(this.field)
    }
    return { signatures, before: `${time}.`, after: '', sentAtSeconds: parseTimestamp(time, 't') }
  },
}

/** https://docs.slack.dev/authentication/verifying-requests-from-slack */
export const slackScheme: WebhookScheme = {
  field: 'X-Slack-Signature',
  signatureFields: ['x-slack-signature'],
  isPresent: has('x-slack-signature'),
  read({ headers }) {
    const text = getField(headers, 'x-slack-signature')
    const time = getField(headers, 'x-slack-request-timestamp')
    const octets = text.startsWith('v0=') ? findOctets(text.slice('v0='.length), 'hex') : undefined
    if (octets === undefined) throw malformedSignature(this.field)
    return {
      signatures: [{ kind: 'hmac', octets }],
      before: `v0:${time}:`,
      after: '',
      sentAtSeconds: parseTimestamp(time, 'X-Slack-Request-Timestamp'),
    }
  },
}

/** https://shopify.dev/docs/apps/build/webhooks/verify-deliveries */
export const shopifyScheme: WebhookScheme = {
  field: 'X-Shopify-Hmac-SHA256',
  signatureFields: ['x-shopify-hmac-sha256'],
  isPresent: has('x-shopify-hmac-sha256'),
  read({ headers }) {
    const octets = findOctets(getField(headers, 'x-shopify-hmac-sha256'), 'base64')
    if (octets === undefined) throw malformedSignature(this.field)
    return { signatures: [{ kind: 'hmac', octets }], before: '', after: '', sentAtSeconds: undefined }
  },
}

const STANDARD_KINDS: ReadonlyMap<string, ClaimedSignature['kind']> = new Map([
  ['v1', 'hmac'],
  ['v1a', 'ed25519'],
])

/** https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md; `prefix` is `webhook`, or `svix` of those who began it. */
export function createStandardScheme(prefix: 'webhook' | 'svix'): WebhookScheme {
  const field = `${prefix}-signature`
  return {
    field,
    signatureFields: [field],
    isPresent: has(field),
    read({ headers }) {
      const id = getField(headers, `${prefix}-id`)
      const time = getField(headers, `${prefix}-timestamp`)
      const entries = getField(headers, field).split(' ', MOST_SIGNATURES + 1)
      const signatures = entries.flatMap((entry): ClaimedSignature[] => {
        const [version = '', text = '', ...more] = entry.split(',')
        const kind = STANDARD_KINDS.get(version)
        const octets = findOctets(text, 'base64')
        return kind === undefined || octets === undefined || more.length > 0 ? [] : [{ kind, octets }]
      })
      if (signatures.length === 0 || entries.length > MOST_SIGNATURES) throw malformedSignature(field)
      // An id with a full stop in it could end elsewhere, and the rest be taken for the time, and the time for the body.
      if (id === '' || id.includes('.'))
        throw new SignatureFault('malformed-id', `${prefix}-id is empty, or holds a full stop.`)
      return {
        signatures,
        before: `${id}.${time}.`,
        after: '',
        sentAtSeconds: parseTimestamp(time, `${prefix}-timestamp`),
      }
    },
  }
}
