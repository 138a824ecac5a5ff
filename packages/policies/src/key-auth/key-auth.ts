/** Owns who calls, by a key in a field, the query or a cookie. */
import { z } from 'zod'
import type { Caller } from '../exchange.ts'
import { findForbiddenField } from '../messages/forbidden-fields.ts'
import type { GatewayRequest } from '../messages/request.ts'
import { definePolicy } from '../policy.ts'
import { Problem } from '../problem.ts'
import type { KeyFacts, KeyLookup } from '../services.ts'
import { createKeyPlace, type KeyPlace, TWO_KEYS } from './key-place.ts'

// RFC 9110 §5.6.2: a token, which is what field names and cookie names (RFC 6265 §4.1.1) are; query names need no more.
const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
const nameSchema = z.string().regex(NAME, "use letters, digits and !#$%&'*+-.^_`|~ only")

const options = z
  .strictObject({
    in: z.enum(['header', 'query', 'cookie']).default('header').meta({ description: 'Where callers put their key.' }),
    name: nameSchema
      .default('X-Api-Key')
      .meta({ description: 'Name of the header field, query parameter or cookie. Header names are read in any case.' }),
    anonymous: z.boolean().default(false).meta({
      description: 'Lets callers without a key pass, as nobody. A key that is present and wrong is still refused.',
    }),
    forward: z
      .boolean()
      .default(false)
      .meta({ description: 'Sends the key on to the upstream. Otherwise it is taken out of the request.' }),
    toUpstream: z
      .strictObject({
        app: nameSchema
          .optional()
          .meta({ description: 'Header field that tells the upstream the app, such as X-App-Id.' }),
        plan: nameSchema.optional().meta({ description: 'Header field that tells the upstream the plan of the key.' }),
      })
      .optional()
      .meta({
        description: 'Tells the upstream who calls. What clients send in these fields is removed on every route.',
      }),
  })
  .superRefine(({ in: where, name, toUpstream = {} }, context) => {
    for (const [fact, field] of Object.entries(toUpstream)) {
      const isKey = where === 'header' && field?.toLowerCase() === name.toLowerCase()
      const fault = isKey ? `${field} holds the key; name another field` : findForbiddenField(field ?? '', 'request')
      if (fault !== undefined) context.addIssue({ code: 'custom', path: ['toUpstream', fact], message: fault })
    }
  })

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
  identityFields: ({ toUpstream = {} }) => [toUpstream.app, toUpstream.plan].filter((name) => name !== undefined),

  create({ in: where, name, anonymous, forward, toUpstream }, { credentials }) {
    const place = createKeyPlace(where, name)
    // RFC 9110 §11.6.1: a 401 carries at least one challenge. Keys have no registered scheme; the parameters say where one goes.
    const headers = [['WWW-Authenticate', `ApiKey in="${where}", name="${name}"`]] as const
    const missing = new Problem('credential-missing', { detail: `Send your key in ${place.words}.`, headers })
    const ambiguous = new Problem('credential-invalid', {
      detail: `There are two different keys in ${place.words}. Send one.`,
      headers,
      reason: 'two-keys',
    })

    return function keyAuth(exchange, next) {
      const { request } = exchange
      const key = place.find(request)
      if (key === undefined) {
        if (!anonymous) throw missing
        return next(exchange)
      }
      if (key === TWO_KEYS) throw ambiguous
      const lookup = credentials.lookUp(key)
      if (!lookup.found) throw toRefusal(lookup.why, place, headers)
      exchange.caller = toCaller(lookup.key)
      if (!forward) place.remove(request)
      if (toUpstream !== undefined) tellUpstream(request, lookup.key, toUpstream)
      return next(exchange)
    }
  },
})

const WHY_NOT = {
  unknown: 'is not known',
  disabled: 'is disabled',
  expired: 'has expired',
  'not-yet-valid': 'is not valid yet',
} as const satisfies Record<Extract<KeyLookup, { found: false }>['why'], string>

function toRefusal(why: keyof typeof WHY_NOT, place: KeyPlace, headers: Problem['headers']): Problem {
  return new Problem('credential-invalid', {
    detail: `The key in ${place.words} ${WHY_NOT[why]}.`,
    headers,
    reason: why,
  })
}

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

interface IdentityFields {
  readonly app?: string | undefined
  readonly plan?: string | undefined
}

function tellUpstream({ headers }: GatewayRequest, key: KeyFacts, fields: IdentityFields): void {
  if (fields.app !== undefined) headers.set(fields.app, key.app)
  if (fields.plan !== undefined && key.plan !== undefined) headers.set(fields.plan, key.plan)
}
