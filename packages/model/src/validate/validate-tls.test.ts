/** Owns the proof that each mistake about TLS and certificates is one finding, at its place. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { sortFindings } from '../finding.ts'
import { TEST_CATALOGUE } from '../testing/catalogue.ts'
import { resolveText } from '../testing/resolve-text.ts'
import { validate } from './validate.ts'

const MAIN = 'certificates: [{ id: main, cert: /m.pem, key: /m.key }]\n'
const API = 'apis: [{ id: a, upstream: "http://u" }]\n'
const OTHERS = { '/etc/gw/ca.pem': 'the CA', '/etc/gw/crl.pem': 'the list' }

function tell(text: string): string[] {
  const { draft, apps, sources, findings } = resolveText(`gatewright: 1\n${text}`, { others: OTHERS })
  const all = sortFindings([...findings, ...validate(draft, TEST_CATALOGUE, { sources, apps })])
  return all.map(({ severity, code, at }) => `${severity} ${code} ${at.path}`)
}

/** What a whole file lacks. */
function tellLacks(text: string): string[] {
  const { draft, apps, sources } = resolveText(`gatewright: 1\n${text}`, { others: OTHERS })
  const findings = validate(draft, TEST_CATALOGUE, { sources, apps, isWhole: true })
  return findings.map(({ code, at, suggestion }) => `${code} ${at.path}: ${suggestion}`)
}

const listener = (keys: string, id = 'l', port = 8443) => `{ id: ${id}, port: ${port}, ${keys} }`
const withTls = (tls: string, more = '') => `${MAIN}listeners: [${listener(`tls: { ${tls} }${more}`)}]\n${API}`
const order = (acme: string, listeners = `${listener('tls: {}')}, { id: plain, port: 80 }`) =>
  `certificates: [{ id: main, acme: { ${acme} } }]\nlisteners: [${listeners}]\n${API}`
const MUTUAL = 'clientCertificates: { ca: ./ca.pem'

// biome-ignore format: a table, one row a line
const ROWS: readonly [string, string, readonly string[]][] = [
  ['nothing', withTls(''), []],
  ['all keys', withTls(`certificates: [main], defaultCertificate: main, profile: modern, ${MUTUAL}, crl: ./crl.pem, depth: 0, allow: [{ dns: a.example, subject: { CN: x } }] }, hosts: [{ names: ["*.a.example"], profile: compatible, ${MUTUAL}, mode: request } }]`, ', hsts: { maxAgeSeconds: 0 }, http2: { streams: 1 }'), []],
  ['a certificate that is not there', withTls('certificates: [mian]'), ['fault unknown-certificate listeners[0].tls.certificates[0]']],
  ['a default that is not there', withTls('defaultCertificate: mian'), ['fault unknown-certificate listeners[0].tls.defaultCertificate']],
  ['a default that is not listed', `certificates: [{ id: a, cert: /a, key: /a }, { id: b, cert: /b, key: /b }]\nlisteners: [${listener('tls: { certificates: [a], defaultCertificate: b }')}]\n${API}`, ['fault unlisted-certificate listeners[0].tls.defaultCertificate']],
  ['no certificate at all', `listeners: [${listener('tls: {}')}]\n${API}`, ['fault no-certificate listeners[0].tls']],
  ['a certificate that is switched off', `certificates: [{ id: main, enabled: false, cert: /m, key: /k }]\nlisteners: [${listener('tls: { certificates: [main] }')}]\n${API}`, ['fault unknown-certificate listeners[0].tls.certificates[0]']],
  ['certificates that are misspelt', `certificate: [{ id: main }]\nlisteners: [${listener('tls: {}')}]\n${API}`, ['fault unknown-key certificate']],
  ['a certificate that nobody shows', `${MAIN}${API}`, ['warning unused-certificate certificates[0]']],
  ['a CA that is not there', withTls('clientCertificates: { ca: ./none.pem }'), ['fault pem-unreadable listeners[0].tls.clientCertificates.ca']],
  ['a list of revocations that is not there', withTls(`${MUTUAL}, crl: ./none.pem }`), ['fault pem-unreadable listeners[0].tls.clientCertificates.crl']],
  ['a CA of a host that is not there', withTls('hosts: [{ names: [a.example], clientCertificates: { ca: ./none.pem } }]'), ['fault pem-unreadable listeners[0].tls.hosts[0].clientCertificates.ca']],
  ['a rule that says nothing', withTls(`${MUTUAL}, allow: [{ dns: a }, {}] }`), ['fault empty-rule listeners[0].tls.clientCertificates.allow[1]']],
  ['an empty rule of a host', withTls(`hosts: [{ names: [a.example], ${MUTUAL}, allow: [{}] } }]`), ['fault empty-rule listeners[0].tls.hosts[0].clientCertificates.allow[0]']],
  ['an empty rule that hosts take over', withTls(`${MUTUAL}, allow: [{}] }, hosts: [{ names: [a.example], profile: modern }]`), ['fault empty-rule listeners[0].tls.clientCertificates.allow[0]']],
  ['an empty subject', withTls(`${MUTUAL}, allow: [{ subject: {} }] }`), ['fault empty-rule listeners[0].tls.clientCertificates.allow[0]']],
  ['a name that is none', withTls('hosts: [{ names: ["a..b"] }]'), ['fault invalid-host listeners[0].tls.hosts[0].names[0]']],
  ['a name in two lists', withTls('hosts: [{ names: [a.example] }, { names: [b.example, A.example], profile: modern }]'), ['fault host-twice listeners[0].tls.hosts[1].names[1]']],
  ['HSTS without TLS', `listeners: [${listener('hsts: true')}]\n${API}`, ['fault hsts-without-tls listeners[0].hsts']],
  ['a redirect to itself', withTls('', ', redirectToHttps: true'), ['fault redirect-over-tls listeners[0].redirectToHttps']],
  ['h2c over TLS', withTls('', ', http2: { priorKnowledge: true }'), ['warning unused-option listeners[0].http2.priorKnowledge']],
  ['a certificate of nothing', `certificates: [{ id: main }]\nlisteners: [${listener('tls: {}')}]\n${API}`, ['fault certificate-source certificates[0]']],
  ['a certificate without its key', `certificates: [{ id: main, cert: /m }]\nlisteners: [${listener('tls: {}')}]\n${API}`, ['fault certificate-source certificates[0]']],
  ['a key without its certificate', `certificates: [{ id: main, key: /m }]\nlisteners: [${listener('tls: { certificates: [main] }')}]\n${API}`, ['fault certificate-source certificates[0]']],
  ['a certificate of texts', `certificates: [{ id: main, pem: { cert: c, key: k } }]\nlisteners: [${listener('tls: {}')}]\n${API}`, []],
  ['a certificate of texts and files', `certificates: [{ id: main, pem: { cert: c, key: k }, folder: /f }]\nlisteners: [${listener('tls: {}')}]\n${API}`, ['fault certificate-source certificates[0]']],
  ['a certificate of two things', `certificates: [{ id: main, folder: /f, cert: /m, key: /k }]\nlisteners: [${listener('tls: {}')}]\n${API}`, ['fault certificate-source certificates[0]']],
  ['a mistake behind a certificate of nothing', `certificates: [{ id: main }, { id: b, acme: { hosts: [127.0.0.1] } }, { id: c, folder: /c }]\nlisteners: [${listener('tls: { certificates: [b] }')}, { id: plain, port: 80 }]\n${API}`, ['fault certificate-source certificates[0]', 'fault invalid-host certificates[1].acme.hosts[0]', 'warning unused-certificate certificates[2]']],
  ['an order', order('hosts: [A.example]'), []],
  ['an order of an address', order('hosts: [127.0.0.1]'), ['fault invalid-host certificates[0].acme.hosts[0]']],
  ['an order of a wildcard without DNS', order('hosts: ["*.a.example"]'), ['fault wildcard-needs-dns certificates[0].acme.hosts[0]']],
  ['an order of a wildcard by DNS', order('hosts: ["*.a.example"], challenge: { dns: { hook: { command: [x] } } }'), []],
  ['an order over plain HTTP', order('hosts: [a.example], directory: "http://ca.example/"'), ['fault invalid-directory certificates[0].acme.directory']],
  ['http-01 without a plain listener', order('hosts: [a.example]', listener('tls: {}')), ['fault challenge-unreachable certificates[0].acme.challenge']],
  ['tls-alpn-01 without TLS', order('hosts: [a.example], challenge: tls-alpn-01', '{ id: plain, port: 80 }'), ['warning unused-certificate certificates[0]', 'fault challenge-unreachable certificates[0].acme.challenge']],
  ['options of TLS for a plain upstream', 'upstreams: [{ id: u, targets: ["http://u"], tls: { verify: false } }]\napis: [{ id: a, upstream: u }]\n', ['warning unused-option upstreams[0].tls']],
  ['an upstream that nobody checks', 'upstreams: [{ id: u, targets: ["https://u"], tls: { verify: false } }]\napis: [{ id: a, upstream: u }]\n', ['warning tls-unverified upstreams[0].tls.verify']],
  ['a server name that is none', 'upstreams: [{ id: u, targets: ["https://u"], tls: { serverName: "a b" } }]\napis: [{ id: a, upstream: u }]\n', ['fault invalid-host upstreams[0].tls.serverName']],
  ['HTTP/2 over TLS without it', 'upstreams: [{ id: u, targets: ["http://u"], protocol: h2 }]\napis: [{ id: a, upstream: u }]\n', ['fault protocol-mismatch upstreams[0].targets[0]']],
  ['HTTP/2 without TLS over it', 'upstreams: [{ id: u, targets: ["https://u"], protocol: h2c }]\napis: [{ id: a, upstream: u }]\n', ['fault protocol-mismatch upstreams[0].targets[0]']],
]

describe('what a file says about TLS', () => {
  for (const [name, text, expected] of ROWS) {
    it(`${name}: ${expected.join(', ') || 'is sound'}`, () => assert.deepEqual(tell(text), expected))
  }

  it('has its defaults, and hosts have what their listener has', () => {
    const { draft } = resolveText(
      `gatewright: 1\n${withTls(`profile: modern, ${MUTUAL} }, hosts: [{ names: [a.example] }, { names: [b.example], profile: compatible, ${MUTUAL}, depth: 0 } }]`, ', hsts: true')}`,
      { others: OTHERS },
    )
    const [{ tls, hsts } = {}] = draft.listeners
    assert.equal(tls?.hosts[0]?.clientCertificates, tls?.clientCertificates)
    assert.deepEqual(
      tls?.hosts.map(({ profile, clientCertificates }) => [profile, clientCertificates?.depth]),
      [
        ['modern', 2],
        ['compatible', 0],
      ],
    )
    assert.equal(tls?.clientCertificates?.ca.path, '/etc/gw/ca.pem')
    assert.match(tls?.clientCertificates?.ca.sha256 ?? '', /^[0-9a-f]{64}$/)
    assert.deepEqual(hsts, { maxAgeSeconds: 31_536_000, includeSubDomains: false, preload: false })
  })

  it('has texts in no model, and another model for another text', () => {
    const draftOf = (ca: string) =>
      resolveText(`gatewright: 1\n${withTls(`${MUTUAL} }`)}`, { others: { '/etc/gw/ca.pem': ca } }).draft.listeners
    assert.doesNotMatch(JSON.stringify(draftOf('a secret')), /a secret/)
    assert.notDeepEqual(draftOf('one'), draftOf('two'))
  })
})

describe('a certificate that may come from elsewhere', () => {
  const rate = (text: string, ...former: string[]): string[] => {
    const { draft, sources } = resolveText(`gatewright: 1\n${text}`, { others: OTHERS })
    const findings = validate(draft, TEST_CATALOGUE, { sources, formerCertificates: new Set(former) })
    return findings.map(({ severity, code }) => `${severity} ${code}`)
  }
  const bare = (tls: string) => `listeners: [${listener(`tls: { ${tls} }`)}]\n${API}`

  it('is waited for where it never was there, and missed where it was', () => {
    assert.deepEqual(rate(bare('')), ['warning no-certificate'])
    assert.deepEqual(rate(bare(''), 'prod.shop'), ['fault no-certificate'])
    assert.deepEqual(rate(bare('certificates: [prod.shop]')), ['warning unknown-certificate'])
    assert.deepEqual(rate(bare('certificates: [prod.shop]'), 'prod.other'), ['warning unknown-certificate'])
    assert.deepEqual(rate(bare('certificates: [prod.shop]'), 'prod.shop'), ['fault unknown-certificate'])
  })
})

const apiOf = (...hosts: string[]) =>
  `apis: [{ id: a, upstream: "http://u"${hosts.length === 0 ? '' : `, hosts: [${hosts.join(', ')}]`} }]\n`
const withHosts = (...names: string[]) =>
  `${MAIN}listeners: [${listener(`tls: { hosts: [{ names: [${names.join(', ')}], ${MUTUAL} } }] }`)}]\n`
const redirecting = (redirect: string, port = 8443) =>
  `${MAIN}listeners: [{ id: plain, port: 80, redirectToHttps: ${redirect} }, ${listener('tls: {}', 'l', port)}]\n${API}`
const NAME = 'listeners[0].tls.hosts[0].names[0]'

// biome-ignore format: a table, one row a line
const LACKS: readonly [string, string, readonly string[]][] = [
  ['demands for a host of an API', withHosts('A.example') + apiOf('a.example'), []],
  ['demands for a name that is misspelt', withHosts('partnerz.example') + apiOf('partners.example'), [`unserved-host ${NAME}: Did you mean "partners.example"?`]],
  ['demands for a name that no API has', withHosts('other.test') + apiOf('a.example'), [`unserved-host ${NAME}: Write a host of an API, or remove it.`]],
  ['demands for any host below', withHosts('"*.example"') + apiOf('a.example'), []],
  ['demands for a host of an API with a wildcard', withHosts('a.example') + apiOf('"*.example"'), []],
  ['demands where an API answers to every name', withHosts('a.example') + apiOf(), []],
  ['a redirect to a port without TLS', redirecting('true'), ['redirect-to-nobody listeners[0].redirectToHttps: Write `redirectToHttps: { port: 8443 }`, or `{ port: 443 }` where something in front brings it to port 8443.']],
  ['a redirect to a port that is said', redirecting('{ port: 443 }'), []],
  ['a redirect to HTTPS', redirecting('true', 443), []],
  ['a redirect to TLS of others', `listeners: [{ id: plain, port: 80, redirectToHttps: true }]\n${API}`, []],
  ['a certificate that nobody is asked for', `${withTls('')}policies: [{ policy: needs-certificates }]\n`, ['nobody-asks-for-certificates policies[0]: Add `tls: { clientCertificates: { ca: ./ca.pem } }` to a listener, or to one of its `tls.hosts`.']],
  ['a certificate that a listener asks for', `${withTls(`${MUTUAL} }`)}policies: [{ policy: needs-certificates }]\n`, []],
  ['a certificate that a host asks for', `${withHosts('a.example')}${API}policies: [{ policy: needs-certificates }]\n`, []],
]

describe('what a whole file lacks of TLS', () => {
  for (const [name, text, expected] of LACKS) {
    it(`${name}: ${expected.map((each) => each.split(' ')[0]).join(', ') || 'nothing'}`, () =>
      assert.deepEqual(tellLacks(text), expected))
  }
})

describe('a policy that needs HTTP/2', () => {
  const upstream = (keys: string) =>
    `upstreams: [{ id: u, ${keys} }]\napis: [{ id: a, upstream: u, policies: [{ policy: needs-http2 }] }]\n`

  it('is warned of before an upstream of HTTP/1.1', () => {
    assert.deepEqual(tell(upstream('targets: ["http://u"]')), ['warning upstream-without-http2 apis[0].policies[0]'])
    for (const protocol of ['h2', 'auto']) {
      assert.deepEqual(tell(upstream(`protocol: ${protocol}, targets: ["https://u"]`)), [])
    }
  })
})
