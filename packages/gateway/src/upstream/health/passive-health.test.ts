import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { PassiveHealth } from '@gatewright/model'
import { DeadlineWheel } from '../../timers/deadline-wheel.ts'
import { TargetRuntime } from '../target.ts'
import { PassiveHealthWatch } from './passive-health.ts'

function setUp(count: number, options: Partial<PassiveHealth> = {}) {
  const clock = { nowMs: 1000 }
  const wheel = new DeadlineWheel(() => clock.nowMs)
  const targets = Array.from(
    { length: count },
    (_, i) => new TargetRuntime({ url: `http://127.0.0.1:900${i}`, weight: 1 }),
  )
  const ejected: string[] = []
  const returned: string[] = []
  const watch = new PassiveHealthWatch(
    { failures: 3, statuses: [502, 503], ejectMs: 30_000, maxEjectedPercent: 50, ...options },
    {
      targets,
      wheel,
      now: () => clock.nowMs,
      onEjected: ({ url }) => ejected.push(url),
      onReturned: ({ url }) => returned.push(url),
    },
  )
  const fail = (at: number, times = 3): void => {
    for (let i = 0; i < times; i++) watch.onFailure(targets[at]!)
  }
  const pass = (ms: number): void => {
    for (let passed = 0; passed < ms; passed += 50) {
      clock.nowMs += 50
      wheel.advance()
    }
  }
  const out = (): number[] => targets.flatMap((target, at) => (target.isOut ? [at] : []))
  return { watch, targets, ejected, returned, fail, pass, out }
}

describe('passive health', () => {
  it('leaves a target out after so many failures in a row', () => {
    const { fail, out, ejected } = setUp(4)
    fail(1, 2)
    assert.deepEqual(out(), [])
    fail(1, 1)
    assert.deepEqual(out(), [1])
    assert.deepEqual(ejected, ['http://127.0.0.1:9001'])
  })

  it('begins to count anew with every answer that is good', () => {
    const { watch, targets, fail, out } = setUp(4)
    for (let i = 0; i < 10; i++) {
      fail(0, 2)
      watch.onResult(targets[0]!, 500)
    }
    assert.deepEqual(out(), [])
  })

  it('counts the statuses that are named, together with broken attempts', () => {
    const { watch, targets, fail, out } = setUp(4)
    watch.onResult(targets[0]!, 502)
    fail(0, 1)
    watch.onResult(targets[0]!, 503)
    assert.deepEqual(out(), [0])
  })

  it('takes it back after its time, with nothing held against it', () => {
    const { fail, pass, out, returned } = setUp(4)
    fail(0)
    pass(29_950)
    assert.deepEqual([out(), returned], [[0], []])
    pass(200)
    assert.deepEqual([out(), returned], [[], ['http://127.0.0.1:9000']])
    fail(0, 2)
    assert.deepEqual(out(), [])
  })

  it('does not count what comes in from before it was left out', () => {
    const { fail, pass, out } = setUp(4)
    fail(0, 3)
    fail(0, 20)
    pass(30_200)
    assert.deepEqual(out(), [])
  })

  for (const [count, percent, most] of [
    [1, 50, 0],
    [1, 100, 1],
    [2, 50, 1],
    [3, 50, 1],
    [4, 50, 2],
    [5, 0, 0],
    [10, 33, 3],
    [3, 100, 3],
  ] as const) {
    it(`leaves out at most ${most} of ${count} at ${percent} %`, () => {
      const { fail, out } = setUp(count, { maxEjectedPercent: percent })
      for (let at = 0; at < count; at++) fail(at, 50)
      assert.equal(out().length, most)
    })
  }

  it('leaves out the next as soon as there is room', () => {
    const { fail, pass, out } = setUp(2)
    fail(0)
    fail(1, 10)
    assert.deepEqual(out(), [0])
    pass(30_200)
    fail(1, 1)
    assert.deepEqual(out(), [1])
  })
})
