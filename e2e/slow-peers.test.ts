/** Owns the proof that slow clients and slow upstreams are ended in time, each with the answer that says so. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { findField, findProblemCode } from './harness/answer.ts'
import { get, RawClient } from './harness/raw-client.ts'
import { RawUpstream } from './harness/raw-upstream.ts'
import { stageGateway } from './harness/stage.ts'

const configure = (url: string) => `gatewright: 1
listeners:
  - { id: public, port: 8080, limits: { headTimeoutMs: 300, keepAliveMs: 600, bodyMinBytesPerSecond: 1000 } }
accessLog: off
upstreams:
  - { id: slow, targets: ["${url}"], timeouts: { firstByteMs: 300, idleMs: 300 } }
  - { id: nobody, targets: ["http://127.0.0.1:9"] }
apis:
  - id: slow
    basePath: /
    upstream: slow
    routes:
      - { id: nobody, path: /nobody, upstream: nobody }
      - { id: rest, path: "/{rest+}" }
`

describe('slow peers', () => {
  const stage = stageGateway(configure, () =>
    RawUpstream.listen({
      onRequest({ target }, { socket }) {
        if (target === '/fast') socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
        if (target === '/half-a-head') socket.write('HTTP/1.1 200 OK\r\nContent-')
        if (target === '/half-a-body') socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello')
        if (target === '/half-a-chunk') socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhe')
      },
    }),
  )

  for (const [where, bytes] of [
    ['in the method', 'GE'],
    ['after the request line', 'GET / HTTP/1.1\r\n'],
    ['in a field', 'GET / HTTP/1.1\r\nHost: a\r\nX-A: 1'],
    ['before the empty line', 'GET / HTTP/1.1\r\nHost: a\r\n'],
    ['after an empty line', '\r\n'],
  ] as const) {
    it(`a client that stops ${where} is answered 408`, async () => {
      const client = await RawClient.connect(stage.gateway.port)
      await client.write(bytes)
      const answer = await client.getAnswer()
      assert.deepEqual([answer.status, findProblemCode(answer)], [408, 'request-timeout'])
      assert.equal(findField(answer, 'connection'), 'close')
      assert.equal(await client.end(), 'end')
      client.close()
    })
  }

  it('a client that never sends a byte is closed without an answer', async () => {
    const client = await RawClient.connect(stage.gateway.port)
    await client.end()
    assert.equal(client.received.length, 0)
    client.close()
  })

  it('a client that stays silent after an answer is closed without another', async () => {
    const client = await RawClient.connect(stage.gateway.port)
    await client.write('GET /fast HTTP/1.1\r\nHost: a\r\n\r\n')
    assert.equal((await client.getAnswer()).status, 200)
    await client.end()
    assert.equal(client.leftOver, '')
    client.close()
  })

  it('a client whose body comes slower than the least rate is answered 408', async () => {
    const client = await RawClient.connect(stage.gateway.port)
    await client.write('POST /fast HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nhello')
    const answer = await client.getAnswer()
    assert.deepEqual([answer.status, findProblemCode(answer)], [408, 'request-timeout'])
    assert.equal(await client.end(), 'end')
    client.close()
  })

  for (const target of ['/nothing', '/half-a-head']) {
    it(`an upstream that stops at ${target} is a 504`, async () => {
      const answer = await get(stage.gateway.port, target)
      assert.deepEqual([answer.status, findProblemCode(answer)], [504, 'upstream-timeout'])
      await stage.upstream.connectionThat(
        ({ requests, isClosed }) => isClosed && requests.at(-1)?.target === target,
        'its connection to be closed',
      )
    })
  }

  for (const target of ['/half-a-body', '/half-a-chunk']) {
    it(`an upstream that stops at ${target} breaks the answer visibly`, async () => {
      const client = await RawClient.connect(stage.gateway.port)
      await client.write(`GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`)
      const answer = await client.nextAnswer()
      assert.equal(answer, undefined, 'the answer looks whole')
      assert.match(client.received.toString('latin1'), /^HTTP\/1\.1 200 /)
      client.close()
    })
  }

  it('an upstream where nobody listens is a 502', async () => {
    const answer = await get(stage.gateway.port, '/nobody')
    assert.deepEqual([answer.status, findProblemCode(answer)], [502, 'upstream-unreachable'])
  })
})
