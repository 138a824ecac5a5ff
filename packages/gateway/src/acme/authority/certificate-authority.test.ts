import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { describe, it } from 'node:test'
import { FakeClock } from '@gatewright/policies/testing'
import { NO_EGRESS_RULES } from '../../egress/egress-guard.ts'
import { CertificateAuthority } from './certificate-authority.ts'

describe('an authority', () => {
  it('that wants more proofs than there are hosts is asked for none of them', async () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const key = privateKey.export({ type: 'pkcs8', format: 'pem' })
    const account = { directory: 'http://127.0.0.1:1/', key, ca: undefined, guard: NO_EGRESS_RULES }
    const authority = await CertificateAuthority.open(account, new FakeClock())
    const order = {
      status: 'pending',
      url: 'http://127.0.0.1:1/order',
      finalize: 'http://127.0.0.1:1/finalize',
      identifiers: [{ type: 'dns', value: 'shop.example' }],
      authorizations: Array.from({ length: 20_000 }, (_, index) => `http://127.0.0.1:1/${index}`),
    } as const
    await assert.rejects(
      authority.listChallenges(
        { ...order, identifiers: [...order.identifiers] },
        'http-01',
        new AbortController().signal,
      ),
      /wants 20000 proofs of 1 hosts/,
    )
  })
})
