/** Owns who calls, by an access token that the authorization server is asked about (RFC 7662). */
import { TWO_CREDENTIALS } from '../callers/credential-place.ts'
import { GuessGuard } from '../callers/guess-guard.ts'
import { toFingerprint } from '../callers/remembered.ts'
import { toIdentityFields } from '../callers/upstream-facts.ts'
import { type Verdict, Verdicts, type Watch } from '../callers/verdicts.ts'
import { toCallTls } from '../calls/call-options.ts'
import { OutageLog } from '../calls/outage-log.ts'
import { toUnavailable } from '../calls/unavailable.ts'
import { definePolicy } from '../policy.ts'
import { Problem } from '../problem.ts'
import { CallFault } from '../services.ts'
import { TokenPlaces, toTokenPlace } from '../tokens/token-places.ts'
import { createIntrospection } from './introspection-call.ts'
import { introspectionOptions } from './introspection-options.ts'
import { TokenEntry } from './token-entry.ts'
import { createTokenJudge, type TokenVerdict } from './token-judge.ts'
import { TokenRefusals } from './token-refusals.ts'

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
        audiences: ['https://api.example.com'],
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
  credentialPlaces: (options) => TokenPlaces.list(toTokenPlace(options), options.dpop),

  create(options, services) {
    const { anonymous, maxTokenBytes, cacheEntries } = options
    const { clock } = services
    const places = new TokenPlaces(toTokenPlace(options), options.dpop)
    const refusals = new TokenRefusals({ realm: options.realm, scopes: options.scopes, dpop: options.dpop, places })
    // One address fills no more than half of the way to the server.
    const mostAtOnce = Math.ceil(options.maxCalls / 2)
    const guard = new GuessGuard(services, 'token', { ...options.attempts, mostAtOnce })
    const verdicts = new Verdicts<TokenVerdict>({ most: cacheEntries, mostCalls: options.maxCalls }, clock)
    const introspect = createIntrospection({ ...options, tls: toCallTls(options.tls) }, services)
    const judge = createTokenJudge({ ...options, refusals }, services)
    const entry = new TokenEntry(options, { places, refusals, guard, judge, services })
    const service = options.endpoint ?? options.issuer ?? ''
    const outage = new OutageLog(services, { service, policy: 'oauth2-introspection', use: services.useId })

    async function ask(token: string): Promise<Verdict<TokenVerdict>> {
      try {
        return judge.toVerdict(token, await outage.watch(() => introspect(token)))
      } catch (fault) {
        if (!(fault instanceof CallFault)) throw fault
        throw toUnavailable(fault)
      }
    }

    return function oauth2Introspection(exchange, next) {
      const presented = places.find(exchange.request)
      if (presented === undefined) {
        if (!anonymous) throw refusals.missing
        if (options.forward) places.keep(exchange.request)
        return next(exchange)
      }
      const { token, scheme } = presented
      if (token === TWO_CREDENTIALS) throw refusals.two
      if (scheme === 'bearer' && options.dpop === 'require') throw refusals.invalid('other-scheme')
      if (token.length > maxTokenBytes || !TOKEN.test(token)) throw refusals.malformed
      // Before the cache is looked at: else it would tell a guesser, who is slowed, which tokens are good.
      guard.admit(exchange)
      const key = toFingerprint(token)
      const known = verdicts.find(key)
      const attempt = { exchange, presented, next }
      if (known !== undefined) return entry.admit(known, attempt)
      // Known again from memory, or asked about by several at once, it is the same guess, and no other one.
      const watch: Watch<TokenVerdict> = { exchange, around: (look) => guard.watch({ exchange }, look, isGuess) }
      return verdicts.ask(key, () => ask(token), watch).then((verdict) => entry.admit(verdict, attempt))
    }
  },
})

/** The server does not know it, or says nothing of why it counts no more (RFC 7662 §2.2). */
function isGuess({ value }: Verdict<TokenVerdict>): boolean {
  return value instanceof Problem && value.reason === 'inactive'
}
