import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { findKnownField, isSameName, KNOWN_FIELDS, TWIN_FIELD, toKnownField } from './known-fields.ts'

describe('known fields', () => {
  it('are found in any letter case', () => {
    for (const [name, number] of Object.entries(KNOWN_FIELDS)) {
      assert.equal(toKnownField(Buffer.from(name), 0, name.length), number)
      assert.equal(toKnownField(Buffer.from(`> ${name.toUpperCase()}:`), 2, 2 + name.length), number)
    }
  })

  it('have a number each', () => {
    const numbers = [...Object.values(KNOWN_FIELDS), TWIN_FIELD]
    assert.equal(new Set(numbers).size, numbers.length)
    assert.ok(!numbers.some((number) => (number as number) === 0))
  })

  for (const name of ['Content_Length', 'TRANSFER_ENCODING', 'x_forwarded-for', 'X-Request_Id']) {
    it(`have twins that are told apart from them: ${name}`, () => {
      assert.equal(toKnownField(Buffer.from(name), 0, name.length), TWIN_FIELD)
      assert.equal(findKnownField(name), TWIN_FIELD)
    })
  }

  it('have no twins but those with _ for -', () => {
    for (const name of ['X_Other', 'Content.Length', 'Content__Length', 'X+Request-Id', 'ho_t', 'X_Request_Ie']) {
      assert.equal(toKnownField(Buffer.from(name), 0, name.length), 0, name)
      assert.equal(findKnownField(name), 0, name)
    }
  })

  it('are not those that differ by the case bit of a sign: ^ and ~ are two tokens', () => {
    assert.equal(isSameName('x^y', 0, 'x~y'), false)
    assert.equal(toKnownField(Buffer.from('hos\x54'), 0, 4), KNOWN_FIELDS.host)
    assert.equal(toKnownField(Buffer.from('te\x0d'), 0, 3), 0)
  })
})
