import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Exchange } from '../exchange.ts'
import { BytesBody } from '../messages/body.ts'
import { GatewayResponse } from '../messages/response.ts'
import { Problem } from '../problem.ts'
import { run } from '../testing/index.ts'
import { timeout } from './timeout.ts'

const OUTCOME = { status: 200, ended: 'answered', problem: undefined, durationMs: 1 } as const

/** An upstream that answers when the test says so, and knows whether it was ended. */
function held() {
  const ended: string[] = []
  let answer = (_: GatewayResponse): void => {}
  const upstream = (_: unknown, exchange: Exchange) => {
    exchange.onAbort({ onAbort: ({ code }) => ended.push(code) })
    return new Promise<GatewayResponse>((resolve) => {
      answer = resolve
    })
  }
  return { upstream, ended, answer: (response: GatewayResponse) => answer(response) }
}

describe('timeout', () => {
  it('ends what takes too long, even if that takes no notice', async () => {
    const { upstream, ended } = held()
    const subject = run(timeout, { timeoutMs: 3000 }, { upstream })
    const { answer } = subject.start(subject.open())
    await subject.clock.advance(2999)
    assert.deepEqual(ended, [])
    await subject.clock.advance(1)
    assert.deepEqual(ended, ['exchange-timeout'])
    const { status, problem } = await answer
    assert.deepEqual([status, problem?.code], [504, 'exchange-timeout'])
    assert.match(problem?.detail ?? '', /3000 ms/)
    assert.equal(problem?.reason, '3000ms')
  })

  it('leaves the exchange itself alive, so that others may try again', async () => {
    const subject = run(timeout, { timeoutMs: 10 }, { upstream: held().upstream })
    const { answer } = subject.start(subject.open())
    await subject.clock.advance(10)
    assert.equal((await answer).exchange.abortedBy, undefined)
  })

  it('drops an answer that comes too late: its connection waits to be read', async () => {
    let isDropped = false
    class Watched extends BytesBody {
      override discard(): void {
        isDropped = true
      }
    }
    const { upstream, answer } = held()
    const subject = run(timeout, { timeoutMs: 10 }, { upstream })
    subject.start(subject.open())
    await subject.clock.advance(10)
    answer(new GatewayResponse({ status: 200, body: new Watched({ latin1: 'x' }) }))
    await subject.clock.advance(0)
    assert.ok(isDropped)
  })

  it('is over once the head is there', async () => {
    const { upstream, ended, answer } = held()
    const subject = run(timeout, { timeoutMs: 3000 }, { upstream })
    const { answer: answered } = subject.start(subject.open())
    await subject.clock.advance(2000)
    answer(GatewayResponse.ofText(200, 'late enough'))
    assert.equal((await answered).status, 200)
    assert.equal(subject.clock.pending, 0)
    await subject.clock.advance(5000)
    assert.deepEqual(ended, [])
  })

  it('goes on until the last byte where that is asked for', async () => {
    const { upstream, ended, answer } = held()
    const subject = run(timeout, { timeoutMs: 3000, until: 'body' }, { upstream })
    const exchange = subject.open()
    const { answer: answered } = subject.start(exchange)
    answer(GatewayResponse.ofText(200, 'streams on'))
    assert.equal((await answered).status, 200)
    await subject.clock.advance(3000)
    assert.deepEqual(ended, ['exchange-timeout'])
  })

  it('is over after the last byte', async () => {
    const subject = run(timeout, { timeoutMs: 3000, until: 'body' })
    const exchange = subject.open()
    const { answer } = subject.start(exchange)
    await answer
    assert.equal(subject.clock.pending, 1)
    exchange.finish(OUTCOME, () => assert.fail('no listener throws'))
    assert.equal(subject.clock.pending, 0)
  })

  it('leaves no timer behind when the rest fails', async () => {
    const subject = run(
      timeout,
      { timeoutMs: 3000 },
      { upstream: () => Promise.reject(new Problem('upstream-closed')) },
    )
    assert.equal((await subject.with()).problem?.code, 'upstream-closed')
    assert.equal(subject.clock.pending, 0)
  })

  it('keeps what was learnt inside, such as who calls', async () => {
    const upstream = (_: unknown, exchange: Exchange) => {
      exchange.caller = { id: 'acme', credential: { kind: 'key', id: 'x' } }
      return GatewayResponse.ofText(200, '')
    }
    const { exchange } = await run(timeout, { timeoutMs: 10 }, { upstream }).with()
    assert.equal(exchange.caller?.id, 'acme')
  })
})
