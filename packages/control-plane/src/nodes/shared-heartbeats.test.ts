import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { Heartbeat } from '@gatewright/model'
import type { Store } from '../store/store.ts'
import { describeOnPostgres } from '../testing/describe-on-stores.ts'
import { ConfigurationFeed } from './configuration-feed.ts'
import { NodeRegistry } from './node-registry.ts'
import { SharedHeartbeats } from './shared-heartbeats.ts'

const beat = (node: string, hash: string): Heartbeat => ({
  node,
  version: '1.0.0',
  configuration: { sequence: 1, hash },
  credentials: { sequence: 1 },
  snapshot: { version: 3, hash: 's'.repeat(64) },
  threads: Array.from({ length: 32 }, (_, index) => ({ index, version: 3, hash: 's'.repeat(64) })),
})

const GROUP = { uid: 'edge', body: {} }

class Side {
  readonly registry = new NodeRegistry(() => this.nowMs)
  readonly feed = new ConfigurationFeed()
  readonly heartbeats: SharedHeartbeats
  said = 0
  nowMs = 0

  constructor(store: Store) {
    this.heartbeats = new SharedHeartbeats({
      store: {
        say: (text) => {
          this.said++
          return store.say(text)
        },
        onSaid: (listener) => store.onSaid(listener),
      },
      feed: this.feed,
      registry: this.registry,
      nowMs: () => this.nowMs,
    })
    const none = { changed: [], gone: [], documents: new Map(), secrets: new Map() }
    this.feed.take({ sequence: 1, pieces: [], ...none })
  }

  /** Resolves when this is what it lists. */
  async until(states: Readonly<Record<string, string>>): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const isSo = () =>
      JSON.stringify(
        Object.fromEntries(this.registry.listHeard().map(({ outcome: { node, state } }) => [node, state])),
      ) === JSON.stringify(states)
    const timer = setInterval(() => isSo() && resolve(), 5)
    await promise
    clearInterval(timer)
  }
}

await describeOnPostgres('heartbeats that control planes share', (stage) => {
  it('reach the others as news, many together, and who starts later asks for them', { timeout: 60_000 }, async () => {
    const url = await stage.server.createDatabase()
    const [one, other] = [new Side(await stage.open(url)), new Side(await stage.open(url))]
    const current = one.feed.find({}, undefined)?.hash ?? ''
    one.heartbeats.take(beat('a', current), GROUP)
    other.heartbeats.take(beat('b', 'old'), GROUP)
    for (const side of [one, other]) await side.until({ a: 'serves', b: 'waits' })
    one.heartbeats.take(beat('a', current), GROUP)
    other.heartbeats.take(beat('b', current), GROUP)
    for (const side of [one, other]) await side.until({ a: 'serves', b: 'serves' })
    assert.deepEqual([one.said, other.said], [1, 2], 'what is no news is not told')
    one.nowMs = 20_000
    one.heartbeats.take(beat('a', current), GROUP)
    const names = Array.from({ length: 100 }, (_, index) => `n${String(index).padStart(3, '0')}`)
    for (const name of names) one.heartbeats.take(beat(name, current), GROUP)
    const all = Object.fromEntries(['a', 'b', ...names].map((name) => [name, 'serves']))
    await other.until(all)
    assert.ok(one.said < 12, `${one.said} messages for 101 nodes`)
    const late = new Side(await stage.open(url))
    await late.heartbeats.ask()
    await late.until(all)
    for (const { heartbeats } of [one, other, late]) heartbeats.close()
  })

  it('go on to the others where the clock of one was set back', { timeout: 60_000 }, async () => {
    const url = await stage.server.createDatabase()
    const [one, other] = [new Side(await stage.open(url)), new Side(await stage.open(url))]
    one.nowMs = 60 * 60_000
    one.heartbeats.take(beat('a', 'old'), GROUP)
    await other.until({ a: 'waits' })
    one.nowMs = 0
    other.nowMs = 6 * 60_000
    await other.until({})
    one.heartbeats.take(beat('a', 'old'), GROUP)
    await other.until({ a: 'waits' })
    for (const { heartbeats } of [one, other]) heartbeats.close()
  })

  it('are none where a version says something that this one does not know', { timeout: 60_000 }, async () => {
    const store = await stage.open(await stage.server.createDatabase())
    const side = new Side(store)
    for (const text of ['', '{"kind":"later"}', '[]']) await store.say(text)
    await store.say(
      JSON.stringify({ kind: 'heard', from: 'else', reports: [{ heartbeat: beat('a', 'h'), scope: {} }] }),
    )
    await side.until({ a: 'waits' })
    side.heartbeats.close()
  })
})
