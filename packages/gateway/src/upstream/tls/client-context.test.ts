import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { after, describe, it } from 'node:test'
import { TestAuthority } from '../../certificates/test-authority.fixture.ts'
import { toUpstream } from '../loopback.fixture.ts'
import { ClientContext } from './client-context.ts'
import { toPem } from './tls-stage.fixture.ts'

describe('the context of an upstream', () => {
  const authority = TestAuthority.create()
  const [one, other] = [authority.issue(), authority.issue()]
  const [block = ''] = /-----BEGIN CERT[\s\S]*?-----END CERTIFICATE-----/.exec(one.certPem) ?? []
  const broken = block.replace(/\n.{20}/, `\n${'A'.repeat(20)}`)
  const encrypted = execFileSync('openssl', ['pkcs8', '-topk8', '-passout', 'pass:x', '-in', one.key], {
    encoding: 'utf8',
  })
  after(() => authority.remove())

  function create(tls: object, getPem: ((text: string) => string) | undefined = (text) => text): ClientContext {
    const upstream = toUpstream({ targets: ['https://a'] })
    return new ClientContext({ id: upstream.id, tls: { ...upstream.tls, ...tls } }, getPem)
  }

  const toPair = (cert: string, key: string) => ({
    clientCertificate: { cert: toPem(cert, '/etc/own.pem'), key: toPem(key, '/etc/own.key') },
  })

  it('is one, however often it is asked for', () => {
    const context = create({ ca: toPem(authority.certPem), ...toPair(one.certPem, one.keyPem) })
    assert.equal(context.get(), context.get())
  })

  it('is not made for who opens nothing', () => {
    assert.doesNotThrow(() => new ClientContext({ ...toUpstream({ targets: ['https://a'] }) }, undefined))
    assert.throws(() => {
      const { id, tls } = toUpstream({ targets: ['https://a'] })
      new ClientContext({ id, tls: { ...tls, ca: toPem('x', '/etc/ca.pem') } }, undefined).get()
    }, /\/etc\/ca\.pem was not given/)
  })

  for (const [what, tls, message] of [
    ['no certificate', { ca: toPem('hello', '/etc/ca.pem') }, /\/etc\/ca\.pem: it holds no certificate$/],
    ['a key for a CA', { ca: toPem(one.keyPem, '/etc/ca.pem') }, /\/etc\/ca\.pem: it holds no certificate$/],
    ['half a certificate', { ca: toPem(broken, '/etc/ca.pem') }, /\/etc\/ca\.pem: error:.*asn1/],
    [
      'one bad certificate among good ones',
      { ca: toPem(`${authority.certPem}${broken}\n`, '/etc/ca.pem') },
      /\/etc\/ca\.pem: error:.*asn1/,
    ],
    ['no certificate to show', toPair(one.keyPem, one.keyPem), /\/etc\/own\.pem: it holds no certificate$/],
    ['no key', toPair(one.certPem, one.certPem), /\/etc\/own\.key: /],
    ['an encrypted key', toPair(one.certPem, encrypted), /\/etc\/own\.key: it is encrypted/],
    ['the key of another', toPair(one.certPem, other.keyPem), /\/etc\/own\.key: it is not the key of \/etc\/own\.pem$/],
  ] as const) {
    it(`is refused, with the file and the reason, where there is ${what}`, () => {
      assert.throws(() => create(tls), { message })
      assert.throws(() => create(tls), /^Error: upstream "orders": `tls` cannot be used: the file /)
    })
  }
})
