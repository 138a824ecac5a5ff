import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { EMPTY_BODY, HeaderList } from '@gatewright/policies'
import type { ClientConnection } from '../listen/connection-contract.ts'
import { TrustedProxies } from './client-address.ts'
import type { GatewayExchange } from './gateway-exchange.ts'
import { openExchange } from './open-exchange.ts'

const TRUSTED = new TrustedProxies(['10.0.0.0/8'])
const TRACE = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`

type Fields = readonly (readonly [name: string, value: string])[]

/** `named`: what the request's `Connection` names, in lower case. */
function open(
  fields: Fields,
  { peer = '192.0.2.1', named = [], identity = [], maxAgeMs = 0 }: Given = {},
): GatewayExchange {
  const connection = {
    peerAddress: peer,
    peerPort: 50_000,
    connectionFields: named,
    dropTrailers() {},
    settings: { limits: { tunnelIdleMs: 60_000, tunnelMaxAgeMs: maxAgeMs } },
    strangerFacts: { address: peer, port: 50_000, peerAddress: peer, isPeerTrusted: false },
  } as unknown as ClientConnection
  const received = {
    method: 'GET',
    rawTarget: '/a',
    target: { path: '/a', search: '', authority: undefined },
    authority: undefined,
    httpVersion: '1.1' as const,
    headers: HeaderList.of(fields),
    body: EMPTY_BODY,
    upgrade: undefined,
  }
  const anywhere = new Set(identity)
  const heldFields = { anywhere, inTrailers: anywhere }
  return openExchange(received, { connection, trusted: TRUSTED, path: '/a', heldFields })
}

interface Given {
  readonly peer?: string
  readonly named?: readonly string[]
  readonly identity?: readonly string[]
  readonly maxAgeMs?: number
}

const names = ({ request }: GatewayExchange): string[] => [...request.headers].map(([name]) => name)

describe('opening an exchange', () => {
  it('gives each an id and a span of its own', () => {
    const exchanges = Array.from({ length: 1000 }, () => open([]))
    for (const { id, spanId } of exchanges) {
      assert.match(id, /^[0-9a-f]{32}$/)
      assert.match(spanId, /^[0-9a-f]{16}$/)
    }
    assert.equal(new Set(exchanges.map(({ id }) => id)).size, 1000)
    assert.equal(new Set(exchanges.map(({ spanId }) => spanId)).size, 1000)
  })

  it('removes the fields that Connection names, but for those that the gateway relies on', () => {
    const fields: Fields = [
      ['X-Hop', '1'],
      ['Host', 'a'],
      ['x-hop', '2'],
      ['Authorization', 'Bearer x'],
      ['Via', '1.1 proxy'],
      ['Cookie', 'a=b'],
      ['X-Kept', '3'],
    ]
    const named = ['x-hop', 'host', 'authorization', 'via', 'cookie', 'x-absent']
    assert.deepEqual(names(open(fields, { named })), ['Host', 'Authorization', 'Via', 'Cookie', 'X-Kept'])
  })

  it('removes what only the gateway may say of a caller, however it is written', () => {
    const fields: Fields = [
      ['X-Caller-App', '1'],
      ['x_caller_app', '2'],
      ['X-Caller_App', '3'],
      ['X-Caller', '4'],
      ['X-CALLER-APP', '5'],
      ['Accept', '6'],
    ]
    assert.deepEqual(names(open(fields, { identity: ['x-caller-app'] })), ['X-Caller', 'Accept'])
  })

  it('takes the client for whom it is connected with, unless a trusted proxy says otherwise', () => {
    const fields: Fields = [['X-Forwarded-For', '192.0.2.9']]
    const stranger = open(fields)
    const trusted = open(fields, { peer: '10.0.0.1' })
    assert.deepEqual([stranger.client.address, stranger.client.isPeerTrusted], ['192.0.2.1', false])
    assert.deepEqual([trusted.client.address, trusted.client.peerAddress], ['192.0.2.9', '10.0.0.1'])
  })

  it('believes a trusted proxy that its client speaks https, and nobody else', () => {
    const fields: Fields = [['X-Forwarded-Proto', 'https']]
    const schemes = ['192.0.2.1', '10.0.0.1'].map((peer) => open(fields, { peer }).request.scheme)
    assert.deepEqual(schemes, ['http', 'https'])
  })

  it('lets a tunnel live as long as the listener says, or for ever', () => {
    assert.deepEqual([open([]).tunnelIdleMs, open([]).tunnelMaxAgeMs], [60_000, Number.POSITIVE_INFINITY])
    assert.equal(open([], { maxAgeMs: 5000 }).tunnelMaxAgeMs, 5000)
  })

  it('goes on with the trace of a trusted peer, and only links to a stranger’s', () => {
    const trusted = open([['traceparent', TRACE]], { peer: '10.0.0.1' })
    assert.deepEqual([trusted.traceId, trusted.traceFlags, trusted.traceLink], ['a'.repeat(32), '01', undefined])
    const stranger = open([['traceparent', TRACE]])
    assert.deepEqual([stranger.traceId, stranger.traceFlags, stranger.traceLink], [stranger.id, '00', TRACE])
  })

  for (const traceparent of [
    `00-${'0'.repeat(32)}-${'b'.repeat(16)}-01`,
    `00-${'a'.repeat(32)}-${'0'.repeat(16)}-01`,
    `00-${'A'.repeat(32)}-${'b'.repeat(16)}-01`,
    `ff-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
    `00-${'a'.repeat(31)}-${'b'.repeat(16)}-01`,
    `${TRACE}-extra`,
    '',
  ]) {
    it(`begins a trace of its own for the traceparent ${traceparent.slice(0, 20) || '(empty)'}… of a trusted peer`, () => {
      const exchange = open([['traceparent', traceparent]], { peer: '10.0.0.1' })
      assert.deepEqual([exchange.traceId, exchange.traceLink], [exchange.id, undefined])
    })
  }
})
