/** Proves signatures against a real gateway: on two threads, over HTTP/1.1 and HTTP/2, with bodies in any framing, and secrets from the environment. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createHash, createHmac } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { after, before, describe, it } from 'node:test'
import { promisify } from 'node:util'
import { type Answer, findField, findProblemCode } from './harness/answer.ts'
import { forwardAll } from './harness/configurations.ts'
import { Http2Client } from './harness/http2-client.ts'
import { exchange, RawClient } from './harness/raw-client.ts'
import { parseTestimony } from './harness/raw-upstream.ts'
import { stageGateway } from './harness/stage.ts'

const SECRET = 'a shared secret of many bytes'
const HOOK_SECRET = "It's a Secret to Everybody"

const configure = (url: string) => ({
  threads: 2,
  env: { PARTNER_SECRET: SECRET, HOOK_SECRET },
  yaml: `gatewright: 1
apps: [{ id: partner }]
listeners:
  - { id: public, host: 127.0.0.1, port: 8080, http2: { priorKnowledge: true } }
accessLog: off
apis:
  - id: signed
    basePath: /signed
    upstream: ${url}
    policies:
      - policy: rewrite-path
        options: { prefix: { from: "", to: /rewritten } }
      - policy: hmac-auth
        options:
          keys: { partner: { algorithm: hmac-sha256, secret: "\${env:PARTNER_SECRET}", app: partner } }
          toUpstream: { app: X-App-Id }
    routes:
      - { id: rest, path: "/{rest+}" }
  - id: hooks
    basePath: /hooks
    upstream: ${url}
    routes:
      - id: github
        path: /github
        policies:
          - { policy: webhook-signature, options: { provider: github, secrets: ["\${env:HOOK_SECRET}"] } }
      - id: slack
        path: /slack
        policies:
          - { policy: webhook-signature, options: { provider: slack, secrets: ["\${env:HOOK_SECRET}"] } }
`,
})

interface Signed {
  readonly method?: string
  readonly target: string
  readonly authority?: string
  readonly body?: string
  readonly nonce?: string
}

/** Header fields of a signature over method, target and body. */
function sign({ method = 'GET', target, authority = 'a', body, nonce }: Signed): Record<string, string> {
  const digest =
    body === undefined ? undefined : `sha-256=:${createHash('sha256').update(body, 'latin1').digest('base64')}:`
  const covered = [
    ['"@method"', method],
    ['"@target-uri"', `http://${authority}${target}`],
    ...(digest === undefined ? [] : [['"content-digest"', digest]]),
  ]
  const created = Math.floor(Date.now() / 1000)
  const parameters = `;created=${created};keyid="partner"${nonce === undefined ? '' : `;nonce="${nonce}"`}`
  const list = `(${covered.map(([name]) => name).join(' ')})${parameters}`
  const base = [...covered, ['"@signature-params"', list]].map((line) => line.join(': ')).join('\n')
  const signature = createHmac('sha256', SECRET).update(base).digest('base64')
  return {
    'Signature-Input': `sig=${list}`,
    Signature: `sig=:${signature}:`,
    ...(digest === undefined ? {} : { 'Content-Digest': digest }),
  }
}

const toLines = (fields: Record<string, string>): string =>
  Object.entries(fields)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('')

const testimonyOf = (answer: Answer) => parseTestimony(findField(answer, 'x-saw') ?? '')

// All octets, so that a body that is read as text would show.
const OCTETS = Buffer.from([...Array(256).keys()]).toString('latin1')

describe('signatures of requests', () => {
  const stage = stageGateway(configure)

  it('hold for what the client sent, whatever the path becomes, and are taken out', async () => {
    const target = '/signed/a%2fb/%7e?x=[1]&y'
    const answer = await exchange(
      stage.gateway.port,
      `GET ${target} HTTP/1.1\r\nHost: a\r\n${toLines(sign({ target }))}\r\n`,
    )
    assert.equal(answer.status, 200)
    const { target: seen, fields } = testimonyOf(answer)
    assert.match(seen, /^\/rewritten\//)
    const names = fields.map(([name]) => name.toLowerCase())
    assert.ok(!names.includes('signature') && !names.includes('signature-input'))
    assert.deepEqual(
      fields.find(([name]) => name === 'X-App-Id'),
      ['X-App-Id', 'partner'],
    )
  })

  it('do not hold for another target that means the same', async () => {
    const fields = toLines(sign({ target: '/signed/a%2fb' }))
    const answer = await exchange(stage.gateway.port, `GET /signed/a%2Fb HTTP/1.1\r\nHost: a\r\n${fields}\r\n`)
    assert.deepEqual([answer.status, findProblemCode(answer)], [401, 'credential-invalid'])
    assert.match(findField(answer, 'accept-signature') ?? '', /^sig=\("@method" "@target-uri"\);created$/)
  })

  for (const delivery of ['whole', 'bytes', 700] as const) {
    it(`hold for a body that comes ${typeof delivery === 'number' ? `cut at ${delivery}` : `in ${delivery}`}, which reaches the upstream octet for octet`, async () => {
      const target = '/signed/pay'
      const fields = toLines(sign({ method: 'POST', target, body: OCTETS }))
      const head = `POST ${target} HTTP/1.1\r\nHost: a\r\n${fields}`
      const chunked = `${head}Transfer-Encoding: chunked\r\n\r\n80\r\n${OCTETS.slice(0, 128)}\r\n80\r\n${OCTETS.slice(128)}\r\n0\r\n\r\n`
      for (const bytes of [`${head}Content-Length: 256\r\n\r\n${OCTETS}`, chunked]) {
        const answer = await exchange(stage.gateway.port, bytes, { delivery, method: 'POST' })
        assert.equal(answer.status, 200)
        assert.equal(testimonyOf(answer).body, OCTETS)
      }
    })
  }

  it('do not hold for a body that was changed, and the connection goes on', async () => {
    const target = '/signed/pay'
    const fields = toLines(sign({ method: 'POST', target, body: '{"amount":100}' }))
    const client = await RawClient.connect(stage.gateway.port)
    try {
      await client.write(`POST ${target} HTTP/1.1\r\nHost: a\r\n${fields}Content-Length: 14\r\n\r\n{"amount":900}`)
      assert.equal(findProblemCode(await client.getAnswer('POST')), 'credential-invalid')
      await client.write(`GET ${target} HTTP/1.1\r\nHost: a\r\n${toLines(sign({ target }))}\r\n`)
      assert.equal((await client.getAnswer()).status, 200)
    } finally {
      client.reset()
    }
  })

  it('with a nonce are good once, on whichever thread they come, and however many come at once', async () => {
    const target = '/signed/once'
    const bytes = `GET ${target} HTTP/1.1\r\nHost: a\r\n${toLines(sign({ target, nonce: 'n1' }))}\r\n`
    const answers = await Promise.all(Array.from({ length: 24 }, () => exchange(stage.gateway.port, bytes)))
    const statuses = answers.map(({ status }) => status).toSorted()
    assert.deepEqual(statuses, [200, ...Array(23).fill(401)])
  })

  describe('over HTTP/2', () => {
    let client: Http2Client
    before(async () => {
      client = await Http2Client.connect(stage.gateway.port)
    })
    after(() => client.close())

    it('hold for the authority and the target of the stream, and its body', async () => {
      const target = '/signed/pay?x=%2f'
      const { status } = await client.ask(target, { headers: sign({ target }) })
      assert.equal(status, 200)
      const body = Buffer.from(OCTETS, 'latin1')
      const signed = await client.ask(target, { headers: sign({ method: 'POST', target, body: OCTETS }), body })
      assert.equal(signed.status, 200)
      assert.equal(parseTestimony(String(signed.headers['x-saw'])).body, OCTETS)
    })

    it('do not hold for another authority', async () => {
      const target = '/signed/x'
      const { status } = await client.ask(target, { headers: { ...sign({ target }), ':authority': 'b' } })
      assert.equal(status, 401)
    })
  })
})

describe('the guide to signatures', async () => {
  const stage = stageGateway((url) => ({
    env: { PARTNER_SECRET: SECRET },
    yaml: forwardAll(
      url,
      `apps: [{ id: partner }]
policies:
  - policy: hmac-auth
    options: { nonce: required, keys: { partner-1: { algorithm: hmac-sha256, secret: "\${env:PARTNER_SECRET}", app: partner } } }
`,
    ),
  }))
  const guide = await readFile(new URL('../docs/how-to/signatures.md', import.meta.url), 'utf8')
  const commands = /^```sh\n([\s\S]*?)^```$/m.exec(guide)?.[1] ?? assert.fail('the guide has no commands')
  const run = (secret: string) => {
    const URL = `http://127.0.0.1:${stage.gateway.port}/payments?currency=eur`
    return promisify(execFile)('sh', ['-c', commands.replace('curl -sS', 'curl -sS -D - -o /dev/null')], {
      env: { PATH: process.env.PATH, URL, PARTNER_SECRET: secret },
    })
  }

  it('has commands that sign: with OpenSSL and curl, and nothing of ours', async () => {
    assert.match((await run(SECRET)).stdout, /^HTTP\/1\.1 200 /)
    assert.match((await run('some other secret')).stdout, /^HTTP\/1\.1 401 /)
  })
})

describe('signatures of webhooks', () => {
  const stage = stageGateway(configure)
  const post = (target: string, fields: Record<string, string>, body: string) =>
    exchange(
      stage.gateway.port,
      `POST ${target} HTTP/1.1\r\nHost: a\r\n${toLines(fields)}Content-Length: ${body.length}\r\n\r\n${body}`,
      { method: 'POST' },
    )

  it('hold for the example that GitHub publishes, and the body goes on', async () => {
    const signature = 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17'
    const answer = await post(
      '/hooks/github',
      { 'X-Hub-Signature-256': signature, 'X-GitHub-Event': 'ping' },
      'Hello, World!',
    )
    assert.equal(answer.status, 200)
    assert.equal(testimonyOf(answer).body, 'Hello, World!')
    const changed = await post('/hooks/github', { 'X-Hub-Signature-256': signature }, 'Hello, World?')
    assert.deepEqual([changed.status, findProblemCode(changed)], [401, 'credential-invalid'])
  })

  it('with a time are good once, on whichever thread they come', async () => {
    const time = `${Math.floor(Date.now() / 1000)}`
    const signature = `v0=${createHmac('sha256', HOOK_SECRET).update(`v0:${time}:hello`).digest('hex')}`
    const fields = { 'X-Slack-Request-Timestamp': time, 'X-Slack-Signature': signature }
    const answers = await Promise.all(Array.from({ length: 12 }, () => post('/hooks/slack', fields, 'hello')))
    assert.deepEqual(answers.map(({ status }) => status).toSorted(), [200, ...Array(11).fill(401)])
  })
})

describe('what was used', () => {
  const SLACK = `{ policy: webhook-signature, options: { provider: slack, secrets: ["\${env:HOOK_SECRET}"]`
  const ofPartner = (more: string) =>
    `{ policy: hmac-auth, options: { keys: { partner: { algorithm: hmac-sha256, secret: "\${env:PARTNER_SECRET}", app: partner } }${more} } }`

  /** `first` stand before the uses that look, of the API or of all APIs. */
  const configureUses = (url: string, { ofAll = '', first = '', age = 300 }) => `gatewright: 1
apps: [{ id: partner }]
listeners: [{ id: public, host: 127.0.0.1, port: 8080 }]
accessLog: off
policies: [${ofAll}]
apis:
  - { id: signed, basePath: /signed, upstream: ${url}, policies: [${first} ${ofPartner(`, maxAgeSeconds: ${age}`)}] }
  - { id: hooks, basePath: /hooks, upstream: ${url}, policies: [${first} ${SLACK}, toleranceSeconds: ${age} } }] }
`
  const stage = stageGateway((url) => ({ ...configure(url), yaml: configureUses(url, {}) }))

  const change = (parts: Parameters<typeof configureUses>[1]) =>
    stage.gateway.change(configureUses(stage.upstream.url, parts))

  const signed = (nonce: string) =>
    `GET /signed HTTP/1.1\r\nHost: a\r\n${toLines(sign({ target: '/signed', nonce }))}\r\n`
  const time = `${Math.floor(Date.now() / 1000)}`
  const delivery = (body: string) => {
    const signature = `v0=${createHmac('sha256', HOOK_SECRET).update(`v0:${time}:${body}`).digest('hex')}`
    const fields = toLines({ 'X-Slack-Request-Timestamp': time, 'X-Slack-Signature': signature })
    return `POST /hooks HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n${fields}\r\n${body}`
  }
  /** On fresh connections, so that all threads are met. */
  const statusesOf = async (bytes: string, times: number) =>
    (await Promise.all(Array.from({ length: times }, () => exchange(stage.gateway.port, bytes))))
      .map(({ status }) => status)
      .toSorted()

  it('stays so when the file says another age, and other uses stand before', async () => {
    const [request, hook] = [signed('moved'), delivery('moved')]
    for (const bytes of [request, hook]) assert.deepEqual(await statusesOf(bytes, 1), [200])
    await change({ age: 301 })
    for (const bytes of [request, hook]) assert.deepEqual(await statusesOf(bytes, 8), Array(8).fill(401))
    const others = [
      ofPartner(', tag: other, anonymous: true').replace('partner:', 'other:'),
      `${SLACK.replace('slack', 'stripe')}, anonymous: true } }`,
    ]
    await change({ first: `${others.join(', ')},` })
    for (const bytes of [request, hook]) assert.deepEqual(await statusesOf(bytes, 8), Array(8).fill(401))
  })

  it('is good once for a request that passes two uses with the same key', async () => {
    await change({
      ofAll: `${ofPartner(', forward: true, anonymous: true')}, ${SLACK}, forward: true, anonymous: true } }`,
    })
    for (const bytes of [signed('twice'), delivery('twice')]) {
      assert.deepEqual(await statusesOf(bytes, 8), [200, ...Array(7).fill(401)])
    }
  })
})
