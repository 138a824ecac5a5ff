/** Owns the options of a login, and what of them contradicts itself. */
import { z } from 'zod'
import { fieldNameSchema } from '../callers/credential-place.ts'
import { addressAttemptsSchema } from '../callers/guess-guard.ts'
import { scopeSchema } from '../callers/scope-token.ts'
import { toUpstreamSchema } from '../callers/upstream-facts.ts'
import { isConfidentialUrl } from '../calls/call-options.ts'
import { secretOption } from '../secret-option.ts'

/** 256 bits as hexadecimal digits have 64 characters, as Base64 43; fewer than these 32 are a password. */
const SHORTEST_SECRET = 32
const LONGEST_SESSION_SECONDS = 30 * 24 * 3600
/** Segments as requests are matched: without dot segments, escapes and empty ones. */
const PATH = /^\/(?:(?!\.{1,2}(?:\/|$))[\w.~!$&'()*+,;=:@-]+(?:\/(?!$)|$))*$/

const path = (description: string) =>
  z.string().regex(PATH, 'write a path such as /login/callback').meta({ description })

/** What the login itself says (RFC 6749 §4.1.1, RFC 7636 §4.3, OpenID Connect Core 1.0 §3.1.2.1), and what would replace it (RFC 9101 §5). */
const OWN_PARAMETERS = new Set([
  'client_id',
  'client_secret',
  'code_challenge',
  'code_challenge_method',
  'nonce',
  'redirect_uri',
  'request',
  'request_uri',
  'response_mode',
  'response_type',
  'scope',
  'state',
])

const provider = {
  issuer: z.string().refine(isIssuer, 'write an https URL without query; http is for an issuer on this machine').meta({
    description: 'The OpenID provider, such as https://login.example.com. What it offers is found by discovery.',
  }),
  clientId: z.string().min(1).meta({ description: 'What the provider knows this gateway as.' }),
  clientSecret: secretOption('The secret of the client. Without it, the client is a public one.').optional(),
  clientAuthentication: z.enum(['basic', 'post']).default('basic').meta({
    description: 'How the secret is shown to the provider: in the field Authorization, or in the form that is sent.',
  }),
  scopes: z.array(scopeSchema).default(['openid', 'profile', 'email']).meta({
    description:
      'What is asked for. `openid` is always asked for. Many providers give a refresh token only for `offline_access`.',
  }),
  authorizationParameters: z.record(z.string().min(1), z.string()).default({}).meta({
    description: 'More parameters for the provider, such as `prompt`, `audience`, `acr_values` or `max_age`.',
  }),
  timeoutMs: z.int().min(1).max(60_000).default(5_000).meta({
    description: 'Longest wait for one answer of the provider, in milliseconds.',
  }),
}

const paths = {
  redirectPath: path(
    'Where the provider sends browsers back to: the whole path on the host. It has to lie on a route of this policy, and the provider has to know its URL.',
  ).default('/.gatewright/login/callback'),
  loginPath: path(
    'A path that begins a login, for links. `?return_to=/orders` says where to go afterwards. It has to lie on a route of this policy.',
  ).optional(),
  logoutPath: path(
    'A path that logs out, here and at the provider, by GET or POST. It has to lie on a route of this policy.',
  ).optional(),
  backChannelLogoutPath: path(
    'A path that the provider itself logs people out by (OpenID Connect Back-Channel Logout 1.0), by POST. It has to lie on a route of this policy, and the provider has to know its URL.',
  ).optional(),
  postLogoutRedirect: z
    .string()
    .refine((text) => PATH.test(text) || isWebUrl(text), 'write a path, or an http or https URL')
    .optional()
    .meta({
      description:
        'Where a browser goes after a logout: a path on this host, or a URL. The provider has to know it. Without it, the provider says what it says, or the gateway that it is done.',
    }),
  allowedReturnTo: z.array(path('A path that begins those that are allowed.')).min(1).default(['/']).meta({
    description:
      'Paths on this host to which a login may return, with all that lie below. What is none of them returns to the first.',
  }),
  publicOrigin: z
    .string()
    .refine(
      (text) => isWebUrl(text) && new URL(text).origin === text,
      'write an origin such as https://app.example.com',
    )
    .optional()
    .meta({ description: 'Scheme and host that browsers use, where a proxy does not pass them on.' }),
}

const cookie = z
  .strictObject({
    name: fieldNameSchema.max(64).default('gatewright-session').meta({
      description:
        'Name of the cookie. Over TLS, `__Host-` stands before it. Uses that share name, secrets, issuer and client share sessions.',
    }),
    secrets: z
      .array(
        secretOption('At least 32 characters, drawn at random, the same on every gateway.').refine(
          (secret) => secret.reveal().length >= SHORTEST_SECRET,
          `draw at least ${SHORTEST_SECRET} characters at random: openssl rand -hex 32`,
        ),
      )
      .min(1)
      .max(8)
      .meta({ description: 'What cookies are encrypted with. The first encrypts, all decrypt: put a new one first.' }),
    persistent: z.boolean().default(false).meta({
      description: 'Keeps the session when the browser is closed, until it ends by itself.',
    }),
  })
  .meta({ description: 'The cookie that holds the session, encrypted. Nothing is stored at the gateway.' })

const session = {
  cookie,
  sessionSeconds: z.int().min(60).max(LONGEST_SESSION_SECONDS).default(28_800).meta({
    description: 'Longest time until somebody has to log in again, in seconds.',
  }),
  idleSeconds: z.int().min(0).max(LONGEST_SESSION_SECONDS).default(3_600).meta({
    description: 'A session ends when it is not used for so many seconds; 0: it does not.',
  }),
  loginSeconds: z.int().min(60).max(3_600).default(900).meta({
    description: 'How long a login at the provider may take, in seconds.',
  }),
  refresh: z.boolean().default(true).meta({
    description:
      'Refreshes the tokens, where the provider gives a refresh token, shortly before the access token ends. Whoever may log in no more is then logged out.',
  }),
}

const callers = {
  claims: z.enum(['id_token', 'userinfo']).default('id_token').meta({
    description:
      'Where claims come from: the ID token alone, or the provider is asked for more after each login and refresh.',
  }),
  groupsClaim: z.string().min(1).optional().meta({
    description: 'The claim that holds the groups: a list or one name; `realm_access.roles` reads a member of a claim.',
  }),
  toUpstream: toUpstreamSchema,
  forwardAccessToken: z.boolean().default(false).meta({
    description: 'Sends the access token to the upstream, in the field Authorization as Bearer.',
  }),
  unauthenticated: z.enum(['redirect', 'refuse']).default('redirect').meta({
    description:
      'What happens to who is not logged in. redirect: page loads are led to the login, and all else is refused with 401. refuse: all are refused.',
  }),
  anonymous: z.boolean().default(false).meta({
    description:
      'Lets callers without a session pass, as nobody. A session that is present and does not count is not let pass.',
  }),
  attempts: addressAttemptsSchema,
}

const PATH_OPTIONS = ['redirectPath', 'loginPath', 'logoutPath', 'backChannelLogoutPath'] as const

export const loginOptions = z
  .strictObject({ ...provider, ...paths, ...session, ...callers })
  .superRefine((options, context) => {
    const fault = (name: string, message: string): void => context.addIssue({ code: 'custom', path: [name], message })
    const { authorizationParameters } = options
    for (const [index, name] of PATH_OPTIONS.entries()) {
      const same = PATH_OPTIONS.slice(0, index).find((other) => options[other] === options[name])
      if (same !== undefined && options[name] !== undefined) fault(name, `is the same as ${same}`)
    }
    for (const name of Object.keys(authorizationParameters))
      if (OWN_PARAMETERS.has(name)) fault('authorizationParameters', `the login says ${name} itself`)
    if (!/^\d{0,9}$/.test(authorizationParameters.max_age ?? ''))
      fault('authorizationParameters', 'max_age is a number of seconds')
  })
  .transform((options) => ({ ...options, scopes: [...new Set(['openid', ...options.scopes])] }))

export type LoginOptions = z.output<typeof loginOptions>

/** Whoever asks for one of them is answered by the policy. */
export function listOwnPaths(options: Pick<LoginOptions, (typeof PATH_OPTIONS)[number]>): string[] {
  return PATH_OPTIONS.map((name) => options[name]).filter((path) => path !== undefined)
}

/** OpenID Connect Discovery 1.0 §3: https, no query, no fragment. Without TLS only where nobody can listen. */
function isIssuer(text: string): boolean {
  const url = URL.parse(text)
  if (url === null || /[?#]/.test(text) || url.username !== '' || url.password !== '') return false
  return isWebUrl(text) && isConfidentialUrl(text)
}

function isWebUrl(text: string): boolean {
  return /^https?:$/.test(URL.parse(text)?.protocol ?? '')
}
