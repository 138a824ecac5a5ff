import assert from 'node:assert/strict'
import { unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { resolve } from '@gatewright/model'
import { toTextHash } from '@gatewright/model/runtime'
import { TestAuthority } from '../certificates/test-authority.fixture.ts'
import { readTextFile } from './read-text-file.ts'
import { rereadPems } from './reread-pems.ts'

const authority = TestAuthority.create()
after(() => authority.remove())

const { cert, key, certPem, keyPem } = authority.issue()
const ca = join(authority.folder, 'clients.pem')
writeFileSync(ca, authority.certPem)

const text = `gatewright: 1
certificates: [{ id: main, cert: ${cert}, key: ${key} }]
listeners:
  - { id: plain, port: 8080 }
  - { id: secure, port: 8443, tls: { hosts: [{ names: [a.example], clientCertificates: { ca: ${ca}, crl: ${ca} } }] } }
upstreams: [{ id: u, targets: ["https://u"], tls: { ca: ${ca}, clientCertificate: { cert: ${cert}, key: ${key} } } }]
`
const { draft } = resolve({
  files: [{ path: '/gatewright.yaml', text }],
  overlays: [],
  env: () => undefined,
  readFile: readTextFile,
})
/** As it comes back from disk. */
const kept: typeof draft = JSON.parse(JSON.stringify(draft))

describe('the PEM files of a kept model', () => {
  it('are read again, and the model says what stands in them now', () => {
    const again = rereadPems(kept)
    assert.deepEqual(again.model, kept)
    assert.equal(again.model.listeners[0], kept.listeners[0])
    const renewed = `${authority.certPem}\n`
    writeFileSync(ca, renewed)
    const { model, pems, certificates } = rereadPems(kept)
    const hash = toTextHash(renewed)
    assert.equal(model.listeners[1]?.tls?.hosts[0]?.clientCertificates?.ca.sha256, hash)
    assert.equal(model.listeners[1]?.tls?.hosts[0]?.clientCertificates?.crl?.sha256, hash)
    assert.equal(model.upstreams[0]?.tls.ca?.sha256, hash)
    assert.equal(pems.get(hash), renewed)
    assert.equal(pems.get(model.upstreams[0]?.tls.clientCertificate?.key.sha256 ?? ''), keyPem)
    assert.deepEqual([...certificates.pems.values()], [certPem, keyPem])
  })

  it('that are gone keep the model from serving, by their name', () => {
    unlinkSync(ca)
    assert.throws(() => rereadPems(kept), /clients\.pem/)
  })
})
