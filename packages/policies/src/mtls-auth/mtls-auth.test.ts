import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { describe, it } from 'node:test'
import type { ClientCertificate } from '../client-certificate.ts'
import { MemoryCredentials, type PolicyRun, run, withApps } from '../testing/index.ts'
import { toCertificateThumbprint } from '../tokens/thumbprint.ts'
import { mtlsAuth } from './mtls-auth.ts'

type Options = NonNullable<Parameters<typeof run<typeof mtlsAuth.options>>[1]>

const certificateOf = (given: Partial<ClientCertificate> = {}): ClientCertificate => ({
  subject: { CN: ['billing'], O: ['Acme'] },
  issuer: { CN: ['Partner CA'], O: ['Acme'], DC: ['example', 'acme'] },
  subjectText: 'CN=billing,O=Acme',
  issuerText: 'CN=Partner CA,O=Acme',
  serial: '0a',
  fingerprint: 'ab'.repeat(32),
  notBeforeMs: 0,
  notAfterMs: 1,
  dnsNames: ['a.acme.example', 'b.acme.example'],
  uris: ['spiffe://acme.example/ns/prod/sa/billing'],
  emails: ['Me@acme.example'],
  der: Buffer.from('leaf'),
  chainDer: [Buffer.from('between'), Buffer.from('above')],
  ...given,
})

const guarded = (options: Options, credentials = withApps('partner', 'other', 'a', 'b')): PolicyRun =>
  run(mtlsAuth, options, { credentials })

/** Who calls, or what the refusal says. */
const judge = async (options: Options, given: Partial<ClientCertificate> = {}): Promise<string> => {
  const { status, problem, exchange, upstream } = await guarded(options).with({}, { certificate: certificateOf(given) })
  assert.equal(upstream.length, problem === undefined ? 1 : 0)
  if (problem !== undefined) return `${status} ${problem.code} ${problem.reason}`
  const { id, app = '-', plan = '-' } = exchange.caller ?? assert.fail('nobody was recognised')
  return `${id} ${app} ${plan}`
}

const REFUSED = '403 client-certificate-refused'

describe('mtls-auth', () => {
  for (const [by, name, options] of [
    ['subject-cn', 'billing', {}],
    ['san-dns', 'b.acme.example', { allow: ['b.*.example'] }],
    ['san-uri', 'spiffe://acme.example/ns/prod/sa/billing', {}],
    ['san-email', 'Me@acme.example', {}],
    ['fingerprint', 'ab'.repeat(32), {}],
  ] as [Options['by'], string, Partial<Options>][]) {
    it(`knows a caller by ${by}`, async () => assert.equal(await judge({ by, ...options }), `${name} - -`))
  }

  it('says what the certificate says, and names it by its fingerprint', async () => {
    const certificate = certificateOf()
    const { exchange } = await guarded({ by: 'subject-cn' }).with({}, { certificate })
    const { credential, claims } = exchange.caller ?? assert.fail('nobody was recognised')
    assert.deepEqual([credential.kind, credential.id], ['certificate', certificate.fingerprint])
    assert.deepEqual(claims, {
      name: 'billing',
      commonName: 'billing',
      subject: certificate.subjectText,
      issuer: certificate.issuerText,
      serial: '0a',
      fingerprint: certificate.fingerprint,
      dnsNames: certificate.dnsNames,
      uris: certificate.uris,
      emails: certificate.emails,
      cnf: { 'x5t#S256': toCertificateThumbprint(certificate) },
    })
  })

  it('asks for a certificate where none was shown, or lets pass as nobody', async () => {
    const { status, problem, upstream } = await guarded({ by: 'subject-cn' }).with()
    assert.deepEqual([status, problem?.code, upstream.length], [403, 'client-certificate-missing', 0])
    const subject = guarded({ by: 'subject-cn', allow: ['other'], anonymous: true })
    const nobody = await subject.with()
    assert.deepEqual([nobody.status, nobody.exchange.caller], [200, undefined])
    assert.equal((await subject.with({}, { certificate: certificateOf() })).status, 403)
  })

  it('believes no field of the request (CWE-290: a field is no certificate)', async () => {
    const headers = {
      'Client-Cert': ':bGVhZg==:',
      'X-Forwarded-Client-Cert': 'Subject="CN=billing"',
      'X-Client-Cert': '-----BEGIN%20CERTIFICATE-----',
      'X-SSL-Client-S-DN': 'CN=billing',
    }
    assert.equal((await guarded({ by: 'subject-cn' }).with({ headers })).status, 403)
  })

  it('answers without a promise, and makes a caller once a certificate', async () => {
    const subject = guarded({ by: 'subject-cn' })
    const certificate = certificateOf()
    const exchanges = [0, 1].map(() => subject.open({}, { certificate }))
    for (const exchange of exchanges) assert.ok(subject.start(exchange).isSync)
    assert.equal(exchanges[0]?.caller, exchanges[1]?.caller)
  })

  it('tells the upstream who calls, whatever the client said', async () => {
    const subject = guarded({ by: 'subject-cn', toUpstream: { id: 'X-Caller', claims: { serial: 'X-Serial' } } })
    const { upstream } = await subject.with({ headers: { 'x-caller': 'root' } }, { certificate: certificateOf() })
    assert.deepEqual([upstream[0]?.headers.get('x-caller'), upstream[0]?.headers.get('x-serial')], ['billing', '0a'])
    const options = mtlsAuth.options.parse({ by: 'subject-cn', toUpstream: { id: 'X-Caller' } })
    assert.deepEqual(mtlsAuth.identityFields?.(options), ['X-Caller'])
  })
})

describe('the name that counts', () => {
  for (const [says, options, given, verdict] of [
    ['none', { by: 'subject-cn' }, { subject: {} }, `${REFUSED} no-name`],
    ['an empty one', { by: 'subject-cn' }, { subject: { CN: [''] } }, `${REFUSED} no-name`],
    ['an inherited one', { by: 'subject-cn' }, { subject: Object.create({ CN: ['root'] }) }, `${REFUSED} no-name`],
    ['no URI', { by: 'san-uri' }, { uris: [] }, `${REFUSED} no-name`],
    ['two', { by: 'san-dns' }, {}, `${REFUSED} two-names`],
    ['two common names', { by: 'subject-cn' }, { subject: { CN: ['billing', 'root'] } }, `${REFUSED} two-names`],
    ['the same twice', { by: 'subject-cn' }, { subject: { CN: ['billing', 'billing'] } }, 'billing - -'],
    [
      'two URIs (SPIFFE X509-SVID §2)',
      { by: 'san-uri' },
      { uris: ['spiffe://a/b', 'spiffe://a/c'] },
      `${REFUSED} two-names`,
    ],
    ['two, of which one is allowed', { by: 'san-dns', allow: ['b.acme.example'] }, {}, 'b.acme.example - -'],
    ['two that are allowed', { by: 'san-dns', allow: ['*.acme.example'] }, {}, `${REFUSED} two-names`],
    ['one that is not allowed', { by: 'subject-cn', allow: ['other'] }, {}, `${REFUSED} name`],
    [
      'one with a null before its end (CVE-2009-2408)',
      { by: 'subject-cn' },
      { subject: { CN: ['root\0.evil'] } },
      `${REFUSED} control-character`,
    ],
    ['one with a line feed', { by: 'san-email' }, { emails: ['a\r\nX-Admin: 1@b'] }, `${REFUSED} control-character`],
    ['one for many hosts', { by: 'san-dns' }, { dnsNames: ['*.acme.example'] }, `${REFUSED} wildcard`],
    [
      'one for many hosts, by a pattern',
      { by: 'san-dns', allow: ['*.acme.example'] },
      { dnsNames: ['*.acme.example'] },
      `${REFUSED} wildcard`,
    ],
    [
      'one in capitals',
      { by: 'san-dns', allow: ['A.acme.example'] },
      { dnsNames: ['a.acme.example'] },
      'a.acme.example - -',
    ],
    ['a common name in capitals', { by: 'subject-cn', allow: ['Billing'] }, {}, `${REFUSED} name`],
  ] as [string, Options, Partial<ClientCertificate>, string][]) {
    it(`${says}: ${verdict}`, async () => assert.equal(await judge(options, given), verdict))
  }
})

describe('the app that a name stands for', () => {
  const apps = [
    { name: 'billing', app: 'partner', plan: 'gold' },
    { name: 'bill*', app: 'other' },
  ]

  it('is the first that is listed for it', async () => {
    assert.equal(await judge({ by: 'subject-cn', apps }), 'partner partner gold')
    assert.equal(await judge({ by: 'subject-cn', apps }, { subject: { CN: ['billy'] } }), 'other other -')
  })

  it('has to be listed where any is, unless the options say otherwise', async () => {
    const given = { subject: { CN: ['stranger'] } }
    assert.equal(await judge({ by: 'subject-cn', apps }, given), `${REFUSED} name`)
    assert.equal(await judge({ by: 'subject-cn', unlisted: 'refuse' }), `${REFUSED} name`)
    assert.equal(await judge({ by: 'subject-cn', apps, unlisted: 'name' }, given), 'stranger - -')
  })

  it('is not that of a name which is not allowed', async () => {
    assert.equal(await judge({ by: 'subject-cn', apps, allow: ['billy'] }), `${REFUSED} name`)
  })

  it('picks the listed one of several names, and none where two are listed', async () => {
    const listed = [{ name: 'b.acme.example', app: 'b' }]
    assert.equal(await judge({ by: 'san-dns', apps: listed }), 'b b -')
    assert.equal(
      await judge({ by: 'san-dns', apps: [...listed, { name: 'a.*.example', app: 'a' }] }),
      `${REFUSED} two-names`,
    )
  })

  it('has the plan of the app where none is listed, as it is at the time', async () => {
    const credentials = withApps('partner')
    const subject = guarded({ by: 'subject-cn', apps: [{ name: 'billing', app: 'partner' }] }, credentials)
    const certificate = certificateOf()
    const planNow = async () => (await subject.with({}, { certificate })).exchange.caller?.plan
    assert.equal(await planNow(), undefined)
    credentials.setApp('partner', { plan: 'silver' })
    assert.equal(await planNow(), 'silver')
    credentials.setApp('partner', { plan: 'gold' })
    assert.equal(await planNow(), 'gold')
  })

  it('has to be one that the configuration has, unless the options say otherwise', async () => {
    const certificate = certificateOf()
    const { problem } = await guarded({ by: 'subject-cn', apps }, withApps()).with({}, { certificate })
    assert.deepEqual([problem?.code, problem?.reason], ['client-certificate-refused', 'unknown-app'])
    const allowing = guarded({ by: 'subject-cn', apps, unknownApps: 'allow' }, withApps())
    const { app, plan } = (await allowing.with({}, { certificate })).exchange.caller ?? assert.fail()
    assert.deepEqual([app, plan], ['partner', 'gold'])
  })

  it('is refused as soon as it is disabled, on a connection that lives', async () => {
    const credentials = new MemoryCredentials()
    credentials.setApp('partner')
    const subject = guarded({ by: 'subject-cn', apps }, credentials)
    const certificate = certificateOf()
    assert.equal((await subject.with({}, { certificate })).status, 200)
    credentials.setApp('partner', { isEnabled: false })
    const { problem } = await subject.with({}, { certificate })
    assert.deepEqual([problem?.code, problem?.reason], ['client-certificate-refused', 'disabled-app'])
  })

  it('is the name itself where the options say so, and there is one', async () => {
    const credentials = new MemoryCredentials()
    const subject = guarded({ by: 'subject-cn', unlisted: 'app' }, credentials)
    const certificate = certificateOf()
    const { problem } = await subject.with({}, { certificate })
    assert.deepEqual([problem?.code, problem?.reason], ['client-certificate-refused', 'unknown-app'])
    credentials.setApp('billing', { plan: 'gold' })
    const { id, app, plan } = (await subject.with({}, { certificate })).exchange.caller ?? assert.fail()
    assert.deepEqual([id, app, plan], ['billing', 'billing', 'gold'])
  })
})

describe('the CA that may say so', () => {
  for (const [says, options, given, verdict] of [
    ['by its name', { issuers: [{ CN: 'Partner CA', O: 'Acme' }] }, {}, 'billing - -'],
    ['by one of several values', { issuers: [{ DC: 'acme' }] }, {}, 'billing - -'],
    ['by one of several names', { issuers: [{ CN: 'Root' }, { CN: 'Partner CA' }] }, {}, 'billing - -'],
    ['of which an attribute is another', { issuers: [{ CN: 'Partner CA', O: 'Evil' }] }, {}, `${REFUSED} issuer`],
    ['of which an attribute is not there', { issuers: [{ OU: 'Acme' }] }, {}, `${REFUSED} issuer`],
    ['by an attribute that is inherited', { issuers: [{ toString: 'x' }] }, {}, `${REFUSED} issuer`],
    ['whose name only begins so', { issuers: [{ CN: 'Partner' }] }, {}, `${REFUSED} issuer`],
    ['by its fingerprint', { intermediates: [hash('sha256', 'above').toUpperCase()] }, {}, 'billing - -'],
    ['by another fingerprint', { intermediates: ['00'.repeat(32)] }, {}, `${REFUSED} issuer`],
    [
      'that signed itself, where one between is asked for',
      { intermediates: [hash('sha256', 'above')] },
      { chainDer: [] },
      `${REFUSED} issuer`,
    ],
    ['by the leaf’s own fingerprint', { intermediates: [hash('sha256', 'leaf')] }, {}, `${REFUSED} issuer`],
  ] as [string, Partial<Options>, Partial<ClientCertificate>, string][]) {
    it(`${says}: ${verdict}`, async () => assert.equal(await judge({ by: 'subject-cn', ...options }, given), verdict))
  }

  it('is not named in a refusal, nor which names would do', async () => {
    const options: Options = { by: 'subject-cn', allow: ['s3cret-name'], issuers: [{ CN: 's3cret-ca' }] }
    const { problem } = await guarded(options).with({}, { certificate: certificateOf() })
    assert.ok(!JSON.stringify(problem).includes('s3cret'))
  })
})

describe('the options of mtls-auth', () => {
  it('say where a pattern or fingerprint cannot be one', () => {
    for (const [options, path] of [
      [{ by: 'san-uri', allow: ['spiffe://a/**/b'] }, ['allow', 0]],
      [{ by: 'subject-cn', apps: [{ name: 'a*b*', app: 'a' }] }, ['apps', 0, 'name']],
      [{ by: 'fingerprint', allow: ['abc'] }, ['allow', 0]],
      [{ by: 'subject-cn', intermediates: ['abc'] }, ['intermediates', 0]],
      [{ by: 'subject-cn', issuers: [{}] }, ['issuers', 0]],
    ] as const) {
      assert.deepEqual(mtlsAuth.options.safeParse(options).error?.issues[0]?.path, path, JSON.stringify(options))
    }
    assert.equal(mtlsAuth.options.safeParse({}).success, false)
    assert.equal(mtlsAuth.options.safeParse({ by: 'subject-cn', allow: [] }).success, false)
  })
})
