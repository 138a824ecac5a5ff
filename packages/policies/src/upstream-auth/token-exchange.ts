/** Owns tokens that are issued in exchange for the caller's (RFC 8693): the upstream learns who calls, and gets a token that is meant for it. */
import { z } from 'zod'
import {
  type CredentialPlace,
  createCredentialPlace,
  fieldNameSchema,
  TWO_CREDENTIALS,
} from '../callers/credential-place.ts'
import { toFingerprint } from '../callers/remembered.ts'
import { type Verdict, Verdicts } from '../callers/verdicts.ts'
import { parseObject, toSenseless } from '../calls/json-answer.ts'
import { OutageLog } from '../calls/outage-log.ts'
import type { Exchange } from '../exchange.ts'
import { Problem } from '../problem.ts'
import { CallFault } from '../services.ts'
import { toAccessToken } from './issuer-call.ts'
import { createTokenEndpoint, reportTokenEndpoint, type TokenEndpoint, tokenEndpointOptions } from './token-endpoint.ts'
import {
  setSecretField,
  toNoCredential,
  type UpstreamAuthServices,
  type UpstreamCredential,
} from './upstream-credential.ts'

const GRANT = 'urn:ietf:params:oauth:grant-type:token-exchange'
const TOKEN_TYPES = {
  'access-token': 'urn:ietf:params:oauth:token-type:access_token',
  'id-token': 'urn:ietf:params:oauth:token-type:id_token',
  jwt: 'urn:ietf:params:oauth:token-type:jwt',
  saml2: 'urn:ietf:params:oauth:token-type:saml2',
} as const
type TokenType = keyof typeof TOKEN_TYPES
const tokenTypeSchema = z.enum(Object.keys(TOKEN_TYPES) as [TokenType, ...TokenType[]])

/** A request may wait before the upstream looks at the token. */
const LEAST_LEFT_MS = 10_000
/** RFC 6749 §5.1: a server that does not say when a token ends. */
const UNSAID_LIFE_MS = 60_000
/** How long a token that the server exchanges for nothing is not asked about again. */
const REFUSED_MS = 10_000

const subjectSchema = z
  .strictObject({
    in: z
      .enum(['header', 'query', 'cookie'])
      .default('header')
      .meta({ description: 'Where the caller’s token stands.' }),
    name: fieldNameSchema
      .default('Authorization')
      .meta({ description: 'Name of the header field, query parameter or cookie.' }),
    scheme: z
      .string()
      .regex(/^[A-Za-z][A-Za-z0-9-]*$|^$/, 'use letters, digits and dashes')
      .optional()
      .meta({
        description:
          'What stands before the token in a header field: `Bearer` in `Authorization`, else nothing, if absent.',
      }),
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
      'An access token that an authorization server issues in exchange for the caller’s (RFC 8693). Only for callers that a policy before this one recognised: nobody makes the gateway ask about tokens that are made up.',
  })

type TokenExchangeOptions = z.output<typeof tokenExchangeSchema>

export function createTokenExchange(options: TokenExchangeOptions, services: UpstreamAuthServices): UpstreamCredential {
  const { subject, cacheEntries, maxCalls } = options
  const exchanger = new Exchanger(options, services)
  const exchanged = new Verdicts<string | Problem>({ most: cacheEntries, mostCalls: maxCalls }, services.clock)
  const place = createCredentialPlace(toPlace(subject))
  const { missing, nobody } = toRefusals(place)

  function findSubject({ request, caller }: Exchange): string {
    const token = place.find(request)
    if (caller === undefined) throw nobody
    if (token === undefined || token === '' || token === TWO_CREDENTIALS) throw missing
    return token
  }

  function put({ request }: Exchange, outcome: string | Problem): void {
    if (outcome instanceof Problem) throw outcome
    place.remove(request)
    setSecretField(request.headers, 'Authorization', `Bearer ${outcome}`)
  }

  return {
    apply(exchange) {
      const token = findSubject(exchange)
      const key = toFingerprint(token)
      const known = exchanged.find(key)
      if (known !== undefined) return put(exchange, known)
      return exchanged.ask(key, () => exchanger.exchange(token)).then((outcome) => put(exchange, outcome))
    },
  }
}

function toPlace({ in: where, name, scheme }: TokenExchangeOptions['subject']) {
  const word = scheme ?? (where === 'header' && name.toLowerCase() === 'authorization' ? 'Bearer' : '')
  return word === '' ? { in: where, name } : { in: where, name, scheme: word }
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
    this.#outage = new OutageLog(services, { policy: services.useId, service: this.#endpoint.name })
    this.#clock = services.clock
    this.#form = [
      ['grant_type', GRANT],
      ['subject_token_type', TOKEN_TYPES[subject.type]],
      ...(requestedType === undefined ? [] : [['requested_token_type', TOKEN_TYPES[requestedType]] as const]),
    ]
  }

  /** @rejects Problem upstream-credential-unavailable */
  async exchange(token: string): Promise<Verdict<string | Problem>> {
    try {
      const verdict = await this.#ask(token)
      this.#outage.worked()
      return verdict
    } catch (fault) {
      if (!(fault instanceof CallFault)) throw fault
      this.#outage.failed(fault.reason)
      throw toNoCredential(fault.reason)
    }
  }

  async #ask(token: string): Promise<Verdict<string | Problem>> {
    const answer = await this.#endpoint.ask([...this.#form, ['subject_token', token]])
    const nowMs = this.#clock.now()
    if (answer.status === 400) {
      return { value: judgeRefusal(answer.body), untilMs: nowMs + REFUSED_MS, isGood: false, isShared: true }
    }
    if (answer.status !== 200) throw toSenseless(`status-${answer.status}`)
    const { token: issued, endsAtMs } = toAccessToken(answer, nowMs)
    const untilMs = (endsAtMs ?? nowMs + UNSAID_LIFE_MS) - LEAST_LEFT_MS
    return { value: issued, untilMs: untilMs > nowMs ? untilMs : 0, isGood: true, isShared: true }
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
