import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { toRequest } from '../testing/test-request.ts'
import { createCredentialPlace, TWO_CREDENTIALS } from './credential-place.ts'

const bearer = createCredentialPlace({ in: 'header', name: 'Authorization', scheme: 'Bearer' })
const find = (...values: string[]): string | undefined =>
  bearer.find(toRequest({ headers: values.map((value): [string, string] => ['Authorization', value]) }))

describe('a credential behind a scheme (RFC 9110 §11.4)', () => {
  for (const [value, credential] of [
    ['Bearer abc', 'abc'],
    ['bearer abc', 'abc'],
    ['BEARER   abc', 'abc'],
    ['Bearer', ''],
    ['Basic abc', undefined],
    ['Bearerabc', undefined],
    ['Bearer-2 abc', undefined],
    // No credential has these characters: what is there is refused, and not taken for nobody's.
    ['Bearer\tabc', 'Bearer\tabc'],
    ['Bearer,abc', 'Bearer,abc'],
    [', bearer abc', ', bearer abc'],
    ['Basic abc, Bearer abc', 'Basic abc, Bearer abc'],
    ['abc', undefined],
  ] as const) {
    it(`${value} is ${credential ?? 'nobody’s'}`, () => assert.equal(find(value), credential))
  }

  it('is two where two fields say different things, whichever scheme they are of', () => {
    assert.equal(find('Bearer a', 'Bearer b'), TWO_CREDENTIALS)
    assert.equal(find('Basic a', 'Bearer b'), TWO_CREDENTIALS)
    assert.equal(find('Bearer a', 'Bearer a'), 'a')
  })

  it('goes with its field', () => {
    const request = toRequest({ headers: { Authorization: 'Bearer a', Accept: '*/*' } })
    bearer.remove(request)
    assert.deepEqual([...request.headers], [['Accept', '*/*']])
  })
})
