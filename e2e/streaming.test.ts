/** Owns the proof that bodies flow as they come, in both directions, and that whoever is slow slows the other side instead of filling memory. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { forwardAll } from './harness/configurations.ts'
import { countingUpstream } from './harness/counting-upstream.ts'
import { within } from './harness/deadline.ts'
import { type RunningGateway, startGateway } from './harness/gateway.ts'
import { RawClient } from './harness/raw-client.ts'
import { RawUpstream } from './harness/raw-upstream.ts'

const MIB = 1_048_576
const BODY_BYTES = 256 * MIB
/** Kernel buffers of two connections on both ends, and what the gateway may hold: far below the body. */
const MOST_IN_FLIGHT = 64 * MIB
/** A writer that got nothing off in this time is held back. Longer only makes the test slower, not different. */
const STALLED_MS = 500

const CHUNK = Buffer.alloc(65_536, 'x')

/** Writes until `total` or until the other side takes no more; answers how much the kernel took. */
async function writeUntilStalled(socket: Socket, total: number): Promise<number> {
  let written = 0
  while (written < total) {
    const flushed = new Promise<true>((resolve) => socket.write(CHUNK, () => resolve(true)))
    if ((await Promise.race([flushed, pause(STALLED_MS, false)])) === false) {
      return written
    }
    written += CHUNK.length
  }
  return written
}

async function writeRest(socket: Socket, bytes: number): Promise<void> {
  for (let left = bytes; left > 0; left -= CHUNK.length) {
    if (!socket.write(left >= CHUNK.length ? CHUNK : CHUNK.subarray(0, left)))
      await within(once(socket, 'drain'), 'room', 30_000)
  }
}

describe('streaming', () => {
  let upstream: RawUpstream
  let gateway: RunningGateway

  before(async () => {
    upstream = await RawUpstream.listen({})
    gateway = await startGateway({ yaml: forwardAll(upstream.url) })
  })
  after(async () => {
    await gateway?.stop()
    await upstream?.close()
  })

  it('a piece of a request body reaches the upstream before the next is sent', async () => {
    const client = await RawClient.connect(gateway.port)
    await client.write('POST /pieces HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n')
    const connection = await upstream.connectionThat(
      ({ seen }) => seen.includes('/pieces') && seen.includes('first'),
      'the first piece',
    )
    await client.write('6\r\nsecond\r\n')
    await upstream.connectionThat((each) => each === connection && each.seen.includes('second'), 'the second piece')
    assert.equal(connection.requests.length, 0, 'the request is not whole yet')
    await client.write('0\r\n\r\n')
    await upstream.connectionThat((each) => each === connection && each.requests.length === 1, 'the whole request')
    assert.equal(connection.requests[0]?.body.toString(), 'firstsecond')
    connection.socket.write('HTTP/1.1 204 No Content\r\n\r\n')
    assert.equal((await client.getAnswer()).status, 204)
    client.close()
  })

  it('a piece of an answer reaches the client before the next is sent', async () => {
    const client = await RawClient.connect(gateway.port)
    await client.write('GET /answer-pieces HTTP/1.1\r\nHost: a\r\n\r\n')
    const { socket } = await upstream.connectionThat(
      ({ requests }) => requests.at(-1)?.target === '/answer-pieces',
      'the request',
    )
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n')
    await client.has('\r\n\r\n')
    socket.write('first')
    await client.has('first')
    socket.write('second')
    assert.equal((await client.getAnswer()).body.toString(), 'firstsecond')
    client.close()
  })

  it('an event leaves as it comes (SSE), in chunks and until the connection closes', async () => {
    for (const framing of ['chunked', 'close'] as const) {
      const client = await RawClient.connect(gateway.port)
      await client.write(`GET /events-${framing} HTTP/1.1\r\nHost: a\r\nAccept: text/event-stream\r\n\r\n`)
      const { socket } = await upstream.connectionThat(
        ({ requests }) => requests.at(-1)?.target === `/events-${framing}`,
        'the request',
      )
      const coding = framing === 'chunked' ? 'Transfer-Encoding: chunked\r\n' : ''
      socket.write(`HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n${coding}\r\n`)
      for (let n = 1; n <= 5; n++) {
        const event = `data: event number ${n}\n\n`
        socket.write(framing === 'chunked' ? `${event.length.toString(16)}\r\n${event}\r\n` : event)
        await client.has(`event number ${n}\n\n`)
      }
      if (framing === 'chunked') socket.write('0\r\n\r\n')
      else socket.end()
      const answer = await client.getAnswer()
      assert.match(answer.body.toString(), /^(data: event number \d\n\n){5}$/)
      client.close()
    }
  })

  it('the upstream is told when the client of an event stream leaves', async () => {
    const client = await RawClient.connect(gateway.port)
    await client.write('GET /left HTTP/1.1\r\nHost: a\r\n\r\n')
    const connection = await upstream.connectionThat(
      ({ requests }) => requests.at(-1)?.target === '/left',
      'the request',
    )
    connection.socket.write('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n')
    await client.has('data: 1')
    client.close()
    await upstream.connectionThat(
      (each) => each === connection && each.isClosed,
      'the end of the connection to the upstream',
    )
  })
})

describe('backpressure', () => {
  it('an upstream that does not read holds the client back, and gets every byte once it does', async () => {
    const upstream = await countingUpstream({ startsPaused: true })
    const gateway = await startGateway({ yaml: forwardAll(upstream.url) })
    const socket = connect(gateway.port, '127.0.0.1')
    try {
      await once(socket, 'connect')
      socket.write(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${BODY_BYTES}\r\n\r\n`)
      const taken = await writeUntilStalled(socket, BODY_BYTES)
      assert.ok(taken < MOST_IN_FLIGHT, `${taken} bytes were taken though nobody read them`)
      upstream.resume()
      const answered = once(socket, 'data')
      await writeRest(socket, BODY_BYTES - taken - CHUNK.length)
      const [answer] = (await within(answered, 'the answer', 30_000)) as [Buffer]
      assert.match(answer.toString('latin1'), /^HTTP\/1\.1 200 OK/)
      assert.equal(upstream.bodyBytes, BODY_BYTES)
    } finally {
      socket.destroy()
      await gateway.stop()
      await upstream.close()
    }
  })

  it('a client that does not read holds the upstream back, and gets every byte once it does', async () => {
    let sent = 0
    const stalled = Promise.withResolvers<void>()
    const upstream = await RawUpstream.listen({
      async onRequest(_, { socket }) {
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${BODY_BYTES}\r\n\r\n`)
        sent = await writeUntilStalled(socket, BODY_BYTES)
        stalled.resolve()
        if (sent < BODY_BYTES) await writeRest(socket, BODY_BYTES - sent - CHUNK.length)
      },
    })
    const gateway = await startGateway({ yaml: forwardAll(upstream.url) })
    const socket = connect(gateway.port, '127.0.0.1')
    try {
      await once(socket, 'connect')
      socket.pause()
      socket.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
      await within(stalled.promise, 'the upstream to be held back', 60_000)
      assert.ok(sent < MOST_IN_FLIGHT, `${sent} bytes were taken though nobody read them`)
      let received = 0
      socket.on('data', (chunk: Buffer) => (received += chunk.length))
      socket.resume()
      await within(once(socket, 'end'), 'the end of the answer', 60_000)
      assert.ok(received > BODY_BYTES && received < BODY_BYTES + 2000, `${received} bytes`)
    } finally {
      socket.destroy()
      await gateway.stop()
      await upstream.close()
    }
  })
})
