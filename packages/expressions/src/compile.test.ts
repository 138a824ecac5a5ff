/** Expressions as options have them: conditions, values, languages. */
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: templates are what is tested here.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { checkExpression, compileCondition, compileValue, ExpressionError, ExpressionSyntaxError } from './index.ts'

const VOCABULARY = { names: ['request', 'caller', 'response'] }
const SCOPE = { caller: { id: 'ann', admin: true, count: 3, none: null, groups: [] }, request: { headers: {} } }

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
  it('is true or false', () => {
    assert.equal(compileCondition('caller.admin', VOCABULARY)(SCOPE), true)
    assert.equal(compileCondition({ cel: "caller.id != 'ann'" }, VOCABULARY)(SCOPE), false)
  })

  for (const [source, what] of [
    ['caller.id', 'a string'],
    ['caller.count', 'a number'],
    ['caller.none', 'null'],
    ['caller', 'a map'],
    ['caller.groups', 'a list'],
    ["caller.admin ? caller.id : 'x' == 'y'", 'a string'],
  ] as const) {
    it(`fails, and is not false, where it is ${what}: ${source}`, () => {
      const condition = compileCondition(source, VOCABULARY)
      assert.throws(() => condition(SCOPE), {
        name: 'ExpressionError',
        reason: `the condition is neither true nor false, but ${what}`,
      })
    })
  }

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

describe('what can be neither true nor false', () => {
  const options = {
    names: ['request', 'variables'],
    types: { request: 'map', 'request.path': 'string', 'request.query.*': 'string', 'request.groups': 'list' },
  }

  for (const [source, type, at] of [
    ["'yes'", 'string', "'yes'"],
    ['1', 'int', '1'],
    ['null', 'null', 'null'],
    ['[true]', 'list', '[true]'],
    ['{}', 'map', '{}'],
    ['bool', 'type', 'bool'],
    ['request', 'map', 'request'],
    ['request.path', 'string', 'request.path'],
    ['request.query.debug', 'string', 'request.query.debug'],
    ["request.query['a.b']", 'string', "request.query['a.b']"],
    ['!request.path', 'string', 'request.path'],
    ["variables.on && request.query['x']", 'string', "request.query['x']"],
    ["request.path || 'x' == 'y'", 'string', "request.path || 'x' == 'y'"],
    ["variables.on ? request.path : variables.a == 'b'", 'string', "request.path : variables.a == 'b'"],
    ['size(request.path)', 'int', 'size(request.path)'],
    ['request.path.lowerAscii()', 'string', 'request.path.lowerAscii()'],
    ["request.path + 'x'", 'the result of a calculation', "request.path + 'x'"],
    ['[1].map(x, x > 1)', 'list', '.map(x, x > 1)'],
  ] as const) {
    it(`is no condition: ${source}`, () => {
      const fault = checkExpression(source, 'condition', options) ?? ''
      assert.ok(fault.includes(`a condition is true or false, and this is ${type}: `), fault)
      assert.ok(fault.endsWith(`(at \`${at}\`)`), fault)
      assert.equal(checkExpression(source, 'cel', options), undefined)
    })
  }

  for (const source of [
    'true',
    'variables.on',
    '!variables.on',
    "variables['on'] || variables.off",
    "request.path == 'x' && request.query.x != 'y'",
    'has(request.query.x)',
    "'x' in request.query",
    "request.path.startsWith('/') || request.path.matches('x')",
    'bool(request.query.x)',
    'dyn(request.query.x)',
    'request.query.x.y',
    "request.path == 'x' ? variables.on : size(request.path) > 1",
    '[1].all(x, x > 1) && [1].exists(x, x > 1) && [1].exists_one(x, x > 1)',
    '[true][0]',
  ]) {
    it(`is not what may be either: ${source}`, () => {
      assert.equal(checkExpression(source, 'condition', options), undefined)
    })
  }
})

describe('a value', () => {
  it('of a template is a text, of a language any value', () => {
    assert.equal(compileValue('${caller.count}', VOCABULARY)(SCOPE), '3')
    assert.equal(compileValue({ cel: 'caller.count' }, VOCABULARY)(SCOPE), 3)
    assert.deepEqual(compileValue({ cel: 'caller' }, VOCABULARY)(SCOPE), SCOPE.caller)
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
