/** Owns a certified authorization server for tests: real tokens, introspection and revocation, and a count of what it was asked. */
import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import Provider, { type Configuration } from 'oidc-provider'

const APP = { id: 'shop', secret: 'the-secret-of-the-shop' }
export const GATEWAY = { id: 'gateway', secret: 'the secret: of the gateway' }
/** The gateway once more, as a client that signs. */
export const SIGNING_GATEWAY = { id: 'signing-gateway', ...generateKeyPairSync('ec', { namedCurve: 'P-256' }) }
const SCOPES = ['orders:read', 'orders:write']

export class AuthorizationServer {
  readonly #server: Server
  readonly #provider: Provider
  /** How often it was asked about a token. */
  introspections = 0

  private constructor(server: Server, provider: Provider) {
    this.#server = server
    this.#provider = provider
    const handle = provider.callback()
    server.on('request', (request, response) => {
      if (request.url?.startsWith('/token/introspection') === true) this.introspections++
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
      { ...client, client_id: GATEWAY.id, client_secret: GATEWAY.secret },
      {
        ...client,
        client_id: SIGNING_GATEWAY.id,
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
