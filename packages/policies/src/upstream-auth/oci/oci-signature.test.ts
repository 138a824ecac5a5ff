import assert from 'node:assert/strict'
import { createPrivateKey } from 'node:crypto'
import { describe, it } from 'node:test'
import { signOciRequest } from './oci-signature.ts'
import { VECTOR_KEY, VECTORS } from './oci-vectors.fixture.ts'

describe('the test values of Oracle', () => {
  for (const { name, method, target, body, headers, signature } of VECTORS) {
    it(`${name} is signed as they say`, () => {
      const fields = new Map(
        signOciRequest({
          ...{ method, target, host: VECTOR_KEY.host, date: VECTOR_KEY.date },
          key: { keyId: VECTOR_KEY.keyId, privateKey: createPrivateKey(VECTOR_KEY.pem) },
          ...(body !== undefined && { content: { bytes: Buffer.from(body), type: 'application/json' } }),
        }),
      )
      assert.equal(
        fields.get('Authorization'),
        `Signature version="1",headers="${headers}",keyId="${VECTOR_KEY.keyId}",algorithm="rsa-sha256",signature="${signature}"`,
      )
    })
  }
})
