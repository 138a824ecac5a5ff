/** Owns the proof that upstreams in clouds get tokens of the gateway's own: one for all threads, renewed in time, and written down nowhere. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, before, describe, it } from 'node:test'
import { promisify } from 'node:util'
import { decodeJwt, jwtVerify, SignJWT } from 'jose'
import { until, within } from './harness/deadline.ts'
import { type RunningGateway, startGateway } from './harness/gateway.ts'

const COMMAND = join(import.meta.dirname, '../packages/cli/bin/gatewright.js')
const THREADS = 2
/** Of tokens that are to end while a test runs. */
const SHORT_SECONDS = 8
/** Its last fifth is more than a busy machine keeps a test waiting. */
const LONGER_SECONDS = 20
const CLIENT_TOKEN = 'a-token-of-the-client'

/** A server on a port of its own, of which a test looks at what came. */
abstract class LocalServer {
  readonly #server: Server

  constructor() {
    this.#server = createServer((request, response) => void this.answer(request, response))
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async listen(): Promise<void> {
    await once(this.#server.listen(0, '127.0.0.1'), 'listening')
  }

  close(): void {
    this.#server.closeAllConnections()
    this.#server.close()
  }

  protected abstract answer(request: IncomingMessage, response: ServerResponse): Promise<void>
}

/** How long a token is good, by what it is for. */
function toSeconds(audience: string): number {
  if (audience.includes('short')) return SHORT_SECONDS
  return audience.includes('renewed') ? LONGER_SECONDS : 3600
}

/** Plays the metadata servers and token endpoints of two clouds, as their documentation has them. */
class Cloud extends LocalServer {
  readonly #keys = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  readonly issued: string[] = []
  /** Paths, one a call. */
  readonly asked: string[] = []
  /** Forms that came to token endpoints. */
  readonly forms: URLSearchParams[] = []
  /** What answers wait for. */
  gate: Promise<void> = Promise.resolve()
  isDown = false

  async check(token: string, audience: string): Promise<void> {
    await jwtVerify(token, this.#keys.publicKey, { audience })
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '', this.url)
    this.asked.push(pathname)
    await this.gate
    const say = (status: number, body: string, fields: Readonly<Record<string, string>> = {}): void => {
      response.writeHead(status, fields).end(body)
    }
    if (this.isDown) return say(404, '{"error":"not yet"}')
    if (pathname.startsWith('/computeMetadata/v1/instance/service-accounts/default/identity')) {
      if (request.headers['metadata-flavor'] !== 'Google') return say(403, '')
      return say(200, await this.#issue(searchParams.get('audience') ?? ''), { 'Metadata-Flavor': 'Google' })
    }
    if (pathname === '/metadata/identity/oauth2/token') {
      if (request.headers.metadata !== 'true') return say(400, '')
      const resource = searchParams.get('resource') ?? ''
      return say(200, JSON.stringify({ access_token: await this.#issue(resource), expires_in: '3600', resource }))
    }
    const form = new URLSearchParams(await text(request))
    this.forms.push(form)
    const scope = form.get('scope') ?? ''
    const token = await this.#issue(scope)
    say(200, JSON.stringify({ access_token: token, expires_in: toSeconds(scope), token_type: 'Bearer' }))
  }

  async #issue(audience: string): Promise<string> {
    const token = await new SignJWT({ number: this.issued.length })
      .setProtectedHeader({ alg: 'ES256' })
      .setAudience(audience)
      .setExpirationTime(Math.ceil(Date.now() / 1000) + toSeconds(audience))
      .sign(this.#keys.privateKey)
    this.issued.push(token)
    return token
  }
}

/** Remembers who came, and whether what they showed was still good. */
class GuardedUpstream extends LocalServer {
  readonly shown: { readonly authorization: string | undefined; readonly all: string }[] = []

  async answer({ headers, rawHeaders, url }: IncomingMessage, response: ServerResponse): Promise<void> {
    const { authorization } = headers
    this.shown.push({ authorization, all: `${url} ${rawHeaders.join(' ')}` })
    const { exp = 0 } = decodeJwt(authorization?.replace('Bearer ', '') ?? '')
    response.writeHead(exp * 1000 > Date.now() ? 200 : 418).end()
  }

  get tokens(): string[] {
    return this.shown.map(({ authorization = '' }) => authorization.replace('Bearer ', ''))
  }
}

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const env = {
  ENTRA_SECRET: 'a-secret-of-the-application',
  ACCOUNT_KEY: '',
  IDENTITY_HEADER: 'a-header-of-the-platform',
}

describe('upstreams in clouds', () => {
  const cloud = new Cloud()
  const upstream = new GuardedUpstream()
  let gateway: RunningGateway
  let folder: string

  const configure = (account = 'default') => `gatewright: 1
listeners: [{ id: public, host: 127.0.0.1, port: 8080 }]
upstreams: [{ id: guarded, targets: ["${upstream.url}"] }]
apis:
  - id: all
    basePath: /
    upstream: guarded
    routes:
${[
  ['crowd', `google: { audience: crowd, identity: { machine: { metadataUrl: "${cloud.url}" } } }`],
  [
    'renewed',
    `google: { audience: renewed, identity: { machine: { metadataUrl: "${cloud.url}" } }, timeoutMs: 30000 }`,
  ],
  ['key', `google: { audience: key, identity: { key: "\${env:ACCOUNT_KEY}" } }`],
  ['late', `azure: { resource: "api://late", identity: { machine: { metadataUrl: "${cloud.url}" } } }`],
  [
    'secret',
    `azure: { resource: secret, identity: { application: { tenant: t, clientId: c, authority: "${cloud.url}", secret: "\${env:ENTRA_SECRET}" } } }`,
  ],
  [
    'file',
    `azure: { resource: short, identity: { application: { tenant: t, clientId: c, authority: "${cloud.url}", tokenFile: ./token } } }`,
  ],
  [
    'platform',
    `azure: { resource: platform, identity: { platform: { endpoint: "${cloud.url}/msi/token", header: "\${env:IDENTITY_HEADER}", clientId: ${account} } } }`,
  ],
  ['machine', 'azure: { resource: machine }'],
]
  .map(
    ([id, options]) =>
      `      - { id: ${id}, path: /${id}, policies: [{ policy: upstream-auth, options: { ${options} } }] }`,
  )
  .join('\n')}
`

  const replaceToken = async (token: string): Promise<void> => {
    await writeFile(join(folder, 'token.new'), `${token}\n`)
    await rename(join(folder, 'token.new'), join(folder, 'token'))
  }

  before(async () => {
    await Promise.all([cloud.listen(), upstream.listen()])
    env.ACCOUNT_KEY = JSON.stringify({
      type: 'service_account',
      client_email: 'gateway@project.iam.gserviceaccount.com',
      private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
      token_uri: `${cloud.url}/token`,
    })
    folder = await mkdtemp(join(tmpdir(), 'gatewright-clouds-'))
    await replaceToken('first.token.of-the-cluster')
    await writeFile(join(folder, 'gatewright.yaml'), configure())
    gateway = await startGateway({ yaml: '', config: join(folder, 'gatewright.yaml'), threads: THREADS, env })
  })
  after(async () => {
    await gateway?.stop()
    cloud.close()
    upstream.close()
    await rm(folder, { recursive: true, force: true })
  })

  const ask = async (id: string): Promise<number> => {
    const headers = { Authorization: `Bearer ${CLIENT_TOKEN}` }
    const answer = await fetch(`http://127.0.0.1:${gateway.port}/${id}`, { headers })
    await answer.arrayBuffer()
    return answer.status
  }

  /** What the upstream got from here on. */
  const begin = (): void => {
    upstream.shown.length = 0
    cloud.asked.length = 0
    cloud.forms.length = 0
  }

  it('get one token that 200 requests waited for on all threads, and nothing of what the client says', async () => {
    begin()
    const { promise, resolve } = Promise.withResolvers<void>()
    cloud.gate = promise
    const answers = Array.from({ length: 200 }, () => ask('crowd'))
    await until(
      async () => ((await gateway.metric('gatewright_requests_in_flight')) === 200 ? true : undefined),
      'all of them to wait',
    )
    resolve()
    assert.deepEqual(new Set(await Promise.all(answers)), new Set([200]))
    assert.equal(cloud.asked.length, 1)
    const [token = '', ...others] = new Set(upstream.tokens)
    assert.deepEqual([upstream.shown.length, others.length], [200, 0])
    await cloud.check(token, 'crowd')
    assert.ok(!upstream.shown.some(({ all }) => all.includes(CLIENT_TOKEN)))
  })

  it('get another token before the one they had ends, and no request waits for it', async () => {
    begin()
    assert.equal(await ask('renewed'), 200)
    const { promise, resolve } = Promise.withResolvers<void>()
    cloud.gate = promise
    // The upstream refuses what is over.
    const askNow = async () =>
      assert.equal(await within(ask('renewed'), 'an answer while the next token is fetched'), 200)
    try {
      await until(
        async () => {
          await askNow()
          return cloud.asked.length === 2 ? true : undefined
        },
        'the next token to be asked for',
        2 * LONGER_SECONDS * 1000,
      )
      await askNow()
      assert.equal(new Set(upstream.tokens).size, 1)
    } finally {
      resolve()
    }
    await until(async () => {
      await askNow()
      return new Set(upstream.tokens).size === 2 ? true : undefined
    }, 'the next token')
    assert.equal(cloud.asked.length, 2)
  })

  it('get a token for what stands in a file, also once another stands there', async () => {
    begin()
    assert.equal(await ask('file'), 200)
    await replaceToken('second.token.of-the-cluster')
    // Otherwise it is looked at once a minute.
    gateway.child.kill('SIGHUP')
    await until(
      async () => {
        assert.equal(await ask('file'), 200)
        return cloud.forms.at(-1)?.get('client_assertion') === 'second.token.of-the-cluster' ? true : undefined
      },
      'the new token to be shown',
      4 * SHORT_SECONDS * 1000,
    )
    assert.equal(cloud.forms[0]?.get('client_assertion'), 'first.token.of-the-cluster')
  })

  it('are not asked while there is no token, and are again soon after there is one', async () => {
    begin()
    cloud.isDown = true
    const answer = await fetch(`http://127.0.0.1:${gateway.port}/late`)
    const problem = (await answer.json()) as { type: string }
    assert.deepEqual(
      [answer.status, problem.type, answer.headers.get('retry-after')],
      [503, 'urn:gatewright:problem:upstream-credential-unavailable', '5'],
    )
    await until(() => gateway.stdout.includes('"status-404"') || undefined, 'the reason in the record')
    assert.match(gateway.stderr, /service=azure reason=status-404/)
    for (let at = 0; at < 50; at++) assert.equal(await ask('late'), 503)
    assert.ok(cloud.asked.length <= 2, `${cloud.asked.length} calls`)
    assert.equal(upstream.shown.length, 0)
    cloud.isDown = false
    await until(async () => ((await ask('late')) === 200 ? true : undefined), 'a token')
    await cloud.check(upstream.tokens[0] ?? '', 'api://late')
  })

  it('get tokens for keys, secrets and what a platform knows the gateway by', async () => {
    begin()
    assert.equal(await ask('secret'), 200)
    assert.equal(cloud.forms[0]?.get('client_secret'), env.ENTRA_SECRET)
    assert.equal(await ask('platform'), 200)
    assert.deepEqual(cloud.asked, ['/t/oauth2/v2.0/token', '/msi/token'])
  })

  it('get none from a link-local address that `egress` does not allow', async () => {
    begin()
    assert.equal(await ask('machine'), 503)
    await until(() => gateway.stdout.includes('"egress-denied"') || undefined, 'the reason in the record')
    assert.equal(upstream.shown.length, 0)
  })

  it('are told secrets and tokens that stand in no record, no log, and no answer of a command', async () => {
    // It answers with no ID token: nothing of what it says is repeated.
    assert.equal(await ask('key'), 503)
    await writeFile(join(folder, 'other.yaml'), configure('another').replaceAll('${env:', '${env:OTHER_'))
    const others = {
      OTHER_ENTRA_SECRET: 'another-secret',
      OTHER_IDENTITY_HEADER: 'another-header',
      OTHER_ACCOUNT_KEY: env.ACCOUNT_KEY,
    }
    const run = async (...args: readonly string[]): Promise<string> => {
      const { stdout, stderr } = await promisify(execFile)(process.execPath, [COMMAND, ...args], {
        cwd: folder,
        env: { ...process.env, ...env, ...others },
      })
      return stdout + stderr
    }
    const explained = await run('explain', 'GET', 'http://127.0.0.1:8080/platform', '--json')
    const difference = await run('diff', 'gatewright.yaml', 'other.yaml')
    assert.match(explained, /upstream-auth/)
    assert.match(difference, /upstream-auth/)
    const written = [gateway.stdout, gateway.stderr, explained, difference].join('\n')
    const pem = JSON.parse(env.ACCOUNT_KEY).private_key.split('\n')[1]
    const given = [pem, env.ENTRA_SECRET, env.IDENTITY_HEADER, CLIENT_TOKEN, 'token.of-the-cluster']
    const secrets = [...given, 'another-secret', 'another-header', ...cloud.issued]
    assert.ok(cloud.issued.length > 4)
    for (const secret of secrets) assert.ok(!written.includes(secret), `${secret} is written down`)
  })
})
