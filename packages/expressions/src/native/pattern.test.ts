/** Patterns: RE2's syntax, in linear time. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ExpressionError } from '../expression-error.ts'
import { checkPattern, compilePattern } from './pattern.ts'

describe('a pattern', () => {
  it('is found anywhere unless it is anchored', () => {
    assert.equal(compilePattern('b+').test('abbc'), true)
    assert.equal(compilePattern('^b+$').test('abbc'), false)
    assert.equal(compilePattern('(?i)^BETA-[0-9]{2}$').test('beta-17'), true)
  })

  it('does not backtrack: what takes other engines 2^4000 steps is answered', () => {
    const value = `${'a'.repeat(4000)}!`
    for (const source of ['(a+)+$', '(a|a)+$', '(a|aa)+$', '(.*a){10}$']) {
      assert.equal(compilePattern(source).test(value), false)
    }
  })

  it('refuses a value whose length times its own size is too much', () => {
    const pattern = compilePattern('a[ab]{60}[cd]')
    assert.equal(pattern.test('ab'.repeat(500)), false)
    assert.throws(() => pattern.test('ab'.repeat(50_000)), ExpressionError)
  })

  const faults: [source: string, reason: RegExp][] = [
    ['a(b', /line 1, column 1: missing closing \)/],
    ['ab[c', /column 3: missing closing \]/],
    ['(?=a)b', /look-around and back-references do not exist/],
    ['(a)\\1', /look-around and back-references do not exist/],
    ['a**', /invalid nested repetition operator/],
    ['a{1001}', /invalid repeat count/],
    ['.{1000}.{1000}', /instructions, at most 1000/],
    ['a'.repeat(1025), /at most 1024 characters/],
  ]
  for (const [source, reason] of faults) {
    it(`${source.slice(0, 20)} is a fault`, () => assert.match(checkPattern(source) ?? '', reason))
  }

  it('that is right has no fault', () => assert.equal(checkPattern('^/v[0-9]+/(orders|carts)$'), undefined))
})
