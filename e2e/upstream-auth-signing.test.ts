/** Owns the proof that requests which the gateway signs for AWS are believed by who verifies them, with keys of whoever issues some. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { findFreePort } from '../packages/policies/src/testing/free-ports.ts'
import { findField } from './harness/answer.ts'
import { until } from './harness/deadline.ts'
import { type RunningGateway, startGateway } from './harness/gateway.ts'
import { KeyIssuers } from './harness/key-issuers.ts'
import { RawClient } from './harness/raw-client.ts'
import { parseTestimony, RawUpstream, type Testimony } from './harness/raw-upstream.ts'

const COMMAND = fileURLToPath(new URL('../packages/cli/bin/gatewright.js', import.meta.url))
const run = promisify(execFile)

const KEY = { id: 'AKIDSTATIC', secret: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' }
const ISSUED = [1, 2, 3].map((at) => ({
  id: `ASIATEMP${at}`,
  secret: `s3cret/number+${at}==`,
  token: `sess1on/number+${at}==`,
}))
const SECRETS = [KEY.secret, ...ISSUED.flatMap(({ secret, token }) => [secret, token])]
const THREADS = 2

function toVerifier(url: string): string {
  const keys = [
    `{ accessKeyId: ${KEY.id}, secretAccessKey: "${KEY.secret}", app: gateway }`,
    ...ISSUED.map(
      ({ id, secret, token }) =>
        `{ accessKeyId: ${id}, secretAccessKey: "${secret}", sessionToken: "${token}", app: gateway }`,
    ),
  ]
  return `gatewright: 1
apps: [{ id: gateway }]
listeners:
  - { id: public, host: 127.0.0.1, port: 8080, http2: { priorKnowledge: true } }
accessLog: off
apis:
  - id: all
    basePath: /prod
    stripBasePath: false
    upstream: ${url}
    policies: [{ policy: aws-sigv4, options: { region: eu-central-1, service: execute-api, credentials: [${keys.join(', ')}], bodyLimitBytes: 10000000, toUpstream: { app: X-App } } }]
    routes:
      - { id: rest, path: "/{rest+}" }
`
}

interface Signed {
  readonly id: string
  readonly credentials: string
  readonly upstream?: string
  readonly more?: string
  readonly before?: string
}

function toSigner(verifier: string, apis: readonly Signed[]): string {
  return `gatewright: 1
apps: [{ id: gateway }]
listeners:
  - { id: public, host: 127.0.0.1, port: 8080 }
upstreams:
  - { id: h2c, protocol: h2c, targets: [{ url: "${verifier}" }] }
apis:${apis
    .map(
      ({ id, credentials, upstream = verifier, more = '', before: earlier = '' }) => `
  - id: ${id}
    basePath: /${id}
    upstream: ${upstream}
    policies: [${earlier}{ policy: upstream-auth, options: { aws: { url: "${verifier}", region: eu-central-1, service: execute-api, ${more}credentials: { ${credentials} } } } }]
    routes:
      - { id: rest, path: "/{rest+}" }`,
    )
    .join('')}
`
}

describe('requests that the gateway signs for AWS', () => {
  let issuers: KeyIssuers
  let witness: RawUpstream
  let flaky: RawUpstream
  let verifier: RunningGateway
  let signer: RunningGateway
  let yaml = ''

  before(async () => {
    issuers = await KeyIssuers.listen(ISSUED)
    witness = await RawUpstream.listen({
      onRequest({ method, target, fields, body, trailers }, { socket }) {
        const saw: Testimony = { method, target, fields, body: `${body.length}`, trailers }
        const told = Buffer.from(JSON.stringify(saw)).toString('base64url')
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-Saw: ${told}\r\n\r\n`)
      },
    })
    flaky = await RawUpstream.listen({
      onRequest(_, { socket }) {
        const status = flaky.requests.length === 1 ? '503 No' : '200 OK'
        socket.write(`HTTP/1.1 ${status}\r\nContent-Length: 0\r\n\r\n`)
      },
    })
    verifier = await startGateway({ yaml: toVerifier(witness.url) })
    const url = `http://127.0.0.1:${verifier.port}/prod`
    const written = `static: { accessKeyId: ${KEY.id}, secretAccessKey: "\${env:AWS_SECRET}" }`
    const container = (path: string) => `container: { url: "${issuers.url}${path}", token: "\${env:CONTAINER_TOKEN}" }`
    yaml = toSigner(url, [
      { id: 'plain', credentials: written, more: 'bodyLimitBytes: 10000000, clientFields: [X-Amz-Meta-*], ' },
      { id: 'h2', credentials: written, upstream: 'h2c' },
      { id: 'container', credentials: container('/container') },
      { id: 'short', credentials: container('/container/short') },
      { id: 'instance', credentials: `instance: { metadataUrl: "${issuers.url}" }` },
      {
        id: 'web',
        credentials: `webIdentity: { tokenFile: web.token, roleArn: "arn:aws:iam::123456789012:role/orders", stsUrl: "${issuers.url}/sts/" }`,
      },
      { id: 'down', credentials: `instance: { metadataUrl: "http://127.0.0.1:${await findFreePort()}" }` },
      { id: 'refused', credentials: `container: { url: "${issuers.url}/container", token: "wr0ng-t0ken" }` },
      {
        id: 'flaky',
        credentials: written,
        upstream: flaky.url,
        before: '{ policy: retry, options: { backoffMs: 2400, maxBackoffMs: 2400 } }, ',
      },
    ])
    const folder = verifier.folder
    await writeFile(join(folder, 'web.token'), `${issuers.webToken}\n`)
    await writeFile(join(folder, 'signer.yaml'), yaml)
    signer = await startGateway({ yaml, config: join(folder, 'signer.yaml'), threads: THREADS, env: environment() })
  })
  after(async () => {
    await signer?.stop()
    await verifier?.stop()
    await witness?.close()
    await flaky?.close()
    issuers?.close()
  })

  function environment(): Record<string, string> {
    return { AWS_SECRET: KEY.secret, CONTAINER_TOKEN: issuers.containerToken }
  }

  interface Told {
    readonly status: number
    readonly saw: Testimony | undefined
    readonly text: string
  }

  async function ask(path: string, init: RequestInit = {}): Promise<Told> {
    const answer = await fetch(`http://127.0.0.1:${signer.port}${path}`, init)
    const saw = answer.headers.get('x-saw')
    return { status: answer.status, saw: saw === null ? undefined : parseTestimony(saw), text: await answer.text() }
  }

  /** Of the key that signed: the verifier takes the signature out, so it is seen by its token. */
  const countCalls = (path: string) => issuers.calls.filter((call) => call.endsWith(path)).length

  it('are renewed before their keys end: the first set is fetched', async () => {
    assert.equal((await ask('/short/orders')).status, 200)
  })

  for (const api of ['plain', 'h2']) {
    // biome-ignore format: a table, one row a target
    const TARGETS = ['/orders', '/orders?b=2&a=1&a=0', '/a%20b/c~d/%C3%A9', '/orders?a=%2F+x&%C3%A9=%zz&&=b&c', '/orders?x=1%2B1&y=a:b/c@d', '/a;b=1/c,d(e)!*', '/a%2Bb/%24c']
    for (const target of TARGETS) {
      it(`are believed at ${api}${target}`, async () => {
        const client = await RawClient.connect(signer.port)
        await client.write(`GET /${api}${target} HTTP/1.1\r\nHost: shop.example.com\r\n\r\n`)
        const answer = await client.getAnswer()
        client.close()
        const told = findField(answer, 'x-saw')
        assert.ok(answer.status === 200 && told !== undefined, answer.body.toString())
        const saw = parseTestimony(told)
        assert.deepEqual([saw.target, findField(saw, 'x-app')], [`/prod${target}`, 'gateway'])
      })
    }

    for (const [what, body, type] of [
      ['a small body', '{"a":1}', 'application/json'],
      ['a large body', 'x'.repeat(1_000_000), 'text/plain; charset="utf-8"'],
      ['no body', '', 'text/plain'],
    ] as const) {
      it(`are believed with ${what} at ${api}`, async () => {
        for (const method of ['POST', 'PUT', 'PATCH']) {
          const { status, saw, text } = await ask(`/${api}/orders`, { method, body, headers: { 'Content-Type': type } })
          assert.equal(status, 200, text)
          assert.equal(saw!.body, `${body.length}`)
        }
      })
    }
  }

  it('are believed with a body whose length nobody said', async () => {
    const body = new Blob(['a'.repeat(70_000), 'b'.repeat(70_000)]).stream()
    const { status, saw } = await ask('/plain/orders', { method: 'POST', body, duplex: 'half' } as RequestInit)
    assert.equal(status, 200)
    assert.deepEqual([saw!.body, findField(saw!, 'content-length')], ['140000', '140000'])
  })

  it('tell the upstream nothing that a client says in the place of the gateway', async () => {
    const { status, saw } = await ask('/plain/orders?X-Amz-Signature=0&a=1&X%2DAmz-Acl=x', {
      headers: {
        Authorization: 'Bearer of-the-client',
        'X-Amz-Copy-Source': '/other/secret',
        'X-Amz-Security-Token': 'stolen',
        'X-Amz-Meta-Colour': 'red',
        X_Amz_Acl: 'public-read',
      },
    })
    assert.equal(status, 200)
    assert.equal(saw!.target, '/prod/orders?a=1')
    assert.equal(findField(saw!, 'x-amz-meta-colour'), 'red')
    assert.ok(!/of-the-client|secret|stolen|public-read/.test(JSON.stringify(saw)))
  })

  it('are signed anew when they are sent again', async () => {
    const { status } = await ask('/flaky/orders')
    assert.equal(status, 200)
    const [first, second] = flaky.requests
    assert.ok(findField(second!, 'x-amz-date')! > findField(first!, 'x-amz-date')!)
    assert.notEqual(findField(second!, 'authorization'), findField(first!, 'authorization'))
  })

  for (const [api, path, calls] of [
    ['container', '/container', 1],
    ['instance', '/latest/meta-data/iam/security-credentials/role', 1],
    ['web', '/sts/', 1],
  ] as const) {
    it(`have keys that are fetched once for 200 that come together, on all threads: ${api}`, async () => {
      const answers = await Promise.all(Array.from({ length: 200 }, () => ask(`/${api}/orders`)))
      assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]))
      assert.equal(countCalls(path), calls)
    })
  }

  it('are not sent while nobody issues keys, and the record says why', async () => {
    const sent = witness.requests.length
    for (const [api, reason] of [
      ['down', 'ECONNREFUSED'],
      ['refused', 'status-401'],
    ]) {
      const { status, text } = await ask(`/${api}/orders`)
      assert.equal(status, 503)
      assert.match(text, /upstream-credential-unavailable/)
      const record = new RegExp(`"problem":"upstream-credential-unavailable","reason":"${reason}"`)
      await until(() => record.test(signer.stdout) || undefined, `a record with ${reason}`)
    }
    assert.equal(witness.requests.length, sent)
  })

  it('are renewed before their keys end: nobody is refused meanwhile', async () => {
    await until(
      async () => {
        assert.equal((await ask('/short/orders')).status, 200)
        return countCalls('/container/short') >= 2 || undefined
      },
      'the second set of keys',
      20_000,
    )
    assert.equal((await ask('/short/orders')).status, 200)
  })

  it('leave secrets in no log, no record, and nothing that the commands say', async () => {
    const file = join(verifier.folder, 'signer.yaml')
    const changed = join(verifier.folder, 'changed.yaml')
    await writeFile(changed, yaml.replaceAll('region: eu-central-1', 'region: eu-west-1').replaceAll('wr0ng', 'other'))
    const env = { ...process.env, ...environment() }
    const said: string[] = []
    for (const args of [
      ['explain', 'GET', '/plain/orders', '--config', file],
      ['explain', 'GET', '/refused/orders', '--config', file, '--json'],
      ['diff', file, changed],
      ['diff', file, changed, '--json'],
    ]) {
      const { stdout, stderr } = await run(process.execPath, [COMMAND, ...args], { env, timeout: 60_000 })
      said.push(stdout, stderr)
    }
    assert.match(said.join(''), /eu-west-1/)
    const all = [signer.stdout, signer.stderr, verifier.stderr, ...said].join('')
    for (const secret of [...SECRETS, issuers.containerToken, issuers.webToken, 'wr0ng-t0ken', 'metadata-t0ken']) {
      assert.ok(!all.includes(secret), secret)
    }
    assert.match(signer.stderr, /aws-instance/)
  })
})
