import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Plan, PlanId } from '@gatewright/model'
import { type Caller, GatewayResponse, type Next, type Policy, Problem } from '@gatewright/policies'
import { HeldFieldsOfAll } from '../snapshot/held-fields.ts'
import { TestExchange } from '../upstream/loopback.fixture.ts'
import type { CompiledPlan } from './compile-plans.ts'
import type { PlacedUse } from './compile-uses.ts'
import { compose } from './compose.ts'
import { PlanShelf } from './plan-shelf.ts'
import { createPlanSlot } from './plan-slot.ts'

const next: Next = () => GatewayResponse.ofText(200, '')

function noteInto(seen: string[], name: string): PlacedUse {
  const run: Policy = (exchange, rest) => {
    seen.push(name)
    return rest(exchange)
  }
  return { name, run, when: undefined, phase: 'limit' }
}

function toPlan(id: string, uses: readonly PlacedUse[], more: Partial<CompiledPlan> = {}): [string, CompiledPlan] {
  const model: Plan = { id: id as PlanId, policies: [] }
  const nothing = { hash: id, variants: undefined, opened: undefined, heldFields: new HeldFieldsOfAll() }
  return [id, { ...nothing, model, uses, ...more }]
}

function exchangeOf(plan: string | undefined, more: { app?: string; route?: string } = {}): TestExchange {
  const caller: Caller = { id: 'key-1', app: more.app, plan, credential: { kind: 'key', id: 'key-1' } }
  const exchange = new TestExchange({}, caller)
  exchange.route = { api: 'a', route: more.route ?? 'r', template: '/' }
  return exchange
}

function shelve(...plans: [string, CompiledPlan][]): PlanShelf {
  const shelf = new PlanShelf()
  shelf.replace(new Map(plans), 0)
  return shelf
}

const isDenied = (reason: string) => (thrown: unknown) =>
  thrown instanceof Problem && thrown.code === 'plan-denied' && thrown.status === 403 && thrown.reason === reason

describe('plan slot', () => {
  const seen: string[] = []
  const variants = new Map([
    ['acme', [noteInto(seen, 'gold of acme')]],
    ['bare', []],
  ])
  const shelf = shelve(
    toPlan('gold', [noteInto(seen, 'gold 1'), noteInto(seen, 'gold 2')], { variants }),
    toPlan('free', [noteInto(seen, 'free')]),
    toPlan('empty', []),
    toPlan('off', [noteInto(seen, 'off')], { model: { id: 'off' as PlanId, policies: [], enabled: false }, variants }),
    toPlan('elsewhere', [noteInto(seen, 'elsewhere')], { opened: new Map([['b', 'all']]), variants }),
    toPlan('whole', [noteInto(seen, 'whole')], { opened: new Map([['a', 'all']]) }),
    toPlan('part', [noteInto(seen, 'part')], { opened: new Map([['a', new Set(['r'])]]), variants }),
  )
  const slot = createPlanSlot(shelf, 'a', compose)

  for (const [plan, more, expected] of [
    ['gold', {}, ['gold 1', 'gold 2']],
    ['gold', { app: 'acme' }, ['gold of acme']],
    ['gold', { app: 'bare' }, []],
    ['gold', { app: 'other' }, ['gold 1', 'gold 2']],
    ['free', { app: 'acme' }, ['free']],
    ['empty', {}, []],
    ['whole', {}, ['whole']],
    ['part', { app: 'other' }, ['part']],
    [undefined, { app: 'acme' }, []],
  ] as const) {
    it(`runs the policies of the plan ${plan ?? 'of nobody'}${'app' in more ? ` for ${more.app}` : ''}, then the rest`, async () => {
      seen.length = 0
      for (let round = 0; round < 2; round++) assert.equal((await slot(exchangeOf(plan, more), next)).status, 200)
      assert.deepEqual(seen, [...expected, ...expected])
    })
  }

  it('runs no plan for a request without a caller', async () => {
    seen.length = 0
    await slot(new TestExchange(), next)
    assert.deepEqual(seen, [])
  })

  for (const [plan, reason, more] of [
    ['never-there', 'plan-unknown', {}],
    ['__proto__', 'plan-unknown', {}],
    ['off', 'plan-disabled', {}],
    ['off', 'plan-disabled', { app: 'acme' }],
    ['elsewhere', 'plan-closed', {}],
    ['elsewhere', 'plan-closed', { app: 'acme' }],
    ['part', 'plan-closed', { route: 'other' }],
    ['part', 'plan-closed', { app: 'acme', route: 'other' }],
  ] as const) {
    it(`refuses ${JSON.stringify(more)} on the plan ${plan}: ${reason}`, async () => {
      seen.length = 0
      for (let round = 0; round < 2; round++) {
        const { problem } = await compose([{ name: 'plan', run: slot, when: undefined }], next)(exchangeOf(plan, more))
        assert.ok(isDenied(reason)(problem))
      }
      assert.deepEqual(seen, [])
    })
  }

  it('folds the pipeline of a plan once, and of an app that has something different', async () => {
    let folds = 0
    const counting = createPlanSlot(shelf, 'a', (uses, rest) => {
      folds++
      return compose(uses, rest)
    })
    for (const plan of ['gold', 'free', 'gold', 'empty', 'gold', 'free', 'empty']) {
      await counting(exchangeOf(plan), next)
      await counting(exchangeOf(plan, { app: 'acme' }), next)
    }
    assert.equal(folds, 3)
  })

  it('goes by the plans that are there now', async () => {
    const changing = shelve(toPlan('gold', [noteInto(seen, 'before')]))
    const one = createPlanSlot(changing, 'a', compose)
    seen.length = 0
    await one(exchangeOf('gold'), next)
    changing.replace(new Map([toPlan('gold', [noteInto(seen, 'after')]), toPlan('new', [])]), 1)
    await one(exchangeOf('gold'), next)
    await one(exchangeOf('new'), next)
    assert.deepEqual(seen, ['before', 'after'])
  })

  it('carries out a plan that went away for whoever came before that, and for nobody else', async () => {
    const changing = shelve(toPlan('gold', [noteInto(seen, 'gold')]))
    const one = createPlanSlot(changing, 'a', compose)
    changing.replace(new Map(), 5)
    seen.length = 0
    const at = (receivedAtMs: number) => Object.assign(exchangeOf('gold'), { receivedAtMs })
    await one(at(4), next)
    assert.deepEqual(seen, ['gold'])
    await assert.rejects(async () => one(at(6), next), isDenied('plan-unknown'))
  })
})
