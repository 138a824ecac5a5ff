import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseLength } from './framing.ts'

describe('a length', () => {
  it('counts digits and nothing else', () => {
    const lengths = ['0', '00012', '999999999999999', '', '1e3', '0x1', ' 1', '1 ', '-1', '1.0', '１']
    assert.deepEqual(lengths.map(parseLength), [0, 12, 999_999_999_999_999, -1, -1, -1, -1, -1, -1, -1, -1])
  })
})
