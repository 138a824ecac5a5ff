/** Owns the proof that clients of gRPC-Web reach services of gRPC: by a client library of it, over both versions of HTTP. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { create, createFileRegistry, type DescService } from '@bufbuild/protobuf'
import {
  BytesValueSchema,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
  file_google_protobuf_wrappers,
} from '@bufbuild/protobuf/wkt'
import { type Client, Code, ConnectError, createClient } from '@connectrpc/connect'
import { createGrpcWebTransport } from '@connectrpc/connect-node'
import { until } from './harness/deadline.ts'
import { type RunningGateway, startGateway } from './harness/gateway.ts'
import { EchoService } from './harness/grpc-service.ts'

const BYTES = '.google.protobuf.BytesValue'

/** The service as its .proto would describe it: the echo's octets are wrapped in messages. */
function describeEcho(): DescService {
  const method = (name: string, serverStreaming = false) => ({
    name,
    inputType: BYTES,
    outputType: BYTES,
    serverStreaming,
  })
  const file = create(FileDescriptorProtoSchema, {
    name: 'echo.proto',
    package: 'test',
    syntax: 'proto3',
    dependency: [file_google_protobuf_wrappers.proto.name],
    service: [
      {
        name: 'Echo',
        method: [
          method('Unary'),
          method('Echoes', true),
          method('Fail'),
          method('Limited'),
          method('Hang'),
          method('Repeat', true),
        ],
      },
    ],
  })
  const set = create(FileDescriptorSetSchema, { file: [file_google_protobuf_wrappers.proto, file] })
  const service = createFileRegistry(set).getService('test.Echo')
  if (service === undefined) throw new Error('the registry lost its service')
  return service
}

/** What a client of any described service has. */
interface EchoCalls {
  unary(message: object, options?: object): Promise<{ value: Uint8Array }>
  fail(message: object): Promise<unknown>
  limited(message: object): Promise<unknown>
  hang(message: object, options?: object): Promise<unknown>
  echoes(message: object, options?: object): AsyncIterable<{ value: Uint8Array }>
}

const toMessage = (text: string) => create(BytesValueSchema, { value: Buffer.from(text) })
const toText = ({ value }: { value: Uint8Array }): string => Buffer.from(value).toString()

describe('gRPC-Web', () => {
  let service: EchoService
  let gateway: RunningGateway

  before(async () => {
    service = await EchoService.listen()
    gateway = await startGateway({
      yaml: `gatewright: 1
accessLog: { file: ./access.log }
listeners:
  - { id: public, host: 127.0.0.1, port: 8080, http2: { priorKnowledge: true } }
upstreams:
  - { id: echo, protocol: h2c, targets: ["http://${service.address}"] }
apis:
  - id: echo
    upstream: echo
    policies:
      - policy: cors
        options:
          origins: ["https://shop.example"]
          exposedHeaders: [grpc-status, grpc-message, grpc-status-details-bin]
      - { policy: grpc-web }
    routes:
      - { id: limited, path: /test.Echo/Limited, policies: [{ policy: key-auth }] }
      - { id: rest, path: "/test.Echo/{method}" }
`,
    })
  })

  after(async () => {
    await gateway?.stop()
    service?.close()
  })

  for (const httpVersion of ['1.1', '2'] as const) {
    describe(`over HTTP/${httpVersion}`, () => {
      let client: EchoCalls

      before(() => {
        const transport = createGrpcWebTransport({ baseUrl: `http://127.0.0.1:${gateway.port}`, httpVersion })
        client = createClient(describeEcho(), transport) as Client<DescService> as unknown as EchoCalls
      })

      const errorOf = (call: Promise<unknown>): Promise<ConnectError> =>
        call.then(
          () => assert.fail('it was answered'),
          (error) => ConnectError.from(error),
        )

      it('has calls with one message each way, and metadata in head and trailers', async () => {
        let head = new Headers()
        let trailer = new Headers()
        const answer = await client.unary(toMessage('hello'), {
          headers: { 'x-asked': 'for' },
          onHeader: (given: Headers) => {
            head = given
          },
          onTrailer: (given: Headers) => {
            trailer = given
          },
        })
        assert.equal(toText(answer), 'hello')
        assert.equal(head.get('x-head'), 'said')
        assert.equal(trailer.get('x-trailer'), 'said too')
        assert.equal(trailer.get('x-octets-bin'), Buffer.from([0, 255, 128]).toString('base64').replace(/=+$/, ''))
        assert.equal(service.metadata.at(-1)?.['x-asked'], 'for')
      })

      it('has answers of many messages', async () => {
        const heard: string[] = []
        for await (const message of client.echoes(toMessage('again'))) heard.push(toText(message))
        assert.deepEqual(heard, ['again', 'again', 'again'])
      })

      it('has messages of a megabyte', async () => {
        const text = 'x'.repeat(1_000_000)
        assert.equal(toText(await client.unary(toMessage(text))), text)
      })

      it('says how a call failed at the service', async () => {
        const error = await errorOf(client.fail(toMessage('of it')))
        assert.equal(error.code, Code.FailedPrecondition)
        assert.match(error.rawMessage, /ü .*of it%$/s)
        assert.equal(error.metadata.get('x-why'), 'because')
        assert.deepEqual(
          error.findDetails(BytesValueSchema).map(({ value }) => [...value]),
          [[0, 255]],
        )
      })

      it('says what the gateway refuses', async () => {
        assert.equal((await errorOf(client.limited(toMessage('x')))).code, Code.Unauthenticated)
      })

      it('ends the call at the service when its client gives up', async () => {
        const before = service.cancelled
        const calls = service.deadlines.length
        const controller = new AbortController()
        const error = errorOf(client.hang(toMessage('x'), { signal: controller.signal }))
        await until(() => service.deadlines.length > calls || undefined, 'the call to reach the service')
        controller.abort()
        assert.equal((await error).code, Code.Canceled)
        await until(() => service.cancelled > before || undefined, 'the service to hear of it')
      })
    })
  }

  it('has the text form, for browsers that cannot read octets as they come', async () => {
    const message = Buffer.from([0, 0, 0, 0, 3, 10, 1, 97])
    const answer = await fetch(`http://127.0.0.1:${gateway.port}/test.Echo/Echoes`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/grpc-web-text', 'X-Grpc-Web': '1', Origin: 'https://shop.example' },
      body: message.toString('base64'),
    })
    assert.equal(answer.status, 200)
    assert.equal(answer.headers.get('content-type'), 'application/grpc-web-text+proto')
    assert.equal(answer.headers.get('access-control-allow-origin'), 'https://shop.example')
    assert.match(answer.headers.get('access-control-expose-headers') ?? '', /grpc-status/i)
    const parts = (await answer.text()).match(/[A-Za-z0-9+/]+=*/g) ?? []
    const octets = Buffer.concat(parts.map((part) => Buffer.from(part, 'base64')))
    assert.ok(octets.subarray(0, 24).equals(Buffer.concat([message, message, message])))
    assert.match(octets.subarray(24).toString('latin1'), /^\x80\x00\x00\x00.(?:[a-z-]+: .*\r\n)+$/s)
    assert.match(octets.toString('latin1'), /grpc-status: 0\r\n/)
  })

  it('is recorded and counted by the status of each call', async () => {
    const endings = [
      ['Unary', 0],
      ['Fail', 9],
      ['Limited', 16],
    ] as const
    await until(async () => {
      const records = (await readFile(join(gateway.folder, 'access.log'), 'utf8'))
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { path: string; httpVersion?: string; grpcStatus?: number })
      const isTold = (method: string, code: number, version: string | undefined): boolean =>
        records.some(
          ({ path, httpVersion, grpcStatus }) =>
            path === `/test.Echo/${method}` && httpVersion === version && grpcStatus === code,
        )
      return (
        endings.every(([method, code]) => isTold(method, code, undefined) && isTold(method, code, '2')) || undefined
      )
    }, 'the record of how each call ended')
    const { text = '' } = (await gateway.status('metrics')) ?? {}
    for (const code of [0, 9, 16]) {
      assert.match(text, new RegExp(`^gatewright_grpc_calls_total\\{api="echo",code="${code}"\\} [1-9]`, 'm'))
    }
  })
})
