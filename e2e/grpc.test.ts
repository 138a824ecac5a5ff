/** Owns the proof that gRPC passes whole: all kinds of calls, metadata, deadlines, and problems in the words of its clients. */
import assert from 'node:assert/strict'
import { type EventEmitter, once } from 'node:events'
import { readFile } from 'node:fs/promises'
import {
  connect,
  constants,
  createServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
} from 'node:http2'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { type ClientReadableStream, Metadata, type StatusObject, status } from '@grpc/grpc-js'
import { type IssuedCertificate, TestAuthority } from '../packages/gateway/src/certificates/test-authority.fixture.ts'
import { findFreePort } from '../packages/policies/src/testing/free-ports.ts'
import { until, within } from './harness/deadline.ts'
import { type RunningGateway, startGateway } from './harness/gateway.ts'
import { type EchoClient, EchoService, openEchoClient, openSecureEchoClient } from './harness/grpc-service.ts'

/** More than a window, and less than the gateway asks a target for. */
const MUCH = 120_000

interface Reply {
  readonly code: number
  readonly details: string
  readonly message: string
  readonly head: Metadata
  readonly trailer: Metadata
}

/** How a call of one answer went. */
function call(
  begin: (reply: (error: unknown, message?: Buffer | null) => void) => {
    on(event: 'metadata', listener: (head: Metadata) => void): unknown
    on(event: 'status', listener: (ended: { code: number; details: string; metadata: Metadata }) => void): unknown
  },
): Promise<Reply> {
  return new Promise((resolve) => {
    let message = ''
    let head = new Metadata()
    const running = begin((_, answer) => {
      message = answer?.toString() ?? ''
    })
    running.on('metadata', (given) => {
      head = given
    })
    running.on('status', ({ code, details, metadata }) =>
      setImmediate(() => resolve({ code, details, message, head, trailer: metadata })),
    )
  })
}

const sayUnary = (client: EchoClient, message = 'hello', metadata = new Metadata(), options = {}): Promise<Reply> =>
  within(
    call((reply) => client.unary(Buffer.from(message), metadata, options, reply)),
    'a call',
  )

/** How a call ended whose messages nobody waits for; what Node calls an error is one of its ends. */
function findEnd(running: EventEmitter): Promise<{ code: number; details: string }> {
  running.on('error', () => {})
  const ended = new Promise<StatusObject>((resolve) => running.on('status', resolve))
  return within(ended, 'the end of a call')
}

/** All messages of an answer, and how it ended. */
async function readAll(
  running: ClientReadableStream<Buffer>,
): Promise<{ bytes: number; messages: number; code: number }> {
  let bytes = 0
  let messages = 0
  running.on('data', (message: Buffer) => {
    bytes += message.length
    messages++
  })
  const { code } = await findEnd(running)
  return { bytes, messages, code }
}

describe('gRPC', () => {
  const authority = TestAuthority.create()
  let service: EchoService
  let gateway: RunningGateway
  let client: EchoClient
  let secure: EchoClient
  let deadPort = 0
  let tlsPort = 0
  let dying: EchoService
  let dyingClient: EchoClient
  let identity: IssuedCertificate
  /** It answers with one message at most, and never ends. */
  let silent: Http2Server
  /** Paths of its streams that were reset. */
  const resets: string[] = []
  /** What they were given. */
  const timeouts: string[] = []

  const configure = () => `gatewright: 1
accessLog: { file: ./access.log }
listeners:
  - { id: plain, host: 127.0.0.1, port: 8080, http2: { priorKnowledge: true } }
  - { id: tls, host: 127.0.0.1, port: ${tlsPort}, tls: {} }
certificates:
  - { id: main, cert: ${identity.cert}, key: ${identity.key} }
upstreams:
  - { id: echo, protocol: h2c, targets: ["http://${service.address}"] }
  - { id: dead, protocol: h2c, targets: ["http://127.0.0.1:${deadPort}"] }
  - { id: silent, protocol: h2c, targets: ["http://127.0.0.1:${(silent.address() as AddressInfo).port}"] }
  - { id: dying, protocol: h2c, targets: ["http://${dying.address}"] }
apis:
  - { id: dying, hosts: [dying.example], upstream: dying, routes: [{ id: rest, path: "/test.Echo/{method}" }] }
  - id: echo
    upstream: echo
    routes:
      - { id: limited, path: /test.Echo/Limited, policies: [{ policy: key-auth }] }
      - { id: much, path: /test.Echo/Much, upstream: silent }
      - { id: never, path: /test.Echo/Never, upstream: silent }
      - { id: once, path: /test.Echo/Once, upstream: silent }
      - { id: dead, path: /test.Echo/Dead, upstream: dead }
      - { id: rest, path: "/test.Echo/{method}" }
`

  before(async () => {
    service = await EchoService.listen()
    deadPort = await findFreePort()
    tlsPort = await findFreePort()
    dying = await EchoService.listen()
    silent = createServer((request, response) => {
      timeouts.push(String(request.headers['grpc-timeout']))
      request.stream.on('error', () => {})
      if (request.url.endsWith('Much')) {
        response.writeHead(200, { 'content-type': 'application/grpc' })
        response.write(Buffer.alloc(MUCH))
        setTimeout(() => request.stream.close(constants.NGHTTP2_INTERNAL_ERROR), 300)
      }
      request.stream.on('close', () => request.stream.rstCode === constants.NGHTTP2_CANCEL && resets.push(request.url))
      if (!request.url.endsWith('Once')) return
      response.writeHead(200, { 'content-type': 'application/grpc' })
      response.write(Buffer.from([0, 0, 0, 0, 1, 97]))
    })
    silent.listen(0, '127.0.0.1')
    await once(silent, 'listening')
    identity = authority.issue({ names: ['localhost'] })
    gateway = await startGateway({ yaml: configure() })
    client = openEchoClient(`127.0.0.1:${gateway.port}`)
    dyingClient = openEchoClient(`127.0.0.1:${gateway.port}`, 'dying.example')
    secure = openSecureEchoClient(`localhost:${tlsPort}`, authority.certPem)
  })

  after(async () => {
    client?.close()
    secure?.close()
    dyingClient?.close()
    await gateway?.stop()
    service?.close()
    dying?.close()
    silent?.close()
    authority.remove()
  })

  for (const [way, open] of [
    ['without TLS', () => client],
    ['over TLS', () => secure],
  ] as const) {
    it(`has calls with one message each way, ${way}`, async () => {
      const metadata = new Metadata()
      metadata.set('x-asked', 'for')
      metadata.set('x-octets-bin', Buffer.from([1, 2, 250]))
      const { code, message, head, trailer } = await sayUnary(open(), 'hello', metadata)
      assert.deepEqual([code, message], [status.OK, 'hello'])
      assert.deepEqual(head.get('x-head'), ['said'])
      assert.deepEqual(trailer.get('x-trailer'), ['said too'])
      assert.deepEqual(trailer.get('x-octets-bin'), [Buffer.from([0, 255, 128])])
      const seen = service.metadata.at(-1)
      assert.equal(seen?.['x-asked'], 'for')
      assert.deepEqual(seen?.['x-octets-bin'], Buffer.from([1, 2, 250]))
    })

    it(`has calls of many messages, ${way}`, async () => {
      const reply = await within(
        call((answer) => {
          const upload = open().collect(new Metadata(), answer)
          for (let i = 0; i < 200; i++) upload.write(Buffer.alloc(10_000))
          upload.end()
          return upload
        }),
        'an upload',
      )
      assert.deepEqual([reply.code, reply.message], [status.OK, '200 2000000'])
    })

    it(`has answers of many messages, ${way}`, async () => {
      const { bytes, messages, code } = await readAll(open().repeat(Buffer.from('300 10000')))
      assert.deepEqual({ bytes, messages, code }, { bytes: 3_000_000, messages: 300, code: status.OK })
    })

    it(`has conversations: each message is answered before the next is sent, ${way}`, async () => {
      const chat = open().chat()
      const heard: string[] = []
      const ended = findEnd(chat)
      chat.on('data', (message: Buffer) => {
        heard.push(message.toString())
        if (heard.length < 20) chat.write(Buffer.from(`message ${heard.length}`))
        else chat.end()
      })
      chat.write(Buffer.from('message 0'))
      assert.equal((await ended).code, status.OK)
      assert.deepEqual(
        heard,
        Array.from({ length: 20 }, (_, index) => `message ${index}`),
      )
    })
  }

  it('passes on how a call failed', async () => {
    const { code, details, trailer } = await within(
      call((reply) => client.fail(Buffer.from('of it'), reply)),
      'a call',
    )
    assert.deepEqual([code, details], [status.FAILED_PRECONDITION, 'ü of it%'])
    assert.deepEqual(trailer.get('x-why'), ['because'])
  })

  it('carries many calls at once', async () => {
    const replies = await Promise.all(Array.from({ length: 300 }, (_, index) => sayUnary(client, `call ${index}`)))
    assert.deepEqual(
      replies.map(({ message }) => message),
      Array.from({ length: 300 }, (_, index) => `call ${index}`),
    )
  })

  it('tells the service the rest of the time that a call has', async () => {
    service.deadlines.length = 0
    const { code } = await within(
      call((reply) => client.hang(Buffer.from('x'), new Metadata(), { deadline: Date.now() + 400 }, reply)),
      'a call',
    )
    assert.equal(code, status.DEADLINE_EXCEEDED)
    assert.equal(service.deadlines.length, 1)
    const [given = 0] = service.deadlines
    assert.ok(given > 0 && given <= 400, `${given} ms`)
  })

  for (const [what, method] of [
    ['has not begun', 'Never'],
    ['has begun', 'Once'],
  ] as const) {
    it(`ends a call whose time is out, and tells both sides, where its answer ${what}`, async () => {
      // The client keeps no clock: its field is metadata like any other.
      const metadata = new Metadata()
      metadata.set('grpc-timeout', '300000u')
      const octets = (message: Buffer) => message
      const running = client.makeBidiStreamRequest(`/test.Echo/${method}`, octets, octets, metadata)
      running.on('data', () => {})
      running.write(Buffer.from('x'))
      const { code, details } = await findEnd(running)
      assert.equal(status[code], 'DEADLINE_EXCEEDED')
      assert.equal(
        details,
        'The request took longer than allowed: There was no answer within the 300000u that the call gave.',
      )
      await until(() => resets.includes(`/test.Echo/${method}`) || undefined, 'the service to hear of it')
      const [, left] = /^(\d+)m$/.exec(timeouts.at(-1) ?? '') ?? []
      assert.ok(Number(left) > 0 && Number(left) <= 300, String(timeouts.at(-1)))
    })
  }

  it('refuses a time that is none', async () => {
    const metadata = new Metadata()
    metadata.set('grpc-timeout', 'soon')
    const { code, details } = await sayUnary(client, 'x', metadata)
    assert.equal(code, status.INVALID_ARGUMENT)
    assert.match(details, /grpc-timeout/)
  })

  it('ends the call at the service when its client gives up', async () => {
    const before = service.cancelled
    const chat = client.chat()
    chat.on('error', () => {})
    chat.write(Buffer.from('x'))
    await within(once(chat, 'data'), 'an echo')
    chat.cancel()
    await until(() => service.cancelled > before || undefined, 'the service to hear of it')
  })

  for (const [method, expected, says] of [
    ['Limited', status.UNAUTHENTICATED, /credential/i],
    ['Dead', status.UNAVAILABLE, /reached/],
    ['None/Such', status.UNIMPLEMENTED, /route/],
    ['Other', status.UNIMPLEMENTED, /Other|method/],
  ] as const) {
    it(`says ${status[expected]} for ${method}`, async () => {
      const { code, details } = await within(
        call((reply) => {
          const path = `/test.Echo/${method}`
          const octets = (message: Buffer) => message
          return client.makeUnaryRequest(path, octets, octets, Buffer.from('x'), new Metadata(), {}, reply)
        }),
        'a call',
      )
      assert.equal(code, expected, details)
      assert.match(details, says)
    })
  }

  it('says in trailers why an answer that has begun is not whole', async () => {
    const chat = dyingClient.chat()
    const ended = findEnd(chat)
    chat.write(Buffer.from('x'))
    await within(once(chat, 'data'), 'an echo')
    dying.close()
    const { code, details } = await ended
    assert.deepEqual([status[code], details], ['UNAVAILABLE', 'The upstream closed the connection before it answered'])
  })

  it('says it behind what a client has not taken yet, however slowly that reads', async () => {
    const session = connect(`http://127.0.0.1:${gateway.port}`)
    try {
      const fields: OutgoingHttpHeaders = {
        ':method': 'POST',
        ':path': '/test.Echo/Much',
        'content-type': 'application/grpc',
        te: 'trailers',
      }
      const stream = session.request(fields)
      stream.end()
      stream.pause()
      let trailers: IncomingHttpHeaders = {}
      stream.on('trailers', (given) => {
        trailers = given
      })
      // Until after the service has broken it off.
      await pause(600)
      let bytes = 0
      stream.on('data', (chunk: Buffer) => {
        bytes += chunk.length
      })
      stream.resume()
      await within(once(stream, 'close'), 'the end')
      assert.equal(stream.rstCode, constants.NGHTTP2_NO_ERROR)
      assert.equal(trailers['grpc-status'], String(status.UNAVAILABLE))
      assert.ok(bytes > 65_535, `${bytes}`)
    } finally {
      session.destroy()
    }
  })

  it('is recorded', async () => {
    const endings = [
      ['Unary', 0],
      ['Fail', 9],
      ['Limited', 16],
      ['Dead', 14],
      ['Never', 4],
      ['Once', 4],
    ] as const
    await until(async () => {
      const text = await readFile(join(gateway.folder, 'access.log'), 'utf8')
      const records = text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { path: string; status: number; grpcStatus?: number })
      const isTold = ([method, code]: (typeof endings)[number]) =>
        records.some(
          ({ path, status, grpcStatus }) => path === `/test.Echo/${method}` && status === 200 && grpcStatus === code,
        )
      return endings.every(isTold) || undefined
    }, 'the record of how each call ended')
  })
})
