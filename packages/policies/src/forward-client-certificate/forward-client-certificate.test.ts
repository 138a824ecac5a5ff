import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { ClientCertificate } from '../client-certificate.ts'
import { run } from '../testing/index.ts'
import { forwardClientCertificate } from './forward-client-certificate.ts'

const CERTIFICATE: ClientCertificate = {
  subject: { CN: ['a "b", c'], O: ['Bücher'] },
  issuer: { CN: ['Root'] },
  subjectText: 'CN=a "b"\\, c,O=Bücher',
  issuerText: 'CN=Root',
  serial: '0a',
  fingerprint: 'ab'.repeat(32),
  notBeforeMs: 0,
  notAfterMs: 1,
  dnsNames: ['a.example'],
  uris: ['spiffe://acme/a;b'],
  emails: [],
  der: Buffer.from('leaf'),
  chainDer: [Buffer.from('between'), Buffer.from('above')],
}

const upstreamFields = async (options: object, certificate?: ClientCertificate): Promise<readonly string[][]> => {
  const { upstream } = await run(forwardClientCertificate, options).with({}, { ...(certificate && { certificate }) })
  return [...(upstream[0]?.headers ?? [])].filter(([name]) => /cert/i.test(name)).map(([name, value]) => [name, value])
}

describe('forward-client-certificate', () => {
  it('says the certificate as a byte sequence (RFC 9440 §2.2)', async () => {
    assert.deepEqual(await upstreamFields({}, CERTIFICATE), [['Client-Cert', ':bGVhZg==:']])
  })

  it('says the chain as a list of them (RFC 9440 §2.3)', async () => {
    assert.deepEqual(await upstreamFields({ chain: true }, CERTIFICATE), [
      ['Client-Cert', ':bGVhZg==:'],
      ['Client-Cert-Chain', ':YmV0d2Vlbg==:, :YWJvdmU=:'],
    ])
  })

  it('says URL-encoded PEM', async () => {
    const [[name, value = ''] = []] = await upstreamFields({ format: 'pem', header: 'X-SSL-Cert' }, CERTIFICATE)
    assert.equal(name, 'X-SSL-Cert')
    assert.equal(decodeURIComponent(value), '-----BEGIN CERTIFICATE-----\nbGVhZg==\n-----END CERTIFICATE-----\n')
    const [[, chain = ''] = []] = await upstreamFields({ format: 'pem', chain: true }, CERTIFICATE)
    assert.equal(decodeURIComponent(chain).match(/BEGIN/g)?.length, 3)
  })

  it('quotes what divides the parts of X-Forwarded-Client-Cert', async () => {
    const [[, value = ''] = []] = await upstreamFields({ format: 'xfcc' }, CERTIFICATE)
    assert.match(value, new RegExp(`^Hash=${'ab'.repeat(32)};Cert="-----BEGIN%20`))
    assert.ok(
      value.endsWith(';Subject="CN=a \\"b\\"\\\\, c,O=B%C3%BCcher";URI="spiffe://acme/a;b";DNS=a.example'),
      value,
    )
  })

  it('says nothing where the client showed none, and lets nobody else say it', async () => {
    assert.deepEqual(await upstreamFields({}), [])
    const fields = forwardClientCertificate.identityFields?.({ format: 'rfc9440', chain: false })
    assert.deepEqual(fields, ['Client-Cert', 'Client-Cert-Chain'])
  })

  it('refuses a field that is not its to write', () => {
    for (const header of ['Host', 'X-Forwarded-For', 'no name']) {
      assert.equal(forwardClientCertificate.options.safeParse({ header }).success, false)
    }
  })
})
