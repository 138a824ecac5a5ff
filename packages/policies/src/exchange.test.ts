import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Charge, Exchange } from './exchange.ts'
import { Problem } from './problem.ts'
import { toRequest } from './testing/test-request.ts'

function open(): Exchange {
  return new Exchange({
    id: '1',
    client: { address: '192.0.2.1', port: 1, peerAddress: '192.0.2.1', isPeerTrusted: false },
    request: toRequest({ target: '/orders?page=2', headers: { Accept: '*/*' } }),
    route: { api: 'orders', route: 'list', template: '/orders' },
    receivedAtMs: 0,
  })
}

const TIMEOUT = new Problem('exchange-timeout')
const OUTCOME = { status: 200, ended: 'answered', problem: undefined, durationMs: 1 } as const

describe('answer fields', () => {
  it('replace what an earlier call said, in any letter case', () => {
    const exchange = open()
    exchange.answerWith('Cache-Status', 'a')
    exchange.answerWith('X-Other', 'b')
    exchange.answerWith('cache-status', 'c')
    assert.deepEqual(exchange.answerFields, ['Cache-Status', 'c', 'X-Other', 'b'])
  })

  it('cannot break a head (RFC 9110 §5.5)', () => {
    const exchange = open()
    assert.throws(() => exchange.answerWith('X-Echo', 'a\r\nSet-Cookie: b'), TypeError)
    assert.throws(() => exchange.answerWith('X Echo', 'a'), TypeError)
    assert.equal(exchange.answerFields, undefined)
  })

  it('become a list when several say a member of their own (RFC 9651 §3.1)', () => {
    const exchange = open()
    exchange.answerWithMember('RateLimit', '"a"', ';r=1')
    exchange.answerWithMember('RateLimit', '"b"', ';r=2')
    exchange.answerWithMember('RateLimit', '"a"', ';r=0')
    assert.deepEqual(exchange.answerFields, ['RateLimit', '"b";r=2, "a";r=0'])
  })

  it('of a fork go out with the one answer', () => {
    const exchange = open()
    exchange.fork().fork().answerWith('X-Try', '2')
    assert.deepEqual(exchange.answerFields, ['X-Try', '2'])
  })
})

describe('a fork', () => {
  it('changes its request, caller and variables alone', () => {
    const exchange = open()
    exchange.variables.set('a', 1)
    const fork = exchange.fork()
    fork.request.path = '/other'
    fork.request.headers.delete('accept')
    fork.caller = { id: 'acme', credential: { kind: 'key', id: 'x' } }
    fork.variables.set('a', 2)
    assert.equal(exchange.request.path, '/orders')
    assert.ok(exchange.request.headers.has('accept'))
    assert.equal(exchange.caller, undefined)
    assert.equal(exchange.variables.get('a'), 1)
    assert.equal(fork.root, exchange)
  })

  it('tells what it learnt once it is adopted', () => {
    const exchange = open()
    const fork = exchange.fork()
    fork.request.path = '/other'
    fork.caller = { id: 'acme', credential: { kind: 'key', id: 'x' } }
    fork.variables.set('a', 2)
    exchange.adopt(fork)
    assert.deepEqual([exchange.request.path, exchange.caller?.id, exchange.variables.get('a')], ['/other', 'acme', 2])
  })

  it('ends with the exchange, but not the other way round', () => {
    const exchange = open()
    const early = exchange.fork()
    early.abort(new Problem('upstream-timeout'))
    assert.equal(exchange.abortedBy, undefined)
    const late = exchange.fork()
    exchange.abort(TIMEOUT)
    assert.equal(late.abortedBy, TIMEOUT)
    assert.equal(early.abortedBy?.code, 'upstream-timeout')
  })

  it('of an exchange that ended has ended', () => {
    const exchange = open()
    exchange.abort(TIMEOUT)
    assert.equal(exchange.fork().abortedBy, TIMEOUT)
  })
})

describe('the end of an exchange', () => {
  it('is told to every listener once, those who come late too', () => {
    const exchange = open()
    const told: string[] = []
    const off = { onAbort: () => void told.push('off') }
    exchange.onAbort({ onAbort: ({ code }) => void told.push(code) })
    exchange.onAbort(off)
    exchange.offAbort(off)
    exchange.abort(TIMEOUT)
    exchange.abort(new Problem('upstream-timeout'))
    exchange.onAbort({ onAbort: ({ code }) => void told.push(`late ${code}`) })
    assert.deepEqual(told, ['exchange-timeout', 'late exchange-timeout'])
  })

  it('aborts its signal, whether that was asked for before or after', () => {
    const exchange = open()
    const { signal } = exchange
    assert.equal(signal.aborted, false)
    exchange.abort(TIMEOUT)
    assert.equal(signal.aborted, true)
    assert.equal(signal.reason, TIMEOUT)
    const late = open()
    late.abort(TIMEOUT)
    assert.equal(late.signal.aborted, true)
  })

  it('is told after the last byte, once, and a listener that throws keeps nobody from hearing', () => {
    const exchange = open()
    const heard: number[] = []
    const errors: unknown[] = []
    exchange.onFinish(() => {
      throw new Error('meter broke')
    })
    exchange.fork().onFinish(({ status }) => heard.push(status))
    exchange.finish(OUTCOME, (error) => errors.push(error))
    exchange.finish(OUTCOME, (error) => errors.push(error))
    assert.deepEqual(heard, [200])
    assert.equal(errors.length, 1)
  })
})

describe('charges', () => {
  class Counted implements Charge {
    given = 0
    readonly earlier: Charge | undefined
    constructor(earlier: Charge | undefined) {
      this.earlier = earlier
    }
    giveBack(): void {
      this.given++
    }
  }

  it('are all given back when the exchange is refused, and then forgotten', () => {
    const exchange = open()
    const first = new Counted(undefined)
    const second = new Counted(first)
    exchange.charge = second
    exchange.refundCharges()
    exchange.refundCharges()
    assert.deepEqual([first.given, second.given], [1, 1])
  })

  it('are known to forks', () => {
    const exchange = open()
    const charge = new Counted(undefined)
    exchange.charge = charge
    exchange.fork().refundCharges()
    assert.equal(charge.given, 1)
  })
})
