/** Owns the proof that tokens of a certified OpenID provider open what they are meant for, and that an issuer is never stormed for its keys. */
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, it } from 'node:test'
import { TestIssuer } from '@gatewright/policies/testing'
import Provider from 'oidc-provider'
import { until } from './harness/deadline.ts'
import { parseTestimony } from './harness/raw-upstream.ts'
import { stageGateway } from './harness/stage.ts'

const CLIENT = { id: 'shop', secret: 'the-secret-of-the-shop' }

/** An issuer whose keys a test changes, withholds or delays; it counts how often it is asked. */
class KeyServer {
  readonly #server: Server
  asked = 0
  keys: unknown[] = []
  status = 200
  /** Answers wait for it. */
  gate: Promise<void> = Promise.resolve()

  constructor(server: Server) {
    this.#server = server
    server.on('request', async (_request, response) => {
      this.asked += 1
      await this.gate
      response.statusCode = this.status
      response.end(JSON.stringify({ keys: this.keys }))
    })
  }

  static async listen(): Promise<KeyServer> {
    const server = createServer()
    await once(server.listen(0, '127.0.0.1'), 'listening')
    return new KeyServer(server)
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/keys`
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }
}

async function listenAsProvider(): Promise<{ issuer: string; asked: Map<string, number>; close(): void }> {
  const server = createServer()
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const key = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' })
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: CLIENT.id,
        client_secret: CLIENT.secret,
        grant_types: ['client_credentials'],
        redirect_uris: [],
        response_types: [],
      },
    ],
    jwks: { keys: [{ ...key, use: 'sig', alg: 'RS256' } as never] },
    scopes: ['orders:read', 'orders:write'],
    cookies: { keys: ['a-key-for-tests'] },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => 'urn:orders',
        getResourceServerInfo: () => ({
          scope: 'orders:read orders:write',
          audience: 'orders',
          accessTokenFormat: 'jwt' as const,
          jwt: { sign: { alg: 'RS256' as const } },
        }),
      },
    },
  })
  const asked = new Map<string, number>()
  const handle = provider.callback()
  server.on('request', (request, response) => {
    asked.set(request.url ?? '', (asked.get(request.url ?? '') ?? 0) + 1)
    handle(request, response)
  })
  return {
    issuer,
    asked,
    close() {
      server.closeAllConnections()
      server.close()
    },
  }
}

async function issueToken(issuer: string): Promise<string> {
  const answer = await fetch(`${issuer}/token`, {
    method: 'POST',
    headers: { Authorization: `Basic ${btoa(`${CLIENT.id}:${CLIENT.secret}`)}` },
    body: new URLSearchParams({ grant_type: 'client_credentials', scope: 'orders:read' }),
  })
  return ((await answer.json()) as { access_token: string }).access_token
}

describe('signed tokens through a real gateway', () => {
  const first = new TestIssuer('ES256', { kid: 'first', number: 1 })
  const second = new TestIssuer('ES256', { kid: 'second', number: 2 })
  let provider: Awaited<ReturnType<typeof listenAsProvider>>
  let keys: KeyServer
  let slow: KeyServer

  const claims = (more: object = {}) => {
    const now = Math.floor(Date.now() / 1000)
    return { iss: 'tester', aud: 'orders', sub: 'ann', exp: now + 600, ...more }
  }

  const route = (id: string, issuer: string) =>
    `      - { id: ${id}, path: "/${id}", policies: [{ policy: jwt, options: { issuers: [{ ${issuer}, audiences: [orders] }], attempts: { perAddress: 0 }, toUpstream: { id: X-Caller, scopes: X-Scopes } } }] }`

  const stage = stageGateway(async (url) => {
    provider = stage.also(await listenAsProvider())
    keys = stage.also(await KeyServer.listen())
    slow = stage.also(await KeyServer.listen())
    keys.keys = [first.jwk]
    return {
      threads: 2,
      yaml: `gatewright: 1
listeners: [{ id: public, host: 127.0.0.1, port: 8080 }]
apis:
  - id: all
    basePath: /
    upstream: ${url}
    routes:
${route('discovered', `issuer: "${provider.issuer}"`)}
${route('keys', `issuer: tester, jwksUrl: "${keys.url}"`)}
${route('slow', `issuer: tester, jwksUrl: "${slow.url}"`)}
      - { id: open, path: /open }
`,
    }
  })

  async function ask(route: string, token?: string): Promise<{ status: number; saw: string; code?: string }> {
    const headers = { 'X-Caller': 'root', ...(token !== undefined && { Authorization: `Bearer ${token}` }) }
    const answer = await fetch(`http://127.0.0.1:${stage.gateway.port}/${route}`, { headers })
    const text = await answer.text()
    const told = answer.headers.get('x-saw')
    const code = /urn:gatewright:problem:([a-z-]+)/.exec(text)?.[1]
    return {
      status: answer.status,
      saw: told === null ? '' : JSON.stringify(parseTestimony(told).fields),
      ...(code !== undefined && { code }),
    }
  }

  it('takes what a certified provider issues, with keys that its configuration names, fetched once for two threads', async () => {
    const tokens = await Promise.all(Array.from({ length: 40 }, () => issueToken(provider.issuer)))
    const answers = await Promise.all(tokens.map((token) => ask('discovered', token)))
    assert.deepEqual([...new Set(answers.map(({ status }) => status))], [200])
    assert.match(answers[0]?.saw ?? '', /"X-Caller","shop".*"X-Scopes","orders:read"/i)
    assert.doesNotMatch(answers[0]?.saw ?? '', /root|Bearer/)
    assert.equal(provider.asked.get('/.well-known/openid-configuration'), 1)
    assert.equal(provider.asked.get('/jwks'), 1)
  })

  it('asks once for two hundred tokens that wait, and once more for a flood of ids that nobody has', async () => {
    const waiting = Array.from({ length: 200 }, (_, i) => ask('keys', first.sign(claims({ jti: `${i}` }))))
    assert.deepEqual([...new Set((await Promise.all(waiting)).map(({ status }) => status))], [200])
    assert.equal(keys.asked, 1)
    const flood = Array.from({ length: 200 }, (_, i) => ask('keys', second.sign(claims(), { kid: `none-${i}` })))
    assert.deepEqual([...new Set((await Promise.all(flood)).map(({ status }) => status))], [401])
    assert.ok(keys.asked <= 2, `asked ${keys.asked} times`)
  })

  it('answers 503 while keys are late, once they are refused, and all other routes as ever', async () => {
    let open = (): void => {}
    slow.gate = new Promise((resolve) => {
      open = resolve
    })
    slow.status = 500
    const waiting = Array.from({ length: 50 }, (_, i) => ask('slow', first.sign(claims({ jti: `${i}` }))))
    await until(() => (slow.asked > 0 ? true : undefined), 'the keys to be asked for')
    assert.equal((await ask('open')).status, 200)
    assert.equal((await ask('keys', first.sign(claims()))).status, 200)
    open()
    const late = await Promise.all(waiting)
    assert.deepEqual([...new Set(late.map(({ status, code }) => `${status} ${code}`))], ['503 verifier-unavailable'])
    assert.ok(slow.asked <= 2, `asked ${slow.asked} times`)
  })

  it('writes no token into records and logs', async () => {
    const token = first.sign(claims({ jti: 'secret-token' }))
    assert.equal((await ask('keys', token)).status, 200)
    assert.equal((await ask('keys', `${token}x`)).status, 401)
    const { gateway } = stage
    await until(() => (gateway.stdout.includes('"status":401') ? true : undefined), 'the record of the refusal')
    for (const part of token.split('.')) assert.ok(!(gateway.stdout + gateway.stderr).includes(part))
  })
})
