import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { toDrainWords } from './drain-words.ts'

describe('the words for a drain', () => {
  it('say what is waited for, how long, and how not to', () => {
    const ctrlC = { signal: 'SIGINT', delayMs: 0, timeoutMs: 30_000 } as const
    const again = 'Ctrl-C again ends at once'
    assert.equal(
      toDrainWords({ ...ctrlC, requests: 1, tunnels: 0 }),
      `drains: waits for 1 request, at most 30 s; ${again}`,
    )
    assert.equal(
      toDrainWords({ ...ctrlC, requests: 2, tunnels: 1 }),
      `drains: waits for 2 requests and 1 tunnel, at most 30 s; ${again}`,
    )
    assert.equal(
      toDrainWords({ ...ctrlC, requests: 0, tunnels: 3, timeoutMs: 1500 }),
      `drains: waits for 3 tunnels, at most 1.5 s; ${again}`,
    )
    assert.equal(toDrainWords({ ...ctrlC, requests: 0, tunnels: 0 }), 'drains: nothing is under way')
  })

  it('say that new requests are still taken for a while', () => {
    assert.equal(
      toDrainWords({ signal: 'SIGTERM', delayMs: 1000, timeoutMs: 30_000, requests: 0, tunnels: 0 }),
      'drains: still takes requests for 1 s, then waits for what is under way, at most 30 s; a second signal ends at once',
    )
  })
})
