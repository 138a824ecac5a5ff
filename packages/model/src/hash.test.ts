import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { toCanonicalJson, toContentHash, toTextHash } from './hash.ts'

describe('toContentHash', () => {
  it('is the SHA-256 of canonical JSON', () => {
    assert.equal(
      toCanonicalJson({ b: [1, null, 'ü'], a: { d: true, c: undefined } }),
      '{"a":{"d":true},"b":[1,null,"ü"]}',
    )
    assert.equal(toTextHash(''), 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
    assert.equal(toContentHash({}), toTextHash('{}'))
  })

  it('does not see the order of keys', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (data) => {
        const turned = Object.fromEntries(Object.entries(data).reverse())
        assert.equal(toContentHash(turned), toContentHash(data))
      }),
    )
  })

  it('differs where data differs', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
        const same = JSON.stringify(a) === JSON.stringify(b) || toCanonicalJson(a) === toCanonicalJson(b)
        assert.equal(toContentHash(a) === toContentHash(b), same)
      }),
    )
  })

  it('sees the order of lists', () => {
    assert.notEqual(toContentHash([1, 2]), toContentHash([2, 1]))
  })
})
