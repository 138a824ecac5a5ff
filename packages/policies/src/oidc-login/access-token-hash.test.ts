import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, it } from 'node:test'
import { isHashOfAccessToken } from './access-token-hash.ts'

describe('isHashOfAccessToken', () => {
  it('holds for the example of OpenID Connect Core 1.0, appendix A.3', () => {
    const token = 'jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y'
    assert.equal(isHashOfAccessToken('77QmUPtjPfzWtF2AnpK9RQ', token, 'RS256'), true)
    assert.equal(isHashOfAccessToken('77QmUPtjPfzWtF2AnpK9RQ', `${token}x`, 'RS256'), false)
  })

  for (const [algorithm, hash] of [
    ['PS384', 'sha384'],
    ['ES512', 'sha512'],
    ['EdDSA', 'sha512'],
    ['Ed25519', 'sha512'],
  ] as const) {
    it(`takes half of ${hash} for ${algorithm}`, () => {
      const whole = createHash(hash).update('token').digest()
      const half = whole.subarray(0, whole.length / 2).toString('base64url')
      assert.equal(isHashOfAccessToken(half, 'token', algorithm), true)
      assert.equal(isHashOfAccessToken(whole.toString('base64url'), 'token', algorithm), false)
    })
  }

  it('holds for nothing that it cannot know', () => {
    for (const [value, algorithm] of [
      [7, 'RS256'],
      ['', 'RS256'],
      ['', 'none'],
      ['x', '__proto__'],
    ] as const)
      assert.equal(isHashOfAccessToken(value, 'token', algorithm), false)
  })
})
