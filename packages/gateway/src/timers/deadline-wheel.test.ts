import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { DeadlineWheel, type Timed } from './deadline-wheel.ts'

/** One tick of the wheel; deadlines may pass two of them late. */
const TICK_MS = 50

class Entry implements Timed {
  deadlineAtMs = Number.POSITIVE_INFINITY
  slotAtMs = 0
  slotPlace = 0
  readonly passedAtMs: number[] = []
  readonly #stage: Stage
  onPassed: () => void = () => {}

  constructor(stage: Stage) {
    this.#stage = stage
  }

  onDeadline(): void {
    this.passedAtMs.push(this.#stage.nowMs)
    this.onPassed()
  }
}

/** A wheel with a clock that a test moves, a tick at a time as the timer would. */
class Stage {
  nowMs = 1000
  readonly wheel = new DeadlineWheel(() => this.nowMs)

  set(entry: Entry, delayMs: number): void {
    this.wheel.set(entry, delayMs, this.nowMs)
  }

  pass(ms: number): void {
    const untilMs = this.nowMs + ms
    while (this.nowMs < untilMs) {
      this.nowMs = Math.min(untilMs, this.nowMs + TICK_MS)
      this.wheel.advance()
    }
  }
}

describe('deadline wheel', () => {
  for (const delayMs of [0, 1, 49, 50, 51, 99, 100, 1234, 25_599, 25_600, 25_601, 60_000, 3_600_000]) {
    it(`lets ${delayMs} ms pass never early and at most two ticks late`, () => {
      const stage = new Stage()
      const entry = new Entry(stage)
      stage.pass(7)
      const setAtMs = stage.nowMs
      stage.set(entry, delayMs)
      stage.pass(delayMs + 3 * TICK_MS)
      assert.equal(entry.passedAtMs.length, 1)
      const lateMs = (entry.passedAtMs[0] ?? 0) - setAtMs - delayMs
      assert.ok(lateMs >= 0 && lateMs <= 2 * TICK_MS, `${lateMs} ms late`)
    })
  }

  it('moves a deadline later without looking at it before', () => {
    const stage = new Stage()
    const entry = new Entry(stage)
    stage.set(entry, 200)
    for (let i = 0; i < 100; i++) {
      stage.pass(100)
      stage.set(entry, 200)
    }
    assert.deepEqual(entry.passedAtMs, [])
    stage.pass(400)
    assert.equal(entry.passedAtMs.length, 1)
  })

  it('moves a deadline earlier', () => {
    const stage = new Stage()
    const entry = new Entry(stage)
    stage.set(entry, 30_000)
    stage.set(entry, 5000)
    stage.set(entry, 100)
    stage.pass(200)
    assert.equal(entry.passedAtMs.length, 1)
    stage.pass(40_000)
    assert.equal(entry.passedAtMs.length, 1)
  })

  it('never lets a cleared deadline pass, and takes it back when it is set again', () => {
    const stage = new Stage()
    const entry = new Entry(stage)
    stage.set(entry, 100)
    stage.wheel.clear(entry)
    stage.pass(60_000)
    assert.deepEqual(entry.passedAtMs, [])
    stage.set(entry, 100)
    stage.pass(200)
    assert.equal(entry.passedAtMs.length, 1)
  })

  it('holds nothing of a removed entry and leaves its neighbours where they are', () => {
    const stage = new Stage()
    const entries = Array.from({ length: 5 }, () => new Entry(stage))
    for (const entry of entries) stage.set(entry, 100)
    for (const at of [1, 4, 0]) stage.wheel.remove(entries[at]!)
    assert.deepEqual(
      entries.map(({ slotAtMs }) => slotAtMs === 0),
      [true, true, false, false, true],
    )
    stage.wheel.remove(entries[0]!)
    stage.pass(200)
    assert.deepEqual(
      entries.map(({ passedAtMs }) => passedAtMs.length),
      [0, 0, 1, 1, 0],
    )
  })

  it('lets an entry set, clear and remove entries of its own slot from its deadline', () => {
    const stage = new Stage()
    const [again, cleared, removed] = [new Entry(stage), new Entry(stage), new Entry(stage)]
    let rounds = 0
    // The last that was put in is looked at first.
    for (const entry of [cleared, removed, again]) stage.set(entry, 100)
    again.onPassed = () => {
      stage.wheel.clear(cleared)
      stage.wheel.remove(removed)
      if (++rounds < 3) stage.set(again, 0)
    }
    stage.pass(1000)
    assert.deepEqual(
      [again, cleared, removed].map(({ passedAtMs }) => passedAtMs.length),
      [3, 0, 0],
    )
  })

  it('passes everything that fell due while the thread was held for longer than the wheel is round', () => {
    const stage = new Stage()
    const due = Array.from({ length: 600 }, (_, i) => {
      const entry = new Entry(stage)
      stage.set(entry, i * TICK_MS)
      return entry
    })
    const later = new Entry(stage)
    stage.set(later, 3_600_000)
    stage.nowMs += 100_000
    stage.wheel.advance()
    assert.ok(due.every(({ passedAtMs }) => passedAtMs.length === 1))
    assert.deepEqual(later.passedAtMs, [])
  })

  it('begins anew after it had nothing to watch', () => {
    const stage = new Stage()
    const entry = new Entry(stage)
    stage.set(entry, 50)
    stage.pass(200)
    stage.nowMs += 10_000_000
    stage.set(entry, 50)
    stage.pass(200)
    assert.equal(entry.passedAtMs.length, 2)
  })

  it('does for any sequence what a list of deadlines would do', () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('set' as const), entry: fc.nat(9), ms: fc.nat(40_000) }),
      fc.record({ kind: fc.constant('set' as const), entry: fc.nat(9), ms: fc.nat(300) }),
      fc.record({ kind: fc.constant('clear' as const), entry: fc.nat(9), ms: fc.constant(0) }),
      fc.record({ kind: fc.constant('remove' as const), entry: fc.nat(9), ms: fc.constant(0) }),
      fc.record({ kind: fc.constant('pass' as const), entry: fc.constant(0), ms: fc.nat(2000) }),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const stage = new Stage()
        const deadlines = new Array<number>(10).fill(Number.POSITIVE_INFINITY)
        const entries = deadlines.map((_, at) => {
          const entry = new Entry(stage)
          entry.onPassed = () => {
            const lateMs = stage.nowMs - (deadlines[at] ?? 0)
            assert.ok(lateMs >= 0 && lateMs <= 2 * TICK_MS, `${lateMs} ms late`)
            deadlines[at] = Number.POSITIVE_INFINITY
          }
          return entry
        })
        for (const { kind, entry: at, ms } of steps) {
          if (kind === 'set') {
            deadlines[at] = stage.nowMs + ms
            stage.set(entries[at]!, ms)
          } else if (kind === 'pass') {
            stage.pass(ms)
            for (const deadline of deadlines) assert.ok(deadline > stage.nowMs - 2 * TICK_MS, 'one was forgotten')
          } else {
            deadlines[at] = Number.POSITIVE_INFINITY
            stage.wheel[kind](entries[at]!)
          }
        }
        stage.pass(45_000)
        assert.ok(deadlines.every((deadline) => deadline === Number.POSITIVE_INFINITY))
      }),
      { numRuns: 300 },
    )
  })
})
