import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Exchange, GatewayResponse, type Next, type Policy, Problem } from '@gatewright/policies'
import { TestExchange } from '../upstream/loopback.fixture.ts'
import { type CompiledUse, compose } from './compose.ts'

const upstream: Next = () => GatewayResponse.ofText(200, 'upstream')

function use(run: Policy, when?: (exchange: Exchange) => boolean, name = run.name): CompiledUse {
  return { name, run, when }
}

/** Writes down that it ran, and what came back to it. */
function spy(name: string, seen: string[]): CompiledUse {
  const run: Policy = async (exchange, next) => {
    seen.push(`${name} in`)
    const response = await next(exchange)
    seen.push(`${name} out ${response.problem?.code ?? response.status}`)
    return response
  }
  return use(run, undefined, name)
}

const pass: Policy = (exchange, next) => next(exchange)

describe('compose', () => {
  it('runs the first use outermost, and the innermost last', async () => {
    const seen: string[] = []
    await compose([spy('a', seen), spy('b', seen)], upstream)(new TestExchange())
    assert.deepEqual(seen, ['a in', 'b in', 'b out 200', 'a out 200'])
  })

  it('is the innermost itself where there are no uses', () => {
    assert.equal(compose([], upstream), upstream)
  })

  it('answers without a promise where nobody waits for anything', () => {
    const response = compose([use(pass), use(pass)], upstream)(new TestExchange())
    assert.ok(response instanceof GatewayResponse)
  })

  it('passes a promise on as it is', () => {
    const promise = Promise.resolve(GatewayResponse.ofText(200, ''))
    assert.equal(compose([use(pass), use(pass)], () => promise)(new TestExchange()), promise)
  })

  for (const [how, thrower] of [
    [
      'throws',
      () => {
        throw new Problem('access-denied')
      },
    ],
    ['rejects', () => Promise.reject(new Problem('access-denied'))],
    [
      'rejects after next',
      async (exchange: Exchange, next: Next) => {
        await next(exchange)
        throw new Problem('access-denied')
      },
    ],
  ] as const satisfies readonly (readonly [string, Policy])[]) {
    it(`makes a problem that a policy ${how} an answer, which those outside see`, async () => {
      const seen: string[] = []
      const response = await compose([spy('outer', seen), use(thrower)], upstream)(new TestExchange())
      assert.deepEqual([response.status, response.problem?.code], [403, 'access-denied'])
      assert.deepEqual(seen, ['outer in', 'outer out access-denied'])
    })
  }

  it('makes anything else that is thrown `unexpected`, and keeps the cause for the log', async () => {
    const cause = new Error('a secret')
    const policies: Policy[] = [
      () => {
        throw cause
      },
      () => Promise.reject(cause),
    ]
    for (const policy of policies) {
      const response = await compose([use(policy)], upstream)(new TestExchange())
      assert.deepEqual([response.status, response.problem?.code], [500, 'unexpected'])
      assert.equal(response.problem?.cause, cause)
    }
  })

  it('makes a policy that answers nothing `unexpected`, and names it for the log', async () => {
    const forgetful: unknown[] = [
      (exchange: Exchange, next: Next) => void next(exchange),
      async (exchange: Exchange, next: Next) => void (await next(exchange)),
      () => {},
      () => null,
    ]
    const dress: Policy = async (exchange, next) => {
      const response = await next(exchange)
      response.headers.set('X-Dressed', 'yes')
      return response
    }
    for (const policy of forgetful) {
      const uses = [use(dress), use(policy as Policy, undefined, 'stamp')]
      const response = await compose(uses, upstream)(new TestExchange())
      assert.equal(response.headers.get('x-dressed'), 'yes')
      assert.equal(response.problem?.code, 'unexpected')
      assert.match(String(response.problem?.cause), /the policy "stamp" returned no response: return next\(exchange\)/)
    }
  })

  it('keeps the promises of exchanges that run at once apart', async () => {
    const gates = [Promise.withResolvers<GatewayResponse>(), Promise.withResolvers<GatewayResponse>()]
    let calls = 0
    const late: Policy = async (exchange, next) => {
      const response = await next(exchange)
      if (response.status === 500) throw new Problem('access-denied')
      return response
    }
    const run = compose([use(pass), use(late), use(pass)], () => gates[calls++]!.promise)
    const answers = [run(new TestExchange()), run(new TestExchange())]
    gates[1]?.resolve(GatewayResponse.ofText(500, ''))
    gates[0]?.resolve(GatewayResponse.ofText(200, ''))
    assert.deepEqual(
      (await Promise.all(answers)).map(({ status }) => status),
      [200, 403],
    )
  })

  it('skips a use whose condition does not hold', () => {
    const deny: Policy = () => GatewayResponse.ofProblem(new Problem('access-denied'))
    const run = compose([use(deny, ({ request }) => request.method === 'POST')], upstream)
    const statuses = ['GET', 'POST'].map((method) => (run(new TestExchange({ method })) as GatewayResponse).status)
    assert.deepEqual(statuses, [200, 403])
  })

  it('answers the problem of a condition that fails, and runs neither the policy nor what is behind it', async () => {
    const seen: string[] = []
    const failing = (): boolean => {
      throw new Problem('expression-failed')
    }
    const run = compose([spy('outer', seen), use(pass, failing), spy('inner', seen)], upstream)
    const response = await run(new TestExchange())
    assert.equal(response.problem?.code, 'expression-failed')
    assert.deepEqual(seen, ['outer in', 'outer out expression-failed'])
  })

  it('tells the record whose expression failed, and who threw what is no problem', async () => {
    const expression = (): never => {
      throw new Problem('expression-failed', { reason: 'field not found: x', cause: new Error('x') })
    }
    const bug = (): never => {
      throw new Error('bug')
    }
    for (const [given, code, policy] of [
      [{ name: 'key-auth', run: pass, when: expression }, 'expression-failed', 'key-auth'],
      [{ name: 'respond', id: 'page', run: expression, when: undefined }, 'expression-failed', 'respond (page)'],
      [{ name: 'stamp', run: bug, when: undefined }, 'unexpected', 'stamp'],
      [{ name: 'stamp', id: 'late', run: async () => bug(), when: undefined }, 'unexpected', 'stamp (late)'],
    ] as const) {
      const { problem } = await compose([use(pass), given], upstream)(new TestExchange())
      const reason = code === 'expression-failed' ? 'field not found: x' : undefined
      assert.deepEqual([problem?.code, problem?.policy, problem?.reason], [code, policy, reason])
      assert.ok(problem?.cause instanceof Error)
    }
  })

  it('leaves other problems as they were thrown', async () => {
    const problem = new Problem('access-denied', { reason: 'rule' })
    const deny = (): never => {
      throw problem
    }
    assert.equal((await compose([use(deny)], upstream)(new TestExchange())).problem, problem)
  })

  it('tells the story of the uses that ran, where somebody asks', () => {
    const run = compose([use(pass, undefined, 'a'), use(pass, () => false, 'b'), use(pass, undefined, 'c')], upstream)
    const asked = new TestExchange()
    asked.story = []
    run(asked)
    assert.deepEqual(asked.story, ['a', 'c'])
    const unasked = new TestExchange()
    run(unasked)
    assert.equal(unasked.story, undefined)
  })

  it('lets a policy call the rest again on a fork', async () => {
    let calls = 0
    const twice: Policy = async (exchange, next) => {
      ;(await next(exchange.fork())).discard()
      return next(exchange.fork())
    }
    const run = compose([use(twice), use(pass)], () => GatewayResponse.ofText(200 + calls++, ''))
    assert.equal((await run(new TestExchange())).status, 201)
  })
})
