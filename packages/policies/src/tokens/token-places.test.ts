/** Proves where a token is looked for, as far as the options say, and where they do not. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { z } from 'zod'
import { tokenPlaceShape, toTokenPlace } from './token-places.ts'

const schema = z.strictObject(tokenPlaceShape)

describe('the place of a token', () => {
  for (const [given, place] of [
    [{}, { in: 'header', name: 'Authorization', scheme: 'Bearer' }],
    [{ name: 'authorization' }, { in: 'header', name: 'authorization', scheme: 'Bearer' }],
    [{ scheme: '' }, { in: 'header', name: 'Authorization' }],
    [{ scheme: 'Token' }, { in: 'header', name: 'Authorization', scheme: 'Token' }],
    [{ name: 'X-Token' }, { in: 'header', name: 'X-Token' }],
    [
      { name: 'X-Token', scheme: 'Bearer' },
      { in: 'header', name: 'X-Token', scheme: 'Bearer' },
    ],
    // RFC 6750 §2.3.
    [{ in: 'query' }, { in: 'query', name: 'access_token' }],
    [
      { in: 'query', scheme: 'Bearer' },
      { in: 'query', name: 'access_token' },
    ],
    [{ in: 'cookie' }, { in: 'cookie', name: 'access_token' }],
    [
      { in: 'cookie', name: 'Authorization' },
      { in: 'cookie', name: 'Authorization' },
    ],
  ] as const) {
    it(`${JSON.stringify(given)} is ${JSON.stringify(place)}`, () => {
      assert.deepEqual(toTokenPlace(schema.parse(given)), place)
    })
  }
})
