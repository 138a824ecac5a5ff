import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { ClientCertificates, ListenerTls } from '@gatewright/model/runtime'
import { DemandsTable } from './demands.ts'

const CA = { path: '/ca.pem', sha256: 'a' }
const mutual = (given: Partial<ClientCertificates> = {}): ClientCertificates => ({
  mode: 'require',
  depth: 2,
  ca: CA,
  ...given,
})
const listener = (hosts: ListenerTls['hosts']): ListenerTls => ({ profile: 'intermediate', hosts })

describe('demands of a listener', () => {
  it('are one object wherever they are equal, so that names share connections', () => {
    const table = new DemandsTable(
      listener([
        { names: ['a.example'], profile: 'modern', clientCertificates: mutual() },
        { names: ['b.example', '*.c.example'], profile: 'modern', clientCertificates: mutual({ ca: { ...CA } }) },
        { names: ['same.example'], profile: 'intermediate' },
      ]),
    )
    assert.equal(table.find('a.example'), table.find('b.example'))
    assert.equal(table.find('x.c.example'), table.find('b.example'))
    assert.equal(table.find('same.example'), table.find(undefined))
    assert.equal(table.find('unknown.example'), table.find(undefined))
  })

  it('differ as soon as one of their parts does, also a list of revocations', () => {
    const demanded = [
      undefined,
      mutual(),
      mutual({ mode: 'request' }),
      mutual({ depth: 1 }),
      mutual({ ca: { path: '/ca.pem', sha256: 'b' } }),
      mutual({ crl: CA }),
      mutual({ crl: { path: '/ca.pem', sha256: 'b' } }),
      mutual({ allow: [{ dns: 'x' }] }),
    ]
    const hashes = demanded.flatMap((clientCertificates) =>
      (['modern', 'compatible'] as const).map((profile) => {
        const host = { names: ['a'], profile, ...(clientCertificates && { clientCertificates }) }
        return new DemandsTable(listener([host])).find('a').hash
      }),
    )
    assert.equal(new Set(hashes).size, hashes.length)
  })

  it('have the same hash in another table, so that a reload that changes nothing of them keeps connections', () => {
    const hash = () => new DemandsTable({ ...listener([]), clientCertificates: mutual() }).find('x').hash
    assert.equal(hash(), hash())
  })
})
