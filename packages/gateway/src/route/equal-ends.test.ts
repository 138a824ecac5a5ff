import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { findEqualEnds } from './equal-ends.ts'

function find(before: string, after: string) {
  const { start, end } = findEqualEnds([...before], [...after], (one, other) => one === other)
  return [start, end]
}

describe('findEqualEnds', () => {
  it('counts what is equal at each end', () => {
    assert.deepEqual(find('abcd', 'axcd'), [1, 2])
    assert.deepEqual(find('abcd', 'abcxd'), [3, 1])
    assert.deepEqual(find('abcd', 'acd'), [1, 2])
    assert.deepEqual(find('', 'a'), [0, 0])
  })

  it('counts nothing twice', () => {
    assert.deepEqual(find('aa', 'aaa'), [2, 0])
    assert.deepEqual(find('aaa', 'aa'), [2, 0])
    assert.deepEqual(find('aa', 'aa'), [2, 0])
  })
})
