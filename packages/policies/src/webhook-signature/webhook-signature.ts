/** Owns who sent a webhook, by the signature of its body. */
import { createHash } from 'node:crypto'
import { findAppPlan } from '../callers/find-app-plan.ts'
import { GuessGuard } from '../callers/guess-guard.ts'
import { recognise } from '../callers/recognise.ts'
import { tellUpstream, toIdentityFields } from '../callers/upstream-facts.ts'
import { settle, type Usage, UsedOnce } from '../callers/used-once.ts'
import type { Exchange } from '../exchange.ts'
import type { MaybePromise } from '../maybe-promise.ts'
import { SignatureFault } from '../message-signatures/signature-fault.ts'
import type { GatewayResponse } from '../messages/response.ts'
import { readWholeBody } from '../messages/whole-body.ts'
import { definePolicy, type Next } from '../policy.ts'
import { Problem } from '../problem.ts'
import type { PolicyServices } from '../services.ts'
import type { Delivery, WebhookScheme } from './delivery.ts'
import type { SenderKey } from './sender-keys.ts'
import { options, toScheme, toSenderKey, type WebhookOptions } from './webhook-signature-options.ts'

export const webhookSignature = definePolicy({
  name: 'webhook-signature',
  phase: 'authenticate',
  summary: 'Lets webhooks pass that their sender signed, and refuses all others.',
  options,
  examples: [
    { says: 'Deliveries of GitHub.', options: { provider: 'github', secrets: [`\${env:GITHUB_WEBHOOK_SECRET}`] } },
    {
      says: 'Deliveries of Stripe while its secret is changed for a new one.',
      options: { provider: 'stripe', secrets: [`\${env:STRIPE_SECRET_NEW}`, `\${env:STRIPE_SECRET_OLD}`] },
    },
    {
      says: 'A sender of its own kind: an HMAC by SHA-512 of time and body, in base64.',
      options: {
        provider: 'generic',
        secrets: [`\${env:SENDER_SECRET}`],
        app: 'warehouse',
        generic: {
          header: 'X-Signature',
          algorithm: 'sha512',
          encoding: 'base64',
          signed: '{timestamp}.{body}',
          timestampHeader: 'X-Sent-At',
        },
      },
    },
  ],
  identityFields: ({ toUpstream }) => toIdentityFields(toUpstream),
  credentialPlaces: (given) => toScheme(given).signatureFields.map((name) => ({ in: 'header', name })),

  create(given, services) {
    const deliveries = new Deliveries(given, services)
    return function webhookSignature(exchange, next) {
      if (deliveries.scheme.isPresent(exchange.request.headers)) return deliveries.admit(exchange, next)
      if (!given.anonymous) throw deliveries.missing
      return next(exchange)
    }
  },
})

/** What stays the same for all deliveries, and what is done with one. */
class Deliveries {
  readonly scheme: WebhookScheme
  readonly missing: Problem
  readonly #options: WebhookOptions
  readonly #services: PolicyServices
  readonly #keys: readonly SenderKey[]
  readonly #guard: GuessGuard
  /**
   * Deliveries that came, as far as they could come again: for each secret, so that they are known wherever it is known. While it
   * is changed a delivery has two signatures, and whoever copied it could send it with one and then with the other.
   */
  readonly #seen: readonly UsedOnce[]
  readonly #challenge: Problem['headers']
  readonly #app: { readonly app: string; readonly unknownApps: 'refuse' | 'allow' }

  constructor(given: WebhookOptions, services: PolicyServices) {
    this.scheme = toScheme(given)
    this.#options = given
    this.#services = services
    this.#keys = given.secrets.map((secret) => toSenderKey(given, secret))
    this.#guard = new GuessGuard(services, 'signature', given.attempts)
    const thumbprints = new Set(this.#keys.map(({ thumbprint }) => thumbprint))
    this.#seen = [...thumbprints].map((of) => new UsedOnce(services.replays, `webhook-signature/${of}`))
    // RFC 9110 §11.6.1: a 401 carries a challenge. Webhooks have no registered scheme; the parameter says where the signature goes.
    this.#challenge = [['WWW-Authenticate', `Webhook header="${this.scheme.field}"`]]
    this.missing = new Problem('credential-missing', {
      detail: `Sign the delivery, and send the signature in ${this.scheme.field}.`,
      headers: this.#challenge,
    })
    // The name of a provider is one that nobody wrote down as an app.
    const { app, provider } = given
    this.#app = { app: app ?? provider, unknownApps: app === undefined ? 'allow' : 'refuse' }
  }

  admit(exchange: Exchange, next: Next): MaybePromise<GatewayResponse> {
    this.#guard.admit(exchange)
    const delivery = this.#judge(() => {
      const read = this.scheme.read(exchange.request)
      this.#assertCurrent(read)
      return read
    })
    const body = readWholeBody(exchange.request.body, this.#options.bodyLimitBytes)
    if (body instanceof Promise) return body.then((bytes) => this.#check(exchange, { delivery, bytes, next }))
    return this.#check(exchange, { delivery, bytes: body, next })
  }

  #check(
    exchange: Exchange,
    { delivery, bytes, next }: { readonly delivery: Delivery; readonly bytes: Uint8Array; readonly next: Next },
  ): MaybePromise<GatewayResponse> {
    const { before, after } = delivery
    const signed = [Buffer.from(before, 'latin1'), bytes, Buffer.from(after, 'latin1')]
    this.#judge(() => {
      // A body may come slowly, and by now it may be forgotten that this delivery came before.
      this.#assertCurrent(delivery)
      this.#recognise(exchange, delivery, signed)
    })
    if (delivery.sentAtSeconds === undefined || this.#options.replay === 'allowed') return this.#pass(exchange, next)
    const digest = toDigest(signed)
    const untilMs = (delivery.sentAtSeconds + this.#options.toleranceSeconds) * 1000
    const usages = settle(this.#seen.map((seen) => seen.use(exchange, digest, untilMs)))
    if (usages instanceof Promise) return usages.then((late) => this.#passNew(exchange, { usages: late, digest, next }))
    return this.#passNew(exchange, { usages, digest, next })
  }

  /** @throws SignatureFault where no key of the sender made one of the signatures */
  #recognise(exchange: Exchange, delivery: Delivery, signed: readonly Uint8Array[]): void {
    const at = this.#keys.findIndex((key) => key.verifies(signed, delivery.signatures))
    if (at < 0) {
      this.#guard.failed(exchange)
      throw new SignatureFault(
        'wrong-signature',
        'The signature is not one of this delivery. Look at the secret, and at what is signed.',
      )
    }
    const { provider, plan } = this.#options
    const ofApp = findAppPlan(
      this.#services.credentials,
      { ...this.#app, api: exchange.route.api },
      (fault) => new SignatureFault(fault, 'The app that this sender is, is disabled, or unknown here.'),
    )
    recognise(exchange, {
      id: this.#app.app,
      app: this.#app.app,
      plan: plan ?? ofApp,
      // Which of the secrets it was: the old one can go when it is not seen any more.
      credential: { kind: 'webhook', id: `${provider}/${at + 1}` },
    })
  }

  #passNew(
    exchange: Exchange,
    { usages, digest, next }: { readonly usages: readonly Usage[]; readonly digest: string; readonly next: Next },
  ): MaybePromise<GatewayResponse> {
    this.#judge(() => {
      if (!usages.includes('spent')) return
      throw new SignatureFault('replayed', 'This delivery came before. Sign again to send it again.')
    })
    exchange.onFinish(({ status, ended, problem }) => {
      // What was not carried out may come again as it was. Of whom there was no whole answer, nobody knows: who hangs up could
      // have it carried out as often as they like.
      if (ended !== 'answered' || (problem === undefined && status < 500)) return
      for (const [at, seen] of this.#seen.entries()) if (usages[at] === 'first') seen.giveBack(digest)
    })
    return this.#pass(exchange, next)
  }

  #pass(exchange: Exchange, next: Next): MaybePromise<GatewayResponse> {
    const { request, caller } = exchange
    const { forward, toUpstream } = this.#options
    if (!forward) for (const field of this.scheme.signatureFields) request.headers.delete(field)
    if (toUpstream !== undefined && caller !== undefined) tellUpstream(request, caller, toUpstream)
    return next(exchange)
  }

  #assertCurrent({ sentAtSeconds }: Delivery): void {
    if (sentAtSeconds === undefined) return
    const aheadSeconds = sentAtSeconds - this.#services.clock.now() / 1000
    const { toleranceSeconds } = this.#options
    if (aheadSeconds > toleranceSeconds) {
      throw new SignatureFault(
        'sent-later',
        'The delivery says that it was sent in the future. Set the clock right, and sign again.',
      )
    }
    if (aheadSeconds <= -toleranceSeconds)
      throw new SignatureFault('too-old', 'The delivery is too old. Sign again, and send it at once.')
  }

  /** @throws Problem for a fault of the signature */
  #judge<Value>(decide: () => Value): Value {
    try {
      return decide()
    } catch (fault) {
      if (!(fault instanceof SignatureFault)) throw fault
      const { detail, reason } = fault
      throw new Problem('credential-invalid', { detail, reason, headers: this.#challenge })
    }
  }
}

/** Of what was signed, and not of the signature: while there are two secrets, one delivery has two. */
function toDigest(signed: readonly Uint8Array[]): string {
  const hash = createHash('sha256')
  for (const part of signed) hash.update(part)
  return hash.digest('base64')
}
