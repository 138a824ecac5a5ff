/** Owns the proof that a credential, good or bad, stands in nothing that the gateway writes: not in records, logs, problems, metrics or what the admin port says. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { findFreePort } from '../packages/policies/src/testing/free-ports.ts'
import { TestIssuer } from '../packages/policies/src/testing/test-issuer.ts'
import { until } from './harness/deadline.ts'
import { type RunningGateway, startGateway } from './harness/gateway.ts'
import { Http2Client, StreamBroken } from './harness/http2-client.ts'
import { toKeyHash } from './harness/keys.ts'
import { RawClient } from './harness/raw-client.ts'
import { listenAsWitness, type RawUpstream } from './harness/raw-upstream.ts'

const KEY = 'good-key-4f1d0c7e'
const BAD_KEY = 'bad-key-9b22a61c'
const PASSWORD = 'U*U'
/** crypt_blowfish 1.3, wrapper.c. */
const BCRYPT = '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW'
const BAD_PASSWORD = 'bad-password-77e0'
const CLIENT_SECRET = 'the-secret-of-the-gateway-31aa'
const issuer = new TestIssuer('ES256')
const TOKEN = issuer.sign({ iss: 'issuer', aud: 'orders', sub: 'ann', exp: 4_102_444_800 })
const FORGED = new TestIssuer('ES256', { number: 2 }).sign({
  iss: 'issuer',
  aud: 'orders',
  sub: 'ann',
  exp: 4_102_444_800,
})
const EXPIRED = issuer.sign({ iss: 'issuer', aud: 'orders', sub: 'ann', exp: 1 })
const basic = (pair: string) => Buffer.from(pair).toString('base64')

/** A token is known by its signature; base64 of a password is the password. */
const SECRETS = [
  KEY,
  BAD_KEY,
  BAD_PASSWORD,
  BCRYPT,
  CLIENT_SECRET,
  basic(`ann:${PASSWORD}`),
  basic(`ann:${BAD_PASSWORD}`),
  ...[TOKEN, FORGED, EXPIRED].map((token) => token.split('.')[2] ?? token),
  ...[KEY, BAD_KEY].map((key) => key.replaceAll('-', '%2D')),
]

const configure = (url: string, nobody: string) => `gatewright: 1
listeners: [{ id: public, host: 127.0.0.1, port: 8080, http2: { priorKnowledge: true } }]
accessLog: stdout
apis:
  - id: all
    basePath: /
    upstream: ${url}
    routes:
      - { id: key, path: "/key/{rest+}", policies: [{ policy: key-auth, options: { toUpstream: { app: X-App-Id } } }] }
      - { id: query, path: "/query", policies: [{ policy: key-auth, options: { in: query, name: key } }] }
      - { id: cookie, path: "/cookie", policies: [{ policy: key-auth, options: { in: cookie, name: key } }] }
      - { id: token, path: "/token", policies: [{ policy: jwt, options: { issuers: [{ issuer: issuer, audiences: [orders], keys: [{ algorithm: ES256, publicKey: ${JSON.stringify(issuer.pem)} }] }] } }] }
      - { id: in-query, path: "/in-query", policies: [{ policy: jwt, options: { in: query, name: access_token, issuers: [{ issuer: issuer, audiences: [orders], keys: [{ algorithm: ES256, publicKey: ${JSON.stringify(issuer.pem)} }] }] } }] }
      - { id: password, path: "/password", policies: [{ policy: basic-auth }] }
      - { id: opaque, path: "/opaque", policies: [{ policy: oauth2-introspection, options: { endpoint: "${nobody}/", client: { id: gateway, secret: "${CLIENT_SECRET}" } } }] }
      - { id: failing, path: "/failing", policies: [{ policy: key-auth, when: 'int(request.headers["x-api-key"]) > 0' }] }
      - { id: limited, path: "/limited", policies: [{ policy: rate-limit, options: { limit: 1, windowSeconds: 3600, key: 'request.headers["x-api-key"]' } }] }
      - { id: dead, path: "/dead", upstream: "${nobody}" }
apps: [{ id: shop, keys: [{ hash: "${toKeyHash(KEY)}" }], users: [{ name: ann, passwordHash: "${BCRYPT}" }] }]
`

const BEARERS = [TOKEN, FORGED, EXPIRED]
const KEYS = [KEY, BAD_KEY, `${KEY}, ${BAD_KEY}`, `${BAD_KEY}\r\nX-Api-Key: ${KEY}`]

/** Heads without their empty line. */
const REQUESTS: readonly string[] = [
  ...KEYS.flatMap((key) =>
    ['/key/a', '/none', '/failing', '/limited', '/dead'].map((path) => `GET ${path} HTTP/1.1\r\nX-Api-Key: ${key}`),
  ),
  ...[KEY, BAD_KEY].flatMap((key) => [
    `GET /query?key=${key} HTTP/1.1`,
    `GET /query?key=${key}&key=${key}x HTTP/1.1`,
    `GET /query?key=${key.replaceAll('-', '%2D')} HTTP/1.1`,
    `GET /dead?key=${key} HTTP/1.1`,
    `GET /none?key=${key} HTTP/1.1`,
    `GET http://a/query?key=${key} HTTP/1.1`,
    `GET http://ann:${key}@a/query HTTP/1.1`,
    `GET http://?key=${key} HTTP/1.1`,
    `GET https://a/query?key=${key} HTTP/1.1`,
    `GET /query?key=${key}#fragment HTTP/1.1`,
    `GET /a\\b?key=${key} HTTP/1.1`,
    `GET /../a?key=${key} HTTP/1.1`,
    `GET /key//..%2f?key=${key} HTTP/1.1`,
    `GET /a%?key=${key} HTTP/1.1`,
    `GET query?key=${key} HTTP/1.1`,
    `GET *?key=${key} HTTP/1.1`,
    `GET /query?key=${key} HTTP/2.0`,
    `GET /query?key=${key} HTTP/9.9`,
    `GET /query?key=${key}  HTTP/1.1`,
    `GET /query?key=${key}`,
    `FOO\x01 /query?key=${key} HTTP/1.1`,
    `CONNECT a:443?key=${key} HTTP/1.1`,
    `TRACE /query?key=${key} HTTP/1.1\r\nX-Api-Key: ${key}`,
    `OPTIONS /query?key=${key} HTTP/1.1\r\nOrigin: http://b?key=${key}\r\nAccess-Control-Request-Method: GET`,
    `GET /query?key=${key} HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked`,
    `GET /key/a HTTP/1.1\r\nX-Api-Key : ${key}`,
    `GET /key/a HTTP/1.1\r\nX-Api-Key: ${key}\x01`,
    `GET /key/a HTTP/1.1\r\n X-Api-Key: ${key}`,
    `GET /key/a HTTP/1.1\r\nHost: ann:${key}@a`,
    `GET /cookie HTTP/1.1\r\nCookie: key=${key}`,
    `GET /cookie HTTP/1.1\r\nCookie: key=${key}; key=other`,
    `GET /key/a HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nX-Api-Key: ${key}`,
    `GET /key/a HTTP/1.1\r\nX-Api-Key: ${key}\r\nReferer: http://a/?key=${key}\r\nUser-Agent: ${key}\r\nX-Forwarded-For: ${key}`,
  ]),
  ...BEARERS.flatMap((token) => [
    `GET /token HTTP/1.1\r\nAuthorization: Bearer ${token}`,
    `GET /token HTTP/1.1\r\nAuthorization: Bearer ${token}x`,
    `GET /token HTTP/1.1\r\nAuthorization: Bearer\t${token}`,
    `GET /in-query?access_token=${token} HTTP/1.1`,
    `GET /in-query?access_token=${token}x&a=%zz HTTP/1.1`,
    `GET /opaque HTTP/1.1\r\nAuthorization: Bearer ${token}`,
    `GET /none?access_token=${token} HTTP/1.1\r\nAuthorization: Bearer ${token}`,
  ]),
  ...[PASSWORD, BAD_PASSWORD].flatMap((password) => [
    `GET /password HTTP/1.1\r\nAuthorization: Basic ${basic(`ann:${password}`)}`,
    `GET /password HTTP/1.1\r\nAuthorization: Basic ${basic(`ann:${password}`)}!`,
    `GET /password HTTP/1.1\r\nAuthorization: Basic ${basic(password)}`,
    `GET /opaque HTTP/1.1\r\nAuthorization: Basic ${basic(`ann:${password}`)}`,
  ]),
]

describe('a credential', () => {
  let upstream: RawUpstream
  let gateway: RunningGateway
  /** All that clients were told. */
  let answers = ''

  before(async () => {
    upstream = await listenAsWitness()
    gateway = await startGateway({
      yaml: configure(upstream.url, `http://127.0.0.1:${await findFreePort()}`),
    })
    for (const request of REQUESTS) {
      const client = await RawClient.connect(gateway.port)
      const host = /\r\nHost:/.test(request) ? '' : '\r\nHost: a'
      await client.write(`${request}${host}\r\n\r\n`)
      await client.nextAnswer()
      // What the witness upstream says of the request is its own word.
      answers += client.received.toString('latin1').replace(/^X-Saw: .*$/gm, '')
      client.reset()
    }
    const http2 = await Http2Client.connect(gateway.port)
    for (const key of [KEY, BAD_KEY]) {
      const headers = { 'x-api-key': key, cookie: `key=${key}`, authorization: `Bearer ${FORGED}` }
      for (const path of ['/key/a', `/query?key=${key}`, `/none?key=${key}`, '/cookie', '/token', `/a\\?key=${key}`]) {
        const answer = await http2.ask(path, { headers }).catch((error) => assert.ok(error instanceof StreamBroken))
        answers += answer?.body.toString() ?? ''
      }
    }
    http2.close()
    await until(() => gateway.lines.length >= REQUESTS.length || undefined, 'a record of every request')
  })
  after(async () => {
    await gateway?.stop()
    await upstream?.close()
  })

  function assertWithout(text: string, what: string): void {
    for (const secret of SECRETS) {
      const at = text.indexOf(secret)
      assert.ok(at < 0, `${secret} stands in ${what}: ${text.slice(Math.max(0, at - 200), at + 60)}`)
    }
  }

  it('stands in no record, though every request has one', () => {
    const records = gateway.lines.map((line) => JSON.parse(line) as { path: string; problem?: string; app?: string })
    // The rows did what they are for: some were let in, and many refused.
    assert.ok(records.some(({ app }) => app === 'shop'))
    for (const problem of ['credential-missing', 'credential-invalid', 'malformed-request', 'verifier-unavailable'])
      assert.ok(
        records.some((record) => record.problem === problem),
        problem,
      )
    assertWithout(gateway.stdout, 'the records')
    for (const { path } of records) assert.ok(!path.includes('?') && !path.includes('@'), path)
  })

  it('stands in no line of the log', () => assertWithout(gateway.stderr, 'the log'))

  it('stands in no answer', () => {
    assert.match(answers, /credential-invalid/)
    assertWithout(answers, 'the answers')
  })

  it('stands in nothing that the admin port says', async () => {
    for (const name of ['metrics', 'snapshot', 'readyz', 'healthz', 'configuration', 'config'])
      assertWithout((await gateway.status(name))?.text ?? '', name)
  })

  it('is not in the target that the upstream would write into its own log', () => {
    const targets = upstream.requests.map(({ target }) => target)
    assert.ok(targets.includes('/query') && targets.includes('/in-query'))
    for (const target of targets.filter((each) => each.startsWith('/query') || each.startsWith('/in-query')))
      assertWithout(target, 'a target')
  })
})
