import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { findParameter, withoutParameter, withParameter } from './search.ts'

describe('a parameter of a query', () => {
  it('is found however it is spelled', () => {
    assert.deepEqual(findParameter('?a=1&%61=2&b=3&a&a=x+y%26', 'a'), ['1', '2', '', 'x y&'])
    assert.deepEqual(findParameter('', 'a'), [])
    assert.deepEqual(findParameter('?', ''), [])
  })

  it('is what it says when it cannot be decoded', () => {
    assert.deepEqual(findParameter('?a=%ff', 'a'), ['%ff'])
    assert.deepEqual(findParameter('?a=100%', 'a'), ['100%'])
  })

  for (const [search, rest] of [
    ['?a=1&b=%7e|[]&&c', '?b=%7e|[]&&c'],
    ['?b=1&a=2&c=+', '?b=1&c=+'],
    ['?%61=1', ''],
    ['?a', ''],
    ['?aa=1', '?aa=1'],
    ['', ''],
    ['?', '?'],
  ] as const) {
    it(`goes out of ${JSON.stringify(search)} and leaves the rest byte for byte`, () => {
      assert.equal(withoutParameter(search, 'a'), rest)
    })
  }

  it('goes in behind the others, encoded', () => {
    assert.equal(withParameter('', 'a', 'x y&z'), '?a=x%20y%26z')
    assert.equal(withParameter('?', 'a', '1'), '?a=1')
    assert.equal(withParameter('?a=0&b=%7e', 'a', '1'), '?b=%7e&a=1')
    assert.equal(withParameter('?a=0', 'a', '1'), '?a=1')
  })
})
