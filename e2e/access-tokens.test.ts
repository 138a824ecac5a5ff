/** Owns the proof that a token opens what its issuer signed it for, that nobody makes the gateway fetch a key, and that an issuer's bad day is no storm. */
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { TestIssuer, toBase64url } from '../packages/policies/src/testing/test-issuer.ts'
import { type Answer, findField, findProblemCode } from './harness/answer.ts'
import { checkEvery } from './harness/batches.ts'
import { until } from './harness/deadline.ts'
import { type RunningGateway, startGateway } from './harness/gateway.ts'
import { get } from './harness/raw-client.ts'
import { listenAsWitness, type RawUpstream } from './harness/raw-upstream.ts'

const THREADS = 2
const EXPIRY = 4_102_444_800

const rsa = new TestIssuer('RS256')
const ec = new TestIssuer('ES256', { kid: 'key-ec' })
const stranger = new TestIssuer('RS256', { number: 2 })

/** Serves keys by path, and counts who asked; `/slow` answers when it is told to. */
class KeyServer {
  readonly #server: Server
  readonly counts = new Map<string, number>()
  readonly #held: ServerResponse[] = []

  private constructor() {
    this.#server = createServer((request, response) => {
      const path = (request.url ?? '').replace(/\?.*$/, '')
      this.counts.set(path, this.countOf(path) + 1)
      if (path === '/slow') this.#held.push(response)
      else if (path === '/down') response.writeHead(503).end()
      else if (path === '/cut') request.socket.destroy()
      else if (path === '/moved') response.writeHead(302, { Location: '/keys' }).end()
      else if (path === '/evil') this.#sendKeys(response, [stranger.jwk])
      else this.#sendKeys(response, [rsa.jwk, ec.jwk])
    })
  }

  static async listen(): Promise<KeyServer> {
    const keys = new KeyServer()
    keys.#server.listen(0, '127.0.0.1')
    await once(keys.#server, 'listening')
    return keys
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  countOf(path: string): number {
    return this.counts.get(path) ?? 0
  }

  release(): void {
    for (const response of this.#held.splice(0)) this.#sendKeys(response, [rsa.jwk, ec.jwk])
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #sendKeys(response: ServerResponse, keys: readonly object[]): void {
    response.setHeader('Content-Type', 'application/json')
    response.end(JSON.stringify({ keys }))
  }
}

const GUESSES = 'attempts: { perAddress: 0 }'

function configure(upstream: string, keys: string): string {
  const route = (id: string, { path = id, issuer = 'issuer', audience = 'orders', more = '' } = {}) =>
    `      - { id: ${id}, path: /${id}, policies: [{ policy: jwt, options: { ${GUESSES}, issuers: [{ issuer: "${issuer}", audiences: [${audience}], jwksUrl: "${keys}/${path}"${more} }] } }] }`
  return `gatewright: 1
listeners: [{ id: public, host: 127.0.0.1, port: 8080, limits: { headerBytes: 65536 } }]
accessLog: off
apis:
  - id: all
    basePath: /
    upstream: ${upstream}
    routes:
${route('orders', { path: 'keys' })}
${route('invoices', { path: 'keys', audience: 'invoices' })}
${route('elsewhere', { path: 'keys', issuer: 'other-issuer' })}
${['slow', 'down', 'cut', 'moved'].map((id) => route(id)).join('\n')}
      - { id: open, path: /open }
`
}

describe('a token', () => {
  let upstream: RawUpstream
  let keys: KeyServer
  let gateway: RunningGateway

  before(async () => {
    upstream = await listenAsWitness()
    keys = await KeyServer.listen()
    gateway = await startGateway({ yaml: configure(upstream.url, keys.url), threads: THREADS })
  })
  after(async () => {
    await gateway?.stop()
    await upstream?.close()
    await keys?.close()
  })

  const claims = { iss: 'issuer', aud: 'orders', sub: 'ann', exp: EXPIRY }
  const bring = (path: string, token: string): Promise<Answer> =>
    get(gateway.port, path, [`Authorization: Bearer ${token}`])

  async function assertRefused(path: string, token: string): Promise<void> {
    upstream.forget()
    const answer = await bring(path, token)
    assert.equal(answer.status, 401, `${answer.status} ${answer.body.toString()}`)
    assert.equal(findProblemCode(answer), 'credential-invalid')
    assert.match(findField(answer, 'www-authenticate') ?? '', /^Bearer .*error="invalid_token"/)
    assert.ok(!answer.body.toString().includes(token.slice(0, 60)))
    assert.deepEqual(upstream.requests, [])
  }

  it('that is good opens what it is for', async () => {
    for (const issuer of [rsa, ec]) assert.equal((await bring('/orders', issuer.sign(claims))).status, 200)
  })

  it('of one API opens no other one, though the keys are the same (RFC 8725 §3.9)', async () => {
    const seen = rsa.sign(claims)
    assert.equal((await bring('/orders', seen)).status, 200)
    // Verified tokens are remembered: by each use for itself.
    await assertRefused('/invoices', seen)
    await assertRefused('/elsewhere', seen)
    await assertRefused('/orders', rsa.sign({ ...claims, aud: 'invoices' }))
    await assertRefused('/orders', rsa.sign({ ...claims, aud: [] }))
    await assertRefused('/orders', rsa.sign({ ...claims, aud: { orders: true } }))
  })

  const encode = (header: object, body: object = { ...claims, sub: 'root' }) =>
    `${toBase64url(JSON.stringify(header))}.${toBase64url(JSON.stringify(body))}`
  const withMac = (header: object, secret: string | Buffer) => {
    const signed = encode(header)
    return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`
  }

  // RFC 8725 §2.1 and §3.1; CVE-2015-9235, CVE-2016-10555.
  for (const [words, forge] of [
    ['alg none', () => `${encode({ alg: 'none' })}.`],
    ['alg None', () => `${encode({ alg: 'None', kid: 'key-1' })}.`],
    ['alg nOnE with a signature', () => `${encode({ alg: 'nOnE', kid: 'key-1' })}.AAAA`],
    ['no alg', () => `${encode({ kid: 'key-1' })}.`],
    ['an empty alg', () => `${encode({ alg: '', kid: 'key-1' })}.`],
    ['a list as alg', () => `${encode({ alg: ['RS256'], kid: 'key-1' })}.AAAA`],
    ['HS256 by the public key in PEM', () => withMac({ alg: 'HS256', kid: 'key-1' }, rsa.pem)],
    [
      'HS256 by the public key in PEM without its last line feed',
      () => withMac({ alg: 'HS256', kid: 'key-1' }, rsa.pem.trim()),
    ],
    [
      'HS256 by the public key in DER',
      () => withMac({ alg: 'HS256', kid: 'key-1' }, rsa.publicKey.export({ type: 'spki', format: 'der' })),
    ],
    ['HS256 by the modulus', () => withMac({ alg: 'HS256', kid: 'key-1' }, String(rsa.jwk.n))],
    ['HS256 by nothing', () => withMac({ alg: 'HS256', kid: 'key-1' }, '')],
    [
      'the signature of another token',
      () => `${encode({ alg: 'RS256', kid: 'key-1' })}.${rsa.sign(claims).split('.')[2]}`,
    ],
    ['no signature', () => `${encode({ alg: 'RS256', kid: 'key-1' })}.`],
    ['two parts', () => encode({ alg: 'RS256', kid: 'key-1' })],
    ['a fourth part', () => `${rsa.sign(claims)}.AAAA`],
    ['a critical member that nobody knows (RFC 7515 §4.1.11)', () => rsa.sign(claims, { crit: ['exp'] })],
    ['an unencoded payload (RFC 7797)', () => rsa.sign(claims, { b64: false, crit: ['b64'] })],
    ['signed by a stranger', () => stranger.sign(claims)],
    ['padding', () => `${rsa.sign(claims)}==`],
    ['a space', () => `${rsa.sign(claims).replace('.', ' .')}`],
    ['an escaped dot', () => rsa.sign(claims).replace('.', '%2e')],
    ['claims that are a list', () => rsa.sign('[]')],
    ['claims that are null', () => rsa.sign('null')],
    ['claims that break off', () => rsa.sign('{"iss":"issuer","aud":"orders"')],
    ['an exp that is a text', () => rsa.sign({ ...claims, exp: `${EXPIRY}` })],
    ['an exp beyond all numbers', () => rsa.sign(`{"iss":"issuer","aud":"orders","sub":"ann","exp":1e999}`)],
    [
      'a subject twice',
      () => rsa.sign(`{"iss":"issuer","aud":"invoices","sub":"ann","exp":${EXPIRY},"__proto__":{"aud":"orders"}}`),
    ],
    ['more than anybody signs', () => rsa.sign({ ...claims, more: 'x'.repeat(20_000) })],
  ] as const) {
    it(`with ${words} opens nothing`, () => assertRefused('/orders', forge()))
  }

  // RFC 8725 §3.10; CVE-2018-0114 (a key in the token), CVE-2022-23541 and its like (paths and queries in kid).
  for (const [words, header] of [
    ['jku', { jku: '{evil}' }],
    ['jku of the issuer’s host', { jku: '{keys}/evil' }],
    ['jku that is the real one and more', { jku: '{keys}/keys/../evil' }],
    ['x5u', { x5u: '{evil}' }],
    ['jwk', { jwk: stranger.jwk }],
    ['x5c', { x5c: ['MIIB'] }],
    ['kid that is a URL', { kid: '{evil}' }],
    ['kid that is a path', { kid: '../../../../dev/null' }],
    ['kid that is a query', { kid: "key-1' UNION SELECT 'a" }],
    ['kid that is a command', { kid: 'key-1|touch /tmp/x' }],
    ['kid of an object’s members', { kid: '__proto__' }],
    ['kid of a constructor', { kid: 'constructor' }],
    ['kid that is a number', { kid: 0 }],
    ['kid that is an object', { kid: { toString: 'key-1' } }],
    ['kid that is empty', { kid: '' }],
    ['kid with a NUL', { kid: 'key-1\0' }],
    ['kid of 8 kB', { kid: 'k'.repeat(8000) }],
    ['issuer that is a URL', { iss: '{evil}' }],
  ] as const) {
    it(`whose header says ${words} calls nobody, and opens nothing`, async () => {
      const text = JSON.stringify(header).replaceAll('{evil}', `${keys.url}/evil`).replaceAll('{keys}', keys.url)
      const members = JSON.parse(text) as Record<string, unknown>
      await assertRefused('/orders', stranger.sign({ ...claims, sub: 'root' }, members))
      await assertRefused('/orders', stranger.sign({ ...claims, sub: 'root', iss: `${keys.url}/evil` }, members))
      assert.equal(keys.countOf('/evil'), 0)
    })
  }

  it('with an unknown kid each is no storm: the issuer is asked once in a while, and real ones pass meanwhile', async () => {
    await bring('/orders', rsa.sign(claims))
    const before = keys.countOf('/keys')
    await checkEvery(
      Array.from({ length: 400 }, (_, each) => each),
      async (each) => {
        assert.equal((await bring('/orders', stranger.sign(claims, { kid: `made-up-${each}` }))).status, 401)
        if (each % 20 === 0) assert.equal((await bring('/orders', ec.sign({ ...claims, jti: `${each}` }))).status, 200)
      },
      16,
    )
    assert.ok(keys.countOf('/keys') - before <= 2, `${keys.countOf('/keys') - before} more requests`)
  })

  for (const path of ['/down', '/cut', '/moved']) {
    it(`is answered with 503 where ${path} gives no keys, and the issuer is not asked for each`, async () => {
      upstream.forget()
      await checkEvery(
        Array.from({ length: 200 }, (_, each) => each),
        async (each) => {
          const answer = await bring(path, rsa.sign({ ...claims, jti: `${each % 10}` }))
          assert.deepEqual([answer.status, findProblemCode(answer)], [503, 'verifier-unavailable'])
        },
        16,
      )
      assert.ok(keys.countOf(path) <= 3, `${keys.countOf(path)} requests`)
      assert.deepEqual(upstream.requests, [])
    })
  }

  it('waits for slow keys with all others, for one request; other routes do not wait', async () => {
    upstream.forget()
    const waiting = Array.from({ length: 100 }, (_, each) =>
      bring('/slow', rsa.sign({ ...claims, jti: `${each % 7}` })),
    )
    await until(() => keys.countOf('/slow') > 0 || undefined, 'the gateway to ask for the keys')
    for (let each = 0; each < 20; each++) {
      assert.equal((await get(gateway.port, '/open')).status, 200)
      assert.equal((await bring('/orders', rsa.sign({ ...claims, jti: `o${each}` }))).status, 200)
    }
    // All of those passed while nobody had a key for these.
    assert.ok(upstream.requests.every(({ target }) => target !== '/slow'))
    keys.release()
    for (const { status } of await Promise.all(waiting)) assert.equal(status, 200)
    assert.equal(keys.countOf('/slow'), 1)
  })
})
