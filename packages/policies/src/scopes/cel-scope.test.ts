import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { checkExpression, compileCondition, compileValue } from '@gatewright/expressions'
import { Exchange } from '../exchange.ts'
import { HeaderList } from '../messages/header-list.ts'
import { GatewayResponse } from '../messages/response.ts'
import { Problem } from '../problem.ts'
import { toRequest } from '../testing/test-request.ts'
import { CEL_NAMES, CEL_VOCABULARIES, toCelScope } from './cel-scope.ts'

const certificate = {
  subject: { CN: ['billing'], O: ['Acme'] },
  issuer: { CN: ['Root'] },
  subjectText: 'CN=billing,O=Acme',
  issuerText: 'CN=Root',
  serial: '0a',
  fingerprint: 'ab',
  notBeforeMs: 0,
  notAfterMs: 1,
  dnsNames: ['b.example'],
  uris: ['spiffe://b'],
  emails: [],
  der: Buffer.alloc(0),
  chainDer: [],
}

function open(): Exchange {
  const exchange = new Exchange({
    id: '1',
    client: { address: '192.0.2.1', port: 5, peerAddress: '192.0.2.9', isPeerTrusted: true, certificate },
    request: toRequest({
      method: 'PUT',
      target: '/orders/a%2Fb?page=2&page=3&q=a+b',
      scheme: 'https',
      host: 'API.example.com:8443',
      headers: [
        ['Accept', 'text/html'],
        ['accept', '*/*'],
        ['Cookie', 'theme=dark'],
      ],
      parameters: { id: 'a%2Fb', broken: '%ff' },
    }),
    route: {
      api: 'orders',
      route: 'put',
      template: '/orders/{id}',
      operation: 'putOrder',
      tags: ['shop'],
      environment: 'prod',
    },
    receivedAtMs: 0,
  })
  exchange.variables.set('left', 'by a policy')
  return exchange
}

const caller = {
  id: 'acme',
  app: 'acme',
  plan: undefined,
  credential: { kind: 'key', id: 'x' },
  claims: { role: ['admin'] },
}
const evaluate = (cel: string, exchange = open(), parts: object = {}) =>
  compileValue(
    { cel },
    { names: CEL_NAMES },
  )(toCelScope(exchange, { variables: { region: 'eu', left: 'configured' }, ...parts }))

describe('what CEL may speak of', () => {
  const response = GatewayResponse.ofProblem(new Problem('rate-limited'))

  it('is every field of the fixed records, and no other', () => {
    const exchange = open()
    exchange.caller = { ...caller, scopes: [], groups: [] }
    const scope = toCelScope(exchange, { variables: {}, response }) as Record<string, object>
    for (const [name, members] of Object.entries(CEL_VOCABULARIES.response.members)) {
      const record = scope[name] ?? {}
      const prototype = Object.getPrototypeOf(record)
      const fields = [...Object.keys(record), ...(prototype === Object.prototype ? [] : getters(prototype))]
      assert.deepEqual(fields.toSorted(), members.toSorted(), name)
    }
  })

  it('has the types that conditions are checked by', () => {
    const exchange = open()
    exchange.caller = { ...caller, plan: 'free', scopes: ['a'], groups: ['b'] }
    const response = GatewayResponse.ofProblem(new Problem('rate-limited', { headers: [['x', 'y']] }))
    const names = { string: 'string', number: 'int', object: 'map' } as Record<string, string>
    for (const [path, type] of Object.entries(CEL_VOCABULARIES.response.types)) {
      const [head = '', isField] = path.split('.*')
      const field = isField === undefined ? undefined : FIELDS[head]
      const value = evaluate(field === undefined ? head : `${head}['${field}']`, exchange, { response })
      assert.equal(Array.isArray(value) ? 'list' : names[typeof value], type, path)
    }
  })

  it('is no condition where it is a text, and one where it is compared or may be anything', () => {
    const check = (cel: string) => checkExpression(cel, 'condition', CEL_VOCABULARIES.request)
    assert.match(check('request.query.debug') ?? '', /a condition is true or false, and this is string/)
    assert.match(check('caller.plan') ?? '', /this is string/)
    for (const cel of ['has(request.query.debug)', 'caller.claims.admin', 'variables.on', "caller.plan == 'free'"]) {
      assert.equal(check(cel), undefined, cel)
    }
  })

  for (const [cel, side, words] of [
    ['request.pat', 'request', /did you mean "path"/],
    ['request.headrs["x"]', 'request', /did you mean "headers"/],
    ['caller.ap', 'request', /did you mean "app"/],
    ['response.status', 'request', /no "response" here/],
    ['response.status', 'problem', /no "response" here/],
    ['error.code', 'request', /no "error" here/],
  ] as const) {
    it(`is not ${cel} on the side of the ${side}`, () => {
      assert.match(checkExpression(cel, 'cel', CEL_VOCABULARIES[side]) ?? '', words)
    })
  }

  it('is the answer on the way back, the problem there and in error shapes', () => {
    assert.equal(checkExpression('response.status == 200', 'cel', CEL_VOCABULARIES.response), undefined)
    assert.equal(checkExpression('error.code', 'cel', CEL_VOCABULARIES.response), undefined)
    assert.equal(checkExpression('error.code', 'cel', CEL_VOCABULARIES.problem), undefined)
  })
})

const FIELDS: Readonly<Record<string, string>> = {
  'request.headers': 'accept',
  'request.query': 'q',
  'request.cookies': 'theme',
  'request.parameters': 'id',
  'response.headers': 'x',
}

function getters(prototype: object): string[] {
  return Object.entries(Object.getOwnPropertyDescriptors(prototype)).flatMap(([name, { get }]) => (get ? [name] : []))
}

describe('what CEL sees of an exchange', () => {
  for (const [cel, expected] of [
    ['request.method', 'PUT'],
    ['request.scheme', 'https'],
    ['request.host', 'api.example.com'],
    ['request.path', '/orders/a%2Fb'],
    ['request.search', '?page=2&page=3&q=a+b'],
    ['request.target', '/orders/a%2Fb?page=2&page=3&q=a+b'],
    ["request.headers['accept']", 'text/html, */*'],
    ["request.headers['Accept']", 'text/html, */*'],
    ["'accept' in request.headers", true],
    ["'x-none' in request.headers", false],
    ['has(request.headers.cookie)', true],
    ['request.query.page', '2'],
    ['request.query.q', 'a b'],
    ["'none' in request.query", false],
    ['request.cookies.theme', 'dark'],
    ['request.parameters.id', 'a/b'],
    ['request.parameters.broken', '%ff'],
    ["'constructor' in request.parameters", false],
    ['client.address', '192.0.2.1'],
    ['client.certificate.subject', 'CN=billing,O=Acme'],
    ['client.certificate.issuer', 'CN=Root'],
    ['client.certificate.commonName', 'billing'],
    ['client.certificate.serial', '0a'],
    ['client.certificate.fingerprint', 'ab'],
    ['client.certificate.dnsNames[0]', 'b.example'],
    ['size(client.certificate.emails) == 0', true],
    ["'spiffe://b' in client.certificate.uris", true],
    ['route.id', 'put'],
    ['route.template', '/orders/{id}'],
    ['route.operation', 'putOrder'],
    ["'shop' in route.tags", true],
    ['api.id', 'orders'],
    ['environment', 'prod'],
    ['variables.region', 'eu'],
    ['variables.left', 'by a policy'],
    ['caller == null', true],
    ['response == null && error == null', true],
  ] as const) {
    it(`${cel} is ${JSON.stringify(expected)}`, () => assert.deepEqual(evaluate(cel), expected))
  }

  it('has the caller, once one was recognised', () => {
    const exchange = open()
    exchange.caller = caller
    assert.equal(evaluate('caller.id', exchange), 'acme')
    assert.equal(evaluate('has(caller.plan)', exchange), false)
    assert.equal(evaluate("'admin' in caller.claims.role", exchange), true)
  })

  it('has the answer and its problem on the way back', () => {
    const response = GatewayResponse.ofProblem(
      new Problem('rate-limited', { detail: 'Slow down.', headers: [['Retry-After', '3']] }),
    )
    assert.equal(evaluate('response.status == 429', open(), { response }), true)
    assert.equal(evaluate("response.headers['retry-after']", open(), { response }), '3')
    assert.equal(
      evaluate('error.code + " " + error.detail + " " + error.owner', open(), { response }),
      'rate-limited Slow down. client',
    )
    const answer = new GatewayResponse({ status: 200, headers: HeaderList.of() })
    assert.equal(evaluate('error == null', open(), { response: answer }), true)
  })

  it('fails for what is not there, never false or true', () => {
    for (const cel of [
      "request.headers['x-none']",
      'caller.id',
      'response.status',
      'variables.none',
      'request.constructor',
    ]) {
      assert.throws(() => evaluate(cel), cel)
    }
    assert.throws(() =>
      compileCondition("caller.id == 'acme'", { names: CEL_NAMES })(toCelScope(open(), { variables: {} })),
    )
  })

  it('computes only what is touched', () => {
    const exchange = open()
    Object.defineProperty(exchange.request, 'query', { get: () => assert.fail('nobody asked for the query') })
    assert.equal(evaluate('request.method', exchange), 'PUT')
  })
})
