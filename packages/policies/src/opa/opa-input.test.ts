import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Exchange } from '../exchange.ts'
import { runAll, type TestRequest } from '../testing/index.ts'
import { compileInput, INPUT_PARTS, type InputChoice, isCredentialName, toKeyText } from './opa-input.ts'

const USUAL: InputChoice = { headers: 'no-credentials', query: 'no-credentials' }
const exchangeOf = (request: TestRequest = {}, call: Parameters<ReturnType<typeof runAll>['open']>[1] = {}): Exchange =>
  runAll([], { route: { operation: 'listOrders', tags: ['a'] } }).open(request, call)
const inputOf = (request: TestRequest, choice: InputChoice = USUAL) => compileInput(choice)(exchangeOf(request))
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

describe('the input of rules', () => {
  it('is all that is known of a request, but for credentials', () => {
    const exchange = exchangeOf(
      {
        ...{
          method: 'PUT',
          scheme: 'https',
          host: 'API.example.com:8443',
          target: '/orders/a%20b?page=2&page=3&key=s3cret',
        },
        headers: { Accept: '*/*', Authorization: 'Bearer s3cret', Cookie: 'sid=s3cret', 'X-Api-Key': 's3cret' },
        parameters: { id: 'a%20b' },
      },
      {
        address: '198.51.100.7',
        caller: {
          ...{ id: 'ann', app: 'shop', scopes: ['read'], claims: { level: 3 } },
          credential: { kind: 'token', id: 's3cret-id' },
        },
      },
    )
    const input = compileInput(USUAL)(exchange)
    assert.deepEqual(plain(input), {
      request: {
        ...{ method: 'PUT', scheme: 'https', host: 'api.example.com' },
        ...{ path: ['orders', 'a b'], rawPath: '/orders/a%20b', parameters: { id: 'a b' } },
        ...{ query: { page: ['2', '3'] }, headers: { accept: '*/*' } },
      },
      caller: {
        ...{ id: 'ann', app: 'shop', plan: null, scopes: ['read'], groups: [], claims: { level: 3 } },
        credential: { kind: 'token' },
      },
      client: { address: '198.51.100.7', certificate: null },
      route: {
        ...{ api: 'orders', route: 'list', template: '/', operation: 'listOrders', tags: ['a'], environment: '' },
      },
    })
    assert.ok(!JSON.stringify(input).includes('s3cret'))
  })

  it('says that nobody was recognised', () => assert.equal(inputOf({}).caller, null))

  it('has the facts of a certificate, and not the certificate', () => {
    const certificate = {
      ...{ subject: { CN: ['billing'] }, issuer: {}, subjectText: 'CN=billing', issuerText: 'CN=Root', serial: '01' },
      ...{ fingerprint: 'ab', notBeforeMs: 0, notAfterMs: 1, dnsNames: ['a'], uris: ['u'], emails: [] },
      ...{ der: Buffer.from('leaf'), chainDer: [] },
    }
    assert.deepEqual(compileInput(USUAL)(exchangeOf({}, { certificate })).client.certificate, {
      ...{ subject: 'CN=billing', issuer: 'CN=Root', commonName: 'billing', serial: '01', fingerprint: 'ab' },
      ...{ dnsNames: ['a'], uris: ['u'], emails: [] },
    })
  })

  for (const [path, segments] of [
    ['/', []],
    ['/a/b', ['a', 'b']],
    ['/a/', ['a', '']],
    ['/a%2Fb/c', ['a/b', 'c']],
    ['/%2e%2e/a', ['..', 'a']],
    ['/a%ff', ['a%ff']],
    ['/%C3%BC', ['ü']],
    ['*', ['*']],
  ] as const) {
    it(`takes ${path} for ${JSON.stringify(segments)}`, () =>
      assert.deepEqual(inputOf({ target: path }).request.path, segments))
  }

  it('has the path that was matched, whatever it was rewritten to', () => {
    const exchange = exchangeOf({ target: '/admin/x' })
    exchange.request.path = '/public/x'
    assert.deepEqual(compileInput(USUAL)(exchange).request.path, ['admin', 'x'])
  })

  it('makes one text of fields that come twice, so that neither is taken for all', () => {
    const headers: [string, string][] = [
      ['X-Role', 'user'],
      ['x-role', 'admin'],
    ]
    assert.deepEqual(plain(inputOf({ headers }).request.headers), { 'x-role': 'user, admin' })
  })

  it('takes names of prototypes for names', () => {
    const { query, headers } = inputOf({
      target: '/?__proto__=1&constructor=2&toString=3',
      headers: { __proto__x: 'a', constructor: 'b' },
    }).request as Record<string, Record<string, unknown>>
    assert.deepEqual(Object.keys(query ?? {}), ['__proto__', 'constructor', 'toString'])
    assert.equal(JSON.stringify(query), '{"__proto__":["1"],"constructor":["2"],"toString":["3"]}')
    assert.equal(headers?.constructor, 'b')
  })

  it('has the fields and parameters that are named, and no others', () => {
    const { query, headers } = inputOf(
      { target: '/?a=1&key=2&A=3', headers: { Authorization: 'Basic x', Accept: '*/*', 'x-a': '1' } },
      { headers: ['AUTHORIZATION', 'X-A'], query: ['key'] },
    ).request
    assert.deepEqual(plain({ query, headers }), {
      query: { key: ['2'] },
      headers: { authorization: 'Basic x', 'x-a': '1' },
    })
    const none = inputOf({ target: '/?a=1', headers: { Accept: '*/*' } }, { headers: [], query: [] }).request
    assert.deepEqual(plain({ query: none.query, headers: none.headers }), { query: {}, headers: {} })
  })
})

describe('a name that usually stands for a credential', () => {
  for (const name of [
    ...[
      'Authorization',
      'proxy-authorization',
      'Cookie',
      'X-Api-Key',
      'x_api_key',
      'apikey',
      'api_key',
      'key',
      'ApiKey',
    ],
    ...['access_token', 'X-Auth-Token', 'token', 'id_token', 'accessToken', 'X-Amz-Security-Token', 'X-Amz-Signature'],
    ...['X-Amz-Credential', 'client_secret', 'password', 'passwd', 'sig', 'code', 'DPoP', 'Signature', 'x-session-id'],
    ...['X-CSRF-Token', 'Client-Cert', 'X-SSL-Client-Cert', 'X-Forwarded-Client-Cert', 'Ocp-Apim-Subscription-Key'],
    ...['X-Goog-Api-Key', 'client_assertion', 'jwt', 'X-Auth', 'otp', 'cookie2'],
  ]) {
    it(`${name} is one`, () => assert.equal(isCredentialName(name), true))
  }
  for (const name of [
    ...['Accept', 'Host', 'User-Agent', 'Content-Type', 'X-Tenant', 'page', 'sort', 'monkey', 'keyboard', 'author'],
    ...[
      'tokenizer',
      'country_code',
      'X-Request-Id',
      'Origin',
      'Referer',
      'passenger',
      'design',
      'signal',
      'X-Forwarded-For',
    ],
  ]) {
    it(`${name} is none`, () => assert.equal(isCredentialName(name), false))
  }

  it('is found in one pass, however long it is (CWE-1333)', () => {
    for (const name of ['-'.repeat(60_000), 'key'.repeat(20_000), '-client'.repeat(10_000), 'a.ssl'.repeat(10_000)]) {
      assert.equal(typeof isCredentialName(name), 'boolean')
    }
  })
})

describe('what a decision is remembered by', () => {
  const keyOf = (request: TestRequest, by = INPUT_PARTS.slice()) => toKeyText(inputOf(request), by)
  it('is everything that the rules see, or the parts that are named', () => {
    const one = { method: 'GET', target: '/a?x=1', headers: { Accept: 'a' } }
    assert.equal(keyOf(one), keyOf(one))
    for (const other of [
      { ...one, method: 'PUT' },
      { ...one, target: '/b?x=1' },
      { ...one, target: '/a?x=2' },
      { ...one, headers: { Accept: 'b' } },
      { ...one, host: 'other.example' },
      { ...one, scheme: 'https' as const },
    ]) {
      assert.notEqual(keyOf(one), keyOf(other))
    }
    assert.equal(keyOf(one, ['path']), keyOf({ ...one, method: 'PUT', target: '/a?x=2' }, ['path']))
  })

  it('keeps apart paths that only decode to the same', () => {
    assert.notEqual(keyOf({ target: '/a%2Fb' }, ['path']), keyOf({ target: '/a/b' }, ['path']))
  })
})
