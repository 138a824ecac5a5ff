import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { describe, it } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import Fastify, { type FastifyInstance } from 'fastify'
import { openSocket, readAll } from '../testing/raw-socket.ts'
import { UnderWay } from './under-way.ts'

/** Days, in which a test that waits for them is ended by its runner. */
const NEVER_MS = 2 ** 30
const ASK = 'GET /wait HTTP/1.1\r\nHost: localhost\r\n\r\n'
/** More than a socket holds whose other side does not read. */
const LARGE_BYTES = 32 * 1024 * 1024

/** A server whose answers wait until they are told to come. */
async function stage(https?: object) {
  const app = (https === undefined ? Fastify() : Fastify({ https })) as unknown as FastifyInstance
  const underWay = new UnderWay(app)
  const waiting: ((body: string | Buffer) => void)[] = []
  app.get('/wait', async () => await new Promise<string | Buffer>((resolve) => waiting.push(resolve)))
  await app.listen({ host: '127.0.0.1', port: 0 })
  const address = app.server.address()
  assert.ok(typeof address === 'object' && address !== null)
  const open = async (text: string): Promise<Socket> => {
    const socket = openSocket(address.port)
    await once(socket, 'connect')
    socket.write(text)
    return socket
  }
  const seen = async (count: number): Promise<void> => {
    while (waiting.length < count) await setImmediate()
  }
  return { app, underWay, waiting, open, seen }
}

describe('requests that are under way when their server ends', () => {
  it('are answered, also several on one connection, and whoever comes meanwhile is refused', async () => {
    const { underWay, waiting, open, seen } = await stage()
    const [one, two] = await Promise.all([open(ASK), open(ASK + ASK)])
    await seen(3)
    const ending = underWay.end(NEVER_MS)
    const late = await readAll(await open(ASK))
    assert.match(late, /^HTTP\/1\.1 503 /)
    assert.match(late, /\r\nretry-after: 1\r\n/)
    for (const answer of waiting) answer('done')
    const texts = await Promise.all([readAll(one), readAll(two)])
    assert.deepEqual(
      texts.map((text) => text.match(/HTTP\/1\.1 200 /g)?.length),
      [1, 2],
    )
    assert.match(texts[0] ?? '', /\r\nconnection: close\r\n/i)
    assert.equal(await ending, 0)
  })

  it('are sent to the last byte to who reads slowly', async () => {
    const { underWay, waiting, open, seen } = await stage()
    const socket = await open(ASK)
    socket.pause()
    await seen(1)
    const ending = underWay.end(NEVER_MS)
    waiting[0]?.(Buffer.alloc(LARGE_BYTES, 'x'))
    // As much is on its way as can be.
    for (let turn = 0; turn < 1000; turn++) await setImmediate()
    const text = await readAll(socket.resume())
    assert.equal(text.length - text.indexOf('\r\n\r\n') - 4, LARGE_BYTES)
    assert.equal(await ending, 0)
  })

  it('are cut off, and counted, where they do not come to an end in time', async () => {
    const { underWay, open, seen } = await stage()
    const sockets = await Promise.all([open(ASK), open(ASK)])
    await seen(2)
    assert.equal(await underWay.end(1), 2)
    for (const socket of sockets) assert.equal(await readAll(socket), '')
  })

  it('are all that is waited for: nobody who asks nothing, has asked before, or stops in the middle of a head', async () => {
    const { underWay, waiting, open, seen } = await stage()
    const sockets = await Promise.all(['', ASK, 'GET /wa'].map(open))
    await seen(1)
    waiting[0]?.('done')
    if (sockets[1] !== undefined) await once(sockets[1], 'data')
    assert.equal(await underWay.end(NEVER_MS), 0)
    for (const socket of sockets) await readAll(socket)
  })

  it('are all that is waited for: nobody who does not begin to speak TLS', async () => {
    const { underWay, open } = await stage({})
    const socket = await open('')
    assert.equal(await underWay.end(NEVER_MS), 0)
    await readAll(socket)
  })

  it('are forgotten when their client is gone', async () => {
    const { underWay, open, seen } = await stage()
    const socket = await open(ASK)
    await seen(1)
    socket.destroy()
    assert.equal(await underWay.end(NEVER_MS), 0)
  })
})
