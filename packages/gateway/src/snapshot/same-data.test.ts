/** Proves what counts as equal data. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { isSameData } from './same-data.ts'

describe('isSameData', () => {
  it('agrees with JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 3 }), fc.jsonValue({ maxDepth: 3 }), (one, other) => {
        assert.ok(isSameData(one, structuredClone(one)))
        assert.equal(isSameData({ one }, { one: other }), isSameData({ one: other }, { one }))
        if (isSameData(one, other)) assert.deepEqual(one, other)
      }),
    )
  })

  for (const [one, other] of [
    [{ a: 1 }, { a: 1, b: 2 }],
    [{ a: 1 }, { b: 1 }],
    [[], {}],
    [[1, 2], [1]],
    [null, {}],
    [{ a: undefined }, { b: undefined }],
    ['1', 1],
  ] as const) {
    it(`tells ${JSON.stringify(one)} from ${JSON.stringify(other)}`, () => {
      assert.equal(isSameData(one, other), false)
      assert.equal(isSameData(other, one), false)
    })
  }

  it('does not mind the order of members', () => {
    assert.ok(isSameData({ a: [1, { b: 2 }], c: 3 }, { c: 3, a: [1, { b: 2 }] }))
  })
})
