/** Proves what every way has in common, and the credentials that are written down. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { run } from '../testing/index.ts'
import { upstreamAuth } from './upstream-auth.ts'

const send = async (options: object, request: Parameters<ReturnType<typeof run>['with']>[0]) => {
  const { upstream, status } = await run(upstreamAuth, options as never).with(request)
  assert.equal(status, 200)
  const [sent] = upstream
  assert.ok(sent)
  return sent
}
const findFault = (options: object) =>
  upstreamAuth.options.safeParse(options).error?.issues.map(({ message }) => message)

describe('a name with a password', () => {
  it('is said in UTF-8, in the place of what the client says (RFC 7617)', async () => {
    const { headers } = await send(
      { basic: { username: 'gä', password: 'a:b' } },
      { headers: { Authorization: 'Bearer of-the-client' } },
    )
    assert.deepEqual(headers.getAll('authorization'), [`Basic ${Buffer.from('gä:a:b').toString('base64')}`])
    assert.deepEqual(headers.neverIndexed, ['authorization'])
  })

  for (const [what, basic] of [
    ['a colon in the name', { username: 'a:b', password: 'c' }],
    ['a line end behind the password', { username: 'a', password: 'c\n' }],
  ] as const) {
    it(`is none with ${what}`, () => assert.equal(findFault({ basic })?.length, 1))
  }
})

describe('a token that does not change', () => {
  it('is said as it is', async () => {
    const { headers } = await send({ bearer: { token: 't0ken' } }, { headers: { authorization: 'Basic x' } })
    assert.deepEqual(headers.getAll('authorization'), ['Bearer t0ken'])
  })

  it('has no line end behind it', () => {
    assert.match(findFault({ bearer: { token: 't0ken\n' } })?.[0] ?? '', /is there a line end behind it/)
  })
})

describe('a key', () => {
  it('stands in a field, alone', async () => {
    const { headers } = await send(
      { key: { name: 'X-Api-Key', value: 's3cret', scheme: 'ApiKey' } },
      { headers: { 'x-api-key': 'of-the-client' } },
    )
    assert.deepEqual(headers.getAll('x-api-key'), ['ApiKey s3cret'])
    assert.deepEqual(headers.neverIndexed, ['x-api-key'])
  })

  for (const [target, search] of [
    ['/', '?api_key=a%26b'],
    ['/?', '?api_key=a%26b'],
    ['/?x=1&y=%20', '?x=1&y=%20&api_key=a%26b'],
    ['/?api_key=of-the-client&x=1', '?x=1&api_key=a%26b'],
    ['/?x=1&api%5Fkey=of-the-client&api_key', '?x=1&api_key=a%26b'],
  ] as const) {
    it(`stands in the query of ${target}, alone`, async () => {
      const sent = await send({ key: { in: 'query', name: 'api_key', value: 'a&b' } }, { target })
      assert.equal(sent.search, search)
    })
  }

  for (const [what, key] of [
    ['a field that the gateway writes', { name: 'Host', value: 'a' }],
    ['a scheme in the query', { in: 'query', name: 'k', value: 'a', scheme: 'Key' }],
    ['a value that no field can hold', { name: 'X-Key', value: 'ä' }],
  ] as const) {
    it(`is none with ${what}`, () => assert.equal(findFault({ key })?.length, 1))
  }
})

describe('the options', () => {
  it('say one way, and which there are', () => {
    assert.match(findFault({})?.[0] ?? '', /one of basic, bearer, key, clientCredentials, tokenExchange/)
    const both = { bearer: { token: 'a' }, basic: { username: 'a', password: 'b' } }
    assert.match(findFault(both)?.[0] ?? '', /keep one of basic, bearer/)
  })
})
