import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { findClosest, suggestName } from './closest.ts'

describe('findClosest', () => {
  const known = ['rate-limit', 'respond', 'retry', 'cors', 'key-auth']

  it('finds what was mistyped', () => {
    for (const [typed, meant] of [
      ['rate-limt', 'rate-limit'],
      ['rateLimit', 'rate-limit'],
      ['rtery', 'retry'],
      ['cros', 'cors'],
      ['keyauth', 'key-auth'],
    ] as const) {
      assert.equal(findClosest(typed, known), meant)
    }
  })

  it('finds nothing where nothing is near', () => {
    for (const typed of ['quota', 'x', '', 'transform']) assert.equal(findClosest(typed, known), undefined)
  })
})

describe('suggestName', () => {
  it('lists what there is where nothing is near, and says how much more', () => {
    assert.equal(suggestName('quota', ['a', 'b'], 'Policies'), 'Policies: a, b.')
    assert.match(
      suggestName(
        'quota',
        Array.from({ length: 25 }, (_, index) => `name${index}`),
        'Names',
      ) ?? '',
      /, and 5 more\.$/,
    )
    assert.equal(suggestName('quota', [], 'Names'), undefined)
  })
})
