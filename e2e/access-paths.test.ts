/** Owns the proof that no spelling of a path, a host or a method leads past the guard of a route to what stands behind it. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type Answer, findField } from './harness/answer.ts'
import { type RunningGateway, startGateway } from './harness/gateway.ts'
import { Http2Client, StreamBroken } from './harness/http2-client.ts'
import { APPS, KEY, KEY_AUTH } from './harness/keys.ts'
import { exchange, get } from './harness/raw-client.ts'
import { listenAsWitness, parseTestimony, type RawUpstream, type Testimony } from './harness/raw-upstream.ts'

const GUARDED = `policies: [${KEY_AUTH}]`

/** One upstream for all: what it is asked for is what was reached. */
const configure = (url: string) => `gatewright: 1
listeners: [{ id: public, host: 127.0.0.1, port: 8080, http2: { priorKnowledge: true } }]
accessLog: off
upstreams: [{ id: shared, targets: [{ url: "${url}" }], hostHeader: preserve }]
apis:
  - id: normal
    basePath: /normal
    stripBasePath: false
    upstream: shared
    routes: &routes
      - { id: admin, path: "/admin", ${GUARDED} }
      - { id: admins, path: "/admin/{rest+}", ${GUARDED} }
      - { id: open, path: "/{rest+}" }
  - { id: received, basePath: /received, paths: received, stripBasePath: false, upstream: shared, routes: *routes }
  - { id: lax, basePath: /lax, caseSensitive: false, strictSlash: false, stripBasePath: false, upstream: shared, routes: *routes }
  - id: methods
    basePath: /methods
    upstream: shared
    routes:
      - { id: read, methods: [GET], path: /items }
      - { id: write, methods: [POST, PUT, PATCH, DELETE, OPTIONS], path: /items, ${GUARDED} }
      - { id: all, path: /all, ${GUARDED} }
      - { id: dressed, path: /dressed, policies: [{ policy: cors, options: { origins: ["https://app.example.com"], credentials: true } }, ${KEY_AUTH}] }
      - { id: late, path: /late, policies: [${KEY_AUTH}, { policy: cors }] }
      - { id: sometimes, path: /sometimes, policies: [{ policy: cors, when: "false" }, ${KEY_AUTH}] }
  - { id: root, basePath: /, upstream: shared, routes: [{ id: rest, path: "/{rest+}" }] }
  - { id: inner, hosts: [inner.example], basePath: /, upstream: shared, ${GUARDED}, routes: [{ id: rest, path: "/{rest+}" }] }
  - { id: outer, hosts: [outer.example], basePath: /, upstream: shared, routes: [{ id: rest, path: "/{rest+}" }] }
${APPS}`

/** As the laxest of servers read a path: escapes are decoded until there are none, `\` is `/`, `;…` is nothing, `//` is `/`. */
function toLaxPath(target: string): string {
  let path = target.replace(/^https?:\/\/[^/]*/i, '').replace(/[?#].*$/, '')
  path = path.replace(/%[0-9a-f]{2}/gi, (octet) => String.fromCharCode(Number.parseInt(octet.slice(1), 16)))
  const kept: string[] = []
  for (const segment of path.replaceAll('\\', '/').replace(/\0.*$/, '').split('/')) {
    const name = segment.replace(/;.*$/, '')
    if (name === '..') kept.pop()
    else if (name !== '' && name !== '.') kept.push(name)
  }
  return `/${kept.join('/')}`
}

const saw = (answer: Answer): Testimony => parseTestimony(findField(answer, 'x-saw') ?? '')

describe('what stands behind a guard', () => {
  let upstream: RawUpstream
  let gateway: RunningGateway
  let http2: Http2Client

  before(async () => {
    upstream = await listenAsWitness()
    gateway = await startGateway({ yaml: configure(upstream.url) })
    http2 = await Http2Client.connect(gateway.port)
  })
  after(async () => {
    http2?.close()
    await gateway?.stop()
    await upstream?.close()
  })

  const isReached = (base: string) =>
    upstream.requests.some(({ target }) => new RegExp(`^${base}/admin(?:/|$)`).test(toLaxPath(target)))

  // `{base}` stands for the base path of each API. References: RFC 3986 §5.2.4 and §6.2.2; CVE-2021-41773 (escaped dots),
  // CVE-2020-11989 (`;` and escaped slashes), CVE-2018-1271 (backslashes), CVE-2008-2938 (overlong UTF-8),
  // CVE-2021-29492 (escaped slashes), CVE-2020-1957 (trailing characters).
  for (const target of [
    '{base}/admin',
    '{base}/admin/x',
    '{base}/admin/',
    '{base}/admin//',
    '{base}/admin/.',
    '{base}/admin/x/..',
    '{base}/admin/..;/admin/x',
    '{base}/open/..;/admin/x',
    '{base}/open/..;a=b/admin/x',
    '{base}/open/.;/../admin/x',
    '{base}/open/../admin/x',
    '{base}/open/%2e%2e/admin/x',
    '{base}/open/.%2e/admin/x',
    '{base}/open%2f..%2fadmin/x',
    '{base}/open/..%2fadmin%2fx',
    '{base}/open/..%5cadmin%5cx',
    '{base}/open\\..\\admin\\x',
    '{base}/open/%2e%2e%3b/admin/x',
    '{base}//admin/x',
    '{base}///admin///x',
    '{base}/./admin/x',
    '{base}/%2e/admin/x',
    '{base}/.;/admin/x',
    '{base};/admin/x',
    '{base}/;/admin/x',
    '{base}/;x=y/admin/x',
    '{base}/admin;/x',
    '{base}/admin;a=b/x',
    '{base}/admin%3b/x',
    '{base}/admin%2fx',
    '{base}/admin%5cx',
    '{base}/admin\\x',
    '{base}\\admin\\x',
    '{base}%2fadmin%2fx',
    '{base}%5cadmin%5cx',
    '{base}/%61dmin/x',
    '{base}/%61%64%6d%69%6e/x',
    '{base}/admin%00/x',
    '{base}/admin%00',
    '{base}/admin\0/x',
    '{base}/%c0%ae%c0%ae/admin/x',
    '{base}/open/%c0%ae%c0%ae%c0%afadmin/x',
    '{base}/open/%e0%80%ae%e0%80%ae/admin/x',
    '{base}/admin?/../open',
    '{base}/admin#/../open',
    '{base}/admin%3f/../admin',
    '{base}/open/%2e%2e%2f%2e%2e%2f{name}/admin/x',
    '/open/../{name}/admin/x',
    '//{name}/admin/x',
    '/%2f{name}/admin/x',
    '/;/{name}/admin/x',
    '/./{name}/admin/x',
    'http://a{base}/admin/x',
    'http://a//{name}/admin/x',
    'HTTP://A{base}/open/../admin/x',
  ]) {
    it(`is not reached without a key by ${JSON.stringify(target)}, over HTTP/1.1 and HTTP/2`, async () => {
      for (const name of ['normal', 'received', 'lax']) {
        const path = target.replace('{base}', `/${name}`).replace('{name}', name)
        upstream.forget()
        const { status } = await get(gateway.port, path)
        assert.ok([200, 400, 401, 404].includes(status), `${status}`)
        // RFC 9113 §8.3.1: there the path is a field; Node's client refuses to send a NUL in one, and some clients of others do not.
        if (!path.includes('\0')) await http2.ask(path).catch((error) => assert.ok(error instanceof StreamBroken))
        assert.ok(!isReached(`/${name}`), `${name}: ${JSON.stringify(upstream.requests.map((each) => each.target))}`)
      }
    })
  }

  for (const path of ['/lax/ADMIN/x', '/lax/aDmIn', '/lax/%41dmin/x', '/LAX/Admin/', '/lax/admin/']) {
    it(`is not reached in another letter case where the API says that case does not matter: ${path}`, async () => {
      upstream.forget()
      assert.equal((await get(gateway.port, path)).status, 401)
      assert.deepEqual(upstream.requests, [])
    })
  }

  it('is reached with a key, by its own name', async () => {
    for (const name of ['normal', 'received', 'lax']) {
      upstream.forget()
      assert.equal((await get(gateway.port, `/${name}/admin/x`, [`X-Api-Key: ${KEY}`])).status, 200)
      assert.ok(isReached(`/${name}`))
    }
  })

  // RFC 9112 §3.2.2 and RFC 9110 §7.2: who is asked is said once; the upstream hears the host that was matched.
  for (const [words, request] of [
    ['a target of another host', 'GET http://inner.example/a HTTP/1.1\r\nHost: outer.example'],
    ['a field of another host', 'GET http://outer.example/a HTTP/1.1\r\nHost: inner.example'],
    ['two fields', 'GET /a HTTP/1.1\r\nHost: outer.example\r\nHost: inner.example'],
    ['two hosts in one field', 'GET /a HTTP/1.1\r\nHost: outer.example, inner.example'],
    ['a user’s name before the host', 'GET /a HTTP/1.1\r\nHost: outer.example@inner.example'],
    ['a host behind a user’s name in the target', 'GET http://outer.example@inner.example/a HTTP/1.1\r\nHost: a'],
    ['a trailing dot', 'GET /a HTTP/1.1\r\nHost: inner.example.'],
    ['another letter case', 'GET /a HTTP/1.1\r\nHost: INNER.Example'],
    ['a port', 'GET /a HTTP/1.1\r\nHost: inner.example:81'],
    ['a space before the colon', 'GET /a HTTP/1.1\r\nHost: outer.example\r\nHost : inner.example'],
    ['X-Forwarded-Host', 'GET /a HTTP/1.1\r\nHost: outer.example\r\nX-Forwarded-Host: inner.example'],
    ['X-Host and X-Original-Host', 'GET /a HTTP/1.1\r\nHost: inner.example\r\nX-Original-Host: outer.example'],
    ['no host of HTTP/1.0', 'GET http://inner.example/a HTTP/1.0'],
  ] as const) {
    it(`is not reached as another host by ${words}`, async () => {
      upstream.forget()
      const answer = await exchange(gateway.port, `${request}\r\n\r\n`)
      for (const { fields } of upstream.requests) {
        const hosts = fields.filter(([name]) => /^(x-forwarded-)?host$/i.test(name)).map(([, value]) => value)
        assert.ok(
          hosts.every((host) => /^outer\.example$/i.test(host)),
          `${answer.status}: ${hosts}`,
        )
      }
    })
  }

  it('is not reached as another host by a Host beside :authority (RFC 9113 §8.3.1)', async () => {
    upstream.forget()
    const headers = { ':authority': 'outer.example', host: 'inner.example' }
    await http2.ask('/a', { headers }).catch((error) => assert.ok(error instanceof StreamBroken))
    assert.ok(!JSON.stringify(upstream.requests).includes('inner.example'))
  })

  // IIS and Symfony: the path in these fields replaces that of the target (CVE-2018-14773).
  for (const field of ['X-Original-URL', 'X-Rewrite-URL', 'X-Override-URL', 'X-HTTP-Path-Override']) {
    it(`is guarded by the path of the target and not by that in ${field}`, async () => {
      assert.equal((await get(gateway.port, '/normal/admin/x', [`${field}: /normal/open`])).status, 401)
    })
  }

  for (const field of ['X-HTTP-Method-Override', 'X-Method-Override', 'X-HTTP-Method', 'x_http_method_override']) {
    it(`is guarded by the method of the request and not by that in ${field}`, async () => {
      for (const method of ['POST', 'DELETE', 'OPTIONS', 'TRACE', 'HEAD']) {
        upstream.forget()
        const request = `${method} /methods/items?_method=GET HTTP/1.1\r\nHost: a\r\n${field}: GET\r\n\r\n`
        const { status } = await exchange(gateway.port, request, { method })
        if (method !== 'HEAD') assert.ok(status === 401 || status === 405 || status === 501, `${method}: ${status}`)
        assert.deepEqual(
          upstream.requests.filter((each) => each.method !== 'HEAD'),
          [],
        )
      }
    })
  }

  for (const method of ['HEAD', 'OPTIONS', 'TRACE', 'CONNECT', 'PROPFIND', 'get', 'G\xe9T']) {
    it(`is not reached without a key by the method ${JSON.stringify(method)} (RFC 9110 §9)`, async () => {
      for (const path of ['/methods/all', '/methods/dressed', '/methods/late']) {
        upstream.forget()
        const { status } = await exchange(gateway.port, `${method} ${path} HTTP/1.1\r\nHost: a\r\n\r\n`, { method })
        assert.ok(status >= 400, `${status}`)
        assert.deepEqual(upstream.requests, [])
      }
    })
  }

  // Fetch §4.8: a preflight carries no credentials; the gateway answers it itself, or it is a request like others.
  for (const [path, status] of [
    ['/methods/dressed', 204],
    ['/methods/late', 401],
    ['/methods/sometimes', 405],
    ['/methods/all', 401],
    ['/methods/items', 401],
  ] as const) {
    it(`is not reached by a preflight: ${path} answers ${status} itself`, async () => {
      upstream.forget()
      const fields = 'Origin: https://app.example.com\r\nAccess-Control-Request-Method: DELETE'
      const hidden = 'GET /methods/all HTTP/1.1\r\nHost: a\r\n\r\n'
      const body = `Content-Length: ${hidden.length}\r\n\r\n${hidden}`
      const answer = await exchange(gateway.port, `OPTIONS ${path} HTTP/1.1\r\nHost: a\r\n${fields}\r\n${body}`)
      assert.equal(answer.status, status)
      assert.deepEqual(upstream.requests, [])
    })
  }

  it('is not opened by the fields of a preflight on another method', async () => {
    for (const method of ['GET', 'POST', 'DELETE']) {
      const fields = 'Origin: https://app.example.com\r\nAccess-Control-Request-Method: OPTIONS\r\n'
      const request = `${method} /methods/dressed HTTP/1.1\r\nHost: a\r\n${fields}Content-Length: 0\r\n\r\n`
      const answer = await exchange(gateway.port, request)
      assert.equal(answer.status, 401)
      assert.equal(findField(answer, 'access-control-allow-origin'), 'https://app.example.com')
    }
  })

  // Fetch §3.3.5: with credentials an origin that is not named must not be allowed, `null` least of all.
  for (const origin of [
    'null',
    '*',
    '',
    'https://evil.example',
    'https://app.example.com.evil.example',
    'https://evil-app.example.com',
    'https://app.example.com@evil.example',
    'https://app.example.com:444',
    'http://app.example.com',
    'https://APP.example.com',
    'https://app.example.com/',
    'https://app.example.com, https://evil.example',
    'https://app.example.com\r\nOrigin: https://evil.example',
    'https://evil.example\r\nOrigin: https://app.example.com',
  ]) {
    it(`is not opened with credentials to the origin ${JSON.stringify(origin)}`, async () => {
      for (const method of ['GET', 'OPTIONS']) {
        const fields = `X-Api-Key: ${KEY}\r\nOrigin: ${origin}\r\nAccess-Control-Request-Method: GET\r\n`
        const answer = await exchange(gateway.port, `${method} /methods/dressed HTTP/1.1\r\nHost: a\r\n${fields}\r\n`)
        const allowed = findField(answer, 'access-control-allow-origin')
        const isForeign =
          allowed !== undefined &&
          !(origin.startsWith('https://app.example.com\r\n') && allowed === 'https://app.example.com')
        assert.ok(!isForeign, `${allowed}`)
      }
    })
  }

  it('hears the path that was matched, whatever was sent', async () => {
    const answer = await get(gateway.port, '/normal/x/../open/%7e')
    assert.equal(saw(answer).target, '/normal/open/~')
  })
})
