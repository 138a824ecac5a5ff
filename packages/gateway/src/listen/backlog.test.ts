/** Owns the proof that what was sent ahead comes out once, whole and in order. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Backlog } from './backlog.ts'

describe('a backlog', () => {
  it('gives back everything in order, once', () => {
    const backlog = new Backlog()
    for (const text of ['a', 'bc', 'd']) backlog.push(Buffer.from(text))
    assert.equal(backlog.bytes, 4)
    assert.equal(backlog.take().toString(), 'abcd')
    assert.ok(backlog.isEmpty)
    assert.equal(backlog.take().length, 0)
  })

  it('copies nothing where there is one chunk', () => {
    const backlog = new Backlog()
    const chunk = Buffer.from('only')
    backlog.push(chunk)
    assert.equal(backlog.take(), chunk)
  })
})
