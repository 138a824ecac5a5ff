/** Expressions as options have them: conditions, values, languages. */
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: templates are what is tested here.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { checkExpression, compileCondition, compileValue, ExpressionError, ExpressionSyntaxError } from './index.ts'

const VOCABULARY = { names: ['request', 'caller', 'response'] }
const SCOPE = { caller: { id: 'ann', admin: true, count: 3 }, request: { headers: {} } }

describe('a name with fixed members', () => {
  const options = { names: ['request', 'caller'], members: { request: ['path', 'headers'] } }

  for (const source of [
    'request.pat',
    "request['pat'] == 'x'",
    'request.pat + "x"',
    'has(request.pat)',
    '!request.pat',
  ]) {
    it(`has no others: ${source}`, () => {
      const fault = checkExpression(source, 'cel', options)
      assert.match(fault ?? '', /"request" has no "pat"; did you mean "path"\?/)
    })
  }

  it('says where in a template it is, and what there is', () => {
    const fault = checkExpression('a${request.zebra}', 'template', options)
    assert.match(fault ?? '', /^line 1, column 4: "request" has no "zebra" \(it has: path, headers\)/)
  })

  it('leaves open what is inside of them, other names, and the variables of loops', () => {
    for (const source of [
      "request.headers.any == 'x'",
      'caller.anything',
      "request.path.startsWith('/')",
      "[{'pat': 1}].exists(request, request.pat == 1)",
    ]) {
      assert.equal(checkExpression(source, 'cel', options), undefined, source)
    }
  })
})

describe('a condition', () => {
  it('is true for the value true alone', () => {
    assert.equal(compileCondition('caller.admin', VOCABULARY)(SCOPE), true)
    assert.equal(compileCondition('caller.id', VOCABULARY)(SCOPE), false)
    assert.equal(compileCondition('caller.count + 1', VOCABULARY)(SCOPE), false)
    assert.equal(compileCondition({ cel: "caller.id != 'ann'" }, VOCABULARY)(SCOPE), false)
  })

  it('fails for a missing field, in the simple part of CEL and in the whole', () => {
    assert.throws(() => compileCondition("request.headers['x-a'] == 'b'", VOCABULARY)(SCOPE), ExpressionError)
    assert.throws(() => compileCondition("request.headers['x-a'].size() == 1", VOCABULARY)(SCOPE), ExpressionError)
    assert.throws(() => compileCondition('response.status == 200', VOCABULARY)(SCOPE), ExpressionError)
    assert.throws(() => compileCondition('response.status + 1 == 201', VOCABULARY)(SCOPE), ExpressionError)
  })

  it('knows the names of an exchange, or those that it is given', () => {
    assert.throws(() => compileCondition('claims.sub == "a"', VOCABULARY), ExpressionSyntaxError)
    assert.equal(compileCondition('claims.sub == "a"', { names: ['claims'] })({ claims: { sub: 'a' } }), true)
    assert.throws(() => compileCondition('caller.admin', { names: ['claims'] }), /no "caller" here/)
  })
})

describe('a value', () => {
  it('of a template is a text, of a language any value', () => {
    assert.equal(compileValue('${caller.count}', VOCABULARY)(SCOPE), '3')
    assert.equal(compileValue({ cel: 'caller.count' }, VOCABULARY)(SCOPE), 3)
    assert.deepEqual(compileValue({ cel: 'caller' }, VOCABULARY)(SCOPE), { id: 'ann', admin: true, count: 3 })
  })

  it('says that it is constant', () => {
    assert.equal(compileValue('plain', VOCABULARY).constant, 'plain')
    assert.equal(compileValue('', VOCABULARY).constant, '')
    assert.equal(compileValue('${caller.id}', VOCABULARY).constant, undefined)
    assert.equal(compileValue({ cel: "'plain'" }, VOCABULARY).constant, undefined)
  })

  it('in another language is a clear fault', () => {
    assert.throws(
      () => compileValue({ jsonata: 'a' }, VOCABULARY),
      /language jsonata is not available in this version \(available: cel\)/,
    )
    assert.throws(() => compileValue({ cell: 'a' }, VOCABULARY), /there is no language "cell"; did you mean "cel"\?/)
    assert.throws(() => compileValue({ cel: 'caller.id', vtl: '$a' }, VOCABULARY), /names one language/)
    assert.throws(() => compileValue({}, VOCABULARY), /names one language/)
  })
})

describe('checkExpression', () => {
  it('returns the fault with its place, or nothing', () => {
    assert.equal(checkExpression('caller.id', 'cel', VOCABULARY), undefined)
    assert.equal(checkExpression('a ${caller.id}', 'template', VOCABULARY), undefined)
    assert.match(
      checkExpression('a\n${callr.id}', 'template', VOCABULARY) ?? '',
      /^line 2, column 3: there is no "callr" here/,
    )
    assert.match(checkExpression('caller.id ==', 'cel', VOCABULARY) ?? '', /^line 1, column 11/)
    assert.match(checkExpression('x', 'liquid', VOCABULARY) ?? '', /not available in this version/)
  })
})
