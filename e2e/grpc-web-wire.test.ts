/** Owns the proof of what passes on the wire of gRPC-Web: each message when it comes, refusals of what makes no sense, and ends that show as what they are. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Http2Server, type ServerHttp2Stream } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { until, within } from './harness/deadline.ts'
import { type RunningGateway, startGateway } from './harness/gateway.ts'
import { EchoService } from './harness/grpc-service.ts'
import { type ClientVersion, StreamedCall } from './harness/streamed-call.ts'

/** A message behind its five octets. */
function toFrame(text: string): Buffer {
  const head = Buffer.alloc(5)
  head.writeUInt32BE(text.length, 1)
  return Buffer.concat([head, Buffer.from(text)])
}

/** The octets of an answer so far. */
function toOctets(text: string, isText: boolean): Buffer {
  if (!isText) return Buffer.from(text, 'latin1')
  const parts = text.slice(0, text.length - (text.length % 4)).match(/[A-Za-z0-9+/]+=*/g) ?? []
  return Buffer.concat(parts.map((part) => Buffer.from(part, 'base64')))
}

/** A service that begins to answer, and then does as the test says. */
class OpenAnswers {
  readonly #server: Http2Server = createServer()
  readonly streams: ServerHttp2Stream[] = []

  async listen(): Promise<void> {
    this.#server.on('stream', (stream: ServerHttp2Stream) => {
      stream.on('error', () => {})
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' })
      stream.write(toFrame('first'))
      this.streams.push(stream)
    })
    this.#server.listen(0, '127.0.0.1')
    await within(once(this.#server, 'listening'), 'a port')
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  close(): void {
    for (const stream of this.streams) stream.session?.destroy()
    this.#server.close()
  }
}

const TYPES = ['application/grpc-web+proto', 'application/grpc-web-text+proto'] as const
const VERSIONS: readonly ClientVersion[] = ['1.1', '2']

describe('gRPC-Web on the wire', () => {
  const answers = new OpenAnswers()
  let service: EchoService
  let gateway: RunningGateway

  before(async () => {
    service = await EchoService.listen()
    await answers.listen()
    gateway = await startGateway({
      yaml: `gatewright: 1
accessLog: off
listeners:
  - { id: public, host: 127.0.0.1, port: 8080, http2: { priorKnowledge: true } }
upstreams:
  - { id: echo, protocol: h2c, targets: ["http://${service.address}"] }
  - { id: open, protocol: h2c, targets: ["http://127.0.0.1:${answers.port}"] }
apis:
  - id: echo
    upstream: echo
    policies: [{ policy: grpc-web }]
    routes: [{ id: calls, path: "/test.Echo/{method}" }]
  - id: open
    basePath: /open
    upstream: open
    policies: [{ policy: grpc-web }]
    routes: [{ id: calls, path: /Call }]
`,
    })
  })

  after(async () => {
    await gateway?.stop()
    service?.close()
    answers.close()
  })

  for (const version of VERSIONS) {
    for (const type of TYPES) {
      const isText = type.includes('text')
      const encode = (octets: Buffer) => (isText ? octets.toString('base64') : octets)
      const open = (path: string) =>
        StreamedCall.open({ port: gateway.port, version }, path, { 'content-type': type, 'x-grpc-web': '1' })

      describe(`${type} over HTTP/${version}`, () => {
        it('passes each message before the next is sent, in both directions', async () => {
          const call = open('/test.Echo/Chat')
          let expected = Buffer.alloc(0)
          // Of all lengths that base64 knows, so that octets would be left over if something waited for more.
          for (const message of ['a', 'bc', 'def', 'ghij', 'klmno']) {
            const frame = toFrame(message)
            expected = Buffer.concat([expected, frame])
            call.write(encode(frame))
            await until(() => toOctets(call.text, isText).equals(expected) || undefined, `the answer to ${message}`)
          }
          call.end()
          assert.equal(await call.getEnd(), 'end')
          const last = toOctets(call.text, isText).subarray(expected.length)
          assert.equal(last[0], 0x80)
          assert.equal(last.readUInt32BE(1), last.length - 5)
          assert.match(last.toString('latin1', 5), /^(?:[a-z0-9-]+: ?[^\r\n]*\r\n)+$/)
          assert.match(last.toString('latin1', 5), /^grpc-status: 0\r$/m)
          call.close()
        })

        for (const [what, octets] of [
          ['half a message', toFrame('whole').subarray(0, 8)],
          ['a frame of trailers', Buffer.from([0x80, 0, 0, 0, 0])],
        ] as const) {
          it(`refuses ${what} from a client, however it comes`, async () => {
            const pieces = Buffer.from(encode(octets))
            for (const bytes of [1, pieces.length]) {
              const call = open('/test.Echo/Collect')
              for (let at = 0; at < pieces.length; at += bytes) call.write(pieces.subarray(at, at + bytes))
              call.end()
              const head = await call.getHead()
              assert.deepEqual([head['grpc-status'], head['content-type']], ['3', type])
              assert.match(`${head['grpc-message']}`, /gRPC-Web/)
              assert.equal(await call.getEnd(), 'end')
              assert.equal(call.text, '')
              call.close()
            }
          })
        }

        it('breaks off what has begun when the client goes on with what makes no sense, and ends the call', async () => {
          const before = service.cancelled
          const call = open('/test.Echo/Chat')
          call.write(encode(toFrame('sense')))
          await until(() => toOctets(call.text, isText).equals(toFrame('sense')) || undefined, 'the first answer')
          call.write(encode(Buffer.from([0x80, 0, 0, 0, 0, 0])))
          assert.equal(await call.getEnd(), 'broken')
          assert.deepEqual(toOctets(call.text, isText), toFrame('sense'))
          await until(() => service.cancelled > before || undefined, 'the service to hear of it')
          call.close()
        })

        it('shows an answer that breaks off as broken, and says no status of its own', async () => {
          const before = answers.streams.length
          const call = open('/open/Call')
          call.end(encode(toFrame('ask')))
          const stream = await until(() => answers.streams[before], 'the call to reach the service')
          await until(() => toOctets(call.text, isText).equals(toFrame('first')) || undefined, 'the first message')
          // `close` would end it in order before it resets it.
          stream.session?.destroy()
          assert.equal(await call.getEnd(), 'broken')
          assert.deepEqual(toOctets(call.text, isText), toFrame('first'))
          call.close()
        })
      })
    }
  }

  it('refuses text that is no base64, however it comes', async () => {
    for (const version of VERSIONS) {
      for (const pieces of [['AAA*'], ['A', 'A', 'A', '*'], ['AAA']]) {
        const call = StreamedCall.open({ port: gateway.port, version }, '/test.Echo/Unary', {
          'content-type': 'application/grpc-web-text',
        })
        for (const piece of pieces) call.write(piece)
        call.end()
        const head = await call.getHead()
        assert.deepEqual([head['grpc-status'], head['content-type']], ['3', 'application/grpc-web-text'])
        assert.match(`${head['grpc-message']}`, /base64/)
        call.close()
      }
    }
  })

  it('is asked with a length as well, and leaves no length that is not so', async () => {
    for (const type of TYPES) {
      const body = type.includes('text') ? toFrame('ask').toString('base64') : toFrame('ask')
      const answer = await fetch(`http://127.0.0.1:${gateway.port}/test.Echo/Unary`, {
        method: 'POST',
        headers: { 'Content-Type': type },
        body,
      })
      assert.equal(answer.headers.get('content-length'), null)
      const octets = toOctets(Buffer.from(await answer.arrayBuffer()).toString('latin1'), type.includes('text'))
      assert.deepEqual(octets.subarray(0, 8), toFrame('ask'))
      assert.match(octets.toString('latin1', 8), /grpc-status: 0\r\n/)
    }
  })
})
