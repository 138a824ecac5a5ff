/** Owns the proof that an answer that is given early reaches a client that is still sending (RFC 9112 §9.6). */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { findField } from './harness/answer.ts'
import { checkEvery } from './harness/batches.ts'
import { APPS, KEY_AUTH } from './harness/keys.ts'
import { RawClient } from './harness/raw-client.ts'
import { RawUpstream } from './harness/raw-upstream.ts'
import { stageGateway } from './harness/stage.ts'

const MEGABYTE = 'x'.repeat(1_000_000)

const configure = (url: string) => `gatewright: 1
accessLog: off
apis:
  - id: early
    basePath: /
    upstream: ${url}
    routes:
      - { id: guarded, path: /guarded, policies: [${KEY_AUTH}] }
      - { id: small, path: /small, bodyBytes: 1000 }
      - { id: rest, path: "/{rest+}" }
${APPS}`

describe('early answers', () => {
  const stage = stageGateway(configure, () =>
    RawUpstream.listen({
      onData({ seen, socket, requests }) {
        if (
          !socket.writableEnded &&
          requests.length === 0 &&
          seen.includes('POST /early') &&
          seen.includes('\r\n\r\n')
        ) {
          socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 5\r\nConnection: close\r\n\r\nearly')
        }
      },
      onRequest({ target }, { socket }) {
        if (target === '/next') socket.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnext')
      },
    }),
  )

  /** Sends the head, then megabytes without a look at what comes back, as simple clients do. */
  async function sendAll(target: string, megabytes: number, framing: 'length' | 'chunked'): Promise<RawClient> {
    const client = await RawClient.connect(stage.gateway.port)
    const field = framing === 'length' ? `Content-Length: ${megabytes * MEGABYTE.length}` : 'Transfer-Encoding: chunked'
    await client.write(`POST ${target} HTTP/1.1\r\nHost: a\r\n${field}\r\n\r\n`)
    const part = framing === 'length' ? MEGABYTE : `${MEGABYTE.length.toString(16)}\r\n${MEGABYTE}\r\n`
    for (let i = 0; i < megabytes && client.ended !== 'reset'; i++) await client.write(part)
    return client
  }

  for (const [target, status] of [
    ['/guarded', 401],
    ['/small', 413],
    ['/early', 403],
  ] as const) {
    for (const framing of ['length', 'chunked'] as const) {
      it(`${status} of ${target} reaches a client that sends megabytes (${framing})`, () =>
        checkEvery(
          Array.from({ length: 20 }, (_, i) => i),
          async () => {
            const client = await sendAll(target, 3, framing)
            const answer = await client.getAnswer()
            assert.equal(answer.status, status)
            // What the upstream answers early may leave before it is known that the rest of the body will not be read.
            if (status !== 403) assert.equal(findField(answer, 'connection'), 'close')
            client.reset()
          },
          4,
        ))
    }
  }

  it('a connection goes on after a refusal whose body was short enough to skip', async () => {
    const client = await RawClient.connect(stage.gateway.port)
    await client.write('POST /guarded HTTP/1.1\r\nHost: a\r\nContent-Length: 5000\r\n\r\n')
    assert.equal((await client.getAnswer()).status, 401)
    await client.write(`${'x'.repeat(5000)}GET /next HTTP/1.1\r\nHost: a\r\n\r\n`)
    const answer = await client.getAnswer()
    assert.deepEqual([answer.status, answer.body.toString()], [200, 'next'])
    client.close()
  })
})
