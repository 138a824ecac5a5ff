import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Heartbeat } from '@gatewright/model'
import { NodeRegistry } from './node-registry.ts'

const beat = (
  node: string,
  hash: string,
  { fault, threads = [3, 3] }: { fault?: string; threads?: number[] } = {},
): Heartbeat => ({
  node,
  version: '1.0.0',
  configuration: { sequence: 1, hash, ...(fault !== undefined && { fault }) },
  credentials: { sequence: 1 },
  snapshot: { version: 3, hash: 's' },
  threads: threads.map((version, index) => ({ index, version, hash: 's' })),
})

describe('nodes of a control plane', () => {
  it('serve, wait or have failed by what they said last, and are forgotten once they say nothing', () => {
    let nowMs = 0
    const registry = new NodeRegistry(() => nowMs)
    const isCurrent = (hash: string) => hash === 'new'
    registry.note(beat('d', 'new', { threads: [3, 2] }), isCurrent)
    registry.note(beat('c', 'new', { fault: 'no port' }), isCurrent)
    registry.note(beat('b', 'old', { fault: 'of the old one' }), isCurrent)
    registry.note(beat('a', 'old'), isCurrent)
    registry.note(beat('a', 'new'), isCurrent)
    const snapshot = { version: 3, hash: 's' }
    assert.deepEqual(registry.list(), [
      { node: 'a', state: 'serves', snapshot },
      { node: 'b', state: 'waits', snapshot },
      { node: 'c', state: 'failed', snapshot, fault: 'no port' },
      { node: 'd', state: 'waits', snapshot },
    ])
    nowMs = 5 * 60_000
    registry.note(beat('a', 'new'), isCurrent)
    assert.deepEqual(
      registry.list().map(({ node }) => node),
      ['a'],
    )
  })

  it('are waited for until each has said what became of it, but only those that are heard from', async () => {
    let nowMs = 0
    let current = 'old'
    const registry = new NodeRegistry(() => nowMs)
    const isCurrent = (hash: string) => hash === current
    registry.note(beat('gone', 'old'), isCurrent)
    nowMs = 60_000
    for (const node of ['a', 'b']) registry.note(beat(node, 'old'), isCurrent)
    await registry.settle(60_000)
    current = 'new'
    const settled = registry.settle(60_000)
    registry.note(beat('a', 'new', { threads: [3, 2] }), isCurrent)
    registry.note(beat('b', 'new', { fault: 'no port' }), isCurrent)
    registry.note(beat('a', 'new'), isCurrent)
    await settled
    assert.deepEqual(
      registry.list().map(({ node, state }) => [node, state]),
      [
        ['a', 'serves'],
        ['b', 'failed'],
        ['gone', 'waits'],
      ],
    )
    current = 'newer'
    await registry.settle(1)
    assert.equal(registry.list()[0]?.state, 'waits', 'the time is over')
  })

  it('are remembered up to a bound, whatever names somebody makes up', () => {
    let nowMs = 0
    const registry = new NodeRegistry(() => nowMs)
    for (let count = 0; count < 10_000; count++) assert.ok(registry.note(beat(`n${count}`, 'new'), () => true))
    assert.equal(
      registry.note(beat('one-more', 'new'), () => true),
      false,
    )
    assert.ok(
      registry.note(beat('n0', 'old'), () => true),
      'who is known goes on',
    )
    nowMs = 5 * 60_000
    assert.ok(registry.note(beat('one-more', 'new'), () => true))
  })
})
