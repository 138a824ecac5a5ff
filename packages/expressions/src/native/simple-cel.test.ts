/** The simple part of CEL gives what CEL gives. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { ExpressionError } from '../expression-error.ts'
import { compileCel } from './cel.ts'
import { compileSimpleCel } from './simple-cel.ts'

const NAMES = ['request', 'caller']

const path = fc
  .tuple(
    fc.constantFrom('request', 'caller'),
    fc.array(fc.constantFrom('.a', '.b', "['a']", '["x-y"]'), { maxLength: 2 }),
  )
  .map(([name, fields]) => name + fields.join(''))
const literal = fc.constantFrom("'a'", '"b"', "''", '1', '0', '-3', 'true', 'false', 'null', "'x y'")
const ordered = fc.constantFrom("'a'", '1', '-3', '250')
const term = fc.oneof(
  path,
  path.map((subject) => `!${subject}`),
  fc.tuple(path, fc.constantFrom('==', '!='), literal).map((parts) => parts.join(' ')),
  fc.tuple(path, fc.constantFrom('<', '<=', '>', '>='), ordered).map((parts) => parts.join('')),
  fc.tuple(path, fc.array(literal, { minLength: 1, maxLength: 3 })).map(([subject, all]) => `${subject} in [${all}]`),
  fc.tuple(path, fc.constantFrom('startsWith', 'endsWith')).map(([subject, name]) => `${subject}.${name}('a')`),
)
const condition = fc
  .array(fc.tuple(term, fc.constantFrom(' && ', ' || ', '&&', '||'), fc.boolean()), { minLength: 1, maxLength: 5 })
  .map((terms) =>
    terms.map(([each, sign, wrap], at) => (wrap ? `(${each})` : each) + (at === terms.length - 1 ? '' : sign)).join(''),
  )
const scalar = fc.constantFrom<unknown>(
  'a',
  'b',
  '',
  'banana',
  0,
  -0,
  1,
  -3,
  2.5,
  Number.NaN,
  250n,
  true,
  false,
  null,
  undefined,
)
const value = fc.oneof(
  scalar,
  fc.array(scalar, { maxLength: 2 }),
  fc.constant(new Date(0)),
  fc.constant(new Uint8Array([97])),
)
const record = fc.record({ a: value, b: value, 'x-y': value }, { requiredKeys: [] })
const scope = fc.record(
  { request: fc.oneof(value, record, fc.record({ a: record, b: record }, { requiredKeys: [] })), caller: record },
  { requiredKeys: [] },
)

function resultOf(evaluate: (scope: object) => unknown, given: object): unknown {
  try {
    return evaluate(given)
  } catch (error) {
    assert.ok(error instanceof ExpressionError, String(error))
    return 'an ExpressionError'
  }
}

describe('the simple part of CEL', () => {
  it('gives what the whole language gives, for generated expressions and scopes', () => {
    fc.assert(
      fc.property(condition, scope, (source, given) => {
        const simple = compileSimpleCel(source, { names: NAMES })
        assert.ok(simple, `${source} is simple`)
        assert.deepEqual(resultOf(simple, given), resultOf(compileCel(source, { names: NAMES }), given))
      }),
      { numRuns: 1000 },
    )
  })

  const more = [
    'size(caller.id) > 1',
    'caller.id + "a"',
    "caller.id == 'a\\n'",
    "r'a' == caller.id",
    "'''a''' == caller.id",
    'caller.a == caller.b == true',
    '!caller.a == true',
    'caller.roles[0]',
    'caller.if',
    'nobody.id',
    'caller.a // a comment',
    'caller.a < null',
    'caller.a == 1.5',
    'caller.a == 1u',
    'caller.a == 9999999999999999999',
    'caller.a ? 1 : 2',
    'caller.id.contains("a")',
    'caller.a ==',
    'caller.a b',
    '(caller.a',
    'caller.a)',
    '',
  ]
  for (const source of more) {
    it(`leaves ${JSON.stringify(source)} to the whole language`, () => {
      assert.equal(compileSimpleCel(source, { names: NAMES }), undefined)
    })
  }
})
