/** Owns the proof that a client that vanishes at any stage takes nobody with it, and that the upstream learns of it. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { checkEvery } from './harness/batches.ts'
import { forwardAll } from './harness/configurations.ts'
import { type RunningGateway, startGateway } from './harness/gateway.ts'
import { get, RawClient } from './harness/raw-client.ts'
import { RawUpstream } from './harness/raw-upstream.ts'

interface Stage {
  readonly name: string
  readonly send: (id: string) => string
  /** Does the upstream hear of the request before the client vanishes? */
  readonly reaches: boolean
  /** What the client has before it vanishes. */
  readonly waitsFor?: string
}

const STAGES: readonly Stage[] = [
  { name: 'before a byte', send: () => '', reaches: false },
  { name: 'in the request line', send: (id) => `GET /${id} HT`, reaches: false },
  { name: 'in the fields', send: (id) => `GET /${id} HTTP/1.1\r\nHost: a\r\nX-`, reaches: false },
  {
    name: 'after the head, before the body',
    send: (id) => `POST /${id} HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n`,
    reaches: true,
  },
  {
    name: 'in the body',
    send: (id) => `POST /${id} HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nhel`,
    reaches: true,
  },
  {
    name: 'in a chunk',
    send: (id) => `POST /${id} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel`,
    reaches: true,
  },
  {
    name: 'before the last chunk',
    send: (id) => `POST /${id} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n`,
    reaches: true,
  },
  { name: 'while it waits for the answer', send: (id) => `GET /${id} HTTP/1.1\r\nHost: a\r\n\r\n`, reaches: true },
  {
    name: 'in the answer',
    send: (id) => `GET /${id}/answered HTTP/1.1\r\nHost: a\r\n\r\n`,
    reaches: true,
    waitsFor: 'hel',
  },
  {
    name: 'in a chunked answer',
    send: (id) => `GET /${id}/chunked HTTP/1.1\r\nHost: a\r\n\r\n`,
    reaches: true,
    waitsFor: 'hel',
  },
]

describe('clients that vanish', () => {
  let upstream: RawUpstream
  let gateway: RunningGateway
  let serial = 0

  before(async () => {
    upstream = await RawUpstream.listen({
      onRequest({ target }, { socket }) {
        if (target === '/alive') socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
        if (target.endsWith('/answered')) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel')
        if (target.endsWith('/chunked')) socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel')
      },
    })
    gateway = await startGateway({ yaml: forwardAll(upstream.url) })
  })
  after(async () => {
    await gateway?.stop()
    await upstream?.close()
  })

  async function vanish(stage: Stage, how: 'reset' | 'close'): Promise<void> {
    const id = `stage${serial++}`
    const client = await RawClient.connect(gateway.port)
    await client.write(stage.send(id))
    const connection = stage.reaches
      ? await upstream.connectionThat(
          ({ seen, requests }) => seen.includes(`/${id}`) || requests.some(({ target }) => target.startsWith(`/${id}`)),
          'the request at the upstream',
        )
      : undefined
    if (stage.waitsFor !== undefined) await client.has(stage.waitsFor)
    client[how]()
    if (connection === undefined) return
    await upstream.connectionThat(
      (each) => each === connection && each.isClosed,
      'the connection to the upstream to be ended',
    )
    const isWholeRequest = stage.send(id).startsWith('GET')
    assert.equal(
      connection.requests.some(({ target }) => target.startsWith(`/${id}`)),
      isWholeRequest,
      'a cut request arrived as a whole one',
    )
  }

  for (const how of ['reset', 'close'] as const) {
    describe(`by ${how}`, () => {
      for (const stage of STAGES) {
        it(stage.name, async () => {
          await checkEvery(Array.from({ length: 20 }), () => vanish(stage, how), 5)
          assert.equal((await get(gateway.port, '/alive')).status, 200)
        })
      }
    })
  }

  it('leave nothing behind', async () => {
    assert.doesNotMatch(gateway.stderr, /error|unexpected|TypeError/i)
    assert.equal(gateway.child.exitCode, null)
  })
})
