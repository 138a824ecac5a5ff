import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Exchange } from '../exchange.ts'
import { FakeClock, MemoryReplays, toRequest } from '../testing/index.ts'
import { UsedOnce } from './used-once.ts'

const clock = new FakeClock()
const UNTIL = clock.now() + 5000

function open(): Exchange {
  return new Exchange({
    id: '0'.repeat(32),
    client: { address: '192.0.2.1', port: 1, peerAddress: '192.0.2.1', isPeerTrusted: false },
    request: toRequest({}),
    route: { api: 'orders', route: 'list', template: '/' },
    receivedAtMs: clock.now(),
  })
}

describe('what may be used once', () => {
  it('is the request’s that brings it first, whichever uses it passes, and no other’s', () => {
    const replays = new MemoryReplays(clock)
    const [one, two] = [new UsedOnce(replays, 'nonces'), new UsedOnce(replays, 'nonces')]
    const first = open()
    assert.equal(one.use(first, 'a', UNTIL), 'first')
    assert.equal(one.use(first, 'b', UNTIL), 'first')
    for (const list of [one, two]) {
      for (const key of ['a', 'b']) {
        assert.equal(list.use(first, key, UNTIL), 'again')
        assert.equal(list.use(open(), key, UNTIL), 'spent')
      }
    }
    assert.equal(new UsedOnce(replays, 'proofs').use(first, 'a', UNTIL), 'first')
  })

  it('is the request’s also in other runs of its pipeline', () => {
    const list = new UsedOnce(new MemoryReplays(clock), 'nonces')
    const request = open()
    assert.equal(list.use(request.fork(), 'a', UNTIL), 'first')
    assert.equal(list.use(request.fork(), 'a', UNTIL), 'again')
    assert.equal(list.use(request, 'a', UNTIL), 'again')
  })

  it('is anybody’s once it is given back', () => {
    const list = new UsedOnce(new MemoryReplays(clock), 'nonces')
    list.use(open(), 'a', UNTIL)
    list.giveBack('a')
    assert.equal(list.use(open(), 'a', UNTIL), 'first')
  })

  it('can be kept elsewhere, where the answer comes later', async () => {
    const near = new MemoryReplays(clock).list('nonces')
    const far = { list: () => ({ ...near, use: async (key: string, untilMs: number) => near.use(key, untilMs) }) }
    const list = new UsedOnce(far, 'nonces')
    const request = open()
    assert.equal(await list.use(request, 'a', UNTIL), 'first')
    assert.equal(await list.use(request, 'a', UNTIL), 'again')
    assert.equal(await list.use(open(), 'a', UNTIL), 'spent')
  })
})
