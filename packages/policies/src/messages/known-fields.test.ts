import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isSameName, KNOWN_FIELDS, toKnownField } from './known-fields.ts'

describe('known fields', () => {
  it('are found in any letter case', () => {
    for (const [name, number] of Object.entries(KNOWN_FIELDS)) {
      assert.equal(toKnownField(Buffer.from(name), 0, name.length), number)
      assert.equal(toKnownField(Buffer.from(`> ${name.toUpperCase()}:`), 2, 2 + name.length), number)
    }
  })

  it('have a number each', () => {
    const numbers = Object.values(KNOWN_FIELDS)
    assert.equal(new Set(numbers).size, numbers.length)
    assert.ok(!numbers.some((number) => (number as number) === 0))
  })

  it('are not those that differ by the case bit of a sign: ^ and ~ are two tokens', () => {
    assert.equal(isSameName('x^y', 0, 'x~y'), false)
    assert.equal(toKnownField(Buffer.from('hos\x54'), 0, 4), KNOWN_FIELDS.host)
    assert.equal(toKnownField(Buffer.from('te\x0d'), 0, 3), 0)
  })
})
