import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseConnection } from './connection-options.ts'

describe('Connection', () => {
  for (const [value, expected] of [
    ['', ''],
    ['close', 'close'],
    ['Close', 'close'],
    ['keep-alive', 'keep-alive'],
    ['KEEP-ALIVE', 'keep-alive'],
    ['Upgrade', 'upgrade'],
    ['keep-alive, Upgrade', 'keep-alive upgrade'],
    ['close,keep-alive', 'close keep-alive'],
    [' ,\t, close ,,', 'close'],
    ['Upgrade, HTTP2-Settings', 'upgrade http2-settings'],
    ['X-A, x-a, TE', 'x-a x-a te'],
    ['closed', 'closed'],
    ['close;q=1', 'refused'],
    ['a b', 'refused'],
    ['"close"', 'refused'],
    ['close\xa0', 'refused'],
    ['cl\xf6se', 'refused'],
    ['close\x0b', 'refused'],
  ] as const) {
    it(`says of ${JSON.stringify(value)}: ${expected || 'nothing'}`, () => {
      const options = parseConnection(value)
      const words = options && [
        ...(options.close ? ['close'] : []),
        ...(options.keepAlive ? ['keep-alive'] : []),
        ...(options.upgrade ? ['upgrade'] : []),
        ...options.named,
      ]
      assert.equal(words?.join(' ') ?? 'refused', expected)
    })
  }
})
