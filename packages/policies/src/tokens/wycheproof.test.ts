/**
 * Wycheproof's vectors for JSON Web Signature, Key and Encryption (C2SP/wycheproof, testvectors_v1; the tables in `cases/`
 * name the commit, and leave out what tests do not need). Each key is used as the policy uses one.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { Secret } from '@gatewright/model/runtime'
import { parseCompactJws, parseHeader } from './compact-jws.ts'
import { ASYMMETRIC_ALGORITHMS, isJwsAlgorithm } from './jws-algorithms.ts'
import { DECRYPTION_ALGORITHMS, TokenDecryption } from './token-decryption.ts'
import { createVerificationKey, parseJwkSet, toVerificationKey, type VerificationKey } from './verification-key.ts'
import { findSignatureFault } from './verify-signature.ts'

interface Jwk {
  readonly kty: string
  readonly alg?: string
  readonly use?: string
  readonly kid?: string
  readonly k?: string
}

interface Case {
  readonly id: number
  readonly comment: string
  readonly result: 'valid' | 'invalid'
  readonly jws?: string
  readonly jwe?: string
  readonly pt?: string
}

interface Group {
  readonly comment: string
  readonly key: Jwk | { readonly keys: readonly Jwk[] }
  readonly tests: readonly Case[]
}

function read(name: string): readonly Group[] {
  const text = readFileSync(join(import.meta.dirname, `cases/${name}.json`), 'utf8')
  return (JSON.parse(text) as { groups: Group[] }).groups
}

function toKeys(key: Group['key']): VerificationKey[] {
  const keys = 'keys' in key ? key.keys : [key]
  const secrets = keys.filter(({ kty }) => kty === 'oct')
  const others = parseJwkSet({ keys }) ?? []
  // The options refuse an issuer with both kinds (see jwt.test.ts).
  if (secrets.length > 0 && others.length > 0) return []
  return [
    ...secrets.flatMap(({ kid, alg, k = '' }) => {
      if (!isJwsAlgorithm(alg)) return []
      try {
        return [createVerificationKey(kid, alg, { secret: Buffer.from(k, 'base64url') })]
      } catch {
        return []
      }
    }),
    ...others.flatMap((jwk) => toVerificationKey(jwk, ASYMMETRIC_ALGORITHMS) ?? []),
  ]
}

/** By number in its table of signatures: where Gatewright decides otherwise, and why. */
const OTHERWISE = new Map<number, { readonly isValid: boolean; readonly why: string }>([
  [346, { isValid: false, why: 'its key is for PS256, and it is signed with PS384' }],
  [350, { isValid: false, why: 'its key is for PS256, and it is signed with PS384' }],
  [347, { isValid: false, why: 'its key is for ES521, which does not exist' }],
  [351, { isValid: false, why: 'its key is for ES521, which does not exist' }],
  [367, { isValid: true, why: 'nothing is wrong with it: it is the valid token of its group' }],
  [370, { isValid: true, why: 'nothing is wrong with it: it is the valid token of its group' }],
  [372, { isValid: false, why: 'a question mark is no character of base64url (RFC 7515 §2)' }],
  [373, { isValid: false, why: 'a question mark is no character of base64url (RFC 7515 §2)' }],
])

describe('signed tokens of Wycheproof', () => {
  for (const name of ['wycheproof-jws', 'wycheproof-jwk']) {
    for (const { comment, key, tests } of read(name)) {
      const keys = toKeys(key)
      for (const { id, comment: words, result, jws = '' } of tests) {
        const otherwise = name === 'wycheproof-jws' ? OTHERWISE.get(id) : undefined
        const { isValid, why } = otherwise ?? { isValid: result === 'valid', why: words }
        it(`${comment} ${id} is ${isValid ? 'valid' : 'refused'}: ${why}`, () => {
          const parsed = parseCompactJws(jws)
          assert.equal(parsed !== undefined && findSignatureFault(parsed, keys) === undefined, isValid)
        })
      }
    }
  }
})

/** Refused whatever is in them: RSA1_5 (RFC 8725 §3.2) and what is compressed (§3.6). */
function isOffered(algorithm: string, jwe: string): boolean {
  const { zip } = parseHeader(jwe.slice(0, jwe.indexOf('.')))?.members ?? {}
  return (DECRYPTION_ALGORITHMS as readonly string[]).includes(algorithm) && zip === undefined
}

describe('encrypted tokens of Wycheproof', () => {
  for (const { comment, key, tests } of read('wycheproof-jwe')) {
    const { alg = '' } = key as Jwk
    // Those keys are the content's own.
    const algorithm = /^A\d+GCM$/.test(alg) ? 'dir' : alg
    for (const { id, comment: words, result, jwe = '', pt = '' } of tests) {
      const isValid = result === 'valid' && isOffered(algorithm, jwe)
      it(`${comment} ${id} is ${isValid ? 'valid' : 'refused'}: ${words}`, async () => {
        const option = { algorithm: algorithm as 'dir', key: new Secret(JSON.stringify(key)) }
        const inside = await new TokenDecryption([option]).open(jwe)
        assert.equal(inside, isValid ? Buffer.from(pt, 'hex').toString('latin1') : undefined)
      })
    }
  }
})
