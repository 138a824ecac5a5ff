import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { TestRequest } from '@gatewright/policies/testing'
import { TestExchange, toUpstream } from './loopback.fixture.ts'
import { toUpstreamFields, toUpstreamHead } from './request-fields.ts'
import { TargetRuntime } from './target.ts'

interface Given {
  readonly upstream?: object
  readonly upgrade?: string
  /** The peer is a trusted proxy with this address. */
  readonly trustedPeer?: string
}

/** The lines of a request as the target at 10.0.0.1:9001 gets it. */
function headOf(request: TestRequest, { upstream = {}, upgrade, trustedPeer }: Given = {}): string[] {
  const model = toUpstream({ targets: ['http://10.0.0.1:9001'], ...upstream })
  const target = new TargetRuntime(model.targets[0]!)
  const exchange = new TestExchange(request)
  if (trustedPeer !== undefined) {
    Object.assign(exchange, {
      client: { address: '192.0.2.1', port: 1, peerAddress: trustedPeer, isPeerTrusted: true },
    })
  }
  const head = toUpstreamHead({ exchange, root: exchange, model, target, upgrade })
  assert.ok(head.endsWith('\r\n'))
  return head.split('\r\n').slice(0, -1)
}

const fieldOf = (lines: readonly string[], name: string): string[] =>
  lines
    .filter((line) => line.toLowerCase().startsWith(`${name.toLowerCase()}:`))
    .map((line) => line.slice(name.length + 2))

describe('request to a target', () => {
  it('has its line, its Host, the fields of the client and what the gateway says of itself', () => {
    assert.deepEqual(headOf({ target: '/orders?page=%7C|', headers: { Accept: '*/*', 'X-Api-Key': 'k' } }), [
      'GET /orders?page=%7C| HTTP/1.1',
      'Host: 10.0.0.1:9001',
      'Accept: */*',
      'X-Api-Key: k',
      'X-Forwarded-For: 192.0.2.1',
      'X-Forwarded-Proto: http',
      'X-Forwarded-Host: api.example.com',
      'X-Forwarded-Port: 8080',
      'Via: 1.1 gatewright',
      'X-Request-Id: 0123456789abcdef0123456789abcdef',
      'traceparent: 00-0123456789abcdef0123456789abcdef-0123456789abcdef-00',
    ])
  })

  for (const version of ['1.0', '1.1', '2']) {
    it(`says in Via that it was received in HTTP/${version}`, () => {
      const model = toUpstream({ targets: ['http://10.0.0.1:9001'] })
      const exchange = new TestExchange()
      Object.assign(exchange.request, { httpVersion: version })
      const target = new TargetRuntime(model.targets[0]!)
      const head = toUpstreamHead({ exchange, root: exchange, model, target, upgrade: undefined })
      assert.match(head, new RegExp(`\\r\\nVia: ${version} gatewright\\r\\n`))
    })
  }

  it('has no field that belonged to the connection of the client', () => {
    const dropped = {
      Connection: 'keep-alive',
      'Keep-Alive': 'timeout=5',
      'Proxy-Connection': 'keep-alive',
      'Proxy-Authorization': 'Basic x',
      TE: 'trailers',
      Upgrade: 'h2c',
      Expect: '100-continue',
      'Content-Length': '5',
      'Transfer-Encoding': 'chunked',
    }
    const lines = headOf({ headers: { ...dropped, 'X-Kept': '1' } })
    for (const name of Object.keys(dropped)) assert.deepEqual(fieldOf(lines, name), [], name)
    assert.deepEqual(fieldOf(lines, 'X-Kept'), ['1'])
  })

  for (const trustedPeer of [undefined, '10.1.2.3']) {
    it(`has none that an upstream could take for one of the gateway's (${trustedPeer ?? 'a stranger'})`, () => {
      // CGI and WSGI make one variable of `-` and `_`, and HTTP_PROXY of Proxy (CVE-2016-5385).
      const evil = [
        'Content_Length',
        'Transfer_Encoding',
        'x_forwarded-for',
        'X_Request_Id',
        'Keep_Alive',
        'Proxy',
        'PROXY',
      ]
      const headers = Object.fromEntries(evil.map((name) => [name, 'EVIL']))
      const lines = headOf({ headers: { ...headers, X_Own: '1' } }, trustedPeer === undefined ? {} : { trustedPeer })
      assert.ok(!lines.join().includes('EVIL'))
      assert.deepEqual(fieldOf(lines, 'X_Own'), ['1'])
    })
  }

  it('replaces what a stranger says of itself', () => {
    const lines = headOf({
      headers: {
        'X-Forwarded-For': '127.0.0.1',
        'X-Forwarded-Proto': 'https',
        'X-Forwarded-Host': 'evil.example',
        'X-Forwarded-Port': '1',
        Forwarded: 'for=127.0.0.1',
        'X-Request-Id': 'mine',
        traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
        tracestate: 'x=y',
      },
    })
    assert.deepEqual(fieldOf(lines, 'X-Forwarded-For'), ['192.0.2.1'])
    assert.deepEqual(fieldOf(lines, 'X-Forwarded-Proto'), ['http'])
    assert.deepEqual(fieldOf(lines, 'X-Forwarded-Host'), ['api.example.com'])
    assert.deepEqual(fieldOf(lines, 'X-Forwarded-Port'), ['8080'])
    assert.deepEqual(fieldOf(lines, 'X-Request-Id'), ['0123456789abcdef0123456789abcdef'])
    assert.deepEqual([fieldOf(lines, 'Forwarded'), fieldOf(lines, 'tracestate')], [[], []])
    assert.equal(fieldOf(lines, 'traceparent').length, 1)
  })

  it('extends what a trusted peer says, and keeps its trace state', () => {
    const headers = {
      'X-Forwarded-For': '192.0.2.1',
      'X-Forwarded-Proto': 'https',
      'X-Forwarded-Host': 'shop.example',
      'X-Forwarded-Port': '443',
      Forwarded: 'for=192.0.2.1;proto=https',
      tracestate: 'x=y',
    }
    const lines = headOf({ headers }, { trustedPeer: '10.1.2.3' })
    assert.deepEqual(fieldOf(lines, 'X-Forwarded-For'), ['192.0.2.1, 10.1.2.3'])
    assert.deepEqual(fieldOf(lines, 'X-Forwarded-Proto'), ['https'])
    assert.deepEqual(fieldOf(lines, 'X-Forwarded-Host'), ['shop.example'])
    assert.deepEqual(fieldOf(lines, 'X-Forwarded-Port'), ['443'])
    assert.deepEqual(fieldOf(lines, 'Forwarded'), ['for=192.0.2.1;proto=https, for=10.1.2.3;proto=http'])
    assert.deepEqual(fieldOf(lines, 'tracestate'), ['x=y'])
  })

  it('quotes an IPv6 address in Forwarded (RFC 7239 §6)', () => {
    const lines = headOf({ headers: { Forwarded: 'for=a' } }, { trustedPeer: '2001:db8::1' })
    assert.deepEqual(fieldOf(lines, 'Forwarded'), ['for=a, for="[2001:db8::1]";proto=http'])
  })

  it('says for each client its own address, one after the other', () => {
    const first = headOf({ host: 'a.example' })
    const second = headOf({ host: 'b.example' })
    assert.deepEqual(
      [first, second, headOf({ host: 'a.example' })].map((lines) => fieldOf(lines, 'X-Forwarded-Host')[0]),
      ['a.example', 'b.example', 'a.example'],
    )
  })

  for (const [hostHeader, expected] of [
    ['upstream', '10.0.0.1:9001'],
    ['preserve', 'Api.Example.com:8080'],
    ['orders.internal', 'orders.internal'],
  ] as const) {
    it(`says ${expected} where hostHeader is ${hostHeader}`, () => {
      assert.deepEqual(fieldOf(headOf({ host: 'Api.Example.com:8080' }, { upstream: { hostHeader } }), 'Host'), [
        expected,
      ])
    })
  }

  it('stands under the path of the target, but for the asterisk', () => {
    const upstream = { targets: ['http://10.0.0.1:9001/v1/'] }
    assert.equal(headOf({ target: '/orders' }, { upstream })[0], 'GET /v1/orders HTTP/1.1')
    assert.equal(headOf({ method: 'OPTIONS', target: '*' }, { upstream })[0], 'OPTIONS * HTTP/1.1')
  })

  it('is silent about the gateway where the upstream does not want it', () => {
    assert.deepEqual(fieldOf(headOf({ headers: { Via: '1.0 a' } }, { upstream: { via: false } }), 'Via'), ['1.0 a'])
    assert.deepEqual(fieldOf(headOf({ headers: { Via: '1.0 a' } }), 'Via'), ['1.0 a', '1.1 gatewright'])
  })

  it('asks for the upgrade that is allowed', () => {
    const lines = headOf({ headers: { Upgrade: 'websocket', Connection: 'Upgrade' } }, { upgrade: 'websocket' })
    assert.deepEqual([fieldOf(lines, 'Connection'), fieldOf(lines, 'Upgrade')], [['Upgrade'], ['websocket']])
  })

  for (const [method, size, expected] of [
    ['GET', 0, ''],
    ['DELETE', 0, ''],
    ['POST', 0, 'Content-Length: 0\r\n'],
    ['PUT', 0, 'Content-Length: 0\r\n'],
    ['PATCH', 0, 'Content-Length: 0\r\n'],
    ['GET', 5, 'Content-Length: 5\r\n'],
    ['POST', undefined, 'Transfer-Encoding: chunked\r\n'],
  ] as const) {
    it(`frames a ${method} with ${size ?? 'unknown'} bytes by ${expected.trim() || 'nothing'}`, () => {
      assert.equal(toUpstreamFields(method, size), `${expected}\r\n`)
    })
  }

  for (const [what, changed] of [
    ['a path with a second line', { path: '/a HTTP/1.1\r\nX: y' }],
    ['a path that is no latin1', { path: '/\u0100' }],
    ['no method', { method: '' }],
  ] as const) {
    it(`is not sent where a policy made ${what} of it`, () => {
      const model = toUpstream({ targets: ['http://10.0.0.1:9001'] })
      const target = new TargetRuntime(model.targets[0]!)
      const exchange = new TestExchange()
      Object.assign(exchange.request, changed)
      assert.throws(
        () => toUpstreamHead({ exchange, root: exchange, model, target, upgrade: undefined }),
        /request line/,
      )
    })
  }
})
