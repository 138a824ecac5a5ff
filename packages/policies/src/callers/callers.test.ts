import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { inspect } from 'node:util'
import type { Caller } from '../exchange.ts'
import { Problem } from '../problem.ts'
import { secretOption } from '../secret-option.ts'
import { FakeClock, MemoryCounters, runAll } from '../testing/index.ts'
import { attemptsSchema, GuessGuard } from './guess-guard.ts'
import { recognise } from './recognise.ts'
import { Remembered, toFingerprint } from './remembered.ts'

const exchangeOf = (address = '192.0.2.1', caller?: Caller) =>
  runAll([]).open({}, { address, ...(caller && { caller }) })

describe('who is recognised', () => {
  const key: Caller = { id: 'acme', app: 'acme', plan: 'gold', credential: { kind: 'key', id: 'k' }, groups: ['ops'] }

  it('is whom the newest credential names; what it does not say stays', () => {
    const exchange = exchangeOf('192.0.2.1', key)
    recognise(exchange, { id: 'ann', credential: { kind: 'token', id: 't' }, scopes: ['read'] })
    assert.deepEqual(exchange.caller, {
      ...{ id: 'ann', app: 'acme', plan: 'gold', credential: { kind: 'token', id: 't' } },
      ...{ scopes: ['read'], groups: ['ops'], otherCredentials: [{ kind: 'key', id: 'k' }] },
    })
  })

  it('has no plan of another app', () => {
    const exchange = exchangeOf('192.0.2.1', key)
    recognise(exchange, { id: 'b', app: 'b', credential: { kind: 'token', id: 't' }, groups: [] })
    const { app, plan, groups } = exchange.caller ?? assert.fail()
    assert.deepEqual([app, plan, groups], ['b', undefined, []])
  })
})

describe('the slowing of guesses', () => {
  const clock = new FakeClock()
  const open = (attempts: object = {}) =>
    new GuessGuard(
      { counters: new MemoryCounters(clock), clock },
      'key',
      attemptsSchema.parse({ perAddress: 3, perName: 2, ...attempts }),
    )
  const isAdmitted = (guard: GuessGuard, address?: string, name?: string): boolean => {
    try {
      guard.admit(exchangeOf(address), name)
      return true
    } catch (problem) {
      assert.ok(problem instanceof Problem && problem.code === 'too-many-attempts')
      assert.match(problem.headers[0]?.join() ?? '', /^Retry-After,[1-9]\d*$/)
      return false
    }
  }

  it('looks at so many wrong ones of an address, and then at none until time has passed', async () => {
    const guard = open()
    for (let at = 0; at < 3; at++) {
      assert.ok(isAdmitted(guard))
      guard.failed(exchangeOf())
    }
    assert.equal(isAdmitted(guard), false)
    assert.ok(isAdmitted(guard, '192.0.2.2'))
    await clock.advance(20_000)
    assert.ok(isAdmitted(guard))
  })

  it('counts an IPv6 network as one address', () => {
    const guard = open()
    for (let at = 0; at < 3; at++) guard.failed(exchangeOf(`2001:db8::${at}`))
    assert.equal(isAdmitted(guard, '2001:db8::ffff'), false)
    assert.ok(isAdmitted(guard, '2001:db8:0:1::1'))
  })

  it('counts a name from wherever it comes', () => {
    const guard = open()
    for (let at = 0; at < 2; at++) guard.failed(exchangeOf(`192.0.2.${at}`), 'ann')
    assert.equal(isAdmitted(guard, '192.0.2.9', 'ann'), false)
    assert.ok(isAdmitted(guard, '192.0.2.9', 'ben'))
  })

  it('is off at 0', () => {
    const guard = open({ perAddress: 0, perName: 0 })
    for (let at = 0; at < 9; at++) guard.failed(exchangeOf(), 'ann')
    assert.ok(isAdmitted(guard, '192.0.2.1', 'ann'))
  })
})

describe('what is remembered', () => {
  it('holds until its end, and not longer', async () => {
    const clock = new FakeClock()
    const remembered = new Remembered<string>(2, clock)
    remembered.set('older', 'y', clock.now() + 1000)
    remembered.set('a', 'x', clock.now() + 10)
    assert.equal(remembered.get('a'), 'x')
    await clock.advance(10)
    assert.equal(remembered.get('a'), undefined)
    // Its room is free: nobody has to make any.
    remembered.set('b', 'z', clock.now() + 1000)
    assert.equal(remembered.get('older'), 'y')
  })

  it('is bounded: the oldest makes room', () => {
    const clock = new FakeClock()
    const remembered = new Remembered<number>(3, clock)
    for (let at = 0; at < 5; at++) remembered.set(`${at}`, at, clock.now() + 1000)
    remembered.set('2', 22, clock.now() + 1000)
    remembered.set('5', 5, clock.now() + 1000)
    assert.deepEqual(
      ['0', '1', '2', '3', '4', '5'].map((key) => remembered.get(key)),
      [undefined, undefined, 22, undefined, 4, 5],
    )
  })

  it('is known by what tells nothing of the credential', () => {
    assert.equal(toFingerprint('a'), toFingerprint('a'))
    assert.notEqual(toFingerprint('a'), toFingerprint('b'))
    assert.match(toFingerprint('s3cret'), /^[A-Za-z0-9+/]{43}=$/)
  })
})

describe('a secret of options', () => {
  it('prints nothing of itself, however it is printed', () => {
    const secret = secretOption('The key.').parse('s3cret')
    for (const text of [`${secret}`, JSON.stringify({ secret }), inspect(secret), String(secret)]) {
      assert.ok(!text.includes('s3cret'), text)
    }
    assert.equal(secret.reveal(), 's3cret')
  })
})
