import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import type { ClientCertificates, Listener, ListenerTls } from '@gatewright/model'
import { checkClientAuthorities } from './check-client-authorities.ts'
import { TestAuthority } from './test-authority.fixture.ts'

const authority = TestAuthority.create()
after(() => authority.remove())

const between = authority.createIntermediate()
const pems = new Map([
  ['between', between.certPem],
  ['bundle', between.createIntermediate().certPem + between.certPem + authority.certPem],
  ['ca', authority.certPem],
  ['crl', authority.revoke([])],
  ['text', 'not PEM'],
  ['two', `${authority.certPem}text between\n${authority.certPem}`],
  ['half', `${authority.certPem}${authority.certPem.slice(0, -60)}`],
  ['half-crl', `${authority.revoke([])}${authority.revoke([]).slice(0, -60)}`],
  ['cut', authority.certPem.slice(0, -60)],
  ['key', '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n'],
])
const file = (sha256: string) => ({ path: `/${sha256}`, sha256 })
const demand = (ca: string, crl?: string): ClientCertificates => ({
  mode: 'require',
  depth: 1,
  ca: file(ca),
  ...(crl !== undefined && { crl: file(crl) }),
})

function check(tls: Partial<ListenerTls>): string[] {
  const listener = { tls: { profile: 'modern', hosts: [], ...tls } } as unknown as Listener
  const sources = { find: (path: readonly unknown[]) => ({ file: '', line: 0, column: 0, path: path.join('.') }) }
  const findings = checkClientAuthorities({ listeners: [listener] }, { sources, pems } as never)
  return findings.map(({ severity, at, message }) => `${severity} ${at.path}: ${message}`)
}

describe('CAs of clients', () => {
  it('pass where OpenSSL can use them, with lists of revocation and without', () => {
    assert.deepEqual(check({ clientCertificates: demand('ca') }), [])
    assert.deepEqual(check({ clientCertificates: demand('ca', 'crl') }), [])
    assert.deepEqual(check({ clientCertificates: demand('two') }), [])
    assert.deepEqual(check({}), [])
  })

  it('need no root, unless lists are to be checked up to it', () => {
    assert.deepEqual(check({ clientCertificates: demand('between') }), [])
    assert.deepEqual(check({ clientCertificates: demand('bundle', 'crl') }), [])
    const [said = '', ...more] = check({ clientCertificates: demand('between', 'crl') })
    assert.match(
      said,
      /^warning listeners\.0\.tls\.clientCertificates\.ca: .* no root of the CA "CN=Test Intermediate"/,
    )
    assert.deepEqual(more, [])
  })

  it('are a fault where they are no certificates, cut off, or a key', () => {
    for (const ca of ['text', 'cut', 'key', 'half']) {
      const [said = '', ...more] = check({ clientCertificates: demand(ca) })
      assert.match(
        said,
        new RegExp(`^fault listeners\\.0\\.tls\\.clientCertificates\\.ca: The file /${ca} holds no cert`),
      )
      assert.deepEqual(more, [])
    }
  })

  it('are a fault where the list of revocations is none', () => {
    for (const crl of ['text', 'ca', 'half-crl']) {
      const [said = '', ...more] = check({ clientCertificates: demand('ca', crl) })
      assert.match(said, /^fault listeners\.0\.tls\.clientCertificates\.crl: .* (holds no revocation list|is cut off)/)
      assert.deepEqual(more, [])
    }
  })

  it('are checked once where a host has those of the listener, and for itself where it has its own', () => {
    const own = demand('text')
    const hosts = [
      { names: ['a'], profile: 'modern', clientCertificates: own },
      { names: ['b'], profile: 'modern', clientCertificates: demand('cut') },
    ] as const
    const places = check({ clientCertificates: own, hosts }).map((said) => said.split(':')[0])
    assert.deepEqual(places, [
      'fault listeners.0.tls.clientCertificates.ca',
      'fault listeners.0.tls.hosts.1.clientCertificates.ca',
    ])
  })

  it('say nothing of a file that could not be read, which is a fault already', () => {
    assert.deepEqual(check({ clientCertificates: demand('missing') }), [])
    assert.deepEqual(check({ clientCertificates: demand('ca', 'missing') }), [])
  })
})
