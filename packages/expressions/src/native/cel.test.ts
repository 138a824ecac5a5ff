/** What CEL means here: values, errors, faults. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ExpressionError, ExpressionSyntaxError } from '../expression-error.ts'
import { compileCel } from './cel.ts'

const NAMES = ['request', 'caller', 'response', 'variables']
const SCOPE = {
  request: { method: 'GET', path: '/shop/orders', headers: new Map([['x-n', '5']]), query: { page: '7', empty: '' } },
  response: { status: 502, bodyBytes: 2.5 },
  caller: { id: 'ann', roles: ['admin', 'dev'], age: 44, gone: null },
  variables: { since: new Date('2026-01-31T12:00:00.5Z'), raw: new Uint8Array([1, 2]), big: 2n ** 60n },
}

function evaluate(source: string): unknown {
  return compileCel(source, { names: NAMES })(SCOPE)
}

describe('CEL', () => {
  const holds = [
    "request.headers['x-n'] == '5'",
    'size(request.path) == 12 && request.path.size() == 12',
    'int(request.query.page) > 3',
    'response.status >= 500',
    "request.method in ['GET', 'HEAD']",
    "'x-n' in request.headers && !('x-m' in request.headers)",
    'has(request.query.page) && !has(request.query.size)',
    "caller.roles.exists(role, role == 'admin')",
    "caller.roles[1] == 'dev' && caller.age == 44.0",
    "request.path.matches('^/shop/[a-z]+$')",
    "request.path.split('/')[1] == 'shop'",
    "request.path.upperAscii().startsWith('/SHOP')",
    "size('a😀b') == 3",
    "variables.since > timestamp('2026-01-31T12:00:00Z')",
    "variables.since - timestamp('2026-01-31T12:00:00Z') == duration('0.5s')",
    "response.status == 200 || request.headers['x-n'] != ''",
    "request.headers['missing'] == 'a' || true",
    'type(response.status) == int && type(response.bodyBytes) == double',
    '[1, 2, 3].map(n, n * 2).filter(n, n > 2) == [4, 6]',
    "['a', 'b'].map(x, ['c'].map(y, x + y)) == [['ac'], ['bc']]",
    '[1, 2, 2].exists_one(n, n == 1) && [].all(n, false)',
    "{'a': 1}.all(key, key == 'a')",
  ]
  for (const source of holds) {
    it(`holds: ${source}`, () => assert.equal(evaluate(source), true))
  }

  const values: [source: string, value: unknown][] = [
    ['caller.id', 'ann'],
    ['response.status', 502],
    ['response.status / 100', 5],
    ['double(response.status) / 100.0', 5.02],
    ['caller.roles', ['admin', 'dev']],
    ["{'id': caller.id, 'n': [1, 2.5, true, null]}", { id: 'ann', n: [1, 2.5, true, null] }],
    ['{1: 2}', { '1': 2 }],
    ['request.headers', { 'x-n': '5' }],
    ['variables.since', '2026-01-31T12:00:00.500Z'],
    ["duration('-1.5s')", '-1.500s'],
    ['variables.raw', new Uint8Array([1, 2])],
    ['7u', 7],
    ['variables.big', '1152921504606846976'],
    ['string(9007199254740993)', '9007199254740993'],
    ["'a,b,c'.split(',', 2)", ['a', 'b,c']],
    ["'a,b,c'.split(',', 0)", []],
    ["'aaaa'.replace('a', 'b', 2)", 'bbaa'],
    ["'aaaa'.replace('a', 'b', 0)", 'aaaa'],
    ["'aaaa'.replace('aa', 'b')", 'bb'],
  ]
  for (const [source, value] of values) {
    it(`${source} is ${String(value)}`, () => assert.deepEqual(evaluate(source), value))
  }

  const failures: [source: string, reason: RegExp][] = [
    ["request.headers['missing'] == 'a'", /field not found: missing/],
    ['caller.constructor', /field not found: constructor/],
    ['caller.__proto__', /field not found: __proto__/],
    ['caller.id.length', /field not found: length/],
    ['int(request.query.empty)', /not an integer/],
    ["int('0x10')", /not an integer/],
    ["double('seven')", /not a number/],
    ["timestamp('yesterday')", /timestamp/],
    ['1 / 0', /divide by zero/],
    ["1 + 'a'", /no matching overload/],
    ['caller.roles[9]', /out of bounds/],
    ["'a'.replace('', 'b')", /needs a text to look for/],
    ['caller.id && true', /expected bool/],
  ]
  for (const [source, reason] of failures) {
    it(`fails, and says why: ${source}`, () => {
      assert.throws(
        () => evaluate(source),
        (error) => error instanceof ExpressionError && reason.test(error.message),
      )
    })
  }

  it('says where in the source it failed', () => {
    assert.throws(
      () => evaluate("caller.id == 'ann' && request.headers['m'] == 'a'"),
      (error) => error instanceof ExpressionError && error.position.offset > 20 && error.position.line === 1,
    )
  })
})

describe('faults of CEL', () => {
  const faults: [source: string, line: number, column: number, reason: RegExp][] = [
    ['', 1, 1, /is empty/],
    ["requst.method == 'GET'", 1, 1, /no "requst" here; did you mean "request"\?/],
    ['route.id', 1, 1, /no "route" here/],
    ["request.method = 'GET'", 1, 16, /compares with ==/],
    ["caller.id == 'a' and true", 1, 18, /"and" is written &&/],
    ["true &&\n  request.method ++ 'a'", 2, 18, /cannot be read/],
    ["caller.id == 'ann", 1, 14, /no closing quote/],
    ['size(caller.id))', 1, 16, /closes nothing/],
    ['sise(caller.id)', 1, 1, /no function "sise"; did you mean "size"\?/],
    ["request.path.startWith('/')", 1, 13, /did you mean "startsWith"\?/],
    ["request.path.startsWith('/', 1)", 1, 13, /with 1 argument/],
    ["has(request.headers['a'])", 1, 1, /'x-key' in request.headers/],
    ['caller.roles.all(1, true)', 1, 13, /takes a variable and an expression/],
    ["caller.id.matches('a(b')", 1, 19, /pattern of matches\(\) is wrong: .*missing closing/],
    ['caller.id.matches(request.path)', 1, 26, /not a computed one/],
    ['google.protobuf.Int32Value{value: 1}', 1, 1, /no message types/],
    ['9223372036854775808', 1, 1, /64 bits/],
    ['for', 1, 1, /reserved/],
    ['env:TOKEN', 1, 4, /replaced when files are read/],
    ['caller.roles.map(x, y)', 1, 21, /no "y" here/],
  ]
  for (const [source, line, column, reason] of faults) {
    it(`are found at ${line}:${column} in ${JSON.stringify(source)}`, () => {
      assert.throws(
        () => compileCel(source, { names: NAMES }),
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

describe('a scope', () => {
  it('computes only what an expression touches', () => {
    const touched: string[] = []
    const scope = {
      get caller() {
        touched.push('caller')
        return { id: 'ann' }
      },
      get request() {
        touched.push('request')
        return {
          get method() {
            touched.push('method')
            return 'GET'
          },
          get body(): never {
            throw new Error('nobody asked for the body')
          },
        }
      },
    }
    assert.equal(compileCel("request.method.upperAscii() == 'GET'", { names: NAMES })(scope), true)
    assert.deepEqual(touched, ['request', 'method'])
  })

  it('reads the getters of classes, and neither their methods nor what is private', () => {
    class Caller {
      #id = 'ann'
      get id() {
        return this.#id
      }
      revoke() {}
    }
    const scope = { caller: new Caller() }
    assert.equal(
      compileCel("string(caller.id) == 'ann' && !has(caller.revoke) && size(caller) == 1", { names: NAMES })(scope),
      true,
    )
  })

  it('whose getter fails makes the expression fail', () => {
    const scope = {
      get caller(): never {
        throw new Error('the token is not read yet')
      },
    }
    assert.throws(() => compileCel('size(caller) > 0', { names: NAMES })(scope), ExpressionError)
  })

  it('may run an expression inside of another without mixing their budgets', () => {
    const inner = compileCel('[1, 2, 3].map(x, x)', { names: NAMES })
    const scope = {
      get variables() {
        return { list: inner({}) }
      },
    }
    assert.deepEqual(compileCel('variables.list.map(x, x + 1)', { names: NAMES })(scope), [2, 3, 4])
  })
})
