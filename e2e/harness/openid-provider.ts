/** Owns a real OpenID provider: certified software of others, on a free port, with one client. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, request, type Server } from 'node:http'
import { request as requestByTls } from 'node:https'
import { text } from 'node:stream/consumers'
import { Provider } from 'oidc-provider'
import { findFreePort } from '../../packages/policies/src/testing/free-ports.ts'

export const CLIENT = { id: 'shop', secret: 'the-secret-of-a-client-in-tests' } as const

export interface ProviderSetup {
  /** Origins of gateways that people are sent back to. */
  readonly origins: readonly string[]
  readonly callback: string
  readonly afterLogout: string
  readonly accessTokenSeconds: number
  /** Where it tells of logouts, on this machine whatever the name, and whom it believes there. */
  readonly backChannel?: { readonly uri: string; readonly ca?: string }
}

export class RunningProvider {
  readonly issuer: string
  /** How often each grant was made. */
  readonly grants = new Map<string, number>()
  /** What came of each logout that it told of: `success`, or why not. */
  readonly toldLogouts: string[] = []
  readonly #server: Server

  private constructor(server: Server, issuer: string, provider: Provider) {
    this.#server = server
    this.issuer = issuer
    provider.on('backchannel.success', () => this.toldLogouts.push('success'))
    provider.on('backchannel.error', (_, error) => this.toldLogouts.push(String(error)))
    provider.on('grant.success', ({ oidc }) => {
      const kind = String(oidc.params?.grant_type)
      this.grants.set(kind, (this.grants.get(kind) ?? 0) + 1)
    })
  }

  static async start(setup: ProviderSetup): Promise<RunningProvider> {
    const { origins, callback, afterLogout, accessTokenSeconds, backChannel } = setup
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
          ...(backChannel && { backchannel_logout_uri: backChannel.uri, backchannel_logout_session_required: true }),
        },
      ],
      // Whoever is named when they log in is that person.
      findAccount: (_, id) => ({
        accountId: id,
        claims: () => ({ sub: id, email: `${id}@example.com`, name: id, groups: [`${id}s`] }),
      }),
      claims: { openid: ['sub'], email: ['email'], profile: ['name', 'groups'] },
      features: { revocation: { enabled: true }, backchannelLogout: { enabled: backChannel !== undefined } },
      ...(backChannel && { fetch: (url, said) => post(String(url), backChannel.ca, said) }),
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

/** To this machine, under the name of the URL. */
async function post(url: string, ca: string | undefined, { body, headers }: RequestInit = {}): Promise<Response> {
  const { protocol, hostname: servername, host, port, pathname } = new URL(url)
  const fields = Object.fromEntries(new Headers(headers))
  const call = (protocol === 'https:' ? requestByTls : request)({
    ...{ method: 'POST', host: '127.0.0.1', port, path: pathname, ca, servername, agent: false },
    headers: { ...fields, host },
  })
  call.end(String(body))
  const [answer] = (await once(call, 'response')) as [IncomingMessage]
  return new Response(await text(answer), { status: answer.statusCode ?? 0 })
}
