/** Owns the proof that clients that send ahead are answered in order (RFC 9112 §9.3.2). */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { checkEvery } from './harness/batches.ts'
import { forwardAll } from './harness/configurations.ts'
import { RawClient } from './harness/raw-client.ts'
import { RawUpstream } from './harness/raw-upstream.ts'
import { stageGateway } from './harness/stage.ts'

describe('pipelined requests', () => {
  const stage = stageGateway(forwardAll, () =>
    RawUpstream.listen({
      onRequest({ target, body }, { socket }) {
        const text = target + body.toString('latin1')
        // The upstream is slowest for the first, so order is nobody's accident.
        const answer = () => socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${text.length}\r\n\r\n${text}`)
        if (target.endsWith('/0')) setImmediate(() => setImmediate(answer))
        else answer()
      },
    }),
  )

  it('a hundred in one write are answered in order', async () => {
    const client = await RawClient.connect(stage.gateway.port)
    const targets = Array.from({ length: 100 }, (_, i) => `/${i}`)
    await client.write(targets.map((target) => `GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`).join(''))
    for (const target of targets) assert.equal((await client.getAnswer()).body.toString(), target)
    client.close()
  })

  it('bodies of all framings between them stay where they belong', async () => {
    const client = await RawClient.connect(stage.gateway.port)
    const round = (i: number) =>
      `POST /l${i} HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello` +
      `GET /n${i} HTTP/1.1\r\nHost: a\r\n\r\n` +
      `POST /c${i} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nworld\r\n0\r\n\r\n`
    await client.write(Array.from({ length: 30 }, (_, i) => round(i)).join(''))
    for (let i = 0; i < 30; i++) {
      for (const text of [`/l${i}hello`, `/n${i}`, `/c${i}world`])
        assert.equal((await client.getAnswer()).body.toString(), text)
    }
    client.close()
  })

  it('more than the gateway keeps waits in the socket and is answered in the end', async () => {
    const client = await RawClient.connect(stage.gateway.port)
    const many = 20_000
    const bytes = Array.from({ length: many }, (_, i) => `GET /${i} HTTP/1.1\r\nHost: a\r\n\r\n`).join('')
    const sent = client.write(bytes)
    for (let i = 0; i < many; i += 1) assert.equal((await client.getAnswer()).body.toString(), `/${i}`)
    await sent
    client.close()
  })

  it('many clients at once get their own answers', () =>
    checkEvery(
      Array.from({ length: 100 }, (_, i) => i),
      async (id) => {
        const client = await RawClient.connect(stage.gateway.port)
        await client.write(
          Array.from({ length: 20 }, (_, i) => `GET /of/${id}/${i} HTTP/1.1\r\nHost: a\r\n\r\n`).join(''),
        )
        for (let i = 0; i < 20; i++) assert.equal((await client.getAnswer()).body.toString(), `/of/${id}/${i}`)
        client.close()
      },
      50,
    ))
})
