/** Owns the proof that clients are shown what the CA says of a certificate's revocation, and only what counts; and that the CA is left alone otherwise. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { connect, type SecureVersion } from 'node:tls'
import { fileURLToPath } from 'node:url'
import { type IssuedCertificate, TestAuthority } from '../packages/gateway/src/certificates/test-authority.fixture.ts'
import { TestResponder } from '../packages/gateway/src/ocsp/test-responder.fixture.ts'
import { findFreePort } from '../packages/policies/src/testing/free-ports.ts'
import { until, within } from './harness/deadline.ts'
import { type RunningGateway, startGateway } from './harness/gateway.ts'
import { parseLoaded, TELL_MODULES } from './harness/loaded-modules.ts'
import { RawClient } from './harness/raw-client.ts'

const EXTENSION = fileURLToPath(new URL('extensions/end-thread.ts', import.meta.url))
/** Enough that every thread took some of them. */
const MANY = 24

interface Given {
  readonly version?: SecureVersion
  readonly requestOCSP?: boolean
}

describe('OCSP stapling', () => {
  let root: TestAuthority
  let authority: TestAuthority
  let responder: TestResponder
  let gateway: RunningGateway
  let tls = 0
  const certificates = new Map<string, IssuedCertificate>()
  const responders = new Map<string, TestResponder>()

  /** What is shown beside the certificate, in DER. */
  async function findStaple(servername: string, { version = 'TLSv1.3', requestOCSP = true }: Given = {}) {
    const versions = { minVersion: version, maxVersion: version }
    const socket = connect({
      ...{ host: '127.0.0.1', port: tls, servername, requestOCSP, rejectUnauthorized: false },
      ...versions,
    })
    let staple: Buffer | undefined
    socket.on('OCSPResponse', (der: Buffer | null) => {
      staple = der ?? undefined
    })
    await within(once(socket, 'secureConnect'), `a handshake for ${servername}`)
    assert.match(socket.getPeerCertificate().subjectaltname ?? '', new RegExp(servername))
    socket.destroy()
    return staple
  }

  async function countStaples(servername: string): Promise<number> {
    const found = await Promise.all(Array.from({ length: MANY }, () => findStaple(servername)))
    return found.filter((staple) => staple !== undefined).length
  }

  const awaitStaples = (servername: string) =>
    until(async () => (await countStaples(servername)) === MANY || undefined, `staples of ${servername} on all threads`)

  const awaitWords = (words: RegExp) => until(() => words.test(gateway.stderr) || undefined, `the log to say ${words}`)

  const configure = ({ more = '' } = {}) => `gatewright: 1
listeners:
  - { id: plain, host: 127.0.0.1, port: 8080 }
  - { id: public, host: 127.0.0.1, port: ${tls}, tls: {} }
certificates:
${[...certificates.keys()].map((name) => `  - { id: ${name}, cert: ${root.folder}/${name}.crt, key: ${root.folder}/${name}.key${name === 'unwanted' ? ', ocsp: false' : ''} }\n`).join('')}
accessLog: off
extensions: ["${EXTENSION}"]
apis:
  - id: all
    basePath: /
    upstream: "http://127.0.0.1:1"
    routes:
      - { id: exit, path: /exit, policies: [{ policy: end-thread, options: {} }] }
      - { id: rest, path: "/{rest+}" }
${more}`

  function place(name: string, issued: IssuedCertificate): void {
    certificates.set(name, issued)
    writeFileSync(join(root.folder, `${name}.key`), issued.keyPem)
    writeFileSync(join(root.folder, `${name}.crt`), issued.certPem)
  }

  /** With a certificate of its name. */
  async function addResponder(name: string, act?: TestResponder['act']): Promise<TestResponder> {
    const added = await TestResponder.listen(authority)
    responders.set(name, added)
    added.act = act
    place(name, added.issue({ names: [`${name}.example`] }))
    return added
  }

  before(async () => {
    root = TestAuthority.create()
    authority = root.createIntermediate()
    responder = await addResponder('shop')
    place('revoked', responder.issue({ names: ['revoked.example'] }))
    responder.set(certificates.get('revoked') as IssuedCertificate, 'revoked')
    await addResponder('unwanted')
    await addResponder('silent', () => {})
    await addResponder('huge', (answer) => answer.end(Buffer.alloc(1_048_576)))
    await addResponder('garbage', (answer) => answer.end('<html>'))
    const stranger = await addResponder('stranger')
    stranger.options = { signer: authority.issue({ names: ['no responder'] }), args: ['-nmin', '60'] }
    tls = await findFreePort()
    gateway = await startGateway({
      yaml: configure(),
      threads: 2,
      env: { NODE_OPTIONS: `--import=${TELL_MODULES}` },
    })
  })
  after(async () => {
    await gateway?.stop()
    for (const each of responders.values()) await each.close()
    root?.remove()
  })

  it('shows who asks for it what OpenSSL takes, in both versions of TLS, and nobody else', async () => {
    await awaitStaples('shop.example')
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      const staple = await findStaple('shop.example', { version })
      assert.ok(staple, version)
      const paths = ['staple.der', 'shop.crt', 'between.pem'].map((name) => join(root.folder, name))
      const [der = '', cert = '', between = ''] = paths
      writeFileSync(der, staple)
      writeFileSync(between, authority.certPem)
      const args = ['ocsp', '-respin', der, '-issuer', between, '-cert', cert, '-CAfile', root.cert, '-no_nonce']
      assert.match(execFileSync('openssl', args, { encoding: 'utf8', stdio: 'pipe' }), /shop\.crt: good/)
      assert.equal(await findStaple('shop.example', { version, requestOCSP: false }), undefined)
    }
  })

  it('loads what reads and writes DER on the service thread alone', async () => {
    await awaitStaples('shop.example')
    const threadsOf = (part: string) =>
      new Set(
        parseLoaded(gateway.stderr)
          .filter(({ url }) => url.includes(part))
          .map(({ thread }) => thread),
      )
    const service = threadsOf('/threads/service-thread.')
    assert.equal(service.size, 1)
    assert.deepEqual(threadsOf('/node_modules/@peculiar/'), service)
  })

  it('says that a certificate is revoked, and staples nothing to it', async () => {
    await awaitWords(/a certificate is revoked, and is still shown: replace it/)
    const metric = (name: string) => gateway.metric(`gatewright_certificates_revoked{certificate="${name}"}`)
    await until(async () => (await metric('revoked')) === 1 || undefined, 'the metric')
    assert.equal(await metric('shop'), 0)
    assert.match((await gateway.status('readyz'))?.text ?? '', /^ready, but a certificate of "revoked" is revoked\n$/)
    assert.equal(await countStaples('revoked.example'), 0)
  })

  it('tells in the metrics until when a staple counts, and which is missing', async () => {
    await awaitStaples('shop.example')
    const metric = (name: string) =>
      gateway.metric(`gatewright_ocsp_staple_expiry_timestamp_seconds{certificate="${name}"}`)
    assert.ok((await metric('shop')) > Date.now() / 1000)
    assert.equal(await metric('garbage'), 0)
    await assert.rejects(metric('unwanted'))
  })

  it('staples nothing that cannot be believed, and serves all the same', async () => {
    await awaitWords(/the answer is no OCSP response/)
    await awaitWords(/the responder answers with more than 64 KiB/)
    await awaitWords(/who signed the answer may not speak for the issuer/)
    await until(() => responders.get('silent')?.asked || undefined, 'the question')
    for (const name of ['garbage', 'huge', 'stranger', 'silent', 'unwanted']) {
      assert.equal(await countStaples(`${name}.example`), 0, name)
    }
    assert.equal(responders.get('unwanted')?.asked, 0, 'nobody wants to know')
  })

  it('keeps staples through reloads and deaths of threads without asking again, and asks about a new certificate', async () => {
    await awaitStaples('shop.example')
    const { asked } = responder
    const { version = 0 } = (await gateway.snapshot()) ?? {}
    await gateway.rewrite(configure({ more: '  - { id: more, basePath: /more, upstream: "http://127.0.0.1:1" }\n' }))
    await until(async () => ((await gateway.snapshot())?.version ?? 0) > version || undefined, 'the reload')
    assert.equal(await countStaples('shop.example'), MANY)
    const client = await RawClient.connect(gateway.port)
    await client.write('GET /exit HTTP/1.1\r\nHost: a\r\n\r\n')
    assert.equal(await client.nextAnswer(), undefined, 'the thread answered')
    client.close()
    await until(async () => {
      const { threads = [] } = (await gateway.snapshot()) ?? {}
      return (/a data thread ended/.test(gateway.stderr) && threads.every(({ version }) => version > 0)) || undefined
    }, 'every thread to serve again')
    assert.equal(await countStaples('shop.example'), MANY)
    assert.equal(responder.asked, asked, 'nobody was asked')
    const before = await findStaple('shop.example')
    place('shop', responder.issue({ names: ['shop.example'] }))
    await until(() => responder.asked > asked || undefined, 'a question about the new one')
    await until(async () => {
      const staple = await findStaple('shop.example')
      return (staple !== undefined && before !== undefined && !staple.equals(before)) || undefined
    }, 'its staple')
    await awaitStaples('shop.example')
    assert.equal(responder.asked, asked + 1)
  })
})
