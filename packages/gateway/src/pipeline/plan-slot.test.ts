import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Caller, GatewayResponse, type Next, type Policy } from '@gatewright/policies'
import { TestExchange } from '../upstream/loopback.fixture.ts'
import { type CompiledUse, compose } from './compose.ts'
import { createPlanSlot } from './plan-slot.ts'

const next: Next = () => GatewayResponse.ofText(200, '')

function noteInto(seen: string[], name: string): CompiledUse {
  const run: Policy = (exchange, rest) => {
    seen.push(name)
    return rest(exchange)
  }
  return { name, run, when: undefined }
}

function exchangeOf(plan: string | undefined): TestExchange {
  const caller: Caller = { id: 'key-1', plan, credential: { kind: 'key', id: 'key-1' } }
  return new TestExchange({}, caller)
}

describe('plan slot', () => {
  const seen: string[] = []
  const plans = new Map([
    ['gold', [noteInto(seen, 'gold 1'), noteInto(seen, 'gold 2')]],
    ['free', [noteInto(seen, 'free')]],
    ['empty', []],
  ])

  for (const [plan, expected] of [
    ['gold', ['gold 1', 'gold 2']],
    ['free', ['free']],
    ['empty', []],
    ['unknown', []],
    [undefined, []],
  ] as const) {
    it(`runs the policies of the plan ${plan ?? 'of nobody'}, then the rest`, async () => {
      seen.length = 0
      const response = await createPlanSlot(plans, compose)(exchangeOf(plan), next)
      assert.equal(response.status, 200)
      assert.deepEqual(seen, expected)
    })
  }

  it('runs no plan for a request without a caller', async () => {
    seen.length = 0
    await createPlanSlot(plans, compose)(new TestExchange(), next)
    assert.deepEqual(seen, [])
  })

  it('folds the pipeline of a plan once', async () => {
    let folds = 0
    const slot = createPlanSlot(plans, (uses, rest) => {
      folds++
      return compose(uses, rest)
    })
    for (const plan of ['gold', 'free', 'gold', 'empty', 'gold', 'free', 'empty']) await slot(exchangeOf(plan), next)
    assert.equal(folds, 2)
  })
})
