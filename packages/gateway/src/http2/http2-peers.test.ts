import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type ClientHttp2Session, connect, createServer, type Http2Server, type ServerHttp2Stream } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { HeaderList } from '@gatewright/policies'
import { ERROR_CODES } from './frame.ts'
import type { Http2Session } from './http2-session.ts'
import { Call, connectClient, echo, OurServer, type ServedSession } from './node-peers.fixture.ts'

// Around the copied length, a frame, the windows that everybody begins with, and far beyond the largest.
const SIZES = [1, 100, 4095, 4096, 4097, 16_383, 16_384, 16_385, 65_535, 65_536, 65_537, 300_000, 5_000_000]

function toBody(bytes: number, seed: number): Buffer {
  const body = Buffer.allocUnsafe(bytes)
  for (let i = 0; i < bytes; i++) body[i] = (i * 31 + seed + (i >> 8)) & 0xff
  return body
}

interface Answer {
  readonly status: number | undefined
  readonly path: unknown
  readonly body: Buffer
  readonly trailers: Record<string, unknown> | undefined
}

async function ask(client: ClientHttp2Session, path: string, body?: Buffer): Promise<Answer> {
  const method = body === undefined ? 'GET' : 'POST'
  const request = client.request(
    { ':method': method, ':path': path },
    { endStream: body === undefined, waitForTrailers: body !== undefined },
  )
  request.on('wantTrailers', () => request.sendTrailers({ 'x-sum': String(body?.length) }))
  const parts: Buffer[] = []
  let trailers: Record<string, unknown> | undefined
  request.on('trailers', (fields) => {
    trailers = fields
  })
  request.on('data', (chunk: Buffer) => parts.push(chunk))
  const headed = once(request, 'response')
  const ended = once(request, 'end')
  if (body !== undefined) request.end(body)
  const [head] = await headed
  await ended
  return { status: head[':status'], path: head['x-path'], body: Buffer.concat(parts), trailers }
}

describe('a server of ours and a client of node:http2', { timeout: 60_000 }, () => {
  let server: OurServer
  let client: ClientHttp2Session

  before(async () => {
    server = await OurServer.start(echo)
    client = connect(server.url)
  })

  after(() => {
    client.destroy()
    server.close()
  })

  it('carry bodies of every size both ways, with trailers', async () => {
    for (const bytes of SIZES) {
      const body = toBody(bytes, bytes)
      const answer = await ask(client, `/${bytes}`, body)
      assert.equal(answer.status, 200)
      assert.equal(answer.path, `/${bytes}`)
      assert.ok(answer.body.equals(body), `${bytes} octets came back as others`)
      assert.equal(answer.trailers?.['x-sum'], String(bytes))
    }
    assert.equal((await ask(client, '/none')).body.length, 0)
  })

  it('carry a hundred at once', async () => {
    const bodies = Array.from({ length: 100 }, (_, n) => toBody(50_000 + n, n))
    const answers = await Promise.all(bodies.map((body, n) => ask(client, `/${n}`, body)))
    for (const [n, answer] of answers.entries()) {
      assert.equal(answer.path, `/${n}`)
      assert.ok(answer.body.equals(bodies[n]!))
    }
    const { session } = server.sessions[0]!
    assert.equal(session.size, 0)
    assert.equal(session.table.counted, 0)
  })

  it('answer a ping, and take other settings meanwhile', async () => {
    const [, , payload] = await new Promise<[Error | null, number, Buffer]>((resolve) => {
      client.ping(Buffer.from('12345678'), (...told) => resolve(told))
    })
    assert.equal(payload.toString(), '12345678')
    const body = toBody(400_000, 7)
    const answers = Promise.all([ask(client, '/a', body), ask(client, '/b', body)])
    client.settings({ initialWindowSize: 10_000, headerTableSize: 0, maxFrameSize: 50_000 })
    for (const answer of await answers) assert.ok(answer.body.equals(body))
    client.settings({ initialWindowSize: 100_000, headerTableSize: 4096 })
    assert.ok((await ask(client, '/c', body)).body.equals(body))
  })

  it('hold back an answer that is not read, and hold little of it', async () => {
    const held: number[] = []
    const own = await OurServer.start((stream) => {
      const chunk = toBody(65_536, 1)
      let left = 100
      const writeOn = (): void => {
        for (let isReady = true; left > 0 && isReady; left--) isReady = stream.write(chunk)
        held.push(stream.queuedBytes)
        if (left === 0) stream.end()
      }
      stream.listener = { onData() {}, onEnd() {}, onReset() {}, onWritable: writeOn }
      stream.beginHead().status(200)
      stream.sendHead({ endsStream: false })
      writeOn()
    })
    const other = connect(own.url)
    const slow = other.request({ ':path': '/slow' })
    await once(slow, 'response')
    // While one is not read, another is answered.
    slow.pause()
    const { session, socket } = own.sessions[0]!
    assert.ok(Math.max(...held) <= 65_536 && socket.writableLength < 300_000)
    assert.equal(session.size, 1)
    let bytes = 0
    slow.on('data', (chunk: Buffer) => {
      bytes += chunk.length
    })
    slow.resume()
    await once(slow, 'end')
    assert.equal(bytes, 6_553_600)
    other.destroy()
    own.close()
  })

  it('hold back an upload that is not read', async () => {
    const reading = Promise.withResolvers<{ session: Http2Session; read: () => void }>()
    const own = await OurServer.start((stream) => {
      let unread = 0
      let reads = false
      stream.listener = {
        onData(chunk) {
          if (reads) stream.consumed(chunk.length)
          else unread += chunk.length
        },
        onEnd() {
          stream.beginHead().status(200)
          stream.sendHead({ endsStream: true })
        },
        onWritable() {},
        onReset() {},
      }
      const read = (): void => {
        assert.ok(unread <= 65_536, `${unread} octets came`)
        reads = true
        stream.consumed(unread)
      }
      reading.resolve({ session: own.sessions[0]!.session, read })
    })
    const other = connect(own.url)
    const upload = other.request({ ':path': '/up', ':method': 'POST' })
    upload.end(toBody(1_000_000, 3))
    const { read } = await reading.promise
    // A ping behind it is answered: only the stream is held back.
    await new Promise((resolve) => other.ping(() => resolve(undefined)))
    read()
    const [head] = await once(upload, 'response')
    assert.equal(head[':status'], 200)
    other.destroy()
    own.close()
  })

  it('part in order: what is under way is finished, and nothing new is begun', async () => {
    const own = await OurServer.start(echo)
    const other = connect(own.url)
    const request = other.request({ ':path': '/', ':method': 'POST' })
    request.write('before')
    await once(request, 'response')
    const { session, socket, owner } = own.sessions[0]!
    owner.onIdle = () => socket.end()
    session.goAway()
    await once(other, 'goaway')
    request.end(' and after')
    const parts: Buffer[] = []
    request.on('data', (chunk: Buffer) => parts.push(chunk))
    await once(request, 'end')
    assert.equal(Buffer.concat(parts).toString(), 'before and after')
    await once(socket, 'close')
    assert.equal(session.isDown, true)
    own.close()
  })

  it('hear of a client that leaves in the middle', async () => {
    const own = await OurServer.start(echo)
    const other = connect(own.url)
    const request = other.request({ ':path': '/', ':method': 'POST' })
    request.on('error', () => {})
    request.write('x')
    await once(request, 'response')
    const { session, socket } = own.sessions[0]!
    other.destroy()
    await once(socket, 'close')
    assert.equal(session.size, 0)
    assert.equal(session.table.counted, 0)
    own.close()
  })
})

describe('a client of ours and a server of node:http2', { timeout: 60_000 }, () => {
  let server: Http2Server
  let ours: ServedSession

  before(async () => {
    server = createServer({ settings: { maxConcurrentStreams: 20 } })
    server.on('stream', (stream: ServerHttp2Stream, head) => {
      stream.on('error', () => {})
      if (head[':path'] === '/refused') return stream.close(ERROR_CODES.refusedStream)
      if (head[':path'] === '/hints') stream.additionalHeaders({ ':status': 103, link: '</a>' })
      const fields = { ':status': 200, 'x-path': head[':path'], 'set-cookie': ['a=b', 'c=d'] }
      if (head[':method'] === 'HEAD') return stream.respond({ ...fields, 'content-length': '5' }, { endStream: true })
      stream.respond(fields, { waitForTrailers: true })
      stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': '1' }))
      stream.pipe(stream)
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    ours = await connectClient((server.address() as AddressInfo).port)
  })

  after(async () => {
    ours.socket.destroy()
    server.close()
    await once(server, 'close')
  })

  function call(path: string, body?: Buffer, method = body === undefined ? 'GET' : 'POST'): Call {
    const one = new Call(ours.session)
    const { stream } = one
    stream.beginHead().request({ method, scheme: 'http', authority: 'a.test', path })
    stream.sendHead({ endsStream: body === undefined })
    if (body !== undefined) {
      stream.write(body)
      stream.end(HeaderList.of([['x-sum', String(body.length)]]))
    }
    return one
  }

  it('carry bodies of every size both ways, with trailers', async () => {
    for (const bytes of SIZES) {
      const body = toBody(bytes, bytes)
      const { status, body: parts, trailers, broken } = await call(`/${bytes}`, body).done
      assert.deepEqual([status, broken], [200, undefined])
      assert.ok(Buffer.concat(parts).equals(body), `${bytes} octets came back as others`)
      assert.equal(trailers?.get('x-sum'), '1')
    }
  })

  it('carry a hundred, twenty at once, because the server takes no more', async () => {
    const bodies = Array.from({ length: 100 }, (_, n) => toBody(30_000 + n, n))
    const waiting = [...bodies.entries()]
    let most = 0
    const serve = async (): Promise<void> => {
      const answers: Promise<void>[] = []
      while (waiting.length > 0 && ours.session.canOpen) {
        const [n, body] = waiting.shift()!
        const check = ({ broken, body: parts }: Call): Promise<void> => {
          assert.equal(broken, undefined)
          assert.ok(Buffer.concat(parts).equals(body))
          return serve()
        }
        answers.push(call(`/${n}`, body).done.then(check))
        most = Math.max(most, ours.session.size)
      }
      await Promise.all(answers)
    }
    await serve()
    assert.equal(waiting.length, 0)
    assert.equal(most, 20)
  })

  it('understand interim answers, HEAD, lists of fields and refusals', async () => {
    const hinted = await call('/hints', toBody(10, 1)).done
    assert.deepEqual([hinted.interim, hinted.status], [[103], 200])
    const head = await call('/head', undefined, 'HEAD').done
    assert.deepEqual([head.status, head.body.length], [200, 0])
    assert.deepEqual(
      head.fields.filter(([name]) => name === 'set-cookie'),
      [
        ['set-cookie', 'a=b'],
        ['set-cookie', 'c=d'],
      ],
    )
    const { broken } = await call('/refused').done
    assert.deepEqual([broken?.code, broken?.isUnprocessed], [ERROR_CODES.refusedStream, true])
  })

  it('hold back an answer that is not read', async () => {
    const one = new Call(ours.session)
    one.isPaused = true
    one.stream.beginHead().request({ method: 'POST', scheme: 'http', authority: 'a.test', path: '/slow' })
    one.stream.sendHead({ endsStream: false })
    one.stream.write(toBody(2_000_000, 5))
    one.stream.end()
    // Another is served meanwhile, because the connection's window is larger than the stream's.
    assert.equal((await call('/other', toBody(200_000, 2)).done).status, 200)
    assert.ok(one.unreadBytes <= 65_536, `${one.unreadBytes} octets came`)
    one.isPaused = false
    one.stream.consumed(one.unreadBytes)
    await one.done
    assert.ok(Buffer.concat(one.body).equals(toBody(2_000_000, 5)))
  })
})
