/** Owns who calls, by a key in a field, the query or a cookie. */
import { z } from 'zod'
import { createCredentialPlace, fieldNameSchema, TWO_CREDENTIALS } from '../callers/credential-place.ts'
import { addressAttemptsSchema, GuessGuard } from '../callers/guess-guard.ts'
import { recognise } from '../callers/recognise.ts'
import { reportHeldField, tellUpstream, toIdentityFields, toUpstreamSchema } from '../callers/upstream-facts.ts'
import type { Caller, Exchange } from '../exchange.ts'
import { judgeIssuedKey } from '../keys/issued-key.ts'
import { definePolicy, type Next } from '../policy.ts'
import { Problem } from '../problem.ts'
import type { KeyFacts, KeyLookup } from '../services.ts'

const options = z
  .strictObject({
    in: z.enum(['header', 'query', 'cookie']).default('header').meta({ description: 'Where callers put their key.' }),
    name: fieldNameSchema.default('X-Api-Key').meta({
      description:
        'Name of the header field, query parameter or cookie. Header names are read in any case. The same key twice there is one key, two different ones are refused; other places are not looked at.',
    }),
    anonymous: z.boolean().default(false).meta({
      description: 'Lets callers without a key pass, as nobody. A key that is present and wrong is still refused.',
    }),
    forward: z
      .boolean()
      .default(false)
      .meta({ description: 'Sends the key on to the upstream. Otherwise it is taken out of the request.' }),
    attempts: addressAttemptsSchema,
    toUpstream: toUpstreamSchema,
  })
  .superRefine(({ toUpstream, ...place }, context) => reportHeldField(context, place, toUpstream))

export const keyAuth = definePolicy({
  name: 'key-auth',
  phase: 'authenticate',
  needs: 'app-keys',
  summary: 'Recognises the caller by a key, and refuses those without a valid one.',
  options,
  examples: [
    { says: 'Asks for a key in `X-Api-Key`.', options: {} },
    {
      says: 'Reads the key from `?key=…`, and tells the upstream which app calls.',
      options: { in: 'query', name: 'key', toUpstream: { app: 'X-App-Id' } },
    },
  ],
  identityFields: ({ toUpstream }) => toIdentityFields(toUpstream),
  credentialPlaces: ({ in: where, name }) => [{ in: where, name }],

  create({ in: where, name, anonymous, forward, attempts, toUpstream }, services) {
    const { credentials } = services
    const place = createCredentialPlace({ in: where, name })
    const guard = new GuessGuard(services, 'key', attempts)
    // RFC 9110 §11.6.1: a 401 carries at least one challenge. Keys have no registered scheme; the parameters say where one goes.
    const headers = [['WWW-Authenticate', `ApiKey in="${where}", name="${name}"`]] as const
    const missing = new Problem('credential-missing', { detail: `Send your key in ${place.words}.`, headers })
    const invalid = (reason: string, detail: string) => new Problem('credential-invalid', { detail, headers, reason })
    const ambiguous = invalid('two-keys', `There are two different keys in ${place.words}. Send one.`)
    const misspelt = invalid(
      'misspelt',
      `The key in ${place.words} is not whole, or a character is wrong. Copy it again.`,
    )

    const judge = (lookup: KeyLookup, exchange: Exchange, next: Next): ReturnType<Next> => {
      if (!lookup.found) {
        throw invalid(lookup.why, `The key in ${place.words} ${WHY_NOT[lookup.why]}.`)
      }
      const caller = recognise(exchange, toCaller(lookup.key))
      if (forward) place.keep(exchange.request)
      else place.remove(exchange.request)
      if (toUpstream !== undefined) tellUpstream(exchange.request, caller, toUpstream)
      return next(exchange)
    }

    return function keyAuth(exchange, next) {
      const key = place.find(exchange.request)
      if (key === undefined) {
        if (!anonymous) throw missing
        if (forward) place.keep(exchange.request)
        return next(exchange)
      }
      if (key === TWO_CREDENTIALS) throw ambiguous
      guard.admit(exchange)
      if (judgeIssuedKey(key) === 'misspelt') {
        guard.failed(exchange)
        throw misspelt
      }
      const { api } = exchange.route
      const lookup = credentials.lookUp(key, api)
      if (!isUnknown(lookup)) return judge(lookup, exchange, next)
      const weak = credentials.lookUpWeak(key, api)
      if (typeof weak === 'function') {
        return guard.watch({ exchange }, weak, isUnknown).then((found) => judge(found, exchange, next))
      }
      if (isUnknown(weak)) guard.failed(exchange)
      return judge(weak, exchange, next)
    }
  },
})

/** Whose key is known and no longer good does not guess. */
function isUnknown(lookup: KeyLookup): boolean {
  return !lookup.found && lookup.why === 'unknown'
}

const WHY_NOT = {
  unknown: 'is not known',
  disabled: 'is disabled',
  expired: 'has expired',
  'not-yet-valid': 'is not valid yet',
} as const satisfies Record<Extract<KeyLookup, { found: false }>['why'], string>

function toCaller(key: KeyFacts): Caller {
  return { id: key.app, app: key.app, plan: key.plan, credential: new KeyCredential(key) }
}

/** Writes the hash out only for who asks: few requests become tunnels. */
class KeyCredential {
  readonly kind = 'key'
  readonly #key: KeyFacts

  constructor(key: KeyFacts) {
    this.#key = key
  }

  get id(): string {
    return this.#key.hash
  }
}
