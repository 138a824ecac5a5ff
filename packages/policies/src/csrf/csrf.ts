/** Owns which requests that change something are taken from browsers: those that pages of this site send, and no page of another. */
import { z } from 'zod'
import { createCredentialPlace, fieldNameSchema, TWO_CREDENTIALS } from '../callers/credential-place.ts'
import type { Exchange } from '../exchange.ts'
import { compileOrigins, ORIGIN } from '../messages/origins.ts'
import type { GatewayRequest } from '../messages/request.ts'
import type { GatewayResponse } from '../messages/response.ts'
import { definePolicy } from '../policy.ts'
import { Problem } from '../problem.ts'
import { secretOption } from '../secret-option.ts'
import { AntiForgeryTokens, isSameText } from './anti-forgery-token.ts'
import { findChange } from './may-change.ts'
import { isOwnOrigin, toReferrerOrigin } from './own-origin.ts'

/** As many as the HMAC's hash has octets (RFC 2104 §3). */
const SECRET_CHARACTERS = 32

const originSchema = z
  .string()
  .regex(ORIGIN, 'write an origin as browsers send it: https://app.example.com, in lower case, without a path')
  .refine((origin) => origin !== '*' && origin !== 'null', {
    error: 'every page can have that origin; name those of your own pages',
  })

const tokenSchema = z
  .strictObject({
    secret: secretOption(`What tokens are signed with: at least ${SECRET_CHARACTERS} random characters.`).refine(
      (secret) => secret.reveal().length >= SECRET_CHARACTERS,
      { error: `use at least ${SECRET_CHARACTERS} random characters` },
    ),
    session: fieldNameSchema.meta({
      description: 'The cookie that says whose session it is: a token is good for the session that it was made for.',
    }),
    cookie: fieldNameSchema.default('__Host-csrf-token').meta({
      description:
        'The cookie that brings the token to pages; they read it there. `__Host-` keeps other hosts of the same site from setting it, and needs https.',
    }),
    header: fieldNameSchema
      .default('X-CSRF-Token')
      .meta({ description: 'The header field in which pages send the token back.' }),
  })
  .optional()
  .meta({
    description:
      'Asks for a token too, where there is a session: the gateway gives one out with answers to GET, HEAD and OPTIONS. WebSockets need none, as pages cannot give them fields.',
  })

const options = z
  .strictObject({
    origins: z.array(originSchema).default([]).meta({
      description:
        'Origins of pages that may send such requests besides those of this very host: exact ones, or `https://*.example.com` for any one label.',
    }),
    self: z.boolean().default(true).meta({
      description:
        'Takes requests from pages of the same scheme, host and port as the request itself. `X-Forwarded-Host` counts where a trusted proxy says it.',
    }),
    cookies: z.array(fieldNameSchema).min(1).optional().meta({
      description:
        'Only requests with one of these cookies are looked at: others have no rights that another site could use. All, if absent; then programs that are no browsers have to send an `Origin`, too.',
    }),
    token: tokenSchema,
  })
  .superRefine(({ origins, self, cookies, token }, context) => {
    const report = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message })
    if (!self && origins.length === 0)
      report('origins', 'nobody could send anything; name an origin, or set self to true')
    if (token !== undefined && cookies !== undefined && !cookies.includes(token.session)) {
      report('cookies', `requests with the session cookie "${token.session}" have to be among them`)
    }
  })

type Options = z.output<typeof options>

export const csrf = definePolicy({
  name: 'csrf',
  phase: 'protect',
  summary: 'Keeps pages of other sites from changing something in the name of who is logged in here.',
  options,
  examples: [
    { says: 'Takes requests that change something from pages of the same host only.', options: {} },
    {
      says: 'Takes them from the pages of one company too, and only looks where a session is at stake.',
      options: { origins: ['https://app.example.com', 'https://*.example.com'], cookies: ['session'] },
    },
    {
      says: 'Asks for a token of the session as well.',
      options: {
        cookies: ['session'],
        token: { secret: 'an example: thirty-two random characters', session: 'session' },
      },
    },
  ],

  create(given) {
    const findFault = compileOriginFault(given)
    const isAtStake = compileStake(given)
    const guard = given.token && new TokenGuard(given.token)

    return function csrf(exchange, next) {
      const { request } = exchange
      const change = findChange(request)
      if (change === 'no') return guard === undefined ? next(exchange) : guard.giveOut(exchange, next)
      if (isAtStake(request)) {
        const fault = findFault(exchange)
        if (fault !== undefined) throw ORIGIN_REFUSALS[fault]
        if (change === 'request') guard?.check(request)
      }
      return next(exchange)
    }
  },
})

type OriginFault = 'origin' | 'fetch-site' | 'referrer' | 'no-origin'

const ORIGIN_DETAIL =
  'This request may change something, and is taken from pages of this site only. A program that is no browser sends `Origin` with the address of the site.'
const ORIGIN_REFUSALS = Object.fromEntries(
  (['origin', 'fetch-site', 'referrer', 'no-origin'] as const).map((reason) => [
    reason,
    new Problem('origin-denied', { detail: ORIGIN_DETAIL, reason }),
  ]),
) as Readonly<Record<OriginFault, Problem>>

function compileOriginFault({ origins, self }: Options): (exchange: Exchange) => OriginFault | undefined {
  const allows = compileOrigins(origins)

  return (exchange) => {
    const { headers } = exchange.request
    const site = headers.get('sec-fetch-site')
    // Two fields are joined, and no origin holds a comma (RFC 6454 §7.3: there is one at most).
    const origin = headers.get('origin')
    if (origin !== undefined) {
      if (allows(origin)) return isKnownSite(site) ? undefined : 'fetch-site'
      if (!self || !isOwnOrigin(origin, exchange)) return 'origin'
      // Who says that it comes from here and from elsewhere is no browser that can be believed.
      return site === undefined || isOfHere(site) ? undefined : 'fetch-site'
    }
    // Fetch Metadata §2.3: `none` is the user's own doing, such as a reload.
    if (site !== undefined) return isOfHere(site) ? undefined : 'fetch-site'
    const referrer = headers.get('referer')
    if (referrer === undefined) return 'no-origin'
    const page = toReferrerOrigin(referrer)
    return allows(page) || (self && isOwnOrigin(page, exchange)) ? undefined : 'referrer'
  }
}

function isOfHere(site: string): boolean {
  return site === 'same-origin' || site === 'none'
}

function isKnownSite(site: string | undefined): boolean {
  return site === undefined || isOfHere(site) || site === 'same-site' || site === 'cross-site'
}

function compileStake({ cookies }: Options): (request: GatewayRequest) => boolean {
  if (cookies === undefined) return () => true
  return (request) => {
    if (!request.headers.has('cookie')) return false
    const sent = request.cookies
    return cookies.some((name) => sent.has(name))
  }
}

/** The signed double-submit cookie: another site can neither read nor make what has to be sent back. */
class TokenGuard {
  readonly #tokens: AntiForgeryTokens
  readonly #session
  readonly #cookie
  readonly #header
  readonly #cookieName: string
  readonly #refusals: (reason: string) => Problem

  constructor({ secret, session, cookie, header }: NonNullable<Options['token']>) {
    this.#tokens = new AntiForgeryTokens(secret)
    this.#session = createCredentialPlace({ in: 'cookie', name: session })
    this.#cookie = createCredentialPlace({ in: 'cookie', name: cookie })
    this.#header = createCredentialPlace({ in: 'header', name: header })
    this.#cookieName = cookie
    const detail = `Send the value of the cookie ${cookie} in the header field ${header}; a GET brings a new one.`
    this.#refusals = (reason) => new Problem('csrf-token-invalid', { detail, reason })
  }

  /** @throws Problem */
  check(request: GatewayRequest): void {
    const session = this.#session.find(request)
    // Nobody is logged in: there is nothing that another site could use.
    if (session === undefined) return
    // Another host of the site may have set one (RFC 6265 §8.6), and who is meant is the upstream's guess.
    if (session === TWO_CREDENTIALS) throw this.#refusals('two-sessions')
    const sent = this.#header.find(request)
    if (sent === undefined) throw this.#refusals('no-token')
    const kept = this.#cookie.find(request)
    if (kept === undefined) throw this.#refusals('no-cookie')
    if (sent === TWO_CREDENTIALS || kept === TWO_CREDENTIALS) throw this.#refusals('two-tokens')
    if (!isSameText(sent, kept)) throw this.#refusals('another-token')
    if (!this.#tokens.isFor(sent, session)) throw this.#refusals('token')
  }

  /** With the answer, where the session has none that is its own. */
  giveOut(exchange: Exchange, next: (exchange: Exchange) => GatewayResponse | Promise<GatewayResponse>) {
    const { request } = exchange
    const session = request.headers.has('cookie') ? this.#session.find(request) : undefined
    if (session === undefined || session === TWO_CREDENTIALS) return next(exchange)
    const kept = this.#cookie.find(request)
    if (kept !== undefined && kept !== TWO_CREDENTIALS && this.#tokens.isFor(kept, session)) return next(exchange)
    const field = this.#toSetCookie(this.#tokens.create(session), request)
    const answer = next(exchange)
    return answer instanceof Promise ? answer.then((response) => add(response, field)) : add(answer, field)
  }

  /** Pages have to read it, so that it is not HttpOnly (RFC 6265 §4.1.2.6). */
  #toSetCookie(token: string, { scheme }: GatewayRequest): string {
    const isSecure = scheme === 'https' || /^__(?:host|secure)-/i.test(this.#cookieName)
    return `${this.#cookieName}=${token}; Path=/; SameSite=Strict${isSecure ? '; Secure' : ''}`
  }
}

function add(response: GatewayResponse, field: string): GatewayResponse {
  response.headers.append('Set-Cookie', field)
  return response
}
