/** Owns who calls, by a signature of the request (RFC 9421), and with it that nobody changed the request on its way. */

import { findAppPlan } from '../callers/find-app-plan.ts'
import { GuessGuard } from '../callers/guess-guard.ts'
import { recognise } from '../callers/recognise.ts'
import { tellUpstream, toIdentityFields } from '../callers/upstream-facts.ts'
import { settle, type Usage } from '../callers/used-once.ts'
import type { Exchange } from '../exchange.ts'
import type { MaybePromise } from '../maybe-promise.ts'
import { assertContentDigest } from '../message-signatures/content-digest.ts'
import { SignatureFault } from '../message-signatures/signature-fault.ts'
import { parseSignatures } from '../message-signatures/signature-input.ts'
import type { HeaderList } from '../messages/header-list.ts'
import type { GatewayResponse } from '../messages/response.ts'
import { readWholeBody } from '../messages/whole-body.ts'
import { definePolicy, type Next } from '../policy.ts'
import { Problem } from '../problem.ts'
import type { PolicyServices } from '../services.ts'
import { serializeParameters } from '../structured-fields/serialize-structured-field.ts'
import { coversDigest } from './coverage.ts'
import { type HmacAuthOptions, options } from './hmac-auth-options.ts'
import { SignatureChecks, type VerifiedSignature } from './signature-checks.ts'
import { listSignaturePlaces, removeSignatures } from './signature-places.ts'

const INPUT = 'signature-input'
const SIGNATURE = 'signature'
const APP_FAULT = 'The app that this key belongs to is disabled, or unknown here.'

export const hmacAuth = definePolicy({
  name: 'hmac-auth',
  phase: 'authenticate',
  summary: 'Recognises the caller by a signature of the request, with a shared secret or a key of their own.',
  options,
  examples: [
    {
      says: 'Knows one partner by a shared secret: method, target and body must be signed.',
      options: {
        keys: { 'partner-1': { algorithm: 'hmac-sha256', secret: `\${env:PARTNER_SECRET}`, app: 'partner' } },
      },
    },
    {
      says: 'Knows a bank by its public key, asks for a nonce, and tells the upstream which app calls.',
      options: {
        keys: {
          'bank-2026': {
            algorithm: 'ed25519',
            publicKey: { kty: 'OKP', crv: 'Ed25519', x: 'JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs' },
            app: 'bank',
          },
        },
        required: ['@method', '@target-uri', 'content-type'],
        nonce: 'required',
        toUpstream: { app: 'X-App-Id' },
      },
    },
  ],
  identityFields: ({ toUpstream }) => toIdentityFields(toUpstream),
  credentialPlaces: ({ tag }) => listSignaturePlaces(tag),

  create(given, services) {
    const signatures = new SignedRequests(given, services)
    return function hmacAuth(exchange, next) {
      const { headers } = exchange.request
      const input = headers.get(INPUT)
      const signature = headers.get(SIGNATURE)
      if (input !== undefined || signature !== undefined || isDraft(headers)) {
        return signatures.admit(exchange, next)
      }
      if (!given.anonymous) throw signatures.toDemand(exchange).missing
      return next(exchange)
    }
  },
})

/** draft-cavage-http-signatures: another syntax in `Authorization`, which signs fewer things in looser ways. */
function isDraft(headers: HeaderList): boolean {
  return /^signature(?: |$)/i.test(headers.get('authorization') ?? '')
}

/** What stays the same for all requests, and what is done with one. */
class SignedRequests {
  readonly #options: HmacAuthOptions
  readonly #services: PolicyServices
  readonly #guard: GuessGuard
  readonly #checks: SignatureChecks
  /** Of requests with a body that must be covered, and of all others. */
  readonly #ofBodies: Demand
  readonly #ofOthers: Demand

  constructor(given: HmacAuthOptions, services: PolicyServices) {
    const { replays } = services
    this.#options = given
    this.#services = services
    this.#guard = new GuessGuard(services, 'signature', given.attempts)
    this.#checks = new SignatureChecks(given, this.#guard, replays)
    const { wanted } = this.#checks.coverage
    this.#ofOthers = createDemand(wanted, given.tag)
    this.#ofBodies = createDemand([...wanted, '"content-digest"'], given.tag)
  }

  admit(exchange: Exchange, next: Next): MaybePromise<GatewayResponse> {
    this.#guard.admit(exchange)
    const verified = this.#judge(exchange, () => this.#verify(exchange))
    if (verified === undefined) {
      if (!this.#options.anonymous) throw this.toDemand(exchange).missing
      return next(exchange)
    }
    if (!verified.some(({ signature }) => coversDigest(signature))) return this.#finish(exchange, verified, next)
    const body = readWholeBody(exchange.request.body, this.#options.bodyLimitBytes)
    if (body instanceof Promise) return body.then((bytes) => this.#checkBody(exchange, verified, { bytes, next }))
    return this.#checkBody(exchange, verified, { bytes: body, next })
  }

  /** What this request should have been signed with. */
  toDemand({ request }: Exchange): Demand {
    return this.#checks.coverage.needsDigest(request) ? this.#ofBodies : this.#ofOthers
  }

  /** undefined: none of the signatures is for us. */
  #verify(exchange: Exchange): VerifiedSignature[] | undefined {
    const { headers } = exchange.request
    const input = headers.get(INPUT)
    const signature = headers.get(SIGNATURE)
    if (input === undefined && (signature === undefined || /keyid *=/i.test(signature))) {
      throw new SignatureFault(
        'draft-signature',
        'This is a signature of an older draft. Sign as RFC 9421 says: with Signature-Input and Signature.',
      )
    }
    const ours = this.#checks.pick(parseSignatures(input ?? '', signature ?? ''))
    if (ours.length === 0) {
      if (this.#options.tag !== undefined) return undefined
      throw new SignatureFault('malformed-signature', 'Signature-Input holds no signature.')
    }
    return this.#checks.verify(exchange, ours, this.#services.clock.now())
  }

  #checkBody(
    exchange: Exchange,
    verified: readonly VerifiedSignature[],
    { bytes, next }: { readonly bytes: Uint8Array; readonly next: Next },
  ): MaybePromise<GatewayResponse> {
    const field = exchange.request.headers.get('content-digest')
    this.#judge(exchange, () => {
      assertContentDigest(field, bytes)
      // A body may come slowly, and by now the nonce of an old signature may be forgotten.
      for (const { signature } of verified) this.#checks.assertCurrent(signature, this.#services.clock.now())
    })
    return this.#finish(exchange, verified, next)
  }

  /** Last of all: a nonce is spent on nothing but a request that is right in everything else. */
  #finish(exchange: Exchange, verified: readonly VerifiedSignature[], next: Next): MaybePromise<GatewayResponse> {
    const usages = settle(verified.flatMap((one) => this.#use(exchange, one)))
    if (usages instanceof Promise) return usages.then((late) => this.#pass(exchange, { verified, usages: late, next }))
    return this.#pass(exchange, { verified, usages, next })
  }

  /** Up to the last moment in which this signature may come. */
  #use(exchange: Exchange, { signature, key }: VerifiedSignature): MaybePromise<Usage>[] {
    const { nonce, created } = signature
    if (nonce === undefined) return []
    const { maxAgeSeconds, clockSkewSeconds } = this.#options
    const fromSeconds = created ?? this.#services.clock.now() / 1000
    return [key.nonces.use(exchange, nonce, (fromSeconds + maxAgeSeconds + clockSkewSeconds) * 1000)]
  }

  #pass(
    exchange: Exchange,
    { verified, usages, next }: { verified: readonly VerifiedSignature[]; usages: readonly Usage[]; next: Next },
  ): MaybePromise<GatewayResponse> {
    const [first] = verified
    this.#judge(exchange, () => {
      if (usages.includes('spent') || first === undefined) {
        throw new SignatureFault('nonce-used', 'A request with this nonce came before. Sign again, with a new one.')
      }
      const { id, app, plan } = first.key
      const named = { app, api: exchange.route.api }
      const ofApp = findAppPlan(this.#services.credentials, named, (fault) => new SignatureFault(fault, APP_FAULT))
      const caller = recognise(exchange, {
        id: app,
        app,
        plan: plan ?? ofApp,
        credential: { kind: 'signature', id },
      })
      if (!this.#options.forward)
        removeSignatures(exchange.request.headers, new Set(verified.map(({ signature }) => signature.label)))
      if (this.#options.toUpstream !== undefined) tellUpstream(exchange.request, caller, this.#options.toUpstream)
    })
    return next(exchange)
  }

  /** @throws Problem for a fault of the signature */
  #judge<Value>(exchange: Exchange, decide: () => Value): Value {
    try {
      return decide()
    } catch (fault) {
      if (!(fault instanceof SignatureFault)) throw fault
      const { detail, reason } = fault
      throw new Problem('credential-invalid', { detail, reason, headers: this.toDemand(exchange).headers })
    }
  }
}

/** What is said to those who do not sign as they should. */
interface Demand {
  readonly missing: Problem
  readonly headers: Problem['headers']
}

/** RFC 9110 §11.6.1: a 401 carries a challenge. None is registered for signatures; RFC 9421 §5.1 has a field that says what to sign. */
function createDemand(wanted: readonly string[], tag: string | undefined): Demand {
  const tagged = tag === undefined ? '' : serializeParameters(new Map([['tag', { type: 'string', value: tag }]]))
  const headers = [
    ['WWW-Authenticate', 'Signature spec="RFC 9421"'],
    ['Accept-Signature', `sig=(${wanted.join(' ')});created${tagged}`],
  ] as const
  const detail = `Sign the request (RFC 9421), and cover ${wanted.join(', ')}.`
  return { headers, missing: new Problem('credential-missing', { detail, headers }) }
}
