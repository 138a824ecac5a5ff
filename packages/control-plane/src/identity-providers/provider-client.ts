/** Owns the way to a provider and back: authorization code with PKCE, state and nonce (RFC 9700 §2.1.1, OpenID Connect Core 1.0 §3.1). */
import type * as OpenIdClient from 'openid-client'
import { outgoingFetch } from '../outgoing/outgoing-fetch.ts'

type Configuration = OpenIdClient.Configuration

/** When the first one logs in by a provider: a control plane without one need not have it. */
const loadLibrary = () => import('openid-client')
const TIMEOUT_SECONDS = 10

export interface ProviderClient {
  readonly issuer: string
  readonly clientId: string
  /** Undefined: it has none, and PKCE alone says that it is the same who asks. */
  readonly clientSecret: string | undefined
  readonly redirectUri: string
  /** Milliseconds since the epoch. */
  readonly nowMs: number
}

/** What has to be known when somebody comes back. */
export interface LoginSecrets {
  readonly state: string
  readonly nonce: string
  readonly codeVerifier: string
}

/** What the provider says of a person. */
export type Claims = Readonly<Record<string, unknown>> & { readonly sub: string }

/** Where to send the browser. @rejects Error where the provider cannot be asked */
export async function toProvider(
  client: ProviderClient,
  scopes: readonly string[],
): Promise<{ readonly url: string; readonly secrets: LoginSecrets }> {
  const library = await loadLibrary()
  const config = await configure(client)
  const secrets = {
    state: library.randomState(),
    nonce: library.randomNonce(),
    codeVerifier: library.randomPKCECodeVerifier(),
  }
  const url = library.buildAuthorizationUrl(config, {
    redirect_uri: client.redirectUri,
    scope: [...new Set(['openid', ...scopes])].join(' '),
    state: secrets.state,
    nonce: secrets.nonce,
    code_challenge: await library.calculatePKCECodeChallenge(secrets.codeVerifier),
    code_challenge_method: 'S256',
  })
  return { url: url.href, secrets }
}

/** `query`: what the provider has sent the browser back with. @rejects Error that says why nobody is known by it */
export async function fromProvider(
  client: ProviderClient,
  { query, secrets }: { readonly query: string; readonly secrets: LoginSecrets },
): Promise<Claims> {
  const library = await loadLibrary()
  const config = await configure(client)
  const url = new URL(client.redirectUri)
  url.search = query
  const tokens = await library.authorizationCodeGrant(config, url, {
    pkceCodeVerifier: secrets.codeVerifier,
    expectedState: secrets.state,
    expectedNonce: secrets.nonce,
    idTokenExpected: true,
  })
  const claims = tokens.claims()
  if (claims === undefined) throw new Error('it gives no ID token')
  if (config.serverMetadata().userinfo_endpoint === undefined) return claims
  // Many say e-mail address and groups only there (OpenID Connect Core 1.0 §5.4).
  return { ...(await library.fetchUserInfo(config, tokens.access_token, claims.sub)), ...claims }
}

async function configure({ issuer, clientId, clientSecret, nowMs }: ProviderClient): Promise<Configuration> {
  const library = await loadLibrary()
  const skewSeconds = Math.round((nowMs - Date.now()) / 1000)
  const authentication = clientSecret === undefined ? library.None() : library.ClientSecretBasic(clientSecret)
  const config = await library.discovery(
    new URL(issuer),
    clientId,
    { [library.clockSkew]: skewSeconds, [library.clockTolerance]: 30 },
    authentication,
    {
      [library.customFetch]: outgoingFetch,
      timeout: TIMEOUT_SECONDS,
      // On this machine alone: nobody else is asked without TLS.
      ...(issuer.startsWith('http:') && { execute: [library.allowInsecureRequests] }),
    },
  )
  // Also where TLS would do (OpenID Connect Core 1.0 §3.1.3.7 item 6): `alg: none` is never accepted.
  library.enableNonRepudiationChecks(config)
  return config
}
