import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Heartbeat } from '@gatewright/model'
import type { NodeOutcome } from '../publish/rollout.ts'
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

const toOutcomes = (registry: NodeRegistry) => registry.listHeard().map(({ outcome }) => outcome)
const toStates = (outcomes: readonly NodeOutcome[]) =>
  Object.fromEntries(outcomes.map(({ node, state }) => [node, state]))

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
    assert.deepEqual(toOutcomes(registry), [
      { node: 'a', state: 'serves', snapshot },
      { node: 'b', state: 'waits', snapshot },
      { node: 'c', state: 'failed', snapshot, fault: 'no port' },
      { node: 'd', state: 'waits', snapshot },
    ])
    nowMs = 5 * 60_000
    registry.note(beat('a', 'new'), isCurrent)
    assert.deepEqual(
      registry.listHeard().map(({ heartbeat }) => heartbeat.node),
      ['a'],
    )
  })

  it('are forgotten, and waited for no longer, where they said nothing since the clock was set back', {
    timeout: 30_000,
  }, async () => {
    let nowMs = 60 * 60_000
    const registry = new NodeRegistry(() => nowMs)
    registry.note(beat('gone', 'old'), () => false)
    nowMs -= 60_000
    assert.deepEqual(toStates(await registry.settle(60_000)), { gone: 'waits' })
    nowMs = 0
    assert.deepEqual(registry.listHeard(), [])
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
    assert.deepEqual(toStates(await settled), { a: 'serves', b: 'failed', gone: 'waits' })
    current = 'newer'
    assert.equal(toStates(await registry.settle(1)).a, 'waits', 'the time is over')
  })

  it('serve a change also where they have gone on to a newer one, of the same store', async () => {
    const newest = { store: 'ours', sequence: 5 }
    const registry = new NodeRegistry(
      () => 0,
      () => newest,
    )
    const note = (node: string, configuration: Partial<Heartbeat['configuration']>) => {
      const heartbeat = beat(node, 'x')
      registry.note({ ...heartbeat, configuration: { ...heartbeat.configuration, ...configuration } }, isCurrent)
    }
    let isCurrent = () => false
    note('later', { store: 'ours', sequence: 6 })
    note('earlier', { store: 'ours', sequence: 4 })
    note('elsewhere', { store: 'theirs', sequence: 6 })
    note('earlier-version', { sequence: 6 })
    isCurrent = () => true
    note('unconcerned', { store: 'ours', sequence: 1 })
    const settled = registry.settle(60_000)
    isCurrent = () => false
    note('unconcerned', { store: 'ours', sequence: 1 })
    for (const node of ['earlier', 'elsewhere', 'earlier-version']) note(node, { store: 'ours', sequence: 5 })
    assert.deepEqual(new Set(Object.values(toStates(await settled))), new Set(['serves']))
    note('elsewhere', { store: 'theirs', sequence: 6 })
    note('earlier-version', { sequence: 6 })
    note('earlier', { store: 'ours', sequence: 4 })
    assert.deepEqual(toStates(await registry.settle(0)), {
      earlier: 'waits',
      'earlier-version': 'waits',
      elsewhere: 'waits',
      later: 'serves',
      unconcerned: 'waits',
    })
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

  it('of one group keep out none of another one, however many names are made up there', () => {
    let nowMs = 0
    const registry = new NodeRegistry(() => nowMs)
    const note = (group: string, node: string) => registry.note(beat(node, 'new'), () => true, { group })
    for (let count = 0; count < 10_000; count++) note('many', `n${count}`)
    nowMs = 1_000
    assert.ok(note('many', 'n0'))
    assert.ok(note('few', 'a'))
    assert.ok(note('few', 'b'))
    assert.equal(note('many', 'one-more'), false)
    const heard = registry.listHeard().map(({ heartbeat }) => heartbeat.node)
    assert.deepEqual([heard.length, heard.slice(0, 3)], [10_000, ['a', 'b', 'n0']])
    assert.ok(!heard.includes('n1'), 'who was heard from longest ago makes room')
  })
})
