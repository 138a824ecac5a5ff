/** Owns who calls, by a name and a password (RFC 7617) that stand with an app's users. */
import { z } from 'zod'
import { BASIC_PLACE, BasicScheme, realmSchema } from '../callers/basic-scheme.ts'
import { attemptsSchema, GuessGuard } from '../callers/guess-guard.ts'
import { recognise } from '../callers/recognise.ts'
import { Remembered, toFingerprint } from '../callers/remembered.ts'
import { SharedWork } from '../callers/shared-work.ts'
import { tellUpstream, toIdentityFields, toUpstreamSchema } from '../callers/upstream-facts.ts'
import type { Exchange } from '../exchange.ts'
import { verifyPassword } from '../passwords/verify-password.ts'
import { definePolicy, type Next } from '../policy.ts'
import type { UserFacts } from '../services.ts'

/** Of one use on one thread: a fingerprint and a hash each, 300 bytes. */
const MOST_REMEMBERED = 10_000

const options = z.strictObject({
  realm: realmSchema,
  anonymous: z.boolean().default(false).meta({
    description: 'Lets callers without a password pass, as nobody. One that is present and wrong is still refused.',
  }),
  forward: z
    .boolean()
    .default(false)
    .meta({ description: 'Sends the password on to the upstream. Otherwise it is taken out of the request.' }),
  rememberSeconds: z.int().min(0).max(86_400).default(300).meta({
    description:
      'How long a right password need not be checked again, which takes a hundred thousand times as long as a look. It is forgotten at once when the user is changed, disabled or removed. 0: each request is checked.',
  }),
  attempts: attemptsSchema,
  toUpstream: toUpstreamSchema,
})

export const basicAuth = definePolicy({
  name: 'basic-auth',
  phase: 'authenticate',
  needs: 'app-users',
  summary: 'Recognises the caller by the name and password of a user, and refuses those without valid ones.',
  options,
  examples: [
    { says: 'Asks for a name and a password.', options: {} },
    {
      says: 'Tells the upstream who calls, and looks at ten wrong passwords a minute for one name.',
      options: { realm: 'orders', toUpstream: { id: 'X-User' }, attempts: { perName: 10 } },
    },
  ],
  identityFields: ({ toUpstream }) => toIdentityFields(toUpstream),
  credentialPlaces: () => [BASIC_PLACE],

  create({ realm, anonymous, forward, rememberSeconds, attempts, toUpstream }, services) {
    const { credentials, clock } = services
    const scheme = new BasicScheme(realm)
    const guard = new GuessGuard(services, 'password', attempts)
    /** The hash that the password was right for: it counts only while the user has this hash. */
    const remembered = new Remembered<string>(MOST_REMEMBERED, clock)
    const checks = new SharedWork<boolean>()

    const pass = (exchange: Exchange, next: Next, { name, user }: { name: string; user: UserFacts }) => {
      const { app, plan } = user
      const caller = recognise(exchange, { id: name, app, plan, credential: { kind: 'password', id: name } })
      if (!forward) scheme.remove(exchange.request)
      if (toUpstream !== undefined) tellUpstream(exchange.request, caller, toUpstream)
      return next(exchange)
    }

    return function basicAuth(exchange, next) {
      const given = scheme.read(exchange.request, anonymous)
      if (given === undefined) return next(exchange)
      const { name, password, pair } = given
      guard.admit(exchange)
      const lookup = credentials.findUser(name, exchange.route.api)
      const fingerprint = toFingerprint(pair)
      // Before anything is counted for the name: else whoever guesses at it would lock its owner out.
      if (lookup.found && remembered.get(fingerprint) === lookup.user.passwordHash) {
        return pass(exchange, next, { name, user: lookup.user })
      }
      guard.admit(exchange, name)
      const hash = lookup.found ? lookup.user.passwordHash : lookup.decoy
      if (hash === undefined) {
        guard.failed(exchange, name)
        throw scheme.toRefusal('unknown')
      }
      const verify = () => verifyPassword(password, hash, exchange)
      return checks
        .run(
          `${fingerprint} ${hash}`,
          () => guard.watch({ exchange, name }, verify, (isRight) => !isRight || !lookup.found),
          exchange,
        )
        .then((isRight) => {
          // A second look: the user may have been changed or disabled since.
          const now = credentials.findUser(name, exchange.route.api)
          if (!isRight || !now.found || now.user.passwordHash !== hash) {
            throw scheme.toRefusal(now.found ? 'wrong-password' : now.why)
          }
          remembered.set(fingerprint, hash, clock.now() + rememberSeconds * 1000)
          return pass(exchange, next, { name, user: now.user })
        })
    }
  },
})
