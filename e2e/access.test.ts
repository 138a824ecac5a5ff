/** Owns the proof that a real gateway knows who shows a certificate, who may do what, and which pages may change something. */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { IssuedCertificate } from '../packages/gateway/src/certificates/test-authority.fixture.ts'
import { type Answer, findField, findProblemCode } from './harness/answer.ts'
import { until, within } from './harness/deadline.ts'
import { type RunningGateway, startGateway } from './harness/gateway.ts'
import { findFreePort } from './harness/ports.ts'
import { RawClient } from './harness/raw-client.ts'
import { listenAsWitness, parseTestimony, type RawUpstream } from './harness/raw-upstream.ts'
import { CertificateFolder, TlsClient } from './harness/tls-stage.ts'

const RULES = join(import.meta.dirname, '../packages/policies/src/opa/cases')

const seenBy = (answer: Answer, name: string): string | undefined =>
  parseTestimony(findField(answer, 'x-saw') ?? '').fields.find(([each]) => each.toLowerCase() === name)?.[1]

describe('access by certificates and rules', () => {
  let folder: string
  let certificates: CertificateFolder
  let upstream: RawUpstream
  let gateway: RunningGateway
  let billing: IssuedCertificate
  let stranger: IssuedCertificate
  let double: IssuedCertificate

  const configure = () => `gatewright: 1
accessLog: off
listeners:
  - id: public
    host: 127.0.0.1
    port: 8443
    tls: { certificates: [main], clientCertificates: { mode: request, ca: ${certificates.authority.cert} } }
certificates: [{ id: main, cert: ./main.crt, key: ./main.key }]
apis:
  - id: mutual
    basePath: /mutual
    upstream: ${upstream.url}
    policies:
      - policy: mtls-auth
        options:
          by: san-uri
          allow: ["spiffe://acme.example/ns/prod/**"]
          issuers: [{ CN: Test Root }]
          toUpstream: { id: X-Caller, claims: { "cnf.x5t#S256": X-Thumbprint } }
      - { policy: access, when: 'request.method != "GET"', options: { claims: { commonName: [billing, ops] } } }
    routes: [{ id: rest, path: "/{rest+}" }]
  - id: ruled
    basePath: /ruled
    upstream: ${upstream.url}
    policies:
      - { policy: mtls-auth, options: { by: subject-cn, anonymous: true } }
      - { policy: opa, options: { rules: { file: ./rules.tar.gz, entrypoint: gatewright/test/decision }, upstreamFields: [X-Tenant] } }
    routes: [{ id: rest, path: "/{rest+}" }]
  - id: open
    basePath: /public
    upstream: ${upstream.url}
    policies: [{ policy: opa, options: { rules: { file: ./rules.tar.gz, entrypoint: gatewright/test/allow } } }]
    routes: [{ id: rest, path: "/{rest+}" }]
  - id: forms
    basePath: /forms
    upstream: ${upstream.url}
    policies:
      - { policy: csrf, options: { cookies: [sid], token: { secret: thirty-two-characters-of-a-secret, session: sid } } }
    routes: [{ id: rest, path: "/{rest+}" }]
`

  before(async () => {
    certificates = new CertificateFolder()
    upstream = await listenAsWitness()
    folder = mkdtempSync(join(tmpdir(), 'gatewright-access-'))
    copyFileSync(join(RULES, 'rules.tar.gz'), join(folder, 'rules.tar.gz'))
    const main = certificates.issue({ names: ['localhost', 'api.example'] })
    writeFileSync(join(folder, 'main.crt'), main.certPem)
    writeFileSync(join(folder, 'main.key'), main.keyPem)
    const id = 'URI:spiffe://acme.example/ns/prod/sa'
    billing = certificates.issue({ subject: '/CN=billing', names: [`${id}/billing`] })
    stranger = certificates.issue({ subject: '/CN=stranger', names: ['URI:spiffe://evil.example/ns/prod/sa/billing'] })
    double = certificates.issue({ subject: '/CN=double', names: [`${id}/billing`, `${id}/admin`] })
    writeFileSync(join(folder, 'gatewright.yaml'), configure())
    gateway = await startGateway({ yaml: '', config: join(folder, 'gatewright.yaml'), threads: 2 })
  })
  after(async () => {
    await gateway?.stop()
    await upstream?.close()
    certificates?.remove()
    rmSync(folder, { recursive: true, force: true })
  })

  /** On a connection of its own, which lands on either thread. */
  async function ask(line: string, { as, fields = [] }: { as?: IssuedCertificate; fields?: readonly string[] } = {}) {
    const given = as === undefined ? {} : { cert: as.certPem, key: as.keyPem }
    const client = await TlsClient.connect(gateway.port, 'api.example', given)
    try {
      await client.raw.write([`${line} HTTP/1.1`, 'Host: api.example', ...fields, '', ''].join('\r\n'))
      return await client.raw.getAnswer()
    } finally {
      client.close()
    }
  }
  const say = (answer: Answer): string => `${answer.status} ${findProblemCode(answer) ?? 'passes'}`

  it('knows a workload by the id in its certificate, and tells the upstream', async () => {
    const fields = ['X-Caller: root', 'X_Caller: root']
    const answer = await ask('GET /mutual/a', { as: billing, fields })
    assert.equal(answer.status, 200)
    assert.equal(seenBy(answer, 'x-caller'), 'spiffe://acme.example/ns/prod/sa/billing')
    assert.match(seenBy(answer, 'x-thumbprint') ?? '', /^[\w-]{43}$/)
  })

  it('refuses those whom nobody allowed, with a certificate of the same CA or without one', async () => {
    assert.equal(say(await ask('GET /mutual/a')), '403 client-certificate-missing')
    assert.equal(say(await ask('GET /mutual/a', { as: stranger })), '403 client-certificate-refused')
    assert.equal(say(await ask('GET /mutual/a', { as: double })), '403 client-certificate-refused')
  })

  it('lets only some of them change something', async () => {
    const ops = certificates.issue({ subject: '/CN=reader', names: ['URI:spiffe://acme.example/ns/prod/sa/reader'] })
    assert.equal(say(await ask('DELETE /mutual/a', { as: billing })), '200 passes')
    assert.equal(say(await ask('GET /mutual/a', { as: ops })), '200 passes')
    assert.equal(say(await ask('DELETE /mutual/a', { as: ops })), '403 access-denied')
  })

  it('decides by compiled rules of OPA, on every thread', async () => {
    for (let at = 0; at < 8; at++) {
      assert.equal(say(await ask('GET /public/x')), '200 passes')
      assert.equal(say(await ask('DELETE /public/x')), '403 access-denied')
      assert.equal(say(await ask('GET /ruled/x', { as: billing })), '403 access-denied')
    }
  })

  it('takes a request that changes something from its own pages, with a token of the session', async () => {
    const cookie = 'Cookie: sid=1'
    const page = await ask('GET /forms/a', { fields: [cookie] })
    const token = /^__Host-csrf-token=([^;]+);/.exec(findField(page, 'set-cookie') ?? '')?.[1] ?? assert.fail()
    const own = ['Origin: https://api.example', `Cookie: sid=1; __Host-csrf-token=${token}`]
    assert.equal(say(await ask('POST /forms/a', { fields: [...own, `X-CSRF-Token: ${token}`] })), '200 passes')
    assert.equal(say(await ask('POST /forms/a', { fields: own })), '403 csrf-token-invalid')
    const evil = ['Origin: https://api.example.evil.test', own[1] ?? '', `X-CSRF-Token: ${token}`]
    assert.equal(say(await ask('POST /forms/a', { fields: evil })), '403 origin-denied')
    assert.equal(say(await ask('POST /forms/a', { fields: [cookie] })), '403 origin-denied')
    assert.equal(say(await ask('GET /forms/a?_method=DELETE', { fields: [cookie] })), '403 origin-denied')
    assert.equal(say(await ask('POST /forms/a')), '200 passes')
  })
})

/** No package brings it: whoever has the command runs this too. */
const OPA = process.env.OPA ?? 'opa'
const hasOpa = spawnSync(OPA, ['version']).status === 0

describe('a real server of OPA', { skip: !hasOpa && 'there is no command `opa`' }, () => {
  it('decides, and lets nobody pass where it fails or is gone', async (test) => {
    const opaPort = await findFreePort()
    const args = [
      'run',
      '--server',
      '--addr',
      `127.0.0.1:${opaPort}`,
      join(RULES, 'rules.rego'),
      join(RULES, 'data.json'),
    ]
    const server = spawn(OPA, args, { stdio: 'ignore' })
    test.after(() => server.kill('SIGKILL'))
    const upstream = await listenAsWitness()
    test.after(() => upstream.close())
    await until(
      () =>
        fetch(`http://127.0.0.1:${opaPort}/health`).then(
          ({ ok }) => ok || undefined,
          () => undefined,
        ),
      'OPA',
    )
    const api = (rule: string) => `
  - id: ${rule}
    basePath: /${rule}
    stripBasePath: false
    upstream: ${upstream.url}
    policies: [{ policy: opa, options: { rules: { url: "http://127.0.0.1:${opaPort}", path: gatewright/test/${rule} } } }]
    routes: [{ id: rest, path: "/{rest+}" }]`
    const yaml = `gatewright: 1\naccessLog: off\napis:${['allow', 'decision', 'listed', 'none'].map(api).join('')}\n`
    const gateway = await startGateway({ yaml })
    test.after(() => gateway.stop())
    const ask = async (target: string): Promise<string> => {
      const client = await RawClient.connect(gateway.port)
      await client.write(`GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`)
      const answer = await client.getAnswer()
      client.close()
      return `${answer.status} ${findProblemCode(answer) ?? 'passes'}`
    }
    assert.equal(await ask('/listed/a'), '200 passes')
    assert.equal(await ask('/allow/a'), '403 access-denied')
    assert.equal(await ask('/decision/a'), '403 access-denied')
    assert.equal(await ask('/none/a'), '403 access-denied')
    assert.equal(await ask('/listed/a'), '200 passes')
    server.kill('SIGKILL')
    await within(new Promise((resolve) => server.once('exit', resolve)), 'OPA to end')
    assert.equal(await ask('/listed/a'), '503 verifier-unavailable')
  })
})
