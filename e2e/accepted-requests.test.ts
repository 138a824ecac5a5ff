/** Owns the proof that what real clients send is served, however it is cut, and that the upstream sees what was meant. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ACCEPTED_REQUESTS } from '../packages/gateway/src/http1/cases/accepted-requests.ts'
import type { AcceptedRequest, Seen } from '../packages/gateway/src/http1/cases/wire-case.ts'
import { findField } from './harness/answer.ts'
import { checkEvery } from './harness/batches.ts'
import { forTables } from './harness/configurations.ts'
import { type Delivery, deliveriesOf } from './harness/deliveries.ts'
import { RawClient } from './harness/raw-client.ts'
import { parseTestimony, type Testimony } from './harness/raw-upstream.ts'
import { stageGateway } from './harness/stage.ts'

describe('requests that are accepted', () => {
  const stage = stageGateway(forTables)

  function compare(saw: Testimony, meant: Seen): void {
    assert.equal(saw.method, meant.method)
    assert.equal(saw.target, meant.target)
    if (meant.body !== undefined) assert.equal(saw.body, meant.body)
    assert.equal(findField(saw, 'host'), `127.0.0.1:${stage.upstream.port}`, "Host is the target's authority")
    for (const [name, value] of Object.entries(meant.fields ?? {}))
      assert.equal(findField(saw, name), value ?? undefined, name)
  }

  async function check(row: AcceptedRequest, delivery: Delivery): Promise<void> {
    const client = await RawClient.connect(stage.gateway.port)
    try {
      await client.deliver(row.send, delivery)
      for (const [index, meant] of row.sees.entries()) {
        const answer = await client.getAnswer(meant.method)
        assert.equal(answer.status, row.answers?.[index] ?? 200, answer.body.toString())
        compare(parseTestimony(findField(answer, 'x-saw') ?? ''), meant)
      }
      if (row.stays) {
        await client.write('GET /after HTTP/1.1\r\nHost: a\r\n\r\n')
        assert.equal((await client.getAnswer()).status, 200, 'the connection stays open')
      } else {
        assert.equal(await client.end(), 'end')
        assert.equal(client.leftOver, '')
      }
    } finally {
      client.reset()
    }
  }

  for (const [chapter, rows] of Object.entries(ACCEPTED_REQUESTS)) {
    describe(chapter, { concurrency: 4 }, () => {
      for (const row of rows) {
        it(row.name, () => checkEvery(deliveriesOf(row.send), (delivery) => check(row, delivery), 16))
      }
    })
  }

  it('writes nothing that the upstream must guess at', () => {
    assert.deepEqual(stage.upstream.connections.map(({ fault }) => fault).filter(Boolean), [])
  })
})
