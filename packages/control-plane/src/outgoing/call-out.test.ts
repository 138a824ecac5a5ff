import assert from 'node:assert/strict'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { after, describe, it } from 'node:test'
import { type AddressJudge, callOut } from './call-out.ts'
import { outgoingFetch } from './outgoing-fetch.ts'

/** A server on this machine, and how often it was asked. */
async function listen(answer: RequestListener) {
  const server = createServer((request, response) => {
    asked.count++
    asked.ports.add(request.socket.remotePort)
    answer(request, response)
  })
  const asked = { count: 0, ports: new Set<number | undefined>() }
  await new Promise<void>((resolve) => server.listen(0, resolve))
  after(() => server.close())
  return { port: (server.address() as AddressInfo).port, asked }
}

const toJudge = (permits: AddressJudge['permits']): AddressJudge => ({
  permits,
  toRefusal: (host) => new Error(`${host} is refused`),
})
const EVERYBODY = toJudge(() => true)

const call = (url: string, judge: AddressJudge, signal = new AbortController().signal) =>
  callOut({ url: new URL(url), method: 'POST', headers: { 'x-a': '1' }, body: 'hello', judge, signal })

describe('a call to an address that somebody has named', () => {
  it('brings what is to be said, and gives the answer', async () => {
    const { port } = await listen(async (request, response) => {
      const { method, url, headers } = request
      response.statusCode = 201
      response.end([method, url, headers['x-a'], await text(request)].join(' '))
    })
    const answer = await call(`http://127.0.0.1:${port}/a?b`, EVERYBODY)
    assert.deepEqual([answer.statusCode, await text(answer)], [201, 'POST /a?b 1 hello'])
  })

  it('is not made where the address, or what the name resolves to, is refused', async () => {
    const { port, asked } = await listen((_, response) => response.end())
    for (const host of ['127.0.0.1', '[::1]', '[::ffff:127.0.0.1]', 'localhost']) {
      const judged: string[] = []
      const judge = toJudge((address) => judged.push(address) < 0)
      await assert.rejects(call(`http://${host}:${port}/`, judge), { message: /is refused$/ }, host)
      assert.ok(judged.length > 0)
    }
    assert.equal(asked.count, 0)
  })

  it('is made to what was judged, and on a connection of its own', async () => {
    const { port, asked } = await listen((_, response) => response.end())
    const judged: string[] = []
    const judge = toJudge((address) => judged.push(address) > 0)
    for (let count = 0; count < 2; count++) (await call(`http://localhost:${port}/`, judge)).resume()
    assert.ok(judged.every((address) => address === '127.0.0.1' || address === '::1'))
    assert.deepEqual([asked.count, asked.ports.size], [2, 2])
  })

  it('follows nobody', async () => {
    const { port, asked } = await listen((_, response) => response.writeHead(307, { location: '/elsewhere' }).end())
    const answer = await call(`http://127.0.0.1:${port}/`, EVERYBODY)
    answer.destroy()
    assert.deepEqual([answer.statusCode, asked.count], [307, 1])
  })

  it('ends with its signal, in the middle of the answer too', async () => {
    const { port } = await listen((_, response) => response.write('begun'))
    const ending = new AbortController()
    const answer = await call(`http://127.0.0.1:${port}/`, EVERYBODY, ending.signal)
    const read = text(answer)
    ending.abort()
    await assert.rejects(read)
    await assert.rejects(call(`http://127.0.0.1:${port}/`, EVERYBODY, ending.signal), { name: 'AbortError' })
  })
})

describe('what issuers and providers are asked', () => {
  it('is answered as by fetch, with all fields', async () => {
    const { port } = await listen((request, response) => {
      if (request.url === '/none') return void response.writeHead(204).end()
      response.writeHead(200, { 'set-cookie': ['a=1', 'b=2'] }).end('{"a":1}')
    })
    const answer = await outgoingFetch(`http://127.0.0.1:${port}/`)
    assert.deepEqual(
      [answer.status, answer.headers.getSetCookie(), await answer.json()],
      [200, ['a=1', 'b=2'], { a: 1 }],
    )
    assert.equal((await outgoingFetch(`http://127.0.0.1:${port}/none`)).body, null)
  })

  it('is neither asked without TLS elsewhere, nor where nobody is ever called', async () => {
    await assert.rejects(outgoingFetch('http://issuer.example.com/'), /not asked without TLS/)
    await assert.rejects(outgoingFetch('ftp://issuer.example.com/'), /not asked without TLS/)
    for (const host of ['169.254.169.254', '[fe80::1]', '[::ffff:169.254.169.254]', '[64:ff9b::a9fe:a9fe]']) {
      await assert.rejects(outgoingFetch(`https://${host}/`), /has no address that may be called/, host)
    }
  })

  it('is no more than is ever needed', async () => {
    const { port } = await listen((_, response) => response.end(Buffer.alloc(1024 * 1024 + 1)))
    await assert.rejects(outgoingFetch(`http://127.0.0.1:${port}/`), /has more than 1048576 bytes/)
  })
})
