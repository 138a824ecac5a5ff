import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, rmSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { resolve } from '@gatewright/model'
import { toTextHash } from '@gatewright/model/runtime'
import { CertificateMemory } from '../certificates/load-certificates.ts'
import { TestAuthority } from '../certificates/test-authority.fixture.ts'
import { readTextFile } from './read-text-file.ts'
import { openLastGood, rereadAuthorities, rereadCertificates } from './serving.ts'

const authority = TestAuthority.create()
after(() => authority.remove())

const { cert, key, certPem, keyPem } = authority.issue()
const ca = join(authority.folder, 'clients.pem')
writeFileSync(ca, authority.certPem)

const put = (name: string, text: string): string => {
  const path = join(authority.folder, name)
  writeFileSync(path, text)
  return path
}
const file = (path: string) => ({ path, sha256: toTextHash(readFileSync(path, 'utf8')) })

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

const open = (model = kept) => openLastGood({ model, apps: [], extensions: [] }, new CertificateMemory())

describe('the PEM files of a kept model', () => {
  it('are read again, and the model says what stands in them now', () => {
    assert.equal(open().serving.model, kept)
    const renewed = `${authority.certPem}\n`
    writeFileSync(ca, renewed)
    const { serving, pems } = open()
    const { model, certificates, watched } = serving
    const hash = toTextHash(renewed)
    assert.equal(model.listeners[0], kept.listeners[0])
    assert.equal(model.listeners[1]?.tls?.hosts[0]?.clientCertificates?.ca.sha256, hash)
    assert.equal(model.listeners[1]?.tls?.hosts[0]?.clientCertificates?.crl?.sha256, hash)
    assert.equal(model.upstreams[0]?.tls.ca?.sha256, hash)
    assert.equal(pems.get(hash), renewed)
    assert.equal(pems.get(model.upstreams[0]?.tls.clientCertificate?.key.sha256 ?? ''), keyPem)
    assert.deepEqual([...certificates.pems.values()], [certPem, keyPem])
    assert.deepEqual([...watched].sort(), [ca, cert, key].sort())
  })

  it('that are gone keep the model from serving, by their name', () => {
    unlinkSync(ca)
    assert.throws(() => open(), /clients\.pem/)
    writeFileSync(ca, authority.certPem)
  })
})

describe('the PEM files of what serves', () => {
  it('are taken over where they can be used, and leave what serves as it is where they cannot', () => {
    const crl = put('crl.pem', authority.revoke([]))
    const [plain, secure] = kept.listeners
    const demand = { mode: 'require', depth: 1, ca: file(ca), crl: file(crl) } as const
    const tls = { profile: 'modern', hosts: [], clientCertificates: demand } as const
    const { serving } = open({ ...kept, listeners: [plain!, { ...secure!, tls }] })
    assert.equal(rereadAuthorities(serving).serving.model, serving.model)
    const list = authority.revoke([authority.issue()])
    put('crl.pem', list)
    const { serving: renewed, pems } = rereadAuthorities(serving)
    assert.equal(renewed.model.listeners[1]?.tls?.clientCertificates?.crl?.sha256, toTextHash(list))
    assert.equal(pems.get(toTextHash(list)), list)
    put('crl.pem', list.slice(0, -60))
    assert.throws(() => rereadAuthorities(serving), /crl\.pem holds no revocation list/)
    unlinkSync(crl)
    assert.throws(() => rereadAuthorities(serving), /crl\.pem/)
  })

  it('are shown on where the folder that holds them cannot be read', () => {
    const folder = join(authority.folder, 'shown')
    mkdirSync(folder)
    put('shown/a.crt', certPem)
    put('shown/a.key', keyPem)
    const from = { kind: 'folder', folder } as const
    const [source] = kept.certificates
    const { serving } = open({ ...kept, certificates: [{ ...source!, from }] })
    const memory = new CertificateMemory()
    assert.deepEqual(rereadCertificates(serving, memory).certificates.certificates, serving.certificates.certificates)
    rmSync(folder, { recursive: true })
    assert.equal(rereadCertificates(serving, memory), serving)
  })
})
