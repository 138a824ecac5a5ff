/** Owns the proof that ambiguous requests are refused, however they are cut: an answer, then an orderly close, and nothing for the upstream. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { REQUEST_REFUSALS } from '../packages/gateway/src/http1/cases/request-refusals.ts'
import { ROUTING_REFUSALS } from '../packages/gateway/src/http1/cases/routing-refusals.ts'
import { type RequestRefusal, USUAL_CODES } from '../packages/gateway/src/http1/cases/wire-case.ts'
import { findField, findProblemCode } from './harness/answer.ts'
import { checkEvery } from './harness/batches.ts'
import { forTables } from './harness/configurations.ts'
import { type Delivery, deliveriesOf } from './harness/deliveries.ts'
import { RawClient } from './harness/raw-client.ts'
import { stageGateway } from './harness/stage.ts'

describe('requests that are refused', () => {
  const stage = stageGateway(forTables)

  async function check(
    { send, expect, code, after: earlier = [], mayStay }: RequestRefusal,
    delivery: Delivery,
  ): Promise<void> {
    const client = await RawClient.connect(stage.gateway.port)
    try {
      await client.deliver(send, delivery)
      for (const status of earlier) assert.equal((await client.getAnswer()).status, status)
      const answer = await client.getAnswer()
      assert.equal(answer.status, expect, `status; the answer was ${answer.body.toString()}`)
      assert.equal(findProblemCode(answer), code ?? USUAL_CODES[expect])
      if (mayStay === true) return
      assert.equal(findField(answer, 'connection'), 'close')
      assert.equal(await client.end(), 'end', 'the connection ends in order')
      assert.equal(client.leftOver, '', 'nothing follows the answer')
    } finally {
      client.reset()
    }
  }

  for (const [chapter, rows] of Object.entries({ ...REQUEST_REFUSALS, ...ROUTING_REFUSALS })) {
    describe(chapter, { concurrency: 4 }, () => {
      for (const row of rows) {
        it(`${row.name}: ${row.expect}`, () =>
          checkEvery(deliveriesOf(row.send), (delivery) => check(row, delivery), 16))
      }
    })
  }

  it('shows the upstream nothing but the good requests before the bad ones', () => {
    assert.deepEqual([...new Set(stage.upstream.requests.map(({ target }) => target))], ['/1'])
    assert.deepEqual(stage.upstream.connections.map(({ fault }) => fault).filter(Boolean), [])
  })
})
