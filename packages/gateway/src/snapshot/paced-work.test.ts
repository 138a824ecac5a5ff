import assert from 'node:assert/strict'
import { describe, it, mock } from 'node:test'
import { PacedWork } from './paced-work.ts'

/** Work that takes so long by a clock of its own. */
function prepare(tookMs: number) {
  let nowMs = 0
  const done: string[] = []
  const paced = new PacedWork({ now: () => nowMs })
  const work = (name: string): void =>
    paced.do(() => {
      nowMs += tookMs
      done.push(name)
    })
  const pass = (ms: number): void => {
    nowMs += ms
    mock.timers.tick(ms)
  }
  return { paced, done, work, pass }
}

describe('PacedWork', () => {
  it('is done each time while it is quick', () => {
    const { done, work } = prepare(50)
    for (const name of ['a', 'b', 'c']) work(name)
    assert.deepEqual(done, ['a', 'b', 'c'])
  })

  it('is done once for all that come while it rests, and as the last of them says', () => {
    mock.timers.enable({ apis: ['setTimeout'] })
    const { done, work, pass } = prepare(100)
    for (const name of ['a', 'b', 'c']) work(name)
    assert.deepEqual(done, ['a'])
    pass(1899)
    assert.deepEqual(done, ['a'])
    pass(1)
    assert.deepEqual(done, ['a', 'c'])
    pass(5000)
    work('d')
    assert.deepEqual(done, ['a', 'c', 'd'])
    mock.timers.reset()
  })

  it('is done at the end, if it waits', () => {
    mock.timers.enable({ apis: ['setTimeout'] })
    const { paced, done, work, pass } = prepare(100)
    for (const name of ['a', 'b']) work(name)
    paced.finish()
    assert.deepEqual(done, ['a', 'b'])
    pass(60_000)
    assert.deepEqual(done, ['a', 'b'])
    mock.timers.reset()
  })
})
