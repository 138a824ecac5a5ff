/** Proves what a service sees of a request: what the gateway knows, under one name, and nothing that a client could say in its place. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { HeaderList } from '../messages/header-list.ts'
import { GatewayRequest } from '../messages/request.ts'
import type { TestRequest } from '../testing/index.ts'
import { type Options, SERVICE, type Service, stage } from './external-auth-stage.fixture.ts'

const REQUEST: TestRequest = {
  method: 'DELETE',
  target: '/orders/7?a=1&b=%20',
  scheme: 'https',
  host: 'api.example.com:8443',
  headers: { Authorization: 'Bearer a', Cookie: 's=1', Accept: 'text/html', 'User-Agent': 'curl' },
}

async function see(options: Options, request: TestRequest = REQUEST): Promise<Service> {
  const { subject, service } = stage(options)
  assert.equal((await subject.with(request, { address: '203.0.113.7' })).status, 200)
  return service
}

const FORWARDING = {
  'x-forwarded-for': '203.0.113.7',
  'x-forwarded-proto': 'https',
  'x-forwarded-host': 'api.example.com:8443',
  'x-raw-target': '/orders/7?a=1&b=%20',
  'x-request-id': '00000000000000000000000000000001',
}
const CLIENTS = { authorization: 'Bearer a', cookie: 's=1', accept: 'text/html', 'user-agent': 'curl' }

describe('what the service sees', () => {
  it('of envoy-ext-authz is the request’s method, host and path behind its own', async () => {
    const { calls, seen } = await see({ protocol: 'envoy-ext-authz', url: 'http://authz.internal/v1/' })
    assert.deepEqual([calls[0]?.method, calls[0]?.url], ['DELETE', 'http://authz.internal/v1/orders/7?a=1&b=%20'])
    assert.deepEqual(seen, { ...FORWARDING, authorization: 'Bearer a', host: 'api.example.com:8443' })
  })

  it('of traefik-forward-auth is a GET with the request in fields', async () => {
    const { calls, seen } = await see({ protocol: 'traefik-forward-auth' })
    assert.deepEqual([calls[0]?.method, calls[0]?.url], ['GET', SERVICE])
    assert.deepEqual(seen, {
      ...{ ...FORWARDING, ...CLIENTS },
      ...{ 'x-forwarded-method': 'DELETE', 'x-forwarded-uri': '/orders/7?a=1&b=%20' },
    })
  })

  it('of nginx-auth-request is a GET with the request in fields', async () => {
    const { calls, seen } = await see({ protocol: 'nginx-auth-request' })
    assert.deepEqual([calls[0]?.method, calls[0]?.url, calls[0]?.body], ['GET', SERVICE, undefined])
    assert.deepEqual(seen, {
      ...{ ...FORWARDING, ...CLIENTS, 'x-original-method': 'DELETE', 'x-original-uri': '/orders/7?a=1&b=%20' },
      ...{ 'x-original-url': 'https://api.example.com:8443/orders/7?a=1&b=%20', 'x-real-ip': '203.0.113.7' },
    })
  })

  it('of generic is a document', async () => {
    const { subject, service } = stage()
    const caller = { id: 'acme', app: 'a', credential: { kind: 'key', id: 'k' }, scopes: ['read'] }
    await subject.with(REQUEST, { address: '203.0.113.7', caller })
    assert.deepEqual([service.calls[0]?.method, service.calls[0]?.url], ['POST', SERVICE])
    assert.deepEqual(service.document, {
      request: {
        ...{ method: 'DELETE', scheme: 'https', host: 'api.example.com', path: '/orders/7', query: '?a=1&b=%20' },
        ...{ rawTarget: '/orders/7?a=1&b=%20', headers: { authorization: ['Bearer a'], cookie: ['s=1'] } },
      },
      client: { address: '203.0.113.7' },
      route: { api: 'orders', route: 'list', template: '/', operation: null },
      caller: { id: 'acme', app: 'a', plan: null, scopes: ['read'], groups: [], claims: {} },
    })
    assert.ok(!Object.hasOwn(service.document.caller ?? {}, 'credential'))
    await subject.with(REQUEST)
    assert.equal(service.document.caller, null)
  })

  it('is the fields that are listed, each line of them', async () => {
    const { calls } = await see(
      { protocol: 'traefik-forward-auth', sendFields: ['X-A', 'Missing'] },
      {
        headers: [
          ['x-a', '1'],
          ['X-A', '2'],
          ['X-B', '3'],
        ],
      },
    )
    const names = calls[0]?.headers?.map(([name, value]) => `${name}: ${value}`) ?? []
    assert.deepEqual(
      names.filter((line) => /^x-[ab]:/i.test(line)),
      ['X-A: 1', 'X-A: 2'],
    )
  })

  it('is who calls, as far as anybody knows, in fields that no client can write', async () => {
    const { subject, service } = stage({
      protocol: 'traefik-forward-auth',
      sendCaller: { id: 'X-Caller', plan: 'X-Plan' },
    })
    const request = { headers: { 'X-Caller': 'root', 'x-plan': 'gold', X_Caller: 'root' } }
    await subject.with(request)
    assert.ok(!Object.keys(service.seen).some((name) => /caller|plan/.test(name)), 'nobody is known')
    await subject.with(request, { caller: { id: 'ann', credential: { kind: 'key', id: 'k' } } })
    assert.deepEqual(
      [service.seen['x-caller'], service.seen['x-plan'], service.seen.x_caller],
      ['ann', undefined, undefined],
    )
  })
})

describe('what a client may not say to the service', () => {
  const forged = [
    // Traefik CVE-2024-45410 and its like: the service believes whom it takes for the proxy.
    ...[
      'X-Forwarded-For',
      'x-forwarded-method',
      'X-FORWARDED-URI',
      'X-Forwarded-Host',
      'X-Forwarded-Proto',
      'X-Forwarded-Port',
    ],
    ...['X-Forwarded-Server', 'X-Forwarded-Prefix', 'X-Forwarded-User', 'X-Forwarded-Tls-Client-Cert', 'Forwarded'],
    ...[
      'X-Original-URI',
      'X-Original-Method',
      'X-Original-URL',
      'X-Original-Forwarded-For',
      'X-Real-IP',
      'X-Raw-Target',
    ],
    // CGI and WSGI read these as the ones above.
    ...['X_Forwarded_Uri', 'X-Forwarded_For', 'X_Original_URI', 'X_Real_IP', 'x_raw_target'],
    'X-Envoy-Auth-Partial-Body',
    'X-Request-Id',
    // A part of an answer, or "not modified", would decide by itself.
    ...['Range', 'If-None-Match', 'If-Modified-Since', 'If-Match', 'If_None_Match', 'Accept-Encoding'],
    // RFC 9110 §7.6.1, RFC 9112 §6.3.
    ...[
      'Connection',
      'Keep-Alive',
      'TE',
      'Trailer',
      'Upgrade',
      'Transfer-Encoding',
      'Content-Length',
      'Expect',
      'Host',
    ],
    ...['Proxy-Authorization', 'Proxy-Connection', 'Traceparent'],
  ]
  for (const protocol of ['envoy-ext-authz', 'traefik-forward-auth', 'nginx-auth-request', 'generic'] as const) {
    it(`is anything of the gateway’s or of the connection’s, in any spelling: ${protocol}`, async () => {
      const service = await see(
        { protocol, sendFields: 'all' },
        {
          headers: [...forged.map((name): [string, string] => [name, 'forged']), ['X-Forward', 'kept']],
        },
      )
      const { headers: fields = [], body } = service.calls[0] ?? {}
      assert.deepEqual(
        fields.filter(([, value]) => value.includes('forged')),
        [],
      )
      assert.ok(!String(body).includes('forged'))
      assert.ok(
        [...fields.map(([name]) => name.toLowerCase()), String(body)].some((text) => text.includes('x-forward')),
      )
      const names = fields.map(([name]) => name.toLowerCase().replaceAll('_', '-'))
      assert.deepEqual([...new Set(names)], names, 'nothing is said twice')
    })
  }

  for (const name of ['X-Forwarded-For', 'x_forwarded_uri', 'X-Original-URI', 'Host', 'Range', 'Accept-Encoding']) {
    it(`cannot be configured to be said: ${name}`, () => {
      assert.throws(() => stage({ sendFields: [name] }), /not the client's to say/)
    })
  }

  it('is nothing that a field’s name does to the document', async () => {
    const names = ['__proto__', 'constructor', 'toString'] as const
    const { document } = await see({ sendFields: 'all' }, { headers: names.map((name) => [name, 'x']) })
    for (const name of names)
      assert.deepEqual(Object.getOwnPropertyDescriptor(document.request.headers, name.toLowerCase())?.value, ['x'])
  })
})

describe('the path that the service decides about', () => {
  /** As the gateway makes it: what came, and its normal form that was matched. */
  function toRequestOf(rawTarget: string, matchedPath: string, search = ''): GatewayRequest {
    const headers = HeaderList.of([['Authorization', 'a']])
    return new GatewayRequest({ method: 'GET', rawTarget, path: '/below', matchedPath, search, host: 'h', headers })
  }

  async function pathsOf(protocol: NonNullable<Options['protocol']>, request: GatewayRequest) {
    const { subject, service } = stage({ protocol, url: 'http://a.internal/x' })
    const exchange = subject.open()
    exchange.request = request
    await subject.start(exchange).answer
    return service
  }

  // nginx's auth_request is given `$request_uri`: what decides and what is served are two paths.
  it('is the one that was matched, whatever spelling came and wherever it was rewritten to since', async () => {
    const request = () => toRequestOf('/public/..%2fadmin/%2e/x', '/public/..%2Fadmin/x', '?q=1')
    const matched = '/public/..%2Fadmin/x?q=1'
    assert.equal((await pathsOf('traefik-forward-auth', request())).seen['x-forwarded-uri'], matched)
    assert.equal((await pathsOf('nginx-auth-request', request())).seen['x-original-uri'], matched)
    assert.equal((await pathsOf('envoy-ext-authz', request())).calls[0]?.url, `http://a.internal/x${matched}`)
    const { document } = await pathsOf('generic', request())
    assert.deepEqual([document.request.path, document.request.query], ['/public/..%2Fadmin/x', '?q=1'])
  })

  it('stands beside the one that came, under its own name', async () => {
    const request = () => toRequestOf('/a/../admin', '/admin')
    for (const protocol of ['traefik-forward-auth', 'nginx-auth-request', 'envoy-ext-authz'] as const) {
      assert.equal((await pathsOf(protocol, request())).seen['x-raw-target'], '/a/../admin')
    }
    assert.equal((await pathsOf('generic', request())).document.request.rawTarget, '/a/../admin')
  })

  for (const path of [
    '/a\\..\\admin',
    '/a#b',
    '/a"<>^`{|}[]b',
    '/a b',
    '/a\xe4',
    '//evil.example.com/x',
    '/a;b=c',
    '/a@evil.example.com',
    '/a%2F..%2Fb',
    '/a?',
  ]) {
    it(`is the same for a reader of URLs (WHATWG) as for the gateway: ${JSON.stringify(path)}`, async () => {
      const { calls } = await pathsOf('envoy-ext-authz', toRequestOf(path, path))
      const url = new URL(calls[0]?.url ?? '')
      assert.equal(url.origin, 'http://a.internal')
      const escaped = path.replace(
        /[\\#"<>^`{|}[\] \xe4]/g,
        (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
      )
      assert.equal(url.href.slice('http://a.internal/x'.length), escaped)
    })
  }

  it('cannot leave the service’s host', async () => {
    const { subject, service } = stage({ protocol: 'envoy-ext-authz', url: 'http://a.internal' })
    const exchange = subject.open()
    exchange.request = toRequestOf('*', '*')
    await subject.start(exchange).answer
    exchange.request = toRequestOf('@evil.example.com/', '@evil.example.com/')
    await subject.start(exchange).answer
    assert.deepEqual(
      service.calls.map(({ url }) => new URL(url).host),
      ['a.internal', 'a.internal'],
    )
  })
})
