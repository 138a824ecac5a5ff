/** Owns who calls, by a name and a password that a directory knows (LDAP, RFC 4511 and 4513). */
import { z } from 'zod'
import { appIdSchema } from '../app-option.ts'
import { BASIC_PLACE, BasicScheme, realmSchema } from '../callers/basic-scheme.ts'
import { findAppPlan } from '../callers/find-app-plan.ts'
import { attemptsSchema, GuessGuard } from '../callers/guess-guard.ts'
import { recognise } from '../callers/recognise.ts'
import { Remembered, toFingerprint } from '../callers/remembered.ts'
import { SharedWork } from '../callers/shared-work.ts'
import { tellUpstream, toIdentityFields, toUpstreamSchema } from '../callers/upstream-facts.ts'
import { toUnavailable } from '../calls/unavailable.ts'
import type { Caller, Exchange } from '../exchange.ts'
import { definePolicy, type Next } from '../policy.ts'
import { CallFault, type DirectoryEntry, type PolicyServices } from '../services.ts'
import { toLookedUpName, toShortName } from './directory-names.ts'
import { directoryShape, toDirectorySettings } from './directory-options.ts'

/** Of one use on one thread: a fingerprint and what an entry says, some KiB at most. */
const MOST_REMEMBERED = 5_000

const options = z
  .strictObject({
    ...directoryShape,
    app: appIdSchema.optional().meta({
      description: 'The id of the app on whose behalf all of them call, for its plan. None if absent.',
    }),
    realm: realmSchema,
    anonymous: z.boolean().default(false).meta({
      description: 'Lets callers without a password pass, as nobody. One that is present and wrong is still refused.',
    }),
    forward: z
      .boolean()
      .default(false)
      .meta({ description: 'Sends the password on to the upstream. Otherwise it is taken out of the request.' }),
    rememberSeconds: z.int().min(0).max(86_400).default(60).meta({
      description:
        'How long the directory need not be asked again about a right password: as long it may count after it was changed there. 0: it is asked for each request.',
    }),
    attempts: attemptsSchema,
    toUpstream: toUpstreamSchema,
  })
  .superRefine(({ bindDn, search, url }, context) => {
    const fault = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message })
    if ((bindDn === undefined) === (search === undefined)) {
      fault('search', 'say how a name is found: by `bindDn` or by `search`, one of them')
    }
    if (!URL.canParse(url)) fault('url', 'this is no URL')
  })

type Options = z.output<typeof options>

export const ldapAuth = definePolicy({
  name: 'ldap-auth',
  phase: 'authenticate',
  summary: 'Recognises the caller by the name and password of an entry in an LDAP directory.',
  options,
  examples: [
    {
      says: 'Looks for the name below one entry, and for its groups in `memberOf`.',
      options: {
        url: 'ldaps://ldap.example.com',
        search: {
          base: 'ou=people,dc=example,dc=com',
          account: { dn: 'cn=gateway,dc=example,dc=com', password: '${file:ldap-password}' },
        },
        groups: {},
        toUpstream: { id: 'X-User', groups: 'X-Groups' },
      },
    },
    {
      says: 'Tries the password in Active Directory, as `name@corp.example.com`.',
      options: { url: 'ldaps://dc1.corp.example.com', bindDn: '{name}@corp.example.com' },
    },
  ],
  identityFields: ({ toUpstream }) => toIdentityFields(toUpstream),
  credentialPlaces: () => [BASIC_PLACE],

  create(given, services) {
    const { realm, anonymous, forward, rememberSeconds, attempts, toUpstream } = given
    const { clock } = services
    const scheme = new BasicScheme(realm)
    const guard = new GuessGuard(services, 'directory', attempts)
    const remembered = new Remembered<Caller>(MOST_REMEMBERED, clock)
    const underWay = new SharedWork<Caller | undefined>()
    const ask = createQuestion(given, services)

    const pass = (exchange: Exchange, next: Next, found: Caller) => {
      const caller = recognise(exchange, toLiving(found, exchange, { app: given.app, services, scheme }))
      if (!forward) scheme.remove(exchange.request)
      if (toUpstream !== undefined) tellUpstream(exchange.request, caller, toUpstream)
      return next(exchange)
    }

    return function ldapAuth(exchange, next) {
      const { request } = exchange
      const credentials = scheme.read(request, anonymous)
      if (credentials === undefined) return next(exchange)
      const { name, password, pair } = credentials
      const lookedUp = toLookedUpName(name)
      guard.admit(exchange)
      const fingerprint = toFingerprint(pair)
      // Before anything is counted for the name: else whoever guesses at it would lock its owner out.
      const known = remembered.get(fingerprint)
      if (known !== undefined) return pass(exchange, next, known)
      guard.admit(exchange, lookedUp)
      // RFC 4513 §5.1.2: a directory says yes to a name without a password, and means nobody by it. It is never asked.
      if (password === '' || lookedUp === '') {
        guard.failed(exchange, lookedUp)
        throw scheme.toRefusal('no-password')
      }
      return underWay
        .run(
          fingerprint,
          () =>
            guard.watch(
              { exchange, name: lookedUp },
              () => ask(name, password),
              (found) => found === undefined,
            ),
          exchange,
        )
        .then((found) => {
          if (found === undefined) throw scheme.toRefusal('wrong-password')
          remembered.set(fingerprint, found, clock.now() + rememberSeconds * 1000)
          return pass(exchange, next, found)
        })
    }
  },
})

/** Asks the directory who this is; undefined: nobody. @rejects with Problem verifier-unavailable where that cannot be told */
function createQuestion(options: Options, { directories, log }: PolicyServices) {
  const settings = toDirectorySettings(options)
  let isReached = true
  return async (name: string, password: string): Promise<Caller | undefined> => {
    try {
      const entry = await directories.verify(name, password, settings)
      isReached = true
      return entry && toCaller(entry, toLookedUpName(name), options)
    } catch (error) {
      if (!(error instanceof CallFault)) throw error
      // Once until it is reached again: under load it would be a line for each request.
      if (isReached)
        log.warn('a directory cannot be asked', { url: settings.url, reason: error.reason, said: error.message })
      isReached = false
      throw toUnavailable(error, { who: 'Whoever knows names and passwords' })
    }
  }
}

function toCaller({ dn, groups, attributes }: DirectoryEntry, name: string, options: Options): Caller {
  const { groups: wanted, app, id, attributes: claims } = options
  const values = claims.flatMap((attribute) => {
    const [first, ...more] = attributes[attribute.toLowerCase()] ?? []
    return first === undefined ? [] : [[attribute, more.length === 0 ? first : [first, ...more]] as const]
  })
  return {
    id: attributes[id.toLowerCase()]?.[0] ?? name,
    app,
    credential: { kind: 'directory', id: dn },
    ...(wanted !== undefined && { groups: wanted.names === 'short' ? groups.map(toShortName) : groups }),
    claims: { ...Object.fromEntries(values), dn },
  }
}

interface Living extends Pick<Options, 'app'> {
  readonly services: Pick<PolicyServices, 'credentials'>
  readonly scheme: BasicScheme
}

/** With the plan that the app has now. @throws Problem where it is gone or switched off */
function toLiving(caller: Caller, { route }: Exchange, { app, services, scheme }: Living): Caller {
  if (app === undefined) return caller
  const plan = findAppPlan(services.credentials, { app, api: route.api }, (fault) => scheme.toRefusal(fault))
  return { ...caller, plan }
}
