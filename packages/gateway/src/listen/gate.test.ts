import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Listener, ListenerTls } from '@gatewright/model/runtime'
import { BytesBody, Problem } from '@gatewright/policies'
import { parseAuthority } from '../http1/host.ts'
import { NOBODY_ASKED } from '../tls/client-certificate.ts'
import { DemandsTable } from '../tls/demands.ts'
import type { ConnectionTls, ReceivedRequest } from './connection-contract.ts'
import { Gate } from './gate.ts'
import { parseTarget } from './request-target.ts'

const MUTUAL = { mode: 'require', depth: 1, ca: { path: '/ca', sha256: 'a' } } as const
const TLS: ListenerTls = {
  profile: 'intermediate',
  hosts: [
    { names: ['admin.example', '*.in.example'], profile: 'intermediate', clientCertificates: MUTUAL },
    { names: ['same.example'], profile: 'intermediate' },
  ],
}
const demands = new DemandsTable(TLS)

function request(host: string | undefined, target = '/', method = 'GET'): ReceivedRequest {
  const authority = host === undefined ? undefined : parseAuthority(host)
  return { target: parseTarget(target, method, 'http'), authority, method } as unknown as ReceivedRequest
}

/** A connection whose client said this name. */
const connection = (name: string | undefined, problem?: Problem): { tls: ConnectionTls } => ({
  tls: { version: 'TLSv1.3', demands: demands.find(name), ...NOBODY_ASKED, problem },
})

describe('the gate of a listener with TLS', () => {
  const gate = new Gate({}, { demands, challenges: () => ({ http: new Map([['t', 'a']]), alpn: new Map() }) })
  const answer = (host: string | undefined, said: string | undefined) =>
    gate.findAnswer(request(host), connection(said))?.status

  it('lets through what came by a connection with the same demands', () => {
    for (const [host, said] of [
      ['admin.example', 'admin.example'],
      ['ADMIN.example.:8443', 'admin.example'],
      ['b.in.example', 'admin.example'],
      ['same.example', undefined],
      ['other.example', 'same.example'],
      [undefined, 'other.example'],
    ] as const) {
      assert.equal(answer(host, said), undefined, `${host} by ${said}`)
    }
  })

  it('sends away what came by the connection of a name with others (421, RFC 9110 §7.4)', () => {
    for (const [host, said] of [
      ['admin.example', 'other.example'],
      ['Admin.Example.', undefined],
      ['admin.example:443', 'same.example'],
      ['x.in.example', 'a.b.in.example'],
      ['other.example', 'admin.example'],
      [undefined, 'admin.example'],
    ] as const) {
      assert.equal(answer(host, said), 421, `${host} by ${said}`)
    }
  })

  it('answers nothing but what is wrong with the certificate, whatever is asked for', () => {
    const problem = new Problem('client-certificate-missing')
    for (const host of ['admin.example', 'other.example', undefined]) {
      const found = gate.findAnswer(
        request(host, '/.well-known/acme-challenge/t'),
        connection('admin.example', problem),
      )
      assert.equal(found?.status, 403)
      assert.equal(found?.problem, problem)
    }
  })

  it('sends away a connection from before it spoke TLS', () => {
    assert.equal(gate.findAnswer(request('other.example'), { tls: undefined })?.status, 421)
  })

  it('says what browsers are to remember', () => {
    const hstsOf = (hsts: Listener['hsts']) =>
      new Gate({ ...(hsts && { hsts }) }, { demands, challenges: () => ({ http: new Map(), alpn: new Map() }) }).hsts
    assert.equal(hstsOf(undefined), undefined)
    assert.equal(hstsOf({ maxAgeSeconds: 0, includeSubDomains: false, preload: false }), 'max-age=0')
    assert.equal(
      hstsOf({ maxAgeSeconds: 5, includeSubDomains: true, preload: true }),
      'max-age=5; includeSubDomains; preload',
    )
  })
})

describe('the gate of a listener without TLS', () => {
  const tokens = new Map([['token', 'token.print']])
  const gateOf = (redirectToHttps?: Listener['redirectToHttps'], http: ReadonlyMap<string, string> = tokens) =>
    new Gate(
      { ...(redirectToHttps && { redirectToHttps }) },
      { demands: undefined, challenges: () => ({ http, alpn: new Map() }) },
    )
  const redirecting = gateOf({ port: 443, status: 308 })
  const PLAIN = { tls: undefined }

  it('lets everything through that it has nothing to say to', () => {
    assert.equal(gateOf().findAnswer(request('a.example'), PLAIN), undefined)
    assert.equal(gateOf().findAnswer(request(undefined), PLAIN), undefined)
  })

  // biome-ignore format: a table, one row a line
  const ROWS: readonly [string, string, number, string][] = [
    ['a.example', '/x', 443, 'https://a.example/x'],
    ['A.Example.:8080', '/x?a=1&b=%2F', 443, 'https://a.example/x?a=1&b=%2F'],
    ['a.example', '/x', 8443, 'https://a.example:8443/x'],
    ['a.example', '*', 443, 'https://a.example/'],
    ['a.example', '//evil.example/x', 443, 'https://a.example//evil.example/x'],
    ['a.example', '/?', 443, 'https://a.example/?'],
    ['127.0.0.1:80', '/', 443, 'https://127.0.0.1/'],
    ['[::1]:80', '/', 8443, 'https://[::1]:8443/'],
  ]
  for (const [host, target, port, place] of ROWS) {
    it(`sends ${host} ${target} on to ${place}`, () => {
      const found = gateOf({ port, status: 307 }).findAnswer(request(host, target, 'OPTIONS'), PLAIN)
      assert.equal(found?.status, 307)
      assert.equal(found?.headers.get('location'), place)
    })
  }

  it('cannot send on who does not say a host', () => {
    const found = redirecting.findAnswer(request(undefined), PLAIN)
    assert.equal(found?.status, 400)
    assert.equal(found?.problem?.code, 'malformed-request')
  })

  it('answers a CA before it sends on (RFC 8555 §8.3), and only for the whole token', () => {
    for (const gate of [redirecting, gateOf()]) {
      const found = gate.findAnswer(request('a.example', '/.well-known/acme-challenge/token'), PLAIN)
      assert.equal(found?.status, 200)
      assert.ok(found?.body instanceof BytesBody)
      assert.equal(found.body.latin1, 'token.print')
    }
    for (const path of ['token2', 'tok', '', 'token/', 'x/token', 'constructor']) {
      const target = `/.well-known/acme-challenge/${path}`
      assert.equal(redirecting.findAnswer(request('a.example', target), PLAIN)?.status, 308, path)
      assert.equal(gateOf().findAnswer(request('a.example', target), PLAIN), undefined, path)
    }
  })
})
