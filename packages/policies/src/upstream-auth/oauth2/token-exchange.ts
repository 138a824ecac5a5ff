/** Owns tokens that are issued in exchange for the caller's (RFC 8693): the upstream learns who calls, and gets a token that is meant for it. */
import { z } from 'zod'
import { type CredentialPlace, createCredentialPlace, TWO_CREDENTIALS } from '../../callers/credential-place.ts'
import { toFingerprint } from '../../callers/remembered.ts'
import { type Verdict, Verdicts } from '../../callers/verdicts.ts'
import { parseObject, toSenseless } from '../../calls/json-answer.ts'
import { OutageLog } from '../../calls/outage-log.ts'
import type { Caller, Exchange } from '../../exchange.ts'
import { Problem } from '../../problem.ts'
import { CallFault } from '../../services.ts'
import { tokenPlaceShape, toTokenPlace } from '../../tokens/token-places.ts'
import { DOUBT_MS, RETRY_MS, toLoaded } from '../issued/fetched-credential.ts'
import { toAccessToken } from '../issued/issuer-call.ts'
import {
  setSecretField,
  toNoCredential,
  type UpstreamAuthServices,
  type UpstreamCredential,
} from '../upstream-credential.ts'
import { createTokenEndpoint, reportTokenEndpoint, type TokenEndpoint, tokenEndpointOptions } from './token-endpoint.ts'

const GRANT = 'urn:ietf:params:oauth:grant-type:token-exchange'
const TOKEN_TYPES = {
  'access-token': 'urn:ietf:params:oauth:token-type:access_token',
  'id-token': 'urn:ietf:params:oauth:token-type:id_token',
  jwt: 'urn:ietf:params:oauth:token-type:jwt',
  saml2: 'urn:ietf:params:oauth:token-type:saml2',
} as const
type TokenType = keyof typeof TOKEN_TYPES
const tokenTypeSchema = z.enum(Object.keys(TOKEN_TYPES) as [TokenType, ...TokenType[]])

/** How long a token that the server exchanges for nothing is not asked about again. */
const REFUSED_MS = 10_000

const subjectSchema = z
  .strictObject({
    ...tokenPlaceShape,
    type: tokenTypeSchema.default('access-token').meta({ description: 'What kind of token it is (RFC 8693 §3).' }),
  })
  .prefault({})
  .meta({
    description:
      'The caller’s token. The policy that checks it has to leave it in the request (`forward: true`); it does not go on to the upstream.',
  })

export const tokenExchangeSchema = z
  .strictObject({
    ...tokenEndpointOptions,
    subject: subjectSchema,
    requestedType: tokenTypeSchema
      .optional()
      .meta({ description: 'What kind of token is asked for; the server decides if absent.' }),
    cacheEntries: z.int().min(0).max(1_000_000).default(10_000).meta({
      description: 'How many tokens a thread remembers until they end, by the callers’ tokens; the oldest makes room.',
    }),
    maxCalls: z.int().min(1).max(1_000).default(64).meta({
      description:
        'How many calls to the server a thread has under way at once; what more would need is refused with 503.',
    }),
  })
  .superRefine(reportTokenEndpoint)
  .meta({
    description:
      'An access token that an authorization server issues in exchange for the caller’s (RFC 8693). Only of the token by which `jwt`, `oauth2-introspection` or `oidc-login` recognised the caller: nobody makes the gateway ask about tokens that are made up, or are somebody else’s.',
  })

type TokenExchangeOptions = z.output<typeof tokenExchangeSchema>

/** What the server gives for a token of a caller: another one, or nothing. */
type Outcome = { readonly token: string; readonly issuedAtMs: number } | Problem

export function createTokenExchange(options: TokenExchangeOptions, services: UpstreamAuthServices): UpstreamCredential {
  const { subject, cacheEntries, maxCalls } = options
  const { clock } = services
  const exchanger = new Exchanger(options, services)
  const tooMany = toNoCredential('too-many-calls', 1)
  const outcomes = new Verdicts<Outcome>({ most: cacheEntries, mostCalls: maxCalls, tooMany }, clock)
  const place = createCredentialPlace(toTokenPlace(subject))
  const { missing, nobody, others } = toRefusals(place)
  /** By which token of its caller a request got the one that it goes on with. */
  const used = new WeakMap<Exchange, string>()

  function findSubject({ request, caller }: Exchange): readonly [token: string, fingerprint: string] {
    const token = place.find(request)
    if (caller === undefined) throw nobody
    if (token === undefined || token === '' || token === TWO_CREDENTIALS) throw missing
    const fingerprint = toFingerprint(token)
    if (!isTokenOf(caller, fingerprint)) throw others
    return [token, fingerprint]
  }

  function put(exchange: Exchange, fingerprint: string, outcome: Outcome): void {
    if (outcome instanceof Problem) throw outcome
    place.remove(exchange.request)
    setSecretField(exchange.request.headers, 'Authorization', `Bearer ${outcome.token}`)
    used.set(exchange, fingerprint)
  }

  return {
    apply(exchange) {
      const [token, fingerprint] = findSubject(exchange)
      const known = outcomes.find(fingerprint)
      if (known !== undefined) return put(exchange, fingerprint, known)
      return outcomes
        .ask(fingerprint, () => exchanger.exchange(token))
        .then((outcome) => put(exchange, fingerprint, outcome))
    },
    doubt(exchange) {
      const fingerprint = used.get(exchange)
      const outcome = fingerprint === undefined ? undefined : outcomes.find(fingerprint)
      if (fingerprint === undefined || outcome === undefined || outcome instanceof Problem) return
      if (clock.now() - outcome.issuedAtMs >= DOUBT_MS) outcomes.forget(fingerprint)
    },
  }
}

/** Did somebody check this token when the caller became known? Another one beside it may be anybody's. */
function isTokenOf({ credential, otherCredentials = [] }: Caller, fingerprint: string): boolean {
  return [credential, ...otherCredentials].some(({ tokenFingerprint }) => tokenFingerprint === fingerprint)
}

function toRefusals({ words }: CredentialPlace) {
  return {
    missing: new Problem('access-denied', {
      detail: `This needs one token of yours in ${words}.`,
      reason: 'no-subject-token',
    }),
    nobody: new Problem('access-denied', {
      detail: 'This is only for callers who say who they are. Send a credential.',
      reason: 'no-caller',
    }),
    others: new Problem('access-denied', {
      detail: `The token in ${words} is not the one that says who you are. Send that one.`,
      reason: 'other-token',
    }),
  }
}

/** Asks the server, and judges what it says. */
class Exchanger {
  readonly #endpoint: TokenEndpoint
  readonly #form: readonly (readonly [name: string, value: string])[]
  readonly #outage: OutageLog
  readonly #clock: UpstreamAuthServices['clock']

  constructor(options: TokenExchangeOptions, services: UpstreamAuthServices) {
    const { subject, requestedType } = options
    this.#endpoint = createTokenEndpoint(options, services)
    this.#outage = new OutageLog(services, { service: this.#endpoint.name, policy: services.useId, wants: 'a token' })
    this.#clock = services.clock
    this.#form = [
      ['grant_type', GRANT],
      ['subject_token_type', TOKEN_TYPES[subject.type]],
      ...(requestedType === undefined ? [] : [['requested_token_type', TOKEN_TYPES[requestedType]] as const]),
    ]
  }

  /** Never rejects for what a call says: whoever comes back at once hears the same, and nobody is asked. */
  async exchange(token: string): Promise<Verdict<Outcome>> {
    try {
      return await this.#outage.watch(() => this.#ask(token))
    } catch (fault) {
      if (!(fault instanceof CallFault)) throw fault
      return this.#toRefused(toNoCredential(fault.reason), RETRY_MS)
    }
  }

  async #ask(token: string): Promise<Verdict<Outcome>> {
    const answer = await this.#endpoint.ask([...this.#form, ['subject_token', token]])
    if (answer.status === 400) return this.#toRefused(judgeRefusal(answer.body), REFUSED_MS)
    if (answer.status !== 200) throw toSenseless(`status-${answer.status}`)
    const nowMs = this.#clock.now()
    const { value, usableUntilMs } = toLoaded(toAccessToken(answer, nowMs), nowMs)
    return { value: { token: value, issuedAtMs: nowMs }, untilMs: usableUntilMs, isGood: true, isShared: true }
  }

  #toRefused(problem: Problem, forMs: number): Verdict<Outcome> {
    return { value: problem, untilMs: this.#clock.now() + forMs, isGood: false, isShared: true }
  }
}

/** RFC 8693 §2.2.2: the caller's token is not good for this. What is wrong with the gateway itself is no fault of the caller. @throws CallFault */
function judgeRefusal(body: Buffer): Problem {
  const { error } = parseObject(body)
  const isOfCaller = error === 'invalid_request' || error === 'invalid_grant' || error === 'invalid_target'
  if (!isOfCaller) throw toSenseless('status-400')
  return new Problem('access-denied', {
    detail: 'Your token cannot be exchanged for one that the service behind this gateway takes. Get another one.',
    reason: `exchange-${error.replace('_', '-')}`,
  })
}
