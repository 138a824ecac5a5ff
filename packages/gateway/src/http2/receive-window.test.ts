import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ReceiveWindow } from './receive-window.ts'

describe('ReceiveWindow', () => {
  it('gives back half a window at a time, and only what was taken', () => {
    const window = new ReceiveWindow(1000, 1000)
    assert.equal(window.receive(1000), true)
    assert.equal(window.take(499), 0)
    assert.equal(window.take(1), 500)
    assert.equal(window.unreadBytes, 500)
    assert.equal(window.receive(500), true)
    assert.equal(window.receive(1), false)
  })

  it('doubles while its reader keeps up, to the most and no further', () => {
    const window = new ReceiveWindow(1000, 3000)
    window.receive(500)
    assert.equal(window.take(500), 500 + 1000)
    window.receive(1000)
    assert.equal(window.take(1000), 1000 + 1000)
    window.receive(1500)
    assert.equal(window.take(1500), 1500)
    assert.equal(window.receive(3000), true)
    assert.equal(window.receive(1), false)
  })

  it('stays as it is while its reader is slow', () => {
    const window = new ReceiveWindow(1000, 4000)
    window.receive(1000)
    assert.equal(window.take(500), 500)
    window.receive(500)
    assert.equal(window.take(500), 500)
  })
})
