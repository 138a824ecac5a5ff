/** Proves that no more guesses are looked at than the options say, and that what is right is refused nothing. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { z } from 'zod'
import type { Exchange } from '../exchange.ts'
import { definePolicy } from '../policy.ts'
import { Problem } from '../problem.ts'
import type { Counters, LimiterSpec } from '../services.ts'
import { FakeClock, MemoryCounters, run } from '../testing/index.ts'
import { GuessGuard } from './guess-guard.ts'

const nothing = definePolicy({
  name: 'nothing',
  phase: 'observe',
  summary: 'Does nothing.',
  options: z.strictObject({}),
  create: () => (exchange, next) => next(exchange),
})
const exchangeFrom = (address: string): Exchange => run(nothing, {}).open({}, { address })

/** Looks that a test ends, one by one. */
class Looks {
  readonly guard: GuessGuard
  readonly clock: FakeClock
  begun = 0
  readonly #waiting: PromiseWithResolvers<boolean>[] = []

  constructor(perAddress: number, setup: { perName?: number; clock?: FakeClock; counters?: Counters } = {}) {
    const { perName = 0, clock = new FakeClock(), counters = new MemoryCounters(clock) } = setup
    this.clock = clock
    this.guard = new GuessGuard({ counters, clock }, 'password', { perAddress, perName })
  }

  /** What becomes of it: right, wrong, or refused. */
  start(address = '192.0.2.1', name?: string, exchange = exchangeFrom(address)): Promise<string> {
    const look = (): Promise<boolean> => {
      this.begun++
      const waiting = Promise.withResolvers<boolean>()
      this.#waiting.push(waiting)
      return waiting.promise
    }
    return this.guard
      .watch({ exchange, name }, look, (isRight) => !isRight)
      .then(
        (isRight) => (isRight ? 'right' : 'wrong'),
        (problem: { code?: string; message?: string }) => problem.code ?? problem.message ?? 'failed',
      )
  }

  async end(count: number, isRight: boolean): Promise<void> {
    for (let at = 0; at < count; at++) {
      await turn()
      this.#waiting.shift()?.resolve(isRight)
    }
    await turn()
  }

  async fail(): Promise<void> {
    await turn()
    this.#waiting.shift()?.reject(new Error('outage'))
    await turn()
  }
}

describe('guesses', () => {
  it('are looked at no more often than there is room for wrong ones, however many come at once', async () => {
    const looks = new Looks(20)
    const all = Array.from({ length: 66 }, () => looks.start())
    await turn()
    assert.equal(looks.begun, 20)
    await looks.end(20, false)
    const outcomes = await Promise.all(all)
    assert.equal(looks.begun, 20)
    assert.deepEqual(
      [
        outcomes.filter((each) => each === 'wrong').length,
        outcomes.filter((each) => each === 'too-many-attempts').length,
      ],
      [20, 46],
    )
  })

  it('that are right are refused nothing: they wait for each other, and count for nothing', async () => {
    const looks = new Looks(10)
    const all = Array.from({ length: 500 }, () => looks.start())
    await looks.end(500, true)
    assert.deepEqual(new Set(await Promise.all(all)), new Set(['right']))
    assert.equal(looks.begun, 500)
    looks.guard.admit(exchangeFrom('192.0.2.1'))
  })

  it('are counted for a name wherever they come from, and for an address whatever the name', async () => {
    const looks = new Looks(100, { perName: 2 })
    const all = [1, 2, 3, 4].map((at) => looks.start(`192.0.2.${at}`, 'ann'))
    await looks.end(2, false)
    assert.deepEqual((await Promise.all(all)).toSorted(), ['too-many-attempts', 'too-many-attempts', 'wrong', 'wrong'])
    const other = looks.start('192.0.2.1', 'bob')
    await looks.end(1, true)
    assert.equal(await other, 'right')
  })

  it('that were refused for a name are not counted for the address', async () => {
    const looks = new Looks(2, { perName: 1 })
    const wrong = looks.start('192.0.2.1', 'ann')
    await looks.end(1, false)
    assert.equal(await wrong, 'wrong')
    for (let at = 0; at < 5; at++) assert.equal(await looks.start('192.0.2.1', 'ann'), 'too-many-attempts')
    const other = looks.start('192.0.2.1', 'bob')
    await looks.end(1, true)
    assert.equal(await other, 'right')
  })

  it('that are being looked at keep nobody out: they may all be right', async () => {
    const looks = new Looks(1)
    const held = looks.start()
    await turn()
    looks.guard.admit(exchangeFrom('192.0.2.1'))
    await looks.end(1, false)
    assert.equal(await held, 'wrong')
    assert.throws(() => looks.guard.admit(exchangeFrom('192.0.2.1')), { code: 'too-many-attempts' })
  })

  it('wait for those that other threads look at, and find out without being told', async () => {
    const clock = new FakeClock()
    const counters = new MemoryCounters(clock)
    // As another thread has it: the same counts, and no line of ours.
    const thread = { limiter: (spec: LimiterSpec) => counters.limiter(spec) }
    const [here, there] = [new Looks(2, { clock, counters }), new Looks(2, { clock, counters: thread })]
    const elsewhere = [there.start(), there.start()]
    const waiting = Array.from({ length: 3 }, () => here.start())
    await clock.advance(50)
    assert.equal(here.begun, 0)
    await there.end(2, true)
    assert.deepEqual(await Promise.all(elsewhere), ['right', 'right'])
    await clock.advance(50)
    assert.equal(here.begun, 2)
    await here.end(3, true)
    assert.deepEqual(new Set(await Promise.all(waiting)), new Set(['right']))
    assert.equal(clock.pending, 0)
  })

  it('of two uses wait for each other: what is right in one is refused nothing because of the other', async () => {
    const clock = new FakeClock()
    const counters = new MemoryCounters(clock)
    const [one, other] = [new Looks(100, { clock, counters }), new Looks(100, { clock, counters })]
    const all = [one, other].flatMap((looks) => Array.from({ length: 250 }, () => looks.start()))
    for (let at = 0; at < 500; at++) for (const looks of [one, other]) await looks.end(1, true)
    assert.deepEqual(new Set(await Promise.all(all)), new Set(['right']))
    assert.equal(one.begun + other.begun, 500)
  })

  it('of those who left wait no longer, and are not looked at', async () => {
    const looks = new Looks(1)
    const held = looks.start()
    const left = exchangeFrom('192.0.2.1')
    const [gone, waiting] = [looks.start('192.0.2.1', undefined, left), looks.start()]
    await turn()
    left.abort(new Problem('client-left'))
    assert.equal(await gone, 'client-left')
    await looks.end(2, true)
    assert.deepEqual([await held, await waiting], ['right', 'right'])
    assert.deepEqual([looks.begun, looks.clock.pending], [2, 0])
  })

  it('that nobody could look at count for nothing', async () => {
    const looks = new Looks(1)
    for (let at = 0; at < 3; at++) {
      const failing = looks.start()
      await looks.fail()
      assert.equal(await failing, 'outage')
    }
    const right = looks.start()
    await looks.end(1, true)
    assert.equal(await right, 'right')
  })

  it('of others are looked at while somebody’s wait', async () => {
    const looks = new Looks(1)
    const [held, waiting] = [looks.start('192.0.2.1'), looks.start('192.0.2.1')]
    const other = looks.start('192.0.2.2')
    await turn()
    assert.equal(looks.begun, 2)
    await looks.end(2, true)
    assert.deepEqual([await held, await other], ['right', 'right'])
    await looks.end(1, true)
    assert.equal(await waiting, 'right')
  })
})
