/** Owns the proof that clients are served over TLS as they should be: by name, through renewals, by tickets, with certificates of their own. */
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { type AddressInfo, connect as connectPlain } from 'node:net'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { ConnectionOptions } from 'node:tls'
import { isDeepStrictEqual } from 'node:util'
import { WebSocket, WebSocketServer } from 'ws'
import type { IssuedCertificate, TestAuthority } from '../packages/gateway/src/certificates/test-authority.fixture.ts'
import { findFreePort } from '../packages/policies/src/testing/free-ports.ts'
import { type Answer, findField, findProblemCode } from './harness/answer.ts'
import { until, within } from './harness/deadline.ts'
import { type RunningGateway, startGateway } from './harness/gateway.ts'
import { get } from './harness/raw-client.ts'
import { listenAsWitness, parseTestimony, type RawUpstream } from './harness/raw-upstream.ts'
import { askOnce, CertificateFolder, refusalOf, TlsClient } from './harness/tls-stage.ts'

const MANY = 100

const printOf = ({ certPem }: IssuedCertificate) => new X509Certificate(certPem).fingerprint256
const asClient = ({ certPem, keyPem }: IssuedCertificate): ConnectionOptions => ({ cert: certPem, key: keyPem })
const fieldsOf = (answer: Answer) => parseTestimony(findField(answer, 'x-saw') ?? '').fields
const upstreamField = (answer: Answer, name: string) =>
  fieldsOf(answer)
    .filter(([each]) => each.toLowerCase() === name)
    .map(([, value]) => value)

describe('TLS to clients', () => {
  let folder: CertificateFolder
  let upstream: RawUpstream
  let echo: WebSocketServer
  let gateway: RunningGateway
  let plainPort = 0
  let proxiedPort = 0
  let port = 0
  let billing: IssuedCertificate
  let other: IssuedCertificate
  let between: TestAuthority

  const configure = ({ crl = '' } = {}) => `gatewright: 1
listeners:
  - id: public
    host: 127.0.0.1
    port: 8443
    hsts: true
    tls:
      defaultCertificate: main
      hosts:
        - names: [mutual.example]
          clientCertificates: { ca: ${folder.authority.cert}${crl && `, crl: ${crl}`} }
        - { names: [between.example], clientCertificates: { ca: ${between.cert}, depth: 0 } }
        - { names: [asked.example], clientCertificates: { mode: request, ca: ${folder.authority.cert} } }
        - { names: [ruled.example], clientCertificates: { ca: ${folder.authority.cert}, allow: [{ subject: { O: "Acme, Inc." } }] } }
        - { names: [modern.example], profile: modern }
  - { id: plain, host: 127.0.0.1, port: ${plainPort}, redirectToHttps: { port: 8443 } }
  - { id: proxied, host: 127.0.0.1, port: ${proxiedPort}, proxyProtocol: true, trustedProxies: [127.0.0.1], tls: { certificates: [main] } }
certificates:
  - { id: main, cert: ${folder.authority.folder}/main.crt, key: ${folder.authority.folder}/main.key }
  - { id: many, folder: ${folder.path} }
accessLog: { file: ./access.log }
apis:
  - id: socket
    basePath: /socket
    upstream: "http://127.0.0.1:${(echo.address() as AddressInfo).port}"
    routes: [{ id: rest, path: "/{rest+}" }]
  - id: all
    basePath: /
    upstream: ${upstream.url}
    policies:
      - { policy: forward-client-certificate }
      - policy: respond
        when: client.certificate != null && client.certificate.commonName == "cel"
        options: { status: 299 }
    routes: [{ id: root, path: / }, { id: rest, path: "/{rest+}" }]
`

  before(async () => {
    folder = new CertificateFolder()
    between = folder.authority.createIntermediate()
    const main = folder.issue({
      names: ['localhost', 'mutual.example', 'asked.example', 'ruled.example', 'modern.example', 'between.example'],
    })
    writeFileSync(join(folder.authority.folder, 'main.crt'), main.certPem)
    writeFileSync(join(folder.authority.folder, 'main.key'), main.keyPem)
    folder.showMany(MANY)
    folder.show('wild', folder.issue({ names: ['*.wild.example'] }))
    folder.show('exact', folder.issue({ names: ['exact.wild.example'] }))
    billing = folder.issue({ names: ['billing'], subject: '/CN=billing/O=Acme, Inc.' })
    other = folder.issue({ names: ['other'] })
    upstream = await listenAsWitness()
    echo = new WebSocketServer({ port: 0, host: '127.0.0.1' })
    echo.on('connection', (socket) => socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary })))
    await once(echo, 'listening')
    plainPort = await findFreePort()
    proxiedPort = await findFreePort()
    gateway = await startGateway({ yaml: configure(), threads: 2 })
    port = gateway.port
  })
  after(async () => {
    for (const socket of echo?.clients ?? []) socket.terminate()
    echo?.close()
    await gateway?.stop()
    await upstream?.close()
    folder?.remove()
  })

  it('shows the certificate of the name that is said, of hundreds, an exact one before a wildcard', async () => {
    const shownFor = async (name: string) => {
      const client = await TlsClient.connect(port, name)
      const { subjectaltname } = client.socket.getPeerCertificate()
      client.close()
      return subjectaltname
    }
    for (let at = 0; at < MANY; at += 9) assert.equal(await shownFor(`n${at}.example`), `DNS:n${at}.example`)
    assert.equal(await shownFor('N7.Example'), 'DNS:n7.example')
    assert.equal(await shownFor('exact.wild.example'), 'DNS:exact.wild.example')
    assert.equal(await shownFor('any.wild.example'), 'DNS:*.wild.example')
    assert.match((await shownFor('a.b.wild.example')) ?? '', /^DNS:localhost/)
    assert.match((await shownFor('')) ?? '', /^DNS:localhost/)
    const { answer } = await askOnce(port, 'n1.example')
    assert.equal(answer.status, 200)
    assert.deepEqual(upstreamField(answer, 'x-forwarded-proto'), ['https'])
    assert.equal(findField(answer, 'strict-transport-security'), 'max-age=31536000')
  })

  for (const [version, given] of [
    ['1.3', {}],
    ['1.2', { maxVersion: 'TLSv1.2' }],
  ] as const) {
    it(`resumes a session of TLS ${version} on every thread`, async () => {
      const client = await TlsClient.connect(port, 'n1.example', given)
      const gotSession = once(client.socket, 'session') as Promise<[Buffer]>
      const [session] = version === '1.3' ? await within(gotSession, 'a ticket') : [client.socket.getSession()]
      client.close()
      for (let at = 0; at < 16; at++) {
        const { answer, isResumed } = await askOnce(port, 'n1.example', { ...given, session: session! })
        assert.deepEqual([answer.status, isResumed], [200, true])
      }
    })

    it(`lets no ticket of TLS ${version} take the place of a certificate`, async () => {
      const client = await TlsClient.connect(port, 'n1.example', given)
      const gotSession = once(client.socket, 'session') as Promise<[Buffer]>
      const [session] = version === '1.3' ? await within(gotSession, 'a ticket') : [client.socket.getSession()]
      client.close()
      for (const name of ['mutual.example', 'ruled.example']) {
        const { answer, isResumed } = await askOnce(port, name, { ...given, session: session! })
        assert.deepEqual(
          [answer.status, findProblemCode(answer), isResumed],
          [403, 'client-certificate-missing', false],
        )
      }
    })

    it(`resumes nothing of TLS ${version} where a certificate is asked for`, async () => {
      const client = await TlsClient.connect(port, 'mutual.example', { ...given, ...asClient(billing) })
      const sessions: Buffer[] = []
      client.socket.on('session', (session: Buffer) => sessions.push(session))
      assert.equal((await client.ask()).status, 200)
      sessions.push(client.socket.getSession()!)
      client.close()
      for (const session of sessions) {
        const bare = await askOnce(port, 'mutual.example', { ...given, session })
        assert.deepEqual([bare.answer.status, bare.isResumed], [403, false])
        const whole = await askOnce(port, 'mutual.example', { ...given, session, ...asClient(billing) })
        assert.deepEqual([whole.answer.status, whole.isResumed], [200, false])
      }
    })
  }

  it('judges the certificates of clients, and tells of them to policies and the upstream', async () => {
    const missing = (await askOnce(port, 'mutual.example')).answer
    assert.deepEqual([missing.status, findProblemCode(missing)], [403, 'client-certificate-missing'])
    assert.equal(findField(missing, 'connection'), 'close')
    assert.equal(findField(missing, 'strict-transport-security'), 'max-age=31536000')
    const strange = new CertificateFolder()
    const stranger = strange.issue({ names: ['billing'], subject: '/CN=billing/O=Acme, Inc.' })
    strange.remove()
    for (const given of [asClient(stranger), asClient(folder.issue({ days: -1 }))]) {
      for (const name of ['mutual.example', 'asked.example']) {
        const { answer } = await askOnce(port, name, given)
        assert.deepEqual([answer.status, findProblemCode(answer)], [403, 'client-certificate-refused'])
      }
    }
    const { fingerprint256 } = new X509Certificate(stranger.certPem)
    const refused = {
      certificate: fingerprint256.replaceAll(':', '').toLowerCase(),
      subject: 'CN=billing,O=Acme\\, Inc.',
      reason: 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
    }
    await until(async () => {
      const records = (await readFile(join(gateway.folder, 'access.log'), 'utf8')).trim().split('\n')
      return (
        records.some((line) => isDeepStrictEqual({ ...JSON.parse(line), ...refused }, JSON.parse(line))) || undefined
      )
    }, 'the record of whom was refused')
    const statusOf = async (name: string, who: IssuedCertificate) =>
      (await askOnce(port, name, asClient(who))).answer.status
    assert.equal(await statusOf('ruled.example', billing), 200)
    assert.equal(await statusOf('ruled.example', other), 403)
    assert.equal(await statusOf('mutual.example', other), 200)
    assert.equal(await statusOf('asked.example', folder.issue({ subject: '/CN=cel' })), 299)
    const told = `:${new X509Certificate(billing.certPem).raw.toString('base64')}:`
    const client = await TlsClient.connect(port, 'mutual.example', asClient(billing))
    const fields = ['Client-Cert: :Zm9yZ2Vk:', 'Client-Cert-Chain: :Zm9yZ2Vk:', 'client_cert: :Zm9yZ2Vk:']
    for (let at = 0; at < 2; at++) {
      const answer = await client.ask('/', { fields })
      assert.deepEqual(upstreamField(answer, 'client-cert'), [told])
      assert.deepEqual(upstreamField(answer, 'client-cert-chain'), [])
    }
    client.close()
    const bare = await TlsClient.connect(port, 'asked.example')
    assert.deepEqual(upstreamField(await bare.ask('/', { fields }), 'client-cert'), [])
    bare.close()
  })

  it('trusts a CA that is no root, and no other, whatever the client shows of the way to its root', async () => {
    const root = folder.authority.certPem
    const answerFor = async ({ certPem, keyPem }: IssuedCertificate, shown = certPem) => {
      const { answer } = await askOnce(port, 'between.example', { cert: shown, key: keyPem })
      return `${answer.status} ${findProblemCode(answer)}`
    }
    const direct = between.issue({ names: ['direct'] })
    const leaf = direct.certPem.slice(0, direct.certPem.length - between.certPem.length)
    for (const shown of [leaf, direct.certPem, direct.certPem + root]) {
      assert.equal(await answerFor(direct, shown), '200 undefined')
    }
    const deeper = between.createIntermediate().issue({ names: ['deeper'] })
    for (const refused of [deeper, folder.authority.createIntermediate().issue(), billing]) {
      for (const shown of [refused.certPem, refused.certPem + root, refused.certPem + between.certPem]) {
        assert.equal(await answerFor(refused, shown), '403 client-certificate-refused')
      }
    }
  })

  it('answers 421 to a request whose host demands another connection', async () => {
    for (const [said, host] of [
      ['n1.example', 'mutual.example'],
      ['n1.example', 'MUTUAL.example.:443'],
      ['mutual.example', 'n1.example'],
      ['n1.example', 'modern.example'],
    ] as const) {
      const client = await TlsClient.connect(port, said, asClient(billing))
      const answer = await client.ask('/', { host })
      assert.deepEqual([answer.status, findProblemCode(answer)], [421, 'misdirected-request'], `${host} by ${said}`)
      assert.equal(await client.raw.end(), 'end')
      client.close()
    }
    const client = await TlsClient.connect(port, 'n1.example')
    assert.equal((await client.ask('/', { host: 'n2.example' })).status, 200)
    client.close()
  })

  it('sends who speaks without TLS on to it', async () => {
    const answer = await get(plainPort, '/a?b=c')
    assert.deepEqual([answer.status, findField(answer, 'location')], [308, 'https://a:8443/a?b=c'])
    assert.equal(findField(answer, 'strict-transport-security'), undefined)
  })

  it('reads the PROXY protocol before the hello, in one packet or two', async () => {
    const header = Buffer.from('\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\x02\x07\x0a\0\0\x01\x30\x39\0\x50', 'latin1')
    for (const isOne of [false, true]) {
      const socket = connectPlain({ port: proxiedPort, host: '127.0.0.1' })
      if (isOne) socket.cork()
      socket.write(header)
      const opening = TlsClient.connect(proxiedPort, 'localhost', { socket })
      if (isOne) setImmediate(() => socket.uncork())
      const client = await opening
      assert.deepEqual(upstreamField(await client.ask(), 'x-forwarded-for'), ['192.0.2.7'])
      client.close()
    }
  })

  it('shows a renewed certificate without a connection noticing, and the one before until both files are there', async () => {
    const first = folder.issue({ names: ['renewed.example'] })
    folder.show('renewed', first)
    const isShown = (issued: IssuedCertificate) =>
      until(async () => (await askOnce(port, 'renewed.example')).shown === printOf(issued) || undefined, 'the renewal')
    await isShown(first)
    const kept = await TlsClient.connect(port, 'renewed.example')
    assert.equal((await kept.ask()).status, 200)
    const tlsOptions: ConnectionOptions = { servername: 'renewed.example', rejectUnauthorized: false }
    const socket = new WebSocket(`wss://127.0.0.1:${port}/socket/a`, tlsOptions)
    await within(once(socket, 'open'), 'the WebSocket')

    const loadedAt = async () => (await gateway.snapshot())?.configuration.loadedAt
    for (const write of [
      (name: string, text: string) => void folder.place(name, text),
      (name: string, text: string) => writeFileSync(join(folder.path, name), text),
    ]) {
      const { shown } = await askOnce(port, 'renewed.example')
      const renewed = folder.issue({ names: ['renewed.example'] })
      const before = await loadedAt()
      write('renewed.crt', renewed.certPem)
      await until(async () => (await loadedAt()) !== before || undefined, 'half of it to be read')
      assert.equal((await askOnce(port, 'renewed.example')).shown, shown)
      write('renewed.key', renewed.keyPem)
      await isShown(renewed)
    }
    assert.equal((await kept.ask()).status, 200)
    const echoed = once(socket, 'message')
    socket.send('still there')
    assert.equal(String((await within(echoed, 'the echo'))[0]), 'still there')
    socket.terminate()
    kept.close()
  })

  it('shows what is put into a new folder, however late', async () => {
    const late = folder.issue({ names: ['late.example'] })
    const before = (await gateway.snapshot())?.configuration.loadedAt
    const inside = join(folder.path, 'late.example')
    mkdirSync(inside)
    await until(
      async () => (await gateway.snapshot())?.configuration.loadedAt !== before || undefined,
      'the empty folder',
    )
    writeFileSync(join(inside, 'privkey.pem'), late.keyPem)
    writeFileSync(join(inside, 'fullchain.pem'), late.certPem)
    const isShown = async () => (await askOnce(port, 'late.example')).shown === printOf(late) || undefined
    await until(isShown, 'the certificate')
  })

  it('refuses a client whose certificate a new list revokes', async () => {
    const revoked = folder.issue({ names: ['revoked'] })
    const asRevoked = asClient(revoked)
    const kept = await TlsClient.connect(port, 'mutual.example', asRevoked)
    assert.equal((await kept.ask()).status, 200)
    const crl = folder.place('.revoked.crl', folder.authority.revoke([revoked]))
    await gateway.rewrite(configure({ crl }))
    const answerOf = async (given: ConnectionOptions) => (await askOnce(port, 'mutual.example', given)).answer
    await until(async () => (await answerOf(asRevoked)).status === 403 || undefined, 'the list to count')
    for (let at = 0; at < 8; at++)
      assert.equal(findProblemCode(await answerOf(asRevoked)), 'client-certificate-refused')
    assert.equal((await answerOf(asClient(billing))).status, 200)
    // What was proven before the list is proven no more.
    assert.equal((await kept.ask()).status, 421)
    kept.close()
  })

  it('takes over what is renewed while the configuration is faulty: certificates, and what clients are judged by', async () => {
    const crl = folder.place('.faulty.crl', folder.authority.revoke([]))
    const faultOf = async () => (await gateway.snapshot())?.configuration.fault
    const before = (await gateway.snapshot())?.version
    await gateway.rewrite(configure({ crl }))
    await until(async () => (await gateway.snapshot())?.version !== before || undefined, 'the list')
    const renewMain = () => {
      const renewed = folder.issue({ names: ['localhost', 'mutual.example'] })
      // Outside the folder, and beside each other: the first of them alone is no pair.
      writeFileSync(join(folder.authority.folder, 'main.crt'), renewed.certPem)
      writeFileSync(join(folder.authority.folder, 'main.key'), renewed.keyPem)
      return renewed
    }
    const isShown = (name: string, issued: IssuedCertificate) =>
      until(async () => (await askOnce(port, name)).shown === printOf(issued) || undefined, `the renewal for ${name}`)
    const revoked = folder.issue({ names: ['revoked'] })
    const faults = [`${configure({ crl })}oops: 1`, ': no YAML [', configure({ crl }).replace('/main.key', '/none.key')]
    for (const faulty of faults) {
      await gateway.rewrite(faulty)
      await until(async () => ((await faultOf()) ?? undefined) && true, 'the fault')
      const renewed = folder.issue({ names: ['faulty.example'] })
      folder.show('faulty', renewed)
      await isShown('faulty.example', renewed)
      await isShown('localhost', renewMain())
    }
    const statusOf = async (who: IssuedCertificate) =>
      (await askOnce(port, 'mutual.example', asClient(who))).answer.status
    assert.equal(await statusOf(revoked), 200)
    folder.place('.faulty.crl', folder.authority.revoke([revoked]))
    await until(async () => (await statusOf(revoked)) === 403 || undefined, 'the list to count')
    assert.equal(await statusOf(billing), 200)
    assert.notEqual(await faultOf(), null)
  })

  it('shows a renewed certificate while another one cannot be used', async () => {
    await gateway.rewrite(configure())
    const faultOf = async () => (await gateway.snapshot())?.configuration.fault
    await until(async () => (await faultOf()) === null || undefined, 'the configuration to be mended')
    const { shown } = await askOnce(port, 'localhost')
    writeFileSync(join(folder.authority.folder, 'main.crt'), folder.issue({ names: ['localhost'] }).certPem)
    await until(async () => ((await faultOf()) ?? undefined) && true, 'the fault')
    const renewed = folder.issue({ names: ['faulty.example'] })
    folder.show('faulty', renewed)
    const isShown = async () => (await askOnce(port, 'faulty.example')).shown === printOf(renewed) || undefined
    await until(isShown, 'the renewal')
    assert.equal((await askOnce(port, 'localhost')).shown, shown)
    const { certPem, keyPem } = folder.issue({ names: ['localhost'] })
    writeFileSync(join(folder.authority.folder, 'main.crt'), certPem)
    writeFileSync(join(folder.authority.folder, 'main.key'), keyPem)
    await until(async () => (await faultOf()) === null || undefined, 'both files to be there')
  })

  it('refuses a name without a certificate where there is no default', async () => {
    await gateway.rewrite(configure().replace('defaultCertificate: main', 'profile: intermediate'))
    const isRefused = async () => /UNRECOGNIZED_NAME/.test(await refusalOf(port, 'unknown.example')) || undefined
    await until(isRefused, 'the alert (RFC 6066 §3)')
    assert.equal(await refusalOf(port, 'n1.example'), 'connected')
  })

  it('ends connections in order when it drains', async () => {
    const idle = await TlsClient.connect(port, 'n1.example')
    const used = await TlsClient.connect(port, 'n1.example')
    assert.equal((await used.ask()).status, 200)
    gateway.child.kill('SIGTERM')
    for (const client of [used, idle]) {
      assert.equal(await client.raw.end(), 'end')
      client.close()
    }
    assert.equal(await within(gateway.exited, 'the process to end'), 0)
  })
})
