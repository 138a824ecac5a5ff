/** Owns the three answers of a login's own paths: to the provider, back from it, and out. */

import { GuessGuard } from '../callers/guess-guard.ts'
import { toSaid } from '../calls/outage-log.ts'
import type { Exchange } from '../exchange.ts'
import { HeaderList } from '../messages/header-list.ts'
import type { GatewayRequest } from '../messages/request.ts'
import { GatewayResponse } from '../messages/response.ts'
import { Problem } from '../problem.ts'
import type { PolicyServices } from '../services.ts'
import { CookieSeal } from './cookie-seal.ts'
import { assertMethod, type Field, NO_STORE, withFields } from './flow-answers.ts'
import { createLoginAttempt, findAttemptId, type LoginAttempt, openLoginAttempt } from './login-attempt.ts'
import { type FoundCookies, LoginCookies } from './login-cookies.ts'
import { type LoginOptions, listOwnPaths } from './login-options.ts'
import { isFromOtherSite } from './page-load.ts'
import type { Provider } from './provider.ts'
import { findCallFault, toLoginProblem, toLoginRefusal } from './provider-failure.ts'
import { findReturnPath } from './return-path.ts'
import type { Session } from './session.ts'
import type { Sessions } from './sessions.ts'

interface FlowParts {
  readonly options: LoginOptions
  readonly services: PolicyServices
  readonly provider: Provider
  readonly sessions: Sessions
}

export class LoginFlow {
  readonly #parts: FlowParts
  readonly #seal: CookieSeal
  readonly #guard: GuessGuard
  readonly #secure: LoginCookies
  readonly #plain: LoginCookies

  constructor(parts: FlowParts) {
    const { options, services } = parts
    const { issuer, clientId, cookie, attempts } = options
    this.#parts = parts
    this.#seal = new CookieSeal(cookie.secrets, ['login', issuer, clientId, cookie.name])
    this.#guard = new GuessGuard(services, 'login', attempts)
    this.#secure = new LoginCookies(cookie.name, true)
    this.#plain = new LoginCookies(cookie.name, false)
  }

  cookiesOf(request: GatewayRequest): LoginCookies {
    return this.#isSecure(request) ? this.#secure : this.#plain
  }

  /** Sends a browser to the provider. `fields` go with it. @throws Problem verifier-unavailable */
  async begin({ request }: Exchange, wanted: string, fields: readonly Field[] = []): Promise<GatewayResponse> {
    const { options, services, provider } = this.#parts
    const cookies = this.cookiesOf(request)
    const { loginSeconds, allowedReturnTo, redirectPath } = options
    const returnTo = findReturnPath(wanted, allowedReturnTo, listOwnPaths(options)) ?? allowedReturnTo[0] ?? '/'
    const redirectUri = this.#toOrigin(request) + redirectPath
    const attempt = createLoginAttempt({ redirectUri, returnTo }, services.clock.now(), loginSeconds)
    const location = await this.#ask(() => provider.toAuthorizationUrl(attempt))
    const id = findAttemptId(attempt.state) ?? ''
    const sealed = await this.#seal.seal(attempt)
    const set = cookies.toAttempt(id, sealed, { found: cookies.read(request), maxAgeSeconds: loginSeconds })
    return toRedirect(location, [...fields, ...toFields(set)])
  }

  /** What `loginPath` answers. */
  async start(exchange: Exchange): Promise<GatewayResponse> {
    assertMethod(exchange.request, ['GET'])
    const [wanted = '', ...others] = exchange.request.queryValues('return_to')
    return await this.begin(exchange, others.length === 0 ? wanted : '')
  }

  /** Takes the provider's answer, which a browser brings (OpenID Connect Core 1.0 §3.1.2.5). @throws Problem login-failed */
  async finish(exchange: Exchange): Promise<GatewayResponse> {
    const { request } = exchange
    const { sessions, options } = this.#parts
    assertMethod(request, ['GET'])
    this.#guard.admit(exchange)
    const cookies = this.cookiesOf(request)
    const found = cookies.read(request)
    const [state = '', ...others] = request.queryValues('state')
    const id = others.length === 0 ? findAttemptId(state) : undefined
    const sealed = id === undefined ? undefined : found.attempts.get(id)
    // RFC 6749 §10.12: whoever did not begin it here is not logged in here.
    // Nothing is guessed here and nobody asked: any page could send its visitors' browsers here until their address is slowed.
    if (id === undefined || sealed === undefined) throw withFields(toLoginRefusal('no-login'), [])
    const forget = toFields([cookies.toForgottenAttempt(id)])
    const attempt = await openLoginAttempt(this.#seal, sealed, { state, nowMs: this.#parts.services.clock.now() })
    if (attempt === undefined) throw withFields(this.#refuse(exchange, 'state'), forget)
    if (attempt.redirectUri !== this.#toOrigin(request) + options.redirectPath)
      throw withFields(this.#refuse(exchange, 'redirect-uri'), forget)
    const session = sessions.create(await this.#redeem(exchange, attempt, forget), attempt.beganAtMs)
    const set = await this.toSessionFields(request, { session }, found)
    if (set === undefined) throw withFields(toLoginRefusal('session-too-large'), forget)
    return toRedirect(attempt.returnTo, [...set, ...forget])
  }

  async #redeem(exchange: Exchange, attempt: LoginAttempt, forget: readonly Field[]) {
    try {
      return await this.#ask(() => this.#parts.provider.redeem(attempt, exchange.request.search))
    } catch (thrown) {
      const problem = toLoginProblem(thrown)
      if (problem.code === 'login-failed') this.#guard.failed(exchange)
      throw withFields(problem, forget)
    }
  }

  #refuse(exchange: Exchange, reason: string): Problem {
    this.#guard.failed(exchange)
    return withFields(toLoginRefusal(reason), [])
  }

  /** What `logoutPath` answers (OpenID Connect RP-Initiated Logout 1.0 §2). */
  async logOut({ request }: Exchange): Promise<GatewayResponse> {
    assertMethod(request, ['GET', 'POST'])
    if (isFromOtherSite(request)) {
      throw new Problem('origin-denied', {
        detail: 'Another site sent you here to log you out. Log out at this site, if you want to.',
        headers: [NO_STORE],
      })
    }
    const { options, sessions, provider } = this.#parts
    const cookies = this.cookiesOf(request)
    const found = cookies.read(request)
    const session = found.session === undefined ? undefined : await sessions.open(found.session)
    if (session !== undefined) {
      sessions.end(session)
      // Nobody waits for it: here they are logged out already.
      provider.revoke(session).catch((error: unknown) => this.#warn('a refresh token could not be revoked', error))
    }
    const { postLogoutRedirect } = options
    const after = postLogoutRedirect?.startsWith('/')
      ? this.#toOrigin(request) + postLogoutRedirect
      : postLogoutRedirect
    const location = await provider.findEndSessionUrl(session, after).catch((error: unknown) => {
      this.#warn('the provider was not told of a logout', error)
      return undefined
    })
    const fields = toFields(cookies.toForgottenSession(found))
    if (location !== undefined) return toRedirect(location, fields)
    if (postLogoutRedirect !== undefined) return toRedirect(postLogoutRedirect, fields)
    const done = GatewayResponse.ofText(200, 'You are logged out.\n')
    for (const [name, value] of [NO_STORE, ...fields]) done.headers.append(name, value)
    return done
  }

  /** What makes a browser keep this session in place of what it has; undefined: it is longer than browsers keep. */
  async toSessionFields(
    request: GatewayRequest,
    { session, sealed }: { readonly session: Session; readonly sealed?: string },
    found: FoundCookies,
  ): Promise<Field[] | undefined> {
    const { sessions, options, services } = this.#parts
    const cookies = this.cookiesOf(request)
    const maxAgeSeconds = options.cookie.persistent ? (session.untilMs - services.clock.now()) / 1000 : undefined
    let set = cookies.toSession(sealed ?? (await sessions.seal(session)), found, maxAgeSeconds)
    if (set === undefined && session.idToken !== undefined) {
      // The hint for a logout is what can be done without.
      const { idToken: _, ...shorter } = session
      set = cookies.toSession(await sessions.seal(shorter), found, maxAgeSeconds)
    }
    return set === undefined ? undefined : toFields(set)
  }

  toForgottenSession(request: GatewayRequest, found: FoundCookies): Field[] {
    return toFields(this.cookiesOf(request).toForgottenSession(found))
  }

  async #ask<Answer>(call: () => Promise<Answer>): Promise<Answer> {
    try {
      return await call()
    } catch (error) {
      const problem = toLoginProblem(error)
      if (problem.code === 'verifier-unavailable') this.#warn('the provider does not answer as it should', error)
      throw withFields(problem, [])
    }
  }

  #warn(message: string, error: unknown): void {
    const { services, options } = this.#parts
    const fault = findCallFault(error)
    const said = fault === undefined ? {} : toSaid(fault)
    services.log.warn(message, { issuer: options.issuer, reason: toLoginProblem(error).reason, ...said })
  }

  #isSecure(request: GatewayRequest): boolean {
    const { publicOrigin } = this.#parts.options
    return publicOrigin === undefined ? request.scheme === 'https' : publicOrigin.startsWith('https:')
  }

  /** What browsers call this host. @throws Problem where a request does not say it */
  #toOrigin({ scheme, authority }: GatewayRequest): string {
    const said = authority === '' ? undefined : URL.parse(`${scheme}://${authority}`)?.origin
    const origin = this.#parts.options.publicOrigin ?? said
    if (origin === undefined)
      throw new Problem('malformed-request', {
        detail: 'Say in Host which site you want to log in at.',
        reason: 'no-host',
      })
    return origin
  }
}

function toFields(set: readonly string[]): Field[] {
  return set.map((value) => ['Set-Cookie', value])
}

/** RFC 9110 §15.4.4: whatever was sent, what follows is a GET. */
function toRedirect(location: string, fields: readonly Field[]): GatewayResponse {
  const headers = HeaderList.of([['Location', location], NO_STORE, ['Referrer-Policy', 'no-referrer'], ...fields])
  return new GatewayResponse({ status: 303, headers })
}
