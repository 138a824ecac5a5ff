import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Problem } from '../problem.ts'
import { FakeClock } from '../testing/index.ts'
import { type Verdict, Verdicts } from './verdicts.ts'

const clock = new FakeClock()
const open = ({ most = 10, mostCalls = 2 } = {}) => new Verdicts<string>({ most, mostCalls }, clock)
const verdict = (value: string, more: Partial<Verdict<string>> = {}): Verdict<string> => ({
  value,
  untilMs: clock.now() + 1000,
  isGood: true,
  isShared: true,
  ...more,
})

/** A call that answers when it is told to. */
class HeldCall {
  asked = 0
  readonly #held: PromiseWithResolvers<Verdict<string>>[] = []

  readonly call = (): Promise<Verdict<string>> => {
    this.asked++
    const held = Promise.withResolvers<Verdict<string>>()
    this.#held.push(held)
    return held.promise
  }

  answer(what: Verdict<string>): void {
    for (const { resolve } of this.#held.splice(0)) resolve(what)
  }

  fail(error: Error): void {
    for (const { reject } of this.#held.splice(0)) reject(error)
  }
}

describe('a verdict', () => {
  it('is asked for once, for all who wait for the same', async () => {
    const verdicts = open({ mostCalls: 1 })
    const held = new HeldCall()
    const asked = Array.from({ length: 200 }, () => verdicts.ask('a', held.call))
    held.answer(verdict('yes'))
    assert.deepEqual(new Set(await Promise.all(asked)), new Set(['yes']))
    assert.equal(held.asked, 1)
    assert.equal(verdicts.find('a'), 'yes')
  })

  it('fails for all who wait, and is asked for again afterwards', async () => {
    const verdicts = open()
    const held = new HeldCall()
    const asked = [verdicts.ask('a', held.call), verdicts.ask('a', held.call)]
    held.fail(new Error('broken'))
    for (const each of await Promise.allSettled(asked)) assert.equal(each.status, 'rejected')
    const again = verdicts.ask('a', held.call)
    held.answer(verdict('yes'))
    assert.equal(await again, 'yes')
    assert.equal(held.asked, 2)
  })

  it('that is for one alone is asked for by each', async () => {
    const verdicts = open({ mostCalls: 3 })
    let asked = 0
    const call = async () => verdict(`${++asked}`, { isShared: false, untilMs: 0 })
    const answers = await Promise.all([1, 2, 3].map(() => verdicts.ask('a', call)))
    assert.deepEqual(answers.toSorted(), ['1', '2', '3'])
    assert.equal(verdicts.find('a'), undefined)
  })

  it('holds until its end', async () => {
    const verdicts = open()
    await verdicts.ask('a', async () => verdict('yes'))
    await verdicts.ask('b', async () => verdict('once', { untilMs: 0 }))
    assert.deepEqual([verdicts.find('a'), verdicts.find('b')], ['yes', undefined])
    await clock.advance(1000)
    assert.equal(verdicts.find('a'), undefined)
  })

  it('replaces one of the other kind', async () => {
    const verdicts = open()
    await verdicts.ask('a', async () => verdict('no', { isGood: false }))
    await verdicts.ask('a', async () => verdict('yes'))
    assert.equal(verdicts.find('a'), 'yes')
    await verdicts.ask('a', async () => verdict('no', { isGood: false }))
    assert.equal(verdicts.find('a'), 'no')
  })

  it('is not pushed out by verdicts on rubbish', async () => {
    const verdicts = open({ most: 2 })
    await verdicts.ask('good', async () => verdict('yes'))
    for (let at = 0; at < 20; at++) await verdicts.ask(`${at}`, async () => verdict('no', { isGood: false }))
    assert.equal(verdicts.find('good'), 'yes')
    assert.deepEqual(
      [17, 18, 19].map((at) => verdicts.find(`${at}`)),
      [undefined, 'no', 'no'],
    )
  })

  it('is refused where too many are under way, and given once there is room', async () => {
    const verdicts = open({ mostCalls: 2 })
    const held = new HeldCall()
    const first = [verdicts.ask('a', held.call), verdicts.ask('b', held.call)]
    await assert.rejects(verdicts.ask('c', held.call), (problem) => {
      assert.ok(problem instanceof Problem)
      assert.deepEqual([problem.status, problem.code, problem.reason], [503, 'verifier-unavailable', 'too-many-calls'])
      assert.deepEqual(problem.headers, [['Retry-After', '1']])
      return true
    })
    // Who waits for one that is under way takes no room.
    const shared = verdicts.ask('a', held.call)
    held.answer(verdict('yes'))
    assert.deepEqual(await Promise.all([...first, shared]), ['yes', 'yes', 'yes'])
    assert.equal(await verdicts.ask('c', async () => verdict('third')), 'third')
  })
})
