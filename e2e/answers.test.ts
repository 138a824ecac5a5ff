/** Owns the proof that an upstream's malformed answer is a 502 or a broken connection, never a silently short body, and never another client's. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ACCEPTED_ANSWERS, ANSWER_REFUSALS } from '../packages/gateway/src/http1/cases/answer-refusals.ts'
import type { AcceptedAnswer, AnswerRefusal } from '../packages/gateway/src/http1/cases/wire-case.ts'
import { findField, findProblemCode } from './harness/answer.ts'
import { checkEvery } from './harness/batches.ts'
import { forwardAll } from './harness/configurations.ts'
import { type Delivery, deliver, deliveriesOf } from './harness/deliveries.ts'
import { RawClient } from './harness/raw-client.ts'
import { RawUpstream, type SeenRequest, type UpstreamConnection } from './harness/raw-upstream.ts'
import { stageGateway } from './harness/stage.ts'

const REFUSED = Object.values(ANSWER_REFUSALS).flat()
const ROWS: readonly (AnswerRefusal | AcceptedAnswer)[] = [...REFUSED, ...ACCEPTED_ANSWERS]

/** `/row/<index>/<delivery>/<unique>` is answered by that row's bytes, `/own/<word>` by the word. */
async function answerByRow({ target }: SeenRequest, { socket }: UpstreamConnection): Promise<void> {
  const [, kind, first = '', delivery = ''] = target.split('/')
  const write = (bytes: string) => new Promise<void>((done) => void socket.write(bytes, 'latin1', () => done()))
  if (kind === 'own') return write(`HTTP/1.1 200 OK\r\nContent-Length: ${first.length}\r\n\r\n${first}`)
  const row = ROWS[Number(first)]!
  if (row.send !== '')
    await deliver(row.send, delivery === 'whole' || delivery === 'bytes' ? delivery : Number(delivery), write)
  if (row.afterwards === 'close') socket.end()
  else if (row.afterwards === 'reset') socket.resetAndDestroy()
}

describe('answers of upstreams', () => {
  let serial = 0
  const stage = stageGateway(forwardAll, () =>
    RawUpstream.listen({ onRequest: (request, connection) => void answerByRow(request, connection) }),
  )

  interface Asking {
    readonly delivery: Delivery
    readonly version?: '1.0' | '1.1'
  }

  async function ask(row: AnswerRefusal | AcceptedAnswer, { delivery, version = '1.1' }: Asking) {
    const client = await RawClient.connect(stage.gateway.port)
    const target = `/row/${ROWS.indexOf(row)}/${delivery}/${serial++}`
    await client.write(`${row.method ?? 'GET'} ${target} HTTP/${version}\r\nHost: a\r\n\r\n`)
    return { client, target }
  }

  async function checkRefused(row: AnswerRefusal, asking: Asking): Promise<void> {
    const { client } = await ask(row, asking)
    try {
      const answer = await client.nextAnswer(row.method)
      if (answer === undefined)
        return assert.equal(row.expect, 'aborted', `the connection broke: ${client.received.toString('latin1')}`)
      assert.equal(answer.status, 502)
      if (row.method !== 'HEAD') assert.equal(findProblemCode(answer), row.code ?? 'upstream-malformed')
    } finally {
      client.reset()
    }
  }

  async function checkAccepted(row: AcceptedAnswer, asking: Asking): Promise<void> {
    const { client, target } = await ask(row, asking)
    try {
      const answer = await client.getAnswer(row.method)
      assert.equal(answer.status, row.status)
      assert.equal(answer.body.toString('latin1'), row.body)
      for (const [name, value] of Object.entries(row.fields ?? {}))
        assert.equal(findField(answer, name), value ?? undefined, name)
      if (row.spoils === true) {
        const used = (each: UpstreamConnection) => each.requests.at(-1)?.target === target
        await stage.upstream.connectionThat((each) => used(each) && each.isClosed, 'the spoilt connection to be closed')
      }
      const word = `word${serial++}`
      await client.write(`GET /own/${word} HTTP/1.1\r\nHost: a\r\n\r\n`)
      assert.equal((await client.getAnswer()).body.toString(), word, 'the next answer is the one to the next request')
    } finally {
      client.reset()
    }
  }

  for (const [chapter, rows] of Object.entries(ANSWER_REFUSALS)) {
    describe(`refused: ${chapter}`, { concurrency: 4 }, () => {
      for (const row of rows) {
        const deliveries = () => (row.send === '' ? (['whole'] as const) : deliveriesOf(row.send))
        it(`${row.name}: ${row.expect}`, () =>
          checkEvery(deliveries(), (delivery) => checkRefused(row, { delivery }), 16))
      }
    })
  }

  it('a client of HTTP/1.0 can tell that an answer was cut short, though only the end of the connection ends it', () =>
    checkEvery(ANSWER_REFUSALS['cut short']!, (row) => checkRefused(row, { delivery: 'whole', version: '1.0' })))

  const sound = ACCEPTED_ANSWERS.filter(({ spoils }) => spoils !== true)
  describe('accepted', { concurrency: 4 }, () => {
    for (const row of sound) {
      it(row.name, () => checkEvery(deliveriesOf(row.send), (delivery) => checkAccepted(row, { delivery }), 16))
    }
  })

  // One at a time: bytes that come once the connection carries another request are that request's answer for anybody.
  describe('accepted, and the connection is used no more', () => {
    for (const row of ACCEPTED_ANSWERS.filter(({ spoils }) => spoils === true)) {
      it(row.name, () => checkEvery(deliveriesOf(row.send), (delivery) => checkAccepted(row, { delivery }), 1))
    }
  })
})
