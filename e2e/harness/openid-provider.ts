/** Owns a real OpenID provider: certified software of others, on a free port, with one client. */
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { Provider } from 'oidc-provider'
import { findFreePort } from './ports.ts'

export const CLIENT = { id: 'shop', secret: 'the-secret-of-a-client-in-tests' } as const

export interface ProviderSetup {
  /** Origins of gateways that people are sent back to. */
  readonly origins: readonly string[]
  readonly callback: string
  readonly afterLogout: string
  readonly accessTokenSeconds: number
}

export class RunningProvider {
  readonly issuer: string
  /** How often each grant was made. */
  readonly grants = new Map<string, number>()
  readonly #server: Server

  private constructor(server: Server, issuer: string, provider: Provider) {
    this.#server = server
    this.issuer = issuer
    provider.on('grant.success', ({ oidc }) => {
      const kind = String(oidc.params?.grant_type)
      this.grants.set(kind, (this.grants.get(kind) ?? 0) + 1)
    })
  }

  static async start({ origins, callback, afterLogout, accessTokenSeconds }: ProviderSetup): Promise<RunningProvider> {
    const port = await findFreePort()
    const issuer = `http://127.0.0.1:${port}`
    const provider = new Provider(issuer, {
      clients: [
        {
          client_id: CLIENT.id,
          client_secret: CLIENT.secret,
          grant_types: ['authorization_code', 'refresh_token'],
          redirect_uris: origins.map((origin) => origin + callback),
          post_logout_redirect_uris: origins.map((origin) => origin + afterLogout),
        },
      ],
      // Whoever is named when they log in is that person.
      findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, email: `${id}@example.com` }) }),
      claims: { openid: ['sub'], email: ['email'] },
      features: { revocation: { enabled: true } },
      cookies: { keys: ['a-key-for-cookies-in-tests'] },
      ttl: {
        AccessToken: accessTokenSeconds,
        Grant: 3600,
        IdToken: 3600,
        Interaction: 600,
        RefreshToken: 3600,
        Session: 3600,
      },
      // The strictest: one that comes twice ends the whole login (RFC 9700 §4.14.2).
      rotateRefreshToken: true,
    })
    const server = createServer(provider.callback())
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    return new RunningProvider(server, issuer, provider)
  }

  async stop(): Promise<void> {
    this.#server.close()
    this.#server.closeAllConnections()
    await once(this.#server, 'close')
  }
}
