import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { chooseRange, findFreePort } from './free-ports.ts'

describe('free ports', () => {
  for (const [system, local, expected] of [
    ['Linux', [32_768, 60_999], [10_000, 32_767]],
    ['the dynamic ports of RFC 6335', [49_152, 65_535], [10_000, 49_151]],
    ['a sandbox', [16_000, 65_535], [10_000, 15_999]],
    ['one that has set them low', [1_024, 20_000], [20_001, 65_535]],
    ['one that leaves none', [1_024, 65_535], [12_000, 31_999]],
  ] as const) {
    it(`are beside those of outgoing connections: ${system}`, () => {
      const [first, last] = expected
      assert.deepEqual(chooseRange({ first: local[0], last: local[1] }), { first, last })
    })
  }

  it('are others each time', async () => {
    const found = await Promise.all(Array.from({ length: 20 }, findFreePort))
    assert.equal(new Set(found).size, 20)
  })
})
