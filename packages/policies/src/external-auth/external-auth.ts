/** Owns requests that another service decides about: asking it, and doing what it says. */
import {
  type CredentialPlace,
  createCredentialPlace,
  type PlaceOptions,
  TWO_CREDENTIALS,
} from '../callers/credential-place.ts'
import { GuessGuard } from '../callers/guess-guard.ts'
import { toIdentityFields } from '../callers/upstream-facts.ts'
import type { Exchange } from '../exchange.ts'
import type { GatewayResponse } from '../messages/response.ts'
import { definePolicy, type Next } from '../policy.ts'
import { Problem } from '../problem.ts'
import { toTokenPlace } from '../tokens/token-places.ts'
import { toNobody } from './answer-judge.ts'
import { createCarryOut } from './carry-out.ts'
import { createDecide } from './decide.ts'
import { type ExternalAuthOptions, externalAuthOptions } from './external-auth-options.ts'

export const externalAuth = definePolicy({
  name: 'external-auth',
  phase: 'authenticate',
  summary: 'Asks another HTTP service whether a request may pass, and who calls.',
  options: externalAuthOptions,
  examples: [
    {
      says: 'Asks a service of your own, which answers 200 with `{ "user": { "id": … } }`, or refuses.',
      options: {
        url: 'http://auth.internal/check',
        credential: { scheme: 'Bearer' },
        caller: { id: 'json:user.id', groups: 'json:user.groups' },
        toUpstream: { id: 'X-User-Id' },
      },
    },
    {
      says: 'Asks a service that is made for forward authentication; browsers are sent to its login page.',
      options: {
        url: 'http://authelia.internal:9091/api/authz/forward-auth',
        protocol: 'traefik-forward-auth',
        copyToUpstream: ['Remote-User', 'Remote-Groups'],
        copyToClient: ['Set-Cookie'],
        caller: { id: 'header:Remote-User', groups: 'header:Remote-Groups' },
      },
    },
    {
      says: 'Asks once a minute for each token and path.',
      options: {
        url: 'http://authz.internal/',
        protocol: 'envoy-ext-authz',
        credential: { scheme: 'Bearer' },
        cache: { by: ['method', 'path'], ttlSeconds: 60 },
      },
    },
  ],
  identityFields: ({ copyToUpstream, toUpstream, credential }) => {
    const clientsOwn = new Set(['authorization', 'cookie', credential && toTokenPlace(credential).name.toLowerCase()])
    return [...copyToUpstream.filter((name) => !clientsOwn.has(name.toLowerCase())), ...toIdentityFields(toUpstream)]
  },
  credentialPlaces: (options) => [
    ...toSpentPlaces(options),
    ...options.copyToUpstream.map((name) => ({ in: 'header', name, isWritten: true }) as const),
  ],

  create(options, services) {
    const { anonymous, bodyBytes, credential } = options
    const place = credential === undefined ? undefined : createCredentialPlace(toPlace(credential))
    const refusals = place === undefined ? undefined : toRefusals(place, credential?.scheme || 'External')
    // One address fills no more than half of the way to the service.
    const attempts = { ...options.attempts, mostAtOnce: Math.ceil(options.maxCalls / 2) }
    const guard = place === undefined ? undefined : new GuessGuard(services, 'external', attempts)
    const decide = createDecide(options, services, guard)
    const carryOut = createCarryOut(options, services, toSpentPlaces(options).map(createCredentialPlace))

    async function readAndDecide(exchange: Exchange, found: string | undefined, next: Next): Promise<GatewayResponse> {
      const body = await exchange.request.body.bytes({ limitBytes: bodyBytes })
      return await carryOut(await decide({ exchange, credential: found, body }), exchange, next)
    }

    return function externalAuth(exchange, next) {
      const found = place?.find(exchange.request)
      if (refusals !== undefined && found === undefined) {
        if (!anonymous) throw refusals.missing
        return carryOut(toNobody(options), exchange, next)
      }
      if (refusals !== undefined && found === TWO_CREDENTIALS) throw refusals.two
      guard?.admit(exchange)
      if (bodyBytes > 0 && !exchange.request.body.isEmpty) return readAndDecide(exchange, found, next)
      const decision = decide({ exchange, credential: found, body: undefined })
      if (decision instanceof Promise) return decision.then((made) => carryOut(made, exchange, next))
      return carryOut(decision, exchange, next)
    }
  },
})

/** All of a field is the credential, unless a scheme is named. */
function toPlace({ scheme = '', ...place }: NonNullable<ExternalAuthOptions['credential']>): PlaceOptions {
  return toTokenPlace({ ...place, scheme })
}

/** Where the credential stands that the service looks at. The usual place, where it says who calls and no other is named. */
function toSpentPlaces({ credential, caller }: ExternalAuthOptions): PlaceOptions[] {
  if (credential !== undefined) return [toPlace(credential)]
  return caller === undefined ? [] : [{ in: 'header', name: 'Authorization' }]
}

function toRefusals({ words }: CredentialPlace, scheme: string) {
  // RFC 9110 §11.6.1: a 401 carries at least one challenge.
  const headers = [['WWW-Authenticate', `${scheme} realm="api"`]] as const
  return {
    missing: new Problem('credential-missing', { detail: `Send your credential in ${words}.`, headers }),
    two: new Problem('credential-invalid', {
      detail: `There are two different credentials in ${words}. Send one.`,
      headers,
      reason: 'two-credentials',
    }),
  }
}
