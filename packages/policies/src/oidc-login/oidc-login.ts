/** Owns who calls from a browser: people who logged in at an OpenID provider, known by an encrypted cookie. */
import { recognise } from '../callers/recognise.ts'
import { tellUpstream, toIdentityFields } from '../callers/upstream-facts.ts'
import type { Exchange } from '../exchange.ts'
import type { MaybePromise } from '../maybe-promise.ts'
import { addVary } from '../messages/add-vary.ts'
import type { GatewayRequest } from '../messages/request.ts'
import { GatewayResponse } from '../messages/response.ts'
import { definePolicy, type Next } from '../policy.ts'
import { Problem } from '../problem.ts'
import { CallFault, type PolicyServices } from '../services.ts'
import { BackChannelLogout } from './back-channel-logout.ts'
import { type Field, NO_STORE } from './flow-answers.ts'
import { type FoundCookies, listSessionPlaces, NO_COOKIES } from './login-cookies.ts'
import { LoginFlow } from './login-flow.ts'
import { type LoginOptions, listOwnPaths, loginOptions } from './login-options.ts'
import { isPageLoad } from './page-load.ts'
import { Provider } from './provider.ts'
import { toNoLogin } from './provider-failure.ts'
import { isAccessAlive, isRefreshDue, isToBeTouched, type Session, toCaller } from './session.ts'
import { Sessions } from './sessions.ts'

export const oidcLogin = definePolicy({
  name: 'oidc-login',
  phase: 'authenticate',
  summary: 'Logs people in at an OpenID provider, and recognises them by an encrypted cookie.',
  options: loginOptions,
  examples: [
    {
      says: 'Leads page loads to the provider, and tells the upstream who is there.',
      options: {
        issuer: 'https://login.example.com',
        clientId: 'shop',
        clientSecret: '${env:OIDC_CLIENT_SECRET}',
        cookie: { secrets: ['${file:/run/secrets/login-cookie-key}'] },
        logoutPath: '/logout',
        backChannelLogoutPath: '/.gatewright/login/end',
        postLogoutRedirect: '/goodbye',
        toUpstream: { id: 'X-User-Id', claims: { email: 'X-User-Email' } },
      },
    },
    {
      says: 'Lets everybody read, offers a login at a link, and sends the access token to the upstream.',
      options: {
        issuer: 'https://login.example.com',
        clientId: 'wiki',
        cookie: { secrets: ['${file:/run/secrets/login-cookie-key}'] },
        scopes: ['openid', 'offline_access'],
        anonymous: true,
        loginPath: '/login',
        forwardAccessToken: true,
      },
    },
  ],
  identityFields: ({ toUpstream }) => toIdentityFields(toUpstream),
  credentialPlaces: ({ cookie, forwardAccessToken }) => [
    ...listSessionPlaces(cookie.name),
    ...(forwardAccessToken ? [{ in: 'header', name: 'Authorization', isWritten: true } as const] : []),
  ],
  ownPaths: listOwnPaths,
  openPaths: ({ postLogoutRedirect }) =>
    postLogoutRedirect?.startsWith('/') === true ? [postLogoutRedirect.replace(/[?#].*/, '')] : [],

  create(options, services) {
    const login = new Login(options, services)
    const { redirectPath, loginPath, logoutPath, backChannelLogoutPath } = options
    return function oidcLogin(exchange, next) {
      const { matchedPath } = exchange.request
      if (matchedPath === redirectPath) return login.flow.finish(exchange)
      if (matchedPath === loginPath) return login.flow.start(exchange)
      if (matchedPath === logoutPath) return login.flow.logOut(exchange)
      if (login.backChannel !== undefined && matchedPath === backChannelLogoutPath)
        return login.backChannel.answer(exchange)
      return login.admit(exchange, next)
    }
  },
})

/** What a browser has of its session, and what that is. */
interface Held {
  readonly found: FoundCookies
  readonly session: Session
}

/** A session as it goes on. `sealed`: what the browser has of it is to be replaced by this. */
interface Renewed {
  readonly session: Session
  readonly sealed?: string
}

class Login {
  readonly flow: LoginFlow
  readonly backChannel: BackChannelLogout | undefined
  readonly #options: LoginOptions
  readonly #services: PolicyServices
  readonly #sessions: Sessions

  constructor(options: LoginOptions, services: PolicyServices) {
    const provider = new Provider(options, services)
    this.#options = options
    this.#services = services
    this.#sessions = new Sessions({ options, services, provider })
    this.flow = new LoginFlow({ options, services, provider, sessions: this.#sessions })
    if (options.backChannelLogoutPath !== undefined)
      this.backChannel = new BackChannelLogout({ options, services, sessions: this.#sessions })
  }

  /** No promise where the session was seen before and needs nothing. */
  admit(exchange: Exchange, next: Next): MaybePromise<GatewayResponse> {
    const { request } = exchange
    const cookies = this.flow.cookiesOf(request)
    const found = cookies.read(request)
    if (found.session !== undefined) {
      const session = this.#sessions.open(found.session)
      return session instanceof Promise
        ? session.then((opened) => this.#useIfAny(exchange, next, { found, session: opened }))
        : this.#useIfAny(exchange, next, { found, session })
    }
    if (found.isGarbled) return this.#turnAway(exchange, found, 'session-garbled')
    if (!this.#options.anonymous) return this.#turnAway(exchange, found)
    cookies.remove(request)
    return toDependent(next(exchange))
  }

  #useIfAny(
    exchange: Exchange,
    next: Next,
    { found, session }: { readonly found: FoundCookies; readonly session: Session | undefined },
  ): MaybePromise<GatewayResponse> {
    if (session === undefined) return this.#turnAway(exchange, found, 'session-invalid')
    const end = this.#sessions.findEnd(session)
    return end === undefined ? this.#use(exchange, next, { found, session }) : this.#turnAway(exchange, found, end)
  }

  #use(exchange: Exchange, next: Next, held: Held): MaybePromise<GatewayResponse> {
    const { session, found } = held
    const nowMs = this.#services.clock.now()
    if (isRefreshDue(session, nowMs)) return this.#refresh(exchange, next, held)
    if (!this.#isUsable(session)) return this.#turnAway(exchange, found, 'access-token-ended')
    if (!isToBeTouched(session, this.#sessions.rules, nowMs)) return this.#pass(exchange, next, session)
    const renewed = this.#sessions.touch(session).then((sealed) => ({ session, sealed }))
    return this.#passAndKeep(exchange, next, { held, renewed })
  }

  /** Beside the upstream, while the tokens are of use; before it, where they are not. The answer brings the new cookie. */
  async #refresh(exchange: Exchange, next: Next, held: Held): Promise<GatewayResponse> {
    const isUsable = isAccessAlive(held.session, this.#services.clock.now()) && this.#isUsable(held.session)
    const renewing = this.#renew(held.session, isUsable)
    if (isUsable) return await this.#passAndKeep(exchange, next, { held, renewed: renewing })
    const renewed = await renewing
    // Who logged out meanwhile has no session in the browser, or the next one: neither is for this answer to take away.
    if (this.#sessions.isLoggedOut(held.session)) return await this.#turnAway(exchange, NO_COOKIES, 'logged-out')
    if (renewed === undefined) return await this.#turnAway(exchange, held.found, 'refresh-refused')
    return await this.#passAndKeep(exchange, next, {
      held: { ...held, session: renewed.session },
      renewed: Promise.resolve(renewed),
    })
  }

  /** undefined: the provider said that this session is over. @rejects Problem unless the session is of use as it is */
  async #renew(session: Session, isUsable: boolean): Promise<Renewed | undefined> {
    try {
      const refreshed = await this.#sessions.refresh(session)
      if ('refusedBecause' in refreshed) return undefined
      const { sealed } = refreshed
      const next = await this.#sessions.open(sealed)
      return next === undefined ? undefined : { session: next, sealed }
    } catch (error) {
      // Nobody knows: who is logged in stays so, and a token that has ended is not sent on.
      if (isUsable || !this.#options.forwardAccessToken) return { session }
      throw toNoLogin(error instanceof CallFault ? error : { reason: 'failed' })
    }
  }

  /** Has it what the upstream is to get? */
  #isUsable(session: Session): boolean {
    if (!this.#options.forwardAccessToken) return true
    return session.accessToken !== undefined && isAccessAlive(session, this.#services.clock.now())
  }

  #pass(exchange: Exchange, next: Next, session: Session): MaybePromise<GatewayResponse> {
    const { request } = exchange
    const { toUpstream, forwardAccessToken, groupsClaim } = this.#options
    const caller = recognise(exchange, toCaller(session, groupsClaim, this.#sessions.isLoggedOut))
    this.flow.cookiesOf(request).remove(request)
    if (toUpstream !== undefined) tellUpstream(request, caller, toUpstream)
    // RFC 6750 §2.1.
    if (forwardAccessToken) request.headers.setSecret('Authorization', `Bearer ${session.accessToken ?? ''}`)
    return toDependent(next(exchange))
  }

  async #passAndKeep(
    exchange: Exchange,
    next: Next,
    { held, renewed }: { readonly held: Held; readonly renewed: Promise<Renewed | undefined> },
  ): Promise<GatewayResponse> {
    const { request } = exchange
    const passing = this.#pass(exchange, next, held.session)
    const [answer, outcome] = await Promise.all([passing, renewed])
    const fields = await this.#toKept(request, held, outcome)
    if (fields.length === 0) return answer
    const { headers } = answer
    headers.set(...NO_STORE)
    for (const [name, value] of fields) headers.append(name, value)
    return answer
  }

  async #toKept(
    request: GatewayRequest,
    { found, session }: Held,
    outcome: Renewed | undefined,
  ): Promise<readonly Field[]> {
    if (this.#sessions.isLoggedOut(session)) return []
    if (outcome === undefined) return this.flow.toForgottenSession(request, found)
    if (outcome.sealed === undefined) return []
    return (await this.flow.toSessionFields(request, outcome, found)) ?? this.flow.toForgottenSession(request, found)
  }

  /** A browser that loads a page is led to the login; anything else is told that there has to be one. */
  #turnAway(exchange: Exchange, found: FoundCookies, reason?: string): MaybePromise<GatewayResponse> {
    const { request } = exchange
    const forgotten = this.flow.toForgottenSession(request, found)
    if (this.#options.unauthenticated === 'redirect' && isPageLoad(request))
      return this.flow.begin(exchange, request.matchedPath + request.search, forgotten)
    throw this.#toRefusal(request, forgotten, reason)
  }

  #toRefusal(request: GatewayRequest, forgotten: readonly Field[], reason: string | undefined): Problem {
    const { loginPath } = this.#options
    const where = loginPath === undefined ? '' : `, form-action="${loginPath}"`
    // RFC 9110 §11.6.1: a 401 carries a challenge. For cookies none is registered; this one is draft-broyer-http-cookie-auth-00's.
    const challenge = `Cookie cookie-name="${this.flow.cookiesOf(request).name}"${where}`
    const headers: Field[] = [['WWW-Authenticate', challenge], NO_STORE, ...forgotten]
    return reason === undefined
      ? new Problem('credential-missing', { detail: 'Log in with a browser, and send its cookies.', headers })
      : new Problem('credential-invalid', { detail: 'The session has ended. Log in again.', headers, reason })
  }
}

/** Another browser would get another answer (RFC 9110 §12.5.5). */
function toDependent(answer: MaybePromise<GatewayResponse>): MaybePromise<GatewayResponse> {
  return answer instanceof GatewayResponse ? addCookieVary(answer) : answer.then(addCookieVary)
}

function addCookieVary(answer: GatewayResponse): GatewayResponse {
  addVary(answer.headers, 'Cookie')
  return answer
}
