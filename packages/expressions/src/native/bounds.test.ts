/** Expressions that were written to stall a thread: refused as written, or cut as they run. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ExpressionError, ExpressionSyntaxError } from '../expression-error.ts'
import { compileCel } from './cel.ts'
import { MAX_SOURCE_CHARS } from './limits.ts'

const NAMES = ['text', 'list', 'big']
const SCOPE = {
  text: 'a'.repeat(60_000),
  list: Array.from({ length: 256 }, (_, index) => `x${index}`),
  big: Array.from({ length: 20_000 }, (_, index) => index),
}
const LOOPS_IN_LOOPS = 'list.all(x, list.all(y, list.all(z, x + y + z != "")))'

describe('an expression is refused as it is written', () => {
  const attacks: [what: string, source: string, reason: RegExp][] = [
    ['that is too long', `"${'a'.repeat(MAX_SOURCE_CHARS)}"`, /at most 4096 characters/],
    ['with too many brackets in brackets', `${'('.repeat(2000)}1${')'.repeat(2000)}`, /nested at most 64 deep/],
    ['that chains too far', `1${' + 1'.repeat(1000)}`, /more than 256 deep/],
    ['that selects too far', `text${'.a'.repeat(300)}.size()`, /more than 256 deep/],
    ['with conditions in conditions', `${'true ? 1 : '.repeat(300)}2`, /more than 256 deep/],
    ['with loops five deep', '[1].map(a, [1].map(b, [1].map(c, [1].map(d, [1].map(e, e)))))', /at most 3 deep/],
    ['with a pattern from the request', 'text.matches(list[0])', /not a computed one/],
    ['with a pattern that grows', "text.matches('.{1000}.{1000}')", /instructions/],
  ]
  for (const [what, source, reason] of attacks) {
    it(what, () => {
      assert.throws(
        () => compileCel(source, { names: NAMES }),
        (error) => error instanceof ExpressionSyntaxError && reason.test(error.message),
      )
    })
  }
})

describe('an expression is cut as it runs', () => {
  const steps = /ended after 50000 steps/
  const attacks: [what: string, source: string, reason: RegExp][] = [
    ['that loops over loops over loops', LOOPS_IN_LOOPS, steps],
    ['whose loops hide behind "||"', `${LOOPS_IN_LOOPS} || true`, steps],
    ['that loops over too long a list', 'big.map(x, x)', steps],
    ['that reads a long list again and again', 'list.all(x, big[0] == 0)', steps],
    ['whose loop has a long body', `big.exists(x, ${'x < 0 || '.repeat(300)} false)`, steps],
    ['that doubles a text', `[text]${'.map(x, x + x)'.repeat(40)}`, /1048576 characters/],
    ['that adds a text to itself', `text${' + text'.repeat(200)}`, steps],
    ['that nests a list in itself', `[text]${'.map(x, [x, x])'.repeat(100)}`, /1048576 characters/],
    ['that compares nested lists', `[1]${'.map(x, [x, x])'.repeat(30)} == [1]${'.map(x, [x, x])'.repeat(30)}`, steps],
    ['that replaces each letter by a text', "text.replace('a', text)", /1048576 characters/],
    ['that joins texts', 'list.map(x, text).join(text)', /1048576 characters/],
    ['that splits in a loop', "list.all(x, text.split('').size() > 0)", steps],
    ['that searches in a loop', 'list.all(x, !text.contains(text.substring(0, 300) + x))', steps],
    ['that searches backwards', "text.lastIndexOf('b' + text.substring(0, 30000)) == 0", steps],
    ['that compares long texts in a loop', 'list.all(x, text == text + "")', steps],
    ['that matches in a loop', "list.all(x, !text.substring(0, 9000).matches('(a|a)*b'))", steps],
    ['that matches large patterns in a loop', "list.all(x, !text.substring(0, 200).matches('[ab]{900}c'))", steps],
    [
      'that looks up time zones in a loop',
      "list.all(x, timestamp('2026-01-01T00:00:00Z').getHours('Asia/Tokyo') == 9)",
      steps,
    ],
    ['that makes times in loops', "list.all(x, list.all(y, duration('1h') > duration('1m')))", steps],
    ['that reads digits without end', 'int(text) > 0', /not an integer/],
  ]
  for (const [what, source, reason] of attacks) {
    it(what, () => {
      const evaluate = compileCel(source, { names: NAMES })
      assert.throws(
        () => evaluate(SCOPE),
        (error) => error instanceof ExpressionError && reason.test(error.message),
      )
    })
  }

  it('and starts with a full budget the next time', () => {
    const evaluate = compileCel('list.all(x, list.exists(y, x == y) || text == "")', { names: NAMES })
    assert.throws(() => evaluate(SCOPE), ExpressionError)
    assert.equal(evaluate({ text: '', list: ['a', 'b'] }), true)
  })
})

describe('honest expressions stay within the bounds', () => {
  const honest: [what: string, source: string][] = [
    ['a loop over 256 header names', "list.all(name, name.startsWith('x') && name.size() < 10)"],
    ['pairs of 40 values', '[0,1,2,3,4,5,6,7,8,9].all(a, list.exists(x, x == "x" + string(a)))'],
    ['a search in a body of 60 000 characters', "!text.contains('forbidden')"],
    ['texts through several functions', 'text.upperAscii().lowerAscii().trim().size() == 60000'],
    ['a pattern over a path', "'/shop/orders/17'.matches('^/shop/[a-z]+/[0-9]+$')"],
  ]
  for (const [what, source] of honest) {
    it(what, () => assert.equal(compileCel(source, { names: NAMES })(SCOPE), true))
  }
})
