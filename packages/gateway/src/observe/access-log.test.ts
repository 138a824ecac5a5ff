import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Problem } from '@gatewright/policies'
import type { TestRequest } from '@gatewright/policies/testing'
import fc from 'fast-check'
import { TestExchange } from '../upstream/loopback.fixture.ts'
import { toRecord } from './access-log.ts'

function record(exchange: TestExchange, durationMs = 1.5): Record<string, unknown> {
  const line = toRecord(exchange, 'answered', durationMs)
  assert.ok(line.length < 4096, `${line.length} bytes`)
  assert.match(line, /^[\x20-\x7e]*$/, 'one line of ASCII')
  return JSON.parse(line)
}

const recordOf = (request: TestRequest): Record<string, unknown> => record(new TestExchange(request))

describe('access record', () => {
  it('says which version of HTTP the client spoke, if it is not the usual one, and which of TLS', () => {
    const versionsOf = (exchange: TestExchange) => [record(exchange).httpVersion, record(exchange).tls]
    assert.deepEqual(versionsOf(new TestExchange()), [undefined, undefined])
    const exchange = new TestExchange()
    Object.assign(exchange.request, { httpVersion: '2' })
    Object.assign(exchange.clientSide, { tls: { version: 'TLSv1.3' } })
    assert.deepEqual(versionsOf(exchange), ['2', 'TLSv1.3'])
  })

  it('says which certificate the client showed', () => {
    const exchange = new TestExchange()
    const shown = { fingerprint: 'ab'.repeat(32), subjectText: 'CN=Bücher "x"' }
    Object.assign(exchange.clientSide, { tls: { version: 'TLSv1.3', shown } })
    const { certificate, subject } = record(exchange)
    assert.deepEqual([certificate, subject], [shown.fingerprint, shown.subjectText])
  })

  it('says what was asked, who answered and how long it took', () => {
    const exchange = new TestExchange({ method: 'POST', target: '/orders?page=2', host: 'Api.example.com:8080' })
    exchange.caller = { id: 'key-1', app: 'acme', credential: { kind: 'key', id: 'f00' } }
    Object.assign(exchange, {
      status: 201,
      bytesIn: 5,
      bytesOut: 7,
      upstreamId: 'orders',
      upstreamTarget: '10.0.0.1:9001',
    })
    Object.assign(exchange, { upstreamStatus: 201, attempts: 2 })
    assert.deepEqual(record(exchange, 1.23456), {
      time: '1970-01-01T00:00:00.000Z',
      id: '0123456789abcdef0123456789abcdef',
      client: '192.0.2.1',
      method: 'POST',
      path: '/orders',
      status: 201,
      durationMs: 1.235,
      bytesIn: 5,
      bytesOut: 7,
      host: 'api.example.com',
      api: 'orders',
      route: 'list',
      app: 'acme',
      upstream: 'orders',
      target: '10.0.0.1:9001',
      upstreamStatus: 201,
      attempts: 2,
    })
  })

  it('says why there was no good answer, and how it ended', () => {
    const exchange = new TestExchange()
    exchange.problem = new Problem('upstream-closed', { reason: 'ECONNRESET' })
    const line = JSON.parse(toRecord(exchange, 'upstream-broke', 1))
    assert.deepEqual([line.problem, line.reason, line.ended], ['upstream-closed', 'ECONNRESET', 'upstream-broke'])
  })

  it('holds no credential: neither keys nor queries, cookies nor tokens', () => {
    const exchange = new TestExchange({
      target: '/orders?api_key=s3cret',
      headers: { 'X-Api-Key': 's3cret', Authorization: 'Bearer s3cret', Cookie: 'session=s3cret' },
    })
    exchange.caller = { id: 's3cret', app: 'acme', credential: { kind: 'key', id: 's3cret' } }
    assert.ok(!toRecord(exchange, 'answered', 1).includes('s3cret'))
  })

  it('escapes what JSON or a terminal would stumble over', () => {
    const path = '/"\\\n\r\t\0\x1b[31m\x7f\x9b\xff'
    assert.equal(recordOf({ target: path }).path, path)
  })

  it('has the milliseconds of the time, also across a second', () => {
    for (const ms of [0, 5, 50, 999, 1000, 1_767_225_600_007]) {
      const exchange = new TestExchange()
      Object.assign(exchange, { receivedAtMs: ms })
      assert.equal(record(exchange).time, new Date(ms).toISOString())
    }
  })

  it('stays within one write, whatever a client sends', () => {
    const long = fc.oneof(
      fc.constantFrom('\xff', '"', 'a', '\x01', '\\').map((character) => character.repeat(3000)),
      fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)), maxLength: 2000 }),
    )
    fc.assert(
      fc.property(long, long, long, (path, method, host) => {
        const exchange = new TestExchange({ target: `/${path.replaceAll('?', '')}`, method, host })
        exchange.problem = new Problem('malformed-request', { reason: 'x'.repeat(600) })
        Object.assign(exchange, { upstreamId: 'u'.repeat(600), upstreamTarget: 't'.repeat(600) })
        exchange.request.headers.set('X-Request-Id', '\xff'.repeat(2000))
        const shown = { fingerprint: 'ab'.repeat(32), subjectText: path }
        Object.assign(exchange.clientSide, { tls: { version: 'TLSv1.3', shown } })
        record(exchange)
      }),
    )
  })
})
