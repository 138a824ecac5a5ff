/** Owns a certified authorization server for tests: real tokens, introspection and revocation, and a count of what it was asked. */
import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import Provider, { type Configuration, errors } from 'oidc-provider'

const APP = { id: 'shop', secret: 'the-secret-of-the-shop' }
export const GATEWAY = { id: 'gateway', secret: 'the secret: of the gateway' }
/** The gateway once more, as a client that signs. */
export const SIGNING_GATEWAY = { id: 'signing-gateway', ...generateKeyPairSync('ec', { namedCurve: 'P-256' }) }
const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange'
const SCOPES = ['orders:read', 'orders:write']

export class AuthorizationServer {
  readonly #server: Server
  readonly #provider: Provider
  /** How often it was asked about a token. */
  introspections = 0
  /** How often it was asked for a token. */
  tokenRequests = 0

  private constructor(server: Server, provider: Provider) {
    this.#server = server
    this.#provider = provider
    const handle = provider.callback()
    offerExchange(provider)
    server.on('request', (request, response) => {
      if (request.url?.startsWith('/token/introspection') === true) this.introspections++
      else if (request.url === '/token') this.tokenRequests++
      handle(request, response)
    })
  }

  static async listen(): Promise<AuthorizationServer> {
    const server = createServer()
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    return new AuthorizationServer(server, new Provider(issuer, toConfiguration()))
  }

  get issuer(): string {
    return this.#provider.issuer
  }

  /** An opaque access token of the app, by the client credentials grant (RFC 6749 §4.4). */
  async issueToken(scope = 'orders:read'): Promise<string> {
    const answer = await this.#post('/token', { grant_type: 'client_credentials', scope })
    return ((await answer.json()) as { access_token: string }).access_token
  }

  /** One that the app could get new access tokens with (RFC 6749 §1.5). */
  async issueRefreshToken(): Promise<string> {
    const client = await this.#provider.Client.find(APP.id)
    if (client === undefined) throw new Error('the app is unknown')
    const grantId = await new this.#provider.Grant({ accountId: 'ann', clientId: APP.id }).save()
    return await new this.#provider.RefreshToken({
      ...{ accountId: 'ann', client, grantId, scope: 'orders:read', gty: 'authorization_code' },
      ...{ authTime: Math.floor(Date.now() / 1000), claims: {}, iiat: Math.floor(Date.now() / 1000), rotations: 0 },
    }).save()
  }

  /** RFC 7009. */
  async revoke(token: string): Promise<void> {
    await this.#post('/token/revocation', { token })
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }

  async #post(path: string, form: Readonly<Record<string, string>>): Promise<Response> {
    const answer = await fetch(this.issuer + path, {
      method: 'POST',
      headers: { Authorization: `Basic ${btoa(`${APP.id}:${APP.secret}`)}` },
      body: new URLSearchParams(form),
    })
    if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`)
    return answer
  }
}

/** RFC 8693, which is left to whoever runs this server: for a token that is active, one with the scope that is asked for. */
function offerExchange(provider: Provider): void {
  provider.registerGrantType(
    TOKEN_EXCHANGE,
    async (context) => {
      const { client, params } = context.oidc
      const subject = await provider.ClientCredentials.find(String(params?.subject_token))
      if (subject === undefined || client === undefined) throw new errors.InvalidRequest('subject_token is not active')
      const token = new provider.ClientCredentials({ client, scope: String(params?.scope) })
      context.body = {
        access_token: await token.save(),
        issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
        expires_in: token.expiration,
        token_type: token.tokenType,
        scope: token.scope,
      }
    },
    ['audience', 'resource', 'scope', 'requested_token_type', 'subject_token', 'subject_token_type'],
  )
}

function toConfiguration(): Configuration {
  const client = {
    redirect_uris: [],
    response_types: [],
    grant_types: [],
    id_token_signed_response_alg: 'ES256' as const,
  }
  return {
    clients: [
      {
        ...client,
        client_id: APP.id,
        client_secret: APP.secret,
        grant_types: ['client_credentials'],
        scope: SCOPES.join(' '),
      },
      {
        ...client,
        client_id: GATEWAY.id,
        client_secret: GATEWAY.secret,
        grant_types: ['client_credentials', TOKEN_EXCHANGE],
        scope: SCOPES.join(' '),
      },
      {
        ...client,
        client_id: SIGNING_GATEWAY.id,
        grant_types: ['client_credentials'],
        scope: SCOPES.join(' '),
        token_endpoint_auth_method: 'private_key_jwt',
        token_endpoint_auth_signing_alg: 'ES256',
        jwks: { keys: [SIGNING_GATEWAY.publicKey.export({ format: 'jwk' }) as never] },
      },
    ],
    clientAuthMethods: ['client_secret_basic', 'private_key_jwt'],
    // With the last one it gives refresh tokens at all.
    scopes: [...SCOPES, 'offline_access'],
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      introspection: { enabled: true },
      revocation: { enabled: true },
    },
    ttl: { ClientCredentials: 600, RefreshToken: 600, Grant: 600 },
    jwks: { keys: [generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' }) as never] },
    cookies: { keys: ['a-key-for-tests'] },
  }
}
