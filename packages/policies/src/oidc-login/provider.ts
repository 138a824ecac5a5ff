/** Owns what is said to the OpenID provider and what of its answers is believed. Every call passes the port. */
import { parseObject, toOtherIssuer } from '../calls/json-answer.ts'
import { CallFault, type PolicyServices, type SharedValue } from '../services.ts'
import { isHashOfAccessToken } from './access-token-hash.ts'
import type { LoginAttempt } from './login-attempt.ts'
import type { LoginOptions } from './login-options.ts'
import {
  type Configuration,
  type CustomFetchOptions,
  loadOpenIdLibrary,
  type OpenIdLibrary,
  type TokenEndpointResponse,
  type TokenEndpointResponseHelpers,
} from './oidc-library.ts'
import { toProviderFailure } from './provider-failure.ts'
import type { ProviderTokens, Session } from './session.ts'

const HOUR_MS = 3_600_000
/** How long a provider's own description counts when nobody can ask for it anew. */
const DESCRIPTION_USABLE_MS = 24 * HOUR_MS
/** Of a provider's description, keys or tokens; the longest that are known have a tenth. */
const LIMIT_BYTES = 512 * 1024
/** Statuses whose answers have no body (Fetch §2.2.3). */
const NULL_BODY = new Set([204, 205, 304])
/** Of an ID token: they tie it to one login and say nothing about anybody. */
const LOGIN_CLAIMS = new Set(['nonce', 'at_hash', 'c_hash', 's_hash'])

type Tokens = TokenEndpointResponse & TokenEndpointResponseHelpers
type Keys = Parameters<OpenIdLibrary['setJwksCache']>[1]

/** What a provider's answer lacks, in the library's manner. */
class AnswerFault extends Error {
  readonly code = 'OAUTH_JWT_CLAIM_COMPARISON_FAILED'
}

export class Provider {
  readonly #options: LoginOptions
  readonly #services: PolicyServices
  /** What it says of itself, as it said it: each thread reads it by itself. */
  readonly #description: SharedValue<string>
  #keys: Keys | undefined

  constructor(options: LoginOptions, services: PolicyServices) {
    this.#options = options
    this.#services = services
    const { issuer } = options
    this.#description = services.shared.open({
      key: `oidc-login/provider/${issuer}`,
      load: async () => {
        const nowMs = services.clock.now()
        const value = await this.#discover()
        return { value, freshUntilMs: nowMs + HOUR_MS, usableUntilMs: nowMs + DESCRIPTION_USABLE_MS }
      },
    })
  }

  /** Where a browser is sent to log in. @rejects with what the library or a call throws, like all that follow */
  async toAuthorizationUrl({ state, nonce, verifier, redirectUri }: LoginAttempt): Promise<string> {
    const { scopes, authorizationParameters } = this.#options
    const library = loadOpenIdLibrary()
    const url = library.buildAuthorizationUrl(await this.#configure(), {
      ...authorizationParameters,
      redirect_uri: redirectUri,
      scope: scopes.join(' '),
      state,
      nonce,
      // RFC 7636 §4.2: S256, and never `plain`; RFC 9700 §2.1.1 asks for it from all clients.
      code_challenge: await library.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    })
    return url.href
  }

  /** Turns the answer that a browser brought, with the code in `search`, into tokens. */
  async redeem(attempt: LoginAttempt, search: string): Promise<ProviderTokens> {
    const library = loadOpenIdLibrary()
    const config = await this.#configure()
    const maxAge = this.#options.authorizationParameters.max_age
    // RFC 9207 §2.4 (`iss`), RFC 6749 §10.12 (`state`), OpenID Connect Core 1.0 §3.1.3.7 (`iss`, `aud`, `exp`, `iat`, `nonce`, signature).
    const tokens = await library.authorizationCodeGrant(config, new URL(attempt.redirectUri + search), {
      pkceCodeVerifier: attempt.verifier,
      expectedState: attempt.state,
      expectedNonce: attempt.nonce,
      idTokenExpected: true,
      ...(maxAge !== undefined && { maxAge: Number(maxAge) }),
    })
    this.#keys = library.getJwksCache(config) ?? this.#keys
    return await this.#toTokens(config, tokens, { ...this.#readIdToken(tokens), scopes: this.#options.scopes })
  }

  /** New tokens for a session that has a refresh token. */
  async refresh(session: Session): Promise<ProviderTokens> {
    const library = loadOpenIdLibrary()
    const config = await this.#configure()
    const tokens = await library.refreshTokenGrant(config, session.refreshToken ?? '')
    this.#keys = library.getJwksCache(config) ?? this.#keys
    const { subject, claims, providerSession } = tokens.id_token === undefined ? session : this.#readIdToken(tokens)
    // OpenID Connect Core 1.0 §12.2: the same person as before.
    if (subject !== session.subject) throw new AnswerFault('the refreshed ID token is of somebody else')
    return await this.#toTokens(config, tokens, { subject, claims, providerSession, scopes: session.scopes })
  }

  /** Where a browser is sent to log out there as well; undefined: this provider has no such place. */
  async findEndSessionUrl(session: Session | undefined, returnTo: string | undefined): Promise<string | undefined> {
    const library = loadOpenIdLibrary()
    const config = await this.#configure()
    if (config.serverMetadata().end_session_endpoint === undefined) return undefined
    // OpenID Connect RP-Initiated Logout 1.0 §2.
    const url = library.buildEndSessionUrl(config, {
      ...(session?.idToken !== undefined && { id_token_hint: session.idToken }),
      ...(returnTo !== undefined && { post_logout_redirect_uri: returnTo }),
    })
    return url.href
  }

  /** RFC 7009 §2: nobody is to use the refresh token again. */
  async revoke({ refreshToken }: Session): Promise<void> {
    if (refreshToken === undefined) return
    const config = await this.#configure()
    if (config.serverMetadata().revocation_endpoint === undefined) return
    await loadOpenIdLibrary().tokenRevocation(config, refreshToken, { token_type_hint: 'refresh_token' })
  }

  #readIdToken(tokens: Tokens): Pick<ProviderTokens, 'subject' | 'claims' | 'providerSession'> {
    const claims = tokens.claims()
    if (claims === undefined) throw new AnswerFault('there is no ID token')
    // OpenID Connect Core 1.0 §3.1.3.7 item 5: whom it was issued to.
    if (claims.azp !== undefined && claims.azp !== this.#options.clientId)
      throw new AnswerFault('the ID token was issued to another client')
    // §3.1.3.8: the access token that came with it, where it says which.
    if (claims.at_hash !== undefined) {
      const algorithm = findAlgorithm(tokens.id_token)
      if (!isHashOfAccessToken(claims.at_hash, tokens.access_token, algorithm))
        throw new AnswerFault('the access token is not the one that the ID token was issued with')
    }
    // OpenID Connect Back-Channel Logout 1.0 §2.1. Not what the userinfo says: nobody signed it.
    const providerSession = typeof claims.sid === 'string' ? claims.sid : undefined
    return { subject: claims.sub, claims: pickClaims(claims), providerSession }
  }

  async #toTokens(
    config: Configuration,
    tokens: Tokens,
    known: Pick<ProviderTokens, 'subject' | 'claims' | 'providerSession' | 'scopes'>,
  ): Promise<ProviderTokens> {
    const { access_token: accessToken, expires_in, refresh_token, id_token, scope } = tokens
    const more =
      this.#options.claims === 'userinfo'
        ? // OpenID Connect Core 1.0 §5.3.2: `sub` is that of the ID token, or nothing of it counts.
          await loadOpenIdLibrary().fetchUserInfo(config, accessToken, known.subject)
        : {}
    return {
      subject: known.subject,
      providerSession: known.providerSession,
      claims: { ...known.claims, ...more },
      // RFC 6749 §5.1: not said where they are those that were asked for.
      scopes: scope === undefined ? known.scopes : scope.split(' ').filter((each) => each !== ''),
      accessToken,
      accessSeconds: expires_in,
      refreshToken: refresh_token,
      idToken: id_token,
    }
  }

  /** OpenID Connect Discovery 1.0 §4; the library checks that it speaks of the issuer it was asked for. */
  async #discover(): Promise<string> {
    let text = ''
    try {
      await this.#read(async (url, init) => {
        const answer = await this.#call(url, init)
        text = await answer.clone().text()
        return answer
      })
      return text
    } catch (error) {
      const { issuer } = this.#options
      const said = findIssuer(text)
      if (said !== undefined && said !== issuer) throw toOtherIssuer(issuer, said)
      // Told to other threads in this form; and whoever wants to log in has no part in it.
      const failure = toProviderFailure(error)
      const isAnswered = failure.kind === 'refused' || failure.isAnswered
      const why = failure.kind === 'unavailable' ? failure.reason : 'description-invalid'
      throw new CallFault(why, 'the provider does not say what it is', { cause: error, isAnswered })
    }
  }

  /** The library's view of the provider, made anew for each login: it costs little, and is never older than what is known. */
  async #configure(): Promise<Configuration> {
    const description = await this.#description.get()
    const library = loadOpenIdLibrary()
    const config = await this.#read(() => Promise.resolve(Response.json(JSON.parse(description))))
    config[library.customFetch] = (url, init) => this.#call(url, init)
    // Also where TLS would do (OpenID Connect Core 1.0 §3.1.3.7 item 6): `alg: none` is never accepted.
    library.enableNonRepudiationChecks(config)
    if (this.#keys !== undefined) library.setJwksCache(config, this.#keys)
    return config
  }

  #read(fetch: (url: string, init: CustomFetchOptions) => Promise<Response>): Promise<Configuration> {
    const library = loadOpenIdLibrary()
    const { issuer, clientId, clientSecret, clientAuthentication, timeoutMs } = this.#options
    const secret = clientSecret?.reveal()
    const authentication =
      secret === undefined
        ? library.None()
        : clientAuthentication === 'post'
          ? library.ClientSecretPost(secret)
          : library.ClientSecretBasic(secret)
    // What the library compares times with is the policy's clock.
    const clockSkewSeconds = Math.round((this.#services.clock.now() - Date.now()) / 1000)
    return library.discovery(new URL(issuer), clientId, { [library.clockSkew]: clockSkewSeconds }, authentication, {
      [library.customFetch]: fetch,
      timeout: timeoutMs / 1000,
      // Only an issuer on this machine may do without TLS: the options see to it.
      ...(issuer.startsWith('http:') && { execute: [library.allowInsecureRequests] }),
    })
  }

  async #call(url: string, { method, headers, body, signal }: CustomFetchOptions): Promise<Response> {
    const answer = await this.#services.http.send({
      url,
      method,
      headers: Object.entries(headers),
      timeoutMs: this.#options.timeoutMs,
      limitBytes: LIMIT_BYTES,
      ...(body !== undefined && body !== null && { body: toText(body) }),
      ...(signal !== undefined && { signal }),
    })
    return new Response(NULL_BODY.has(answer.status) ? null : new Uint8Array(answer.body), {
      status: answer.status,
      headers: [...answer.headers],
    })
  }
}

/** Forms are all that the library sends. */
function toText(body: NonNullable<CustomFetchOptions['body']>): string {
  if (typeof body === 'string' || body instanceof URLSearchParams) return body.toString()
  throw new TypeError('the library sends forms only')
}

/** Of a token whose signature was checked. */
function findAlgorithm(idToken = ''): string {
  const header = JSON.parse(Buffer.from(idToken.slice(0, idToken.indexOf('.')), 'base64url').toString('utf8')) as {
    alg?: unknown
  }
  return typeof header.alg === 'string' ? header.alg : ''
}

function pickClaims(claims: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(claims).filter(([name]) => !LOGIN_CLAIMS.has(name)))
}

/** What a description says whose it is, where it is one. */
function findIssuer(text: string): string | undefined {
  try {
    const { issuer } = parseObject(Buffer.from(text))
    return typeof issuer === 'string' ? issuer : undefined
  } catch {
    return undefined
  }
}
