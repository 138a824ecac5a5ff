import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Exchange } from '../exchange.ts'
import { BytesBody, StreamBody } from '../messages/body.ts'
import type { GatewayRequest } from '../messages/request.ts'
import { GatewayResponse } from '../messages/response.ts'
import { Problem } from '../problem.ts'
import { type PolicyRun, run } from '../testing/index.ts'
import { retry } from './retry.ts'

type Options = Parameters<typeof run<typeof retry.options>>[1]
type Step = number | Problem['code'] | 'hang'

/** An upstream that answers by a script; its last step goes on for ever. */
function scripted(steps: readonly Step[], onTry: (request: GatewayRequest, exchange: Exchange) => void = () => {}) {
  let at = 0
  return async (request: GatewayRequest, exchange: Exchange): Promise<GatewayResponse> => {
    onTry(request, exchange)
    const step = steps[Math.min(at++, steps.length - 1)] ?? 200
    if (step === 'hang') {
      return new Promise((resolve) =>
        exchange.onAbort({ onAbort: (problem) => resolve(GatewayResponse.ofProblem(problem)) }),
      )
    }
    if (typeof step === 'string') throw new Problem(step)
    return GatewayResponse.ofText(step, `try ${at}`)
  }
}

/** Sends a request and lets time pass until it is answered. */
async function answerOf(subject: PolicyRun, request: Parameters<PolicyRun['with']>[0] = {}) {
  const { answer } = subject.start(subject.open(request))
  await subject.clock.advance(60_000)
  return await answer
}

const NO_BUDGET: Options = { budgetMinimum: 1000 }

describe('retry', () => {
  for (const step of [
    502,
    503,
    504,
    'upstream-unreachable',
    'upstream-untrusted',
    'upstream-closed',
    'upstream-timeout',
  ] as const) {
    it(`tries again after ${step}`, async () => {
      const { status, upstream } = await answerOf(run(retry, {}, { upstream: scripted([step, 200]) }))
      assert.deepEqual([status, upstream.length], [200, 2])
    })
  }

  for (const step of [200, 404, 500, 'upstream-malformed', 'rate-limited', 'unexpected'] as const) {
    it(`does not try again after ${step}`, async () => {
      const { upstream } = await answerOf(run(retry, {}, { upstream: scripted([step]) }))
      assert.equal(upstream.length, 1)
    })
  }

  it('gives up after so many tries, with the last answer', async () => {
    const answer = await answerOf(run(retry, { attempts: 3 }, { upstream: scripted([503, 502, 504, 200]) }))
    assert.deepEqual([answer.status, answer.upstream.length, await answer.text()], [504, 3, 'try 3'])
  })

  it('tries again only on what it is told to', async () => {
    const options: Options = { on: ['connect-failure'], statuses: [500] }
    assert.equal((await answerOf(run(retry, options, { upstream: scripted([500, 200]) }))).status, 200)
    assert.equal((await answerOf(run(retry, options, { upstream: scripted([503]) }))).upstream.length, 1)
    assert.equal((await answerOf(run(retry, options, { upstream: scripted(['upstream-closed']) }))).upstream.length, 1)
  })

  for (const method of ['POST', 'PATCH', 'CONNECT', 'get', 'ORDER']) {
    it(`sends ${method} once: it may not be safe to send twice (RFC 9110 §9.2.2)`, async () => {
      assert.equal((await answerOf(run(retry, {}, { upstream: scripted([503]) }), { method })).upstream.length, 1)
    })
  }

  it('sends named methods again, with the same body', async () => {
    const bodies: string[] = []
    const upstream = scripted([503, 200], ({ body }) => bodies.push(Buffer.from(body.held() ?? []).toString()))
    await answerOf(run(retry, { methods: ['POST'] }, { upstream }), { method: 'POST', body: 'order' })
    assert.deepEqual(bodies, ['order', 'order'])
  })

  it('holds a streaming body for replay up to 64 KiB, and sends a larger one once, whole', async () => {
    for (const [size, tries] of [
      [65_536, 2],
      [65_537, 1],
    ] as const) {
      const body = new StreamBody({
        sizeBytes: undefined,
        start(sink) {
          if (sink.write(Buffer.alloc(size))) sink.end()
          return { resume: () => sink.end(), cancel() {} }
        },
        discard() {},
      })
      const received: number[] = []
      const upstream = scripted([503, 200], ({ body }) => {
        let bytes = 0
        body.pipe({
          write(chunk) {
            bytes += chunk.length
            return true
          },
          end: () => received.push(bytes),
          abort: assert.fail,
        })
      })
      await answerOf(run(retry, {}, { upstream }), { method: 'PUT', body })
      assert.deepEqual(received, Array(tries).fill(size))
    }
  })

  it('gives every try the request as it came', async () => {
    const seen: string[] = []
    const upstream = scripted([503, 200], (request) => {
      seen.push(request.path + (request.headers.get('x-try') ?? ''))
      request.path = '/changed'
      request.headers.set('X-Try', '1')
    })
    await answerOf(run(retry, {}, { upstream }), { target: '/orders' })
    assert.deepEqual(seen, ['/orders', '/orders'])
  })

  it('drops the answers that it does not use: their connections wait to be read', async () => {
    let dropped = 0
    class Watched extends BytesBody {
      override discard(): void {
        dropped++
      }
    }
    const upstream = async () => new GatewayResponse({ status: 503, body: new Watched({ latin1: 'x' }) })
    const answer = await answerOf(run(retry, { attempts: 3 }, { upstream }))
    assert.equal(dropped, 2)
    assert.equal(await answer.text(), 'x')
  })

  it('pauses longer each time, by chance between half of the pause and all of it', async () => {
    const atMs: number[] = []
    const subject: PolicyRun = run(
      retry,
      { attempts: 5, backoffMs: 100, maxBackoffMs: 300 },
      { upstream: scripted([503], () => atMs.push(subject.clock.monotonicMs())) },
    )
    await answerOf(subject)
    const pauses = atMs.slice(1).map((at, i) => at - (atMs[i] ?? 0))
    for (const [i, longest] of [100, 200, 300, 300].entries()) {
      assert.ok((pauses[i] ?? 0) >= longest / 2 && (pauses[i] ?? 0) <= longest, `pause ${i + 1} was ${pauses[i]} ms`)
    }
  })

  it('gives each try its own time, and ends the one that is late', async () => {
    const ended: string[] = []
    const upstream = scripted(['hang', 200], (_, exchange) =>
      exchange.onAbort({ onAbort: ({ code, reason }) => ended.push(`${code} ${reason}`) }),
    )
    const subject = run(retry, { perTryTimeoutMs: 500 }, { upstream })
    const { answer } = subject.start(subject.open())
    await subject.clock.advance(499)
    assert.deepEqual(ended, [])
    await subject.clock.advance(1000)
    assert.deepEqual(ended, ['upstream-timeout per-try'])
    assert.equal((await answer).status, 200)
    assert.equal(subject.clock.pending, 0)
  })

  it('never tries again for a client that left', async () => {
    const subject = run(retry, {}, { upstream: scripted([503, 200]) })
    const exchange = subject.open()
    const { answer } = subject.start(exchange)
    await subject.clock.advance(0)
    exchange.abort(new Problem('unexpected', { reason: 'client-left' }))
    const { upstream, problem } = await answer
    assert.deepEqual([upstream.length, problem?.reason], [1, 'client-left'])
    assert.equal(subject.clock.pending, 0)
  })

  it('ends the try that is under way when the client leaves', async () => {
    const subject = run(retry, {}, { upstream: scripted(['hang']) })
    const exchange = subject.open()
    const { answer } = subject.start(exchange)
    await subject.clock.advance(0)
    exchange.abort(new Problem('upstream-timeout', { reason: 'client-left' }))
    assert.equal((await answer).upstream.length, 1)
  })

  it('keeps retries to a share of the requests', async () => {
    const subject = run(
      retry,
      { attempts: 2, budgetPercent: 20, budgetMinimum: 0, backoffMs: 0 },
      { upstream: scripted([503]) },
    )
    let sent = 0
    for (let i = 0; i < 100; i++) {
      const { answer } = subject.start(subject.open())
      await subject.clock.advance(1)
      sent += (await answer).upstream.length
    }
    assert.equal(sent, 120)
  })

  it('has room for a few retries where there are few requests, and again after the window', async () => {
    const subject = run(retry, { attempts: 10, budgetMinimum: 3, backoffMs: 0 }, { upstream: scripted([503]) })
    const { answer } = subject.start(subject.open())
    await subject.clock.advance(1)
    assert.equal((await answer).upstream.length, 4)
    assert.equal((await answerOf(subject)).upstream.length, 1)
    assert.equal((await answerOf(subject)).upstream.length, 4)
  })

  it('keeps what the used try learnt', async () => {
    const upstream = scripted([503, 200], (_, exchange) =>
      exchange.variables.set('tries', ((exchange.variables.get('tries') as number) ?? 0) + 1),
    )
    const { exchange } = await answerOf(run(retry, NO_BUDGET, { upstream }))
    assert.equal(exchange.variables.get('tries'), 1)
  })
})
