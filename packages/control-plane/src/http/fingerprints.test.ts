/** Proves that what is kept to know a request again tells nothing of a secret in it. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { drawNextKey } from '../secrets/key-file.ts'
import { SecretKey } from '../secrets/secret-key.ts'
import { listFingerprints } from './fingerprints.ts'

describe('the fingerprint of a request', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gatewright-fingerprints-'))
  after(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'secret.key')
  const openKey = (of = file) => SecretKey.open({ file: of, env: {} })
  const asked = { fingerprint: 'PUT\n/api/v1/environments/prod/secrets/PIN\n{"value":"1234"}' }

  it('is the same for the same request, and cannot be tried out by who has the store alone', () => {
    const [own] = listFingerprints({ secretKey: openKey() }, asked)
    assert.equal(listFingerprints({ secretKey: openKey() }, asked)[0], own)
    assert.notEqual(listFingerprints({ secretKey: openKey() }, { fingerprint: 'PUT\n/other' })[0], own)
    assert.notEqual(own, createHash('sha256').update(asked.fingerprint).digest('hex'))
    assert.notEqual(listFingerprints({ secretKey: openKey(join(folder, 'other.key')) }, asked)[0], own)
    const [bare] = listFingerprints({}, asked)
    assert.equal(listFingerprints({}, asked)[0], bare)
    assert.notEqual(bare, createHash('sha256').update(asked.fingerprint).digest('hex'))
  })

  it('is known again while the key is changed', () => {
    const [former] = listFingerprints({ secretKey: openKey() }, asked)
    drawNextKey(file)
    const both = listFingerprints({ secretKey: openKey() }, asked)
    assert.notEqual(both[0], former)
    assert.deepEqual(both.slice(1), [former])
  })
})
