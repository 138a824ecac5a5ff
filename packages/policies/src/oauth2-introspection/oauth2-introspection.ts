/** Owns who calls, by an access token that the authorization server is asked about (RFC 7662). */
import { createCredentialPlace, TWO_CREDENTIALS } from '../callers/credential-place.ts'
import { GuessGuard } from '../callers/guess-guard.ts'
import { recognise } from '../callers/recognise.ts'
import { toFingerprint } from '../callers/remembered.ts'
import { tellUpstream, toIdentityFields } from '../callers/upstream-facts.ts'
import { toUnavailable, type Verdict, Verdicts } from '../callers/verdicts.ts'
import { toCallTls } from '../calls/call-options.ts'
import { OutageLog } from '../calls/outage-log.ts'
import type { Exchange } from '../exchange.ts'
import type { MaybePromise } from '../maybe-promise.ts'
import type { GatewayResponse } from '../messages/response.ts'
import { definePolicy, type Next } from '../policy.ts'
import { Problem } from '../problem.ts'
import { CallFault } from '../services.ts'
import { BearerRefusals } from './bearer-refusals.ts'
import { createIntrospection } from './introspection-call.ts'
import { introspectionOptions } from './introspection-options.ts'
import { createTokenJudge, type TokenVerdict } from './token-judge.ts'

// RFC 6749 appendix A.12: an access token is one or more visible characters.
const TOKEN = /^[\x20-\x7e]+$/

export const oauth2Introspection = definePolicy({
  name: 'oauth2-introspection',
  phase: 'authenticate',
  summary: 'Recognises the caller by an access token that the authorization server is asked about.',
  options: introspectionOptions,
  examples: [
    {
      says: 'Asks the endpoint that the issuer publishes, and wants a token for this API.',
      options: {
        issuer: 'https://login.example.com',
        client: { id: 'gateway', secret: 's3cret' },
        audience: ['https://api.example.com'],
        scopes: ['orders:read'],
      },
    },
    {
      says: 'Asks a given endpoint, remembers its answers for ten seconds, and tells the upstream who calls.',
      options: {
        endpoint: 'https://login.example.com/oauth2/introspect',
        client: { method: 'bearer', token: 't0ken' },
        cacheSeconds: 10,
        toUpstream: { id: 'X-User-Id', scopes: 'X-Scopes' },
      },
    },
  ],
  identityFields: ({ toUpstream }) => toIdentityFields(toUpstream),

  create(options, services) {
    const { anonymous, forward, toUpstream, maxTokenBytes, cacheEntries } = options
    const { clock, counters } = services
    const place = createCredentialPlace(toPlace(options))
    const refusals = new BearerRefusals({ realm: options.realm, scopes: options.scopes, place: place.words })
    const guard = new GuessGuard(counters, 'token', options.attempts)
    const verdicts = new Verdicts<TokenVerdict>({ most: cacheEntries, mostCalls: options.maxCalls }, clock)
    const introspect = createIntrospection({ ...options, tls: toCallTls(options.tls) }, services)
    const judge = createTokenJudge({ ...options, refusals }, services)
    const outage = new OutageLog(services, { policy: 'oauth2-introspection', use: services.useId })

    function admit(verdict: TokenVerdict, exchange: Exchange, next: Next): MaybePromise<GatewayResponse> {
      if (verdict instanceof Problem) throw verdict
      const caller = recognise(exchange, judge.toCaller(verdict))
      if (!forward) place.remove(exchange.request)
      if (toUpstream !== undefined) tellUpstream(exchange.request, caller, toUpstream)
      return next(exchange)
    }

    async function ask(token: string, exchange: Exchange): Promise<Verdict<TokenVerdict>> {
      try {
        const facts = await introspect(token)
        outage.worked()
        // Known again from memory, it is the same guess, and no other one.
        if (facts === undefined) guard.failed(exchange)
        return judge.toVerdict(token, facts)
      } catch (fault) {
        if (!(fault instanceof CallFault)) throw fault
        outage.failed(fault.reason)
        throw toUnavailable(fault.reason)
      }
    }

    return function oauth2Introspection(exchange, next) {
      const token = place.find(exchange.request)
      if (token === undefined) {
        if (!anonymous) throw refusals.missing
        return next(exchange)
      }
      if (token === TWO_CREDENTIALS) throw refusals.two
      if (token.length > maxTokenBytes || !TOKEN.test(token)) throw refusals.malformed
      // Before the cache is looked at: else it would tell a guesser, who is slowed, which tokens are good.
      guard.admit(exchange)
      const key = toFingerprint(token)
      const known = verdicts.find(key)
      if (known !== undefined) return admit(known, exchange, next)
      return verdicts.ask(key, () => ask(token, exchange)).then((verdict) => admit(verdict, exchange, next))
    }
  },
})

interface PlaceChoice {
  readonly in: 'header' | 'query' | 'cookie'
  readonly name?: string | undefined
  readonly scheme: string
}

function toPlace({ in: where, name = where === 'header' ? 'Authorization' : 'access_token', scheme }: PlaceChoice) {
  return where === 'header' && scheme !== '' ? { in: where, name, scheme } : { in: where, name }
}
