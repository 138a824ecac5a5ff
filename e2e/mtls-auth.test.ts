/** Owns the proof that a real gateway knows who shows a certificate, tells the upstream, and lets only some of them change something. */
import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import type { IssuedCertificate } from '../packages/gateway/src/certificates/test-authority.fixture.ts'
import { type Answer, findField, findProblemCode } from './harness/answer.ts'
import { parseTestimony } from './harness/raw-upstream.ts'
import { stageGateway } from './harness/stage.ts'
import { CertificateFolder, TlsClient } from './harness/tls-stage.ts'

const ID = 'URI:spiffe://acme.example/ns/prod/sa'

const seenBy = (answer: Answer, name: string): string | undefined =>
  parseTestimony(findField(answer, 'x-saw') ?? '').fields.find(([each]) => each.toLowerCase() === name)?.[1]

describe('mtls-auth', () => {
  const certificates = new CertificateFolder()
  after(() => certificates.remove())
  const billing = certificates.issue({ subject: '/CN=billing', names: [`${ID}/billing`] })
  const stage = stageGateway((url) => {
    certificates.show('main', certificates.issue({ names: ['localhost', 'api.example'] }))
    return {
      threads: 2,
      yaml: `gatewright: 1
accessLog: off
listeners:
  - id: public
    host: 127.0.0.1
    port: 8443
    tls: { certificates: [main], clientCertificates: { mode: request, ca: ${certificates.authority.cert} } }
certificates: [{ id: main, cert: ${certificates.path}/main.crt, key: ${certificates.path}/main.key }]
apis:
  - id: mutual
    basePath: /mutual
    upstream: ${url}
    policies:
      - policy: mtls-auth
        options:
          by: san-uri
          allow: ["spiffe://acme.example/ns/prod/**"]
          issuers: [{ CN: Test Root }]
          toUpstream: { id: X-Caller, claims: { "cnf.x5t#S256": X-Thumbprint } }
      - { policy: access, when: 'request.method != "GET"', options: { claims: { commonName: [billing, ops] } } }
    routes: [{ id: rest, path: "/{rest+}" }]
`,
    }
  })

  /** On a connection of its own, which lands on either thread. */
  async function ask(as?: IssuedCertificate, { method = 'GET', fields = [] as readonly string[] } = {}) {
    const given = as === undefined ? {} : { cert: as.certPem, key: as.keyPem }
    const client = await TlsClient.connect(stage.gateway.port, 'api.example', given)
    try {
      return await client.ask('/mutual/a', { method, fields })
    } finally {
      client.close()
    }
  }
  const say = async (as?: IssuedCertificate, method = 'GET'): Promise<string> => {
    const answer = await ask(as, { method })
    return `${answer.status} ${findProblemCode(answer) ?? 'passes'}`
  }

  it('knows a workload by the id in its certificate, and tells the upstream', async () => {
    const answer = await ask(billing, { fields: ['X-Caller: root', 'X_Caller: root'] })
    assert.equal(answer.status, 200)
    assert.equal(seenBy(answer, 'x-caller'), 'spiffe://acme.example/ns/prod/sa/billing')
    assert.match(seenBy(answer, 'x-thumbprint') ?? '', /^[\w-]{43}$/)
  })

  it('refuses those whom nobody allowed, with a certificate of the same CA or without one', async () => {
    const evil = 'URI:spiffe://evil.example/ns/prod/sa/billing'
    const stranger = certificates.issue({ subject: '/CN=stranger', names: [evil] })
    const double = certificates.issue({ subject: '/CN=double', names: [`${ID}/billing`, `${ID}/admin`] })
    assert.equal(await say(), '403 client-certificate-missing')
    assert.equal(await say(stranger), '403 client-certificate-refused')
    assert.equal(await say(double), '403 client-certificate-refused')
  })

  it('lets only some of them change something', async () => {
    const reader = certificates.issue({ subject: '/CN=reader', names: [`${ID}/reader`] })
    assert.equal(await say(billing, 'DELETE'), '200 passes')
    assert.equal(await say(reader), '200 passes')
    assert.equal(await say(reader, 'DELETE'), '403 access-denied')
  })
})
