/** Owns the proof that a body in signed chunks flows through a gateway as it is proved, and breaks off where it is not. */
import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { describe, it } from 'node:test'
import { Secret } from '../packages/model/src/secret.ts'
import {
  EMPTY_PAYLOAD_HASH,
  type Field,
  signAwsRequest,
} from '../packages/policies/src/aws-signature/sign-aws-request.ts'
import { getSigningKey, signText, toScopeText } from '../packages/policies/src/aws-signature/signing-scope.ts'
import { RawClient } from './harness/raw-client.ts'
import { RawUpstream } from './harness/raw-upstream.ts'
import { stageGateway } from './harness/stage.ts'

const SECRET = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY'
const CHUNK = 'x'.repeat(65_536)
const HOST = 'bucket.example.com'

const configure = (url: string) => `gatewright: 1
apps: [{ id: acme }]
accessLog: off
apis:
  - id: bucket
    basePath: /
    upstream: ${url}
    policies:
      - { policy: aws-sigv4, options: { region: us-east-1, service: s3, bodyLimitBytes: 65536, credentials: [{ accessKeyId: AKIDEXAMPLE, secretAccessKey: "${SECRET}", app: acme }] } }
    routes:
      - { id: rest, path: "/{rest+}" }
`

describe('a body in signed chunks', () => {
  const stage = stageGateway(configure, () =>
    RawUpstream.listen({
      onRequest({ body }, { socket }) {
        const text = `${body.length}`
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${text.length}\r\n\r\n${text}`)
      },
    }),
  )

  function* toUpload(chunks: number, { badAt = -1 } = {}): Generator<string> {
    const secretAccessKey = new Secret(SECRET)
    const now = Date.now()
    const headers: Field[] = [
      ['Host', HOST],
      ['Content-Encoding', 'aws-chunked'],
      ['X-Amz-Decoded-Content-Length', `${chunks * CHUNK.length}`],
    ]
    const signed = signAwsRequest({
      ...{ method: 'PUT', path: '/large', query: '', headers, now, region: 'us-east-1', service: 's3' },
      credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey },
      payloadHash: 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
    })
    const fields = [...headers, ...signed].map(([name, value]) => `${name}: ${value}\r\n`).join('')
    const sizes = [...Array.from({ length: chunks }, () => CHUNK), '']
    const lineBytes = (size: number) => `${size.toString(16)};chunk-signature=`.length + 64 + 2 + size + 2
    const length = sizes.reduce((sum, { length: size }) => sum + lineBytes(size), 0)
    yield `PUT /large HTTP/1.1\r\nContent-Length: ${length}\r\n${fields}\r\n`
    const amzDate = signed[0]![1]
    const scope = { day: amzDate.slice(0, 8), region: 'us-east-1', service: 's3' }
    let before = /Signature=(.*)$/.exec(signed.at(-1)![1])![1]!
    for (const [at, data] of sizes.entries()) {
      const sent = at === badAt ? data.replace('x', 'y') : data
      const text = [before, EMPTY_PAYLOAD_HASH, hash('sha256', data)].join('\n')
      before = signText(
        getSigningKey(secretAccessKey, scope),
        `AWS4-HMAC-SHA256-PAYLOAD\n${amzDate}\n${toScopeText(scope)}\n${text}`,
      )
      yield `${data.length.toString(16)};chunk-signature=${before}\r\n${sent}\r\n`
    }
  }

  it('arrives whole, without what signed it, however much it is', async () => {
    const client = await RawClient.connect(stage.gateway.port)
    for (const part of toUpload(100)) await client.write(part)
    const { status, body } = (await client.nextAnswer())!
    assert.deepEqual([status, body.toString()], [200, `${100 * CHUNK.length}`])
    const { fields, body: sent } = stage.upstream.requests[0]!
    const names = fields.map(([name]) => name.toLowerCase())
    assert.ok(names.includes('x-amz-date'))
    for (const gone of ['authorization', 'content-encoding', 'x-amz-decoded-content-length', 'x-amz-content-sha256']) {
      assert.ok(!names.includes(gone), gone)
    }
    assert.ok(sent.equals(Buffer.alloc(100 * CHUNK.length, 'x')))
    client.socket.destroy()
  })

  it('breaks off where a chunk is not what was signed: 401, and the upstream never takes it for the whole', async () => {
    stage.upstream.forget()
    const client = await RawClient.connect(stage.gateway.port)
    for (const part of toUpload(40, { badAt: 20 })) await client.write(part)
    const { status, body } = (await client.nextAnswer())!
    assert.equal(status, 401)
    assert.match(body.toString(), /credential-invalid/)
    const broken = await stage.upstream.connectionThat(({ isClosed, seen }) => isClosed && seen.length > 0, 'a break')
    assert.equal(stage.upstream.requests.length, 0)
    assert.ok(!broken.seen.includes('yx'))
    client.socket.destroy()
  })
})
