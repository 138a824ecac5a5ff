/** Owns the proof that keys are never compared themselves: one hash each, and the same ones for all that are not known. */
import assert from 'node:assert/strict'
import crypto from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'
import { afterEach, beforeEach, describe, it, mock } from 'node:test'
import type { AppId } from '@gatewright/model'
import { CredentialsIndex, openCredentials } from './credentials-index.ts'

const KEY = 'gw_a-key-of-many-characters-that-nobody-guesses-0123456789'
const DISABLED = `${KEY}-disabled`

describe('a key', () => {
  let hashed: { readonly mock: { readonly calls: readonly { readonly arguments: readonly unknown[] }[] } }
  beforeEach(() => {
    hashed = mock.method(crypto, 'hash') as unknown as typeof hashed
    syncBuiltinESMExports()
  })
  afterEach(() => {
    mock.restoreAll()
    syncBuiltinESMExports()
  })

  for (const [words, algorithms] of [
    ['SHA-256', ['sha256']],
    ['SHA-256 and SHA-512', ['sha256', 'sha512']],
  ] as const) {
    it(`is hashed whole, and as often whatever it is like: ${words}`, () => {
      const index = new CredentialsIndex()
      const toHash = (key: string, algorithm: string) =>
        `${algorithm === 'sha256' ? '' : `${algorithm}:`}${crypto.createHash(algorithm).update(key).digest('hex')}`
      const app = 'shop' as AppId
      const keys = [
        ...algorithms.map((algorithm) => ({ hash: toHash(`${KEY}-${algorithm}`, algorithm), app })),
        { hash: toHash(DISABLED, 'sha256'), app, enabled: false },
      ]
      index.replace([{ id: app, keys }])
      const credentials = openCredentials(index.descriptor())
      const listHashed = (key: string) => {
        const before = hashed.mock.calls.length
        const { found } = credentials.lookUp(key, 'orders')
        return {
          found,
          calls: hashed.mock.calls.slice(before).map(({ arguments: [algorithm, text] }) => [algorithm, text]),
        }
      }
      const known = `${KEY}-sha256`
      const nearMisses = [
        `x${known.slice(1)}`,
        `${known.slice(0, -1)}x`,
        known.slice(0, -1),
        `${known}x`,
        'x'.repeat(known.length),
      ]
      for (const key of nearMisses)
        assert.deepEqual(listHashed(key), { found: false, calls: algorithms.map((algorithm) => [algorithm, key]) })
      assert.deepEqual(listHashed(known), { found: true, calls: [['sha256', known]] })
      assert.deepEqual(listHashed(DISABLED), { found: false, calls: [['sha256', DISABLED]] })
    })
  }
})
