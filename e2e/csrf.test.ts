/** Owns the proof that a real gateway takes changes from its own pages alone, over TLS as browsers come. */
import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { type Answer, findField, findProblemCode } from './harness/answer.ts'
import { stageGateway } from './harness/stage.ts'
import { CertificateFolder, TlsClient } from './harness/tls-stage.ts'

describe('csrf', () => {
  const certificates = new CertificateFolder()
  after(() => certificates.remove())
  const stage = stageGateway((url) => {
    certificates.show('main', certificates.issue({ names: ['api.example'] }))
    return `gatewright: 1
accessLog: off
listeners: [{ id: public, host: 127.0.0.1, port: 8443, tls: { certificates: [main] } }]
certificates: [{ id: main, cert: ${certificates.path}/main.crt, key: ${certificates.path}/main.key }]
apis:
  - id: forms
    basePath: /forms
    upstream: ${url}
    policies:
      - { policy: csrf, options: { cookies: [sid], token: { secret: thirty-two-characters-of-a-secret, session: sid } } }
    routes: [{ id: rest, path: "/{rest+}" }]
`
  })

  async function ask(method: string, target: string, fields: readonly string[] = []): Promise<Answer> {
    const client = await TlsClient.connect(stage.gateway.port, 'api.example')
    try {
      return await client.ask(target, { method, fields })
    } finally {
      client.close()
    }
  }
  const say = async (...[method, target, fields]: Parameters<typeof ask>): Promise<string> => {
    const answer = await ask(method, target, fields)
    return `${answer.status} ${findProblemCode(answer) ?? 'passes'}`
  }

  it('takes a request that changes something from its own pages, with a token of the session', async () => {
    const cookie = 'Cookie: sid=1'
    const page = await ask('GET', '/forms/a', [cookie])
    const token = /^__Host-csrf-token=([^;]+);/.exec(findField(page, 'set-cookie') ?? '')?.[1] ?? assert.fail()
    const own = ['Origin: https://api.example', `Cookie: sid=1; __Host-csrf-token=${token}`]
    assert.equal(await say('POST', '/forms/a', [...own, `X-CSRF-Token: ${token}`]), '200 passes')
    assert.equal(await say('POST', '/forms/a', own), '403 csrf-token-invalid')
    const evil = ['Origin: https://api.example.evil.test', own[1] ?? '', `X-CSRF-Token: ${token}`]
    assert.equal(await say('POST', '/forms/a', evil), '403 origin-denied')
    assert.equal(await say('POST', '/forms/a', [cookie]), '403 origin-denied')
    assert.equal(await say('GET', '/forms/a?_method=DELETE', [cookie]), '403 origin-denied')
    assert.equal(await say('POST', '/forms/a'), '200 passes')
  })
})
