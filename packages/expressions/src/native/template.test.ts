/** Templates: where their parts begin and end, and how values stand in a text. */
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: templates are what is tested here.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { ExpressionError, ExpressionSyntaxError } from '../expression-error.ts'
import { compileTemplate } from './native.ts'
import { escapeTemplate } from './template.ts'

const NAMES = ['caller', 'values']
const SCOPE = {
  caller: { id: 'ann' },
  values: {
    nothing: null,
    yes: true,
    int: 42,
    double: 2.5,
    whole: 5,
    nan: Number.NaN,
    large: 2n ** 62n,
    list: ['a', 1, null],
    map: new Map<string, unknown>([['k', { deep: [true] }]]),
    utf8: new TextEncoder().encode('grüezi'),
    raw: new Uint8Array([0xff]),
    pair: [new Uint8Array([0xff])],
    day: new Date('2026-01-31T12:00:00Z'),
  },
}

function fill(template: string): string {
  return compileTemplate(template, { names: NAMES }).evaluate(SCOPE)
}

describe('a template', () => {
  it('without parts is a constant', () => {
    assert.equal(compileTemplate('costs $5 {net}', { names: NAMES }).constant, 'costs $5 {net}')
    assert.equal(compileTemplate('$${caller.id}', { names: NAMES }).constant, '${caller.id}')
    assert.equal(compileTemplate('${caller.id}', { names: NAMES }).constant, undefined)
  })

  it('of any escaped text is that text', () => {
    const dollars = fc
      .array(fc.constantFrom('$', '{', '}', '${', 'a', "'", '\n'), { maxLength: 12 })
      .map((all) => all.join(''))
    fc.assert(
      fc.property(fc.oneof(fc.string(), dollars), (text) => {
        assert.equal(compileTemplate(escapeTemplate(text), { names: NAMES }).constant, text)
      }),
    )
  })

  const filled: [template: string, text: string][] = [
    ['user-${caller.id}', 'user-ann'],
    ['${caller.id}${caller.id}', 'annann'],
    ['${ caller.id } is here', 'ann is here'],
    ["${ {'a':'}'}.a }", '}'],
    ['${ {"a": "${"}["a"] }', '${'],
    ["${ r'\\}' }", '\\}'],
    ["${ '''a'}''' }", "a'}"],
    ["${ '\\'}' }", "'}"],
    ['${ caller.id // not the end: }\n}!', 'ann!'],
    ['$${x} ${caller.id} $${y}', '${x} ann ${y}'],
    ["${'$'}${caller.id}", '$ann'],
    ['$', '$'],
    ['{${values.nothing}}', '{}'],
    ['${values.yes} ${values.int} ${values.double} ${values.whole} ${2.0} ${values.nan}', 'true 42 2.5 5 2 NaN'],
    ['${values.large}', '4611686018427387904'],
    ['${values.list}', '["a",1,null]'],
    ['${values.map}', '{"k":{"deep":[true]}}'],
    ['${values.utf8}', 'grüezi'],
    ['${values.pair}', '["/w=="]'],
    ['${values.day}', '2026-01-31T12:00:00Z'],
  ]
  for (const [template, text] of filled) {
    it(`${JSON.stringify(template)} makes ${JSON.stringify(text)}`, () => assert.equal(fill(template), text))
  }

  it('fails for bytes that are no text, and for a field that is missing', () => {
    assert.throws(() => fill('${values.raw}'), ExpressionError)
    assert.throws(() => fill('${caller.name}'), /field not found: name/)
  })

  it('fails rather than make a text without bound', () => {
    const long = compileTemplate('${caller.id}'.repeat(20), { names: NAMES })
    assert.throws(() => long.evaluate({ caller: { id: 'a'.repeat(100_000) } }), /at most 1048576 characters/)
  })

  const faults: [template: string, line: number, column: number, reason: RegExp][] = [
    ['user-${caller.id', 1, 6, /no closing brace/],
    ['a ${ cller.id }', 1, 6, /did you mean "caller"/],
    ['first\nsecond ${caller.id} ${ caller.id = 1 }', 2, 34, /compares with ==/],
    ["${ 'abc }", 1, 4, /no closing quote/],
    ['${}', 1, 3, /is empty/],
    ['${ a] }', 1, 5, /closes nothing/],
    ['${env:HOME}', 1, 6, /replaced when files are read/],
    ['${caller.id}'.repeat(65), 1, 1, /at most 64/],
    ['a'.repeat(262_145), 1, 1, /at most 262144 characters/],
  ]
  for (const [template, line, column, reason] of faults) {
    it(`has its fault at ${line}:${column}: ${template.slice(0, 60)}`, () => {
      assert.throws(
        () => compileTemplate(template, { names: NAMES }),
        (error) => {
          assert.ok(error instanceof ExpressionSyntaxError, String(error))
          assert.match(error.message, reason)
          assert.deepEqual([error.position.line, error.position.column], [line, column])
          return true
        },
      )
    })
  }
})
