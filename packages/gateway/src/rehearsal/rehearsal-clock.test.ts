import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { RehearsalClock } from './rehearsal-clock.ts'

describe('the clock of a rehearsal', () => {
  it('stands still until it is moved', () => {
    const clock = new RehearsalClock(1000)
    clock.advance(50)
    assert.deepEqual([clock.now(), clock.monotonicMs()], [1050, 50])
  })

  it('calls on its way what falls due, in order, and no more', () => {
    const clock = new RehearsalClock(0)
    const called: [string, number][] = []
    clock.after(30, () => called.push(['late', clock.now()]))
    clock.after(10, () => {
      called.push(['early', clock.now()])
      clock.after(5, () => called.push(['next', clock.now()]))
    })
    const callOff = clock.after(20, () => called.push(['off', clock.now()]))
    callOff()
    clock.advance(29)
    assert.deepEqual(called, [
      ['early', 10],
      ['next', 15],
    ])
    assert.equal(clock.skip(), true)
    assert.deepEqual(called.at(-1), ['late', 30])
    assert.equal(clock.skip(), false)
  })

  it('shows every case the same time of day, and never goes back for those who measure', () => {
    const clock = new RehearsalClock(1000)
    clock.after(10, () => assert.fail('it was forgotten'))
    clock.advance(5)
    const before = clock.monotonicMs()
    clock.restart()
    assert.equal(clock.now(), 1000)
    assert.ok(clock.monotonicMs() - before > 86_400_000)
    clock.advance(100)
    clock.restart(7000)
    assert.equal(clock.now(), 7000)
    clock.restart()
    assert.equal(clock.now(), 1000)
  })
})
