import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { toSize } from './verify-password.ts'

describe('the check of a password', () => {
  for (const [hash, size] of [
    ['$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0$aGFzaA', 1],
    ['$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHRzYWx0$aGFzaA', 1],
    ['$argon2id$v=19$m=194560,t=4,p=1$c2FsdHNhbHRzYWx0$aGFzaA', 20],
    [`$2b$04$${'a'.repeat(53)}`, 1],
    [`$2b$12$${'a'.repeat(53)}`, 16],
  ] as const) {
    it(`counts for those who wait as what it costs: ${hash.slice(0, 30)}`, () => assert.equal(toSize(hash), size))
  }
})
