import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { after, describe, it } from 'node:test'
import type { DetailedPeerCertificate } from 'node:tls'
import type { CertificateRule, ClientCertificates } from '@gatewright/model/runtime'
import type { ClientCertificate } from '@gatewright/policies'
import { type IssuedCertificate, TestAuthority } from '../certificates/test-authority.fixture.ts'
import { judgeClient } from './client-certificate.ts'

const root = TestAuthority.create()
const between = root.createIntermediate()
const deepest = between.createIntermediate()
after(() => root.remove())

/** As Node tells it: each with its issuer, the root with itself. */
function toChain({ certPem }: IssuedCertificate, withRoot = true): DetailedPeerCertificate {
  const pems = `${certPem}${withRoot ? root.certPem : ''}`.match(/-----BEGIN[\s\S]+?-----END CERTIFICATE-----/g) ?? []
  let issuer: DetailedPeerCertificate | undefined
  for (const pem of pems.toReversed()) {
    const link = { raw: new X509Certificate(pem).raw } as DetailedPeerCertificate
    if (issuer !== undefined) link.issuerCertificate = issuer
    else if (withRoot) link.issuerCertificate = link
    issuer = link
  }
  return issuer!
}

const demand = (given: Partial<ClientCertificates> = {}): ClientCertificates => ({
  mode: 'require',
  depth: 2,
  ca: { path: '/ca.pem', sha256: '' },
  ...given,
})

/** `ok`, `none`, or what the refusal says. */
function judge(
  demanded: ClientCertificates,
  chain?: DetailedPeerCertificate,
  { verifyCode, ca = [root.certPem] }: { verifyCode?: string; ca?: readonly string[] } = {},
): unknown {
  const authorities = ca.map((pem) => new X509Certificate(pem))
  const judged = judgeClient(demanded, { verifyCode, chain, authorities })
  const { problem, certificate } = judged
  assert.ok(problem === undefined || certificate === undefined)
  if (problem === undefined) return certificate === undefined ? 'none' : 'ok'
  return `${problem.code} ${problem.reason ?? ''}`.trim()
}

const named = root.issue({
  subject: '/CN=billing/O=Acme, Inc./OU=one/OU=two',
  names: ['a.example', 'email:Me@acme.example', 'URI:spiffe://acme/ns/billing'],
})

describe('the judgement of a client’s certificate', () => {
  it('misses one where it is required, and goes on without where it is asked for', () => {
    assert.equal(judge(demand()), 'client-certificate-missing')
    assert.equal(judge(demand({ mode: 'request' })), 'none')
  })

  it('keeps what was shown, accepted or not', () => {
    const { fingerprint256 } = new X509Certificate(named.certPem)
    const expected = {
      fingerprint: fingerprint256.replaceAll(':', '').toLowerCase(),
      subjectText: 'CN=billing,O=Acme\\, Inc.,OU=one,OU=two',
    }
    const authorities = [new X509Certificate(root.certPem)]
    const shownFor = (demanded: ClientCertificates, verifyCode?: string) => {
      const { shown } = judgeClient(demanded, { verifyCode, chain: toChain(named), authorities })
      return shown && { fingerprint: shown.fingerprint, subjectText: shown.subjectText }
    }
    assert.deepEqual(shownFor(demand()), expected)
    assert.deepEqual(shownFor(demand({ allow: [{ dns: 'b.example' }] })), expected)
    assert.deepEqual(shownFor(demand(), 'CERT_HAS_EXPIRED'), expected)
  })

  it('refuses what OpenSSL has something against, also where one is only asked for', () => {
    for (const mode of ['require', 'request'] as const) {
      for (const code of ['CERT_HAS_EXPIRED', 'CERT_REVOKED', 'UNABLE_TO_GET_CRL', 'DEPTH_ZERO_SELF_SIGNED_CERT']) {
        assert.equal(
          judge(demand({ mode }), toChain(named), { verifyCode: code }),
          `client-certificate-refused ${code}`,
        )
      }
    }
  })

  it('counts those between it and its CA', () => {
    const chains = [root, between, deepest].map((authority) => toChain(authority.issue()))
    const fits = (depth: number) => chains.map((chain) => judge(demand({ depth }), chain) === 'ok')
    assert.deepEqual(fits(0), [true, false, false])
    assert.deepEqual(fits(1), [true, true, false])
    assert.deepEqual(fits(2), [true, true, true])
    assert.equal(judge(demand({ depth: 0 }), chains[1]), 'client-certificate-refused depth')
  })

  it('counts to the nearest CA that is named, root or not, whatever else the client shows', () => {
    const own = between.issue()
    for (const withRoot of [false, true]) {
      const fits = (authority: TestAuthority, depth: number) =>
        judge(demand({ depth }), toChain(authority.issue(), withRoot), { ca: [between.certPem] }) === 'ok'
      assert.deepEqual([fits(between, 0), fits(deepest, 0), fits(deepest, 1)], [true, false, true])
      assert.equal(fits(root, 10), false)
    }
    assert.equal(judge(demand({ depth: 0 }), toChain(own), { ca: [root.certPem, between.certPem] }), 'ok')
    assert.equal(judge(demand({ depth: 0 }), toChain(own, false), { ca: [own.certPem] }), 'ok', 'it is named itself')
  })

  it('counts nobody nearer for bearing the name of a CA', () => {
    const issued = deepest.issue()
    const double = TestAuthority.create('Test Root')
    const named = TestAuthority.create('Test Intermediate')
    for (const { certPem } of [double, named]) {
      const chain = toChain(issued)
      const forged = { raw: new X509Certificate(certPem).raw } as DetailedPeerCertificate
      forged.issuerCertificate = forged
      chain.issuerCertificate = forged
      assert.equal(judge(demand({ depth: 1 }), chain), 'client-certificate-refused depth')
    }
    double.remove()
    named.remove()
  })

  // biome-ignore format: a table, one row a line
  const RULES: readonly [CertificateRule, boolean][] = [
    [{ dns: 'a.example' }, true], [{ dns: 'A.Example' }, true], [{ dns: '*.example' }, true], [{ dns: 'example' }, false],
    [{ dns: '*.a.example' }, false], [{ dns: 'b.example' }, false], [{ dns: '*' }, false],
    [{ uri: 'spiffe://acme/ns/billing' }, true], [{ uri: 'spiffe://acme/*' }, true], [{ uri: 'spiffe://acme' }, false],
    [{ uri: 'SPIFFE://acme/*' }, false], [{ uri: 'spiffe://acm/*' }, false],
    [{ email: 'Me@acme.example' }, true], [{ email: 'acme.example' }, false],
    [{ subject: { CN: 'billing' } }, true], [{ subject: { CN: 'billin' } }, false], [{ subject: { cn: 'billing' } }, false],
    [{ subject: { O: 'Acme, Inc.' } }, true], [{ subject: { OU: 'two' } }, true], [{ subject: { OU: 'one', CN: 'billing' } }, true],
    [{ subject: { OU: 'one', CN: 'x' } }, false], [{ subject: { constructor: 'x' } }, false],
    [{ dns: 'a.example', uri: 'spiffe://other/*' }, false], [{ dns: 'a.example', subject: { CN: 'billing' } }, true],
  ]
  for (const [rule, passes] of RULES) {
    it(`${passes ? 'passes' : 'refuses'} by ${JSON.stringify(rule)}`, () => {
      assert.equal(judge(demand({ allow: [rule] }), toChain(named)), passes ? 'ok' : 'client-certificate-refused rules')
      assert.equal(judge(demand({ allow: [{ dns: 'no' }, rule] }), toChain(named)) === 'ok', passes)
    })
  }
})

function toSeen(issued: IssuedCertificate): ClientCertificate {
  const judged = judgeClient(demand(), {
    verifyCode: undefined,
    chain: toChain(issued),
    authorities: [new X509Certificate(root.certPem)],
  })
  assert.ok(judged.certificate !== undefined)
  return judged.certificate
}

describe('what policies see of a client’s certificate', () => {
  it('has names as they are meant, whatever characters are in them', () => {
    const odd = root.issue({
      subject: '/CN=a, "b"; <c> #d\\\\/O=Bücher = AG/OU= x ',
      names: [],
      extensions: [
        'subjectAltName=@names',
        '[names]',
        'DNS.1=*.B.example',
        'URI.1=spiffe://x/a,b',
        'email.1=x@y.example',
        'IP.1=::1',
        // Written without quotes, it would read like a name of its own.
        'otherName.1=1.3.6.1.4.1.311.20.2.3;UTF8:u, DNS:evil.example',
        'dirName.1=directory',
        'URI.2=https://x/?a=1',
        'DNS.2=last.example',
        '[directory]',
        'CN=q',
      ],
    })
    const seen = toSeen(odd)
    assert.deepEqual(seen.subject, { CN: ['a, "b"; <c> #d\\'], O: ['Bücher = AG'], OU: [' x '] })
    assert.equal(seen.subjectText, 'CN=a\\, \\"b\\"\\; \\<c\\> #d\\\\,O=Bücher = AG,OU=\\ x\\ ')
    assert.deepEqual(seen.dnsNames, ['*.b.example', 'last.example'])
    assert.deepEqual(seen.uris, ['spiffe://x/a,b', 'https://x/?a=1'])
    assert.deepEqual(seen.emails, ['x@y.example'])
  })

  it('has no attribute that a line break in another one makes up', () => {
    const forged = root.issue({ subject: '/CN=x\nO=Acme' })
    assert.deepEqual(toSeen(forged).subject, { CN: ['x\nO=Acme'] })
  })

  it('tells several attributes of one part of the name apart', () => {
    const several = root.issue({ subject: '/CN=x+O=Acme' })
    assert.deepEqual(toSeen(several).subject, { CN: ['x'], O: ['Acme'] })
    const one = root.issue({ subject: '/CN=x \\+ O=Acme' })
    assert.deepEqual(toSeen(one).subject, { CN: ['x + O=Acme'] })
  })

  it('has its number, its hash, and those behind it without its root', () => {
    const issued = deepest.issue()
    const leaf = new X509Certificate(issued.certPem)
    const seen = toSeen(issued)
    assert.equal(seen.serial, leaf.serialNumber.toLowerCase())
    assert.equal(seen.fingerprint, leaf.fingerprint256.replaceAll(':', '').toLowerCase())
    assert.deepEqual(seen.issuer, { CN: ['Test Intermediate'] })
    assert.equal(seen.notAfterMs, leaf.validToDate.getTime())
    assert.equal(seen.der, seen.der)
    assert.equal(seen.chainDer.length, 2)
    assert.deepEqual(toSeen(root.issue()).chainDer, [])
  })
})
