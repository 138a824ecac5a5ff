/** Owns the proof that chunked bodies are read strictly in both directions, and that trailers arrive without what has no place in them. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { CHUNKED_CASES } from '../packages/gateway/src/http1/cases/chunked.ts'
import type { ChunkedCase } from '../packages/gateway/src/http1/cases/wire-case.ts'
import { findField, findProblemCode } from './harness/answer.ts'
import { checkEvery } from './harness/batches.ts'
import { forwardAll } from './harness/configurations.ts'
import { type Delivery, deliver, deliveriesOf } from './harness/deliveries.ts'
import { RawClient } from './harness/raw-client.ts'
import { parseTestimony, RawUpstream } from './harness/raw-upstream.ts'
import { stageGateway } from './harness/stage.ts'

const HEAD = 'POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n'

describe('chunked requests', () => {
  const stage = stageGateway(forwardAll)

  async function check({ body, expect }: ChunkedCase, delivery: Delivery): Promise<void> {
    const client = await RawClient.connect(stage.gateway.port)
    try {
      await client.deliver(HEAD + body, delivery)
      const answer = await client.getAnswer()
      if (expect === 'malformed') {
        assert.equal(answer.status, 400, answer.body.toString())
        assert.equal(findProblemCode(answer), 'malformed-request')
        assert.equal(await client.end(), 'end')
        return
      }
      assert.equal(answer.status, 200, answer.body.toString())
      const saw = parseTestimony(findField(answer, 'x-saw') ?? '')
      assert.equal(saw.body, expect.data)
      assert.deepEqual(saw.trailers, expect.trailers ?? [])
    } finally {
      client.reset()
    }
  }

  describe('row by row', { concurrency: 4 }, () => {
    for (const row of CHUNKED_CASES) {
      it(row.name, () => checkEvery(deliveriesOf(HEAD + row.body), (delivery) => check(row, delivery), 16))
    }
  })

  it('shows the upstream no malformed body as a whole one', () => {
    const whole = new Set(CHUNKED_CASES.map(({ expect }) => (expect === 'malformed' ? undefined : expect.data)))
    for (const { body } of stage.upstream.requests)
      assert.ok(whole.has(body.toString('latin1')), body.toString('latin1'))
    assert.deepEqual(stage.upstream.connections.map(({ fault }) => fault).filter(Boolean), [])
  })
})

describe('chunked answers', () => {
  const stage = stageGateway(forwardAll, () =>
    RawUpstream.listen({
      onRequest({ target }, { socket }) {
        const [, index, delivery = ''] = target.split('/')
        const text = `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${CHUNKED_CASES[Number(index)]!.body}`
        const write = (bytes: string) => new Promise<void>((done) => void socket.write(bytes, 'latin1', () => done()))
        void deliver(text, delivery === 'whole' || delivery === 'bytes' ? delivery : Number(delivery), write)
      },
    }),
  )

  async function check(row: ChunkedCase, delivery: Delivery): Promise<void> {
    const client = await RawClient.connect(stage.gateway.port)
    try {
      await client.write(
        `GET /${CHUNKED_CASES.indexOf(row)}/${delivery} HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nConnection: TE\r\n\r\n`,
      )
      const answer = await client.nextAnswer()
      if (row.expect === 'malformed') {
        if (answer !== undefined) assert.equal(answer.status, 502, 'a malformed body arrived as a whole one')
        return
      }
      assert.equal(answer?.status, 200)
      assert.equal(answer.body.toString('latin1'), row.expect.data)
      assert.deepEqual(answer.trailers, row.expect.trailers ?? [])
    } finally {
      client.reset()
    }
  }

  describe('row by row', { concurrency: 4 }, () => {
    for (const row of CHUNKED_CASES) {
      it(row.name, () => checkEvery(deliveriesOf(row.body), (delivery) => check(row, delivery), 16))
    }
  })
})
