/** Owns the proof of RFC 9110 §10.1.1 and §15.2: when a client is told to go on, and whose interim answers it hears. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { findField } from './harness/answer.ts'
import { forTables } from './harness/configurations.ts'
import { RawClient } from './harness/raw-client.ts'
import { RawUpstream } from './harness/raw-upstream.ts'
import { stageGateway } from './harness/stage.ts'

describe('interim answers', () => {
  const stage = stageGateway(forTables, () =>
    RawUpstream.listen({
      onRequest({ target, body }, { socket }) {
        const hints =
          target === '/hints'
            ? 'HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\nConnection: X-Hop\r\nX-Hop: 1\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n'
            : ''
        socket.write(`${hints}HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body.toString('latin1')}`)
      },
    }),
  )

  it('a client that asks is told to go on before it sends its body', async () => {
    const client = await RawClient.connect(stage.gateway.port)
    await client.write('POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n')
    await client.has('HTTP/1.1 100 Continue\r\n\r\n')
    await client.write('hello')
    const answer = await client.getAnswer()
    assert.deepEqual([answer.status, answer.body.toString(), answer.interim.length], [200, 'hello', 1])
    await client.write('GET /b HTTP/1.1\r\nHost: a\r\n\r\n')
    assert.equal((await client.getAnswer()).status, 200, 'the connection goes on')
    client.close()
  })

  it('a client that asks is told so only once for a chunked body', async () => {
    const client = await RawClient.connect(stage.gateway.port)
    await client.write('POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n')
    await client.has('HTTP/1.1 100 Continue\r\n\r\n')
    await client.write('2\r\nhe\r\n')
    await client.write('3\r\nllo\r\n0\r\n\r\n')
    const answer = await client.getAnswer()
    assert.deepEqual([answer.status, answer.body.toString(), answer.interim.length], [200, 'hello', 1])
    client.close()
  })

  it('a client whose request is refused hears the refusal and no 100', async () => {
    const client = await RawClient.connect(stage.gateway.port)
    await client.write('POST /small/x HTTP/1.1\r\nHost: a\r\nContent-Length: 500\r\nExpect: 100-continue\r\n\r\n')
    const answer = await client.getAnswer()
    assert.deepEqual([answer.status, answer.interim.length], [413, 0])
    assert.equal(findField(answer, 'connection'), 'close', 'the body may or may not come, so nothing can follow')
    client.close()
  })

  it('a client of HTTP/1.0 is never told to go on', async () => {
    const client = await RawClient.connect(stage.gateway.port)
    await client.write('POST /a HTTP/1.0\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\nhello')
    const answer = await client.getAnswer()
    assert.deepEqual([answer.status, answer.interim.length], [200, 0])
    client.close()
  })

  it('interim answers of the upstream are relayed, without their hop-by-hop fields', async () => {
    const client = await RawClient.connect(stage.gateway.port)
    await client.write('GET /hints HTTP/1.1\r\nHost: a\r\n\r\n')
    const answer = await client.getAnswer()
    assert.deepEqual(
      answer.interim.map(({ status }) => status),
      [103, 102],
    )
    assert.equal(findField(answer.interim[0]!, 'link'), '</a.css>')
    assert.equal(findField(answer.interim[0]!, 'connection'), undefined)
    client.close()
  })

  it('interim answers of the upstream are not relayed to HTTP/1.0', async () => {
    const client = await RawClient.connect(stage.gateway.port)
    await client.write('GET /hints HTTP/1.0\r\n\r\n')
    const answer = await client.getAnswer()
    assert.deepEqual([answer.status, answer.interim.length], [200, 0])
    client.close()
  })
})
