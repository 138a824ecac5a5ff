import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Plan, PlanId, PlanOverrides } from './gateway-model.ts'
import { findOverridden, mergeOptions, toPlanVariant } from './plan-variant.ts'

const daily = { policy: 'rate-limit', options: { limit: 5, windowSeconds: 86_400 }, id: 'daily' }
const burst = { policy: 'rate-limit', options: { limit: 1, windowSeconds: 1 } }
const fields = { policy: 'set-headers', options: { set: { a: '1', b: '2' } } }
const policies = [daily, burst, fields]

const toVariant = (app: string, overrides: Record<string, PlanOverrides>, list: Plan['policies'] = policies) =>
  toPlanVariant({ id: 'gold' as PlanId, policies: list, overrides }, app)

describe('what an app makes of a plan', () => {
  it('has other options where the app says so, and the same uses where it does not', () => {
    const [first, ...others] = toVariant('acme', { acme: { daily: { limit: 9 } } })
    assert.deepEqual(first, {
      policy: 'rate-limit',
      options: { limit: 9, windowSeconds: 86_400 },
      id: 'daily of acme',
    })
    assert.ok(others[0] === burst && others[1] === fields)
  })

  it('is the plan for an app that says nothing, also one that is named like what every object has', () => {
    for (const app of ['other', 'constructor', '__proto__'])
      assert.equal(toVariant(app, { acme: { daily: { limit: 9 } } }), policies)
  })

  it('takes the name of a policy where one use has it, and several names for one use one after the other', () => {
    const overrides = { 'set-headers': { set: { b: null, c: '3' } } }
    assert.deepEqual(toVariant('acme', { acme: overrides })[2]?.options, { set: { a: '1', c: '3' } })
    const [first] = toVariant('acme', { acme: { daily: { limit: 9 }, 'rate-limit': { windowSeconds: 2 } } }, [daily])
    assert.deepEqual(first?.options, { limit: 9, windowSeconds: 2 })
    assert.equal(first?.id, 'daily of acme')
  })

  it('means by a name the use with this id, else those of this policy', () => {
    const named = { policy: 'set-headers', options: {}, id: 'rate-limit' }
    assert.deepEqual(findOverridden([...policies, named], 'rate-limit'), [named])
    assert.deepEqual(findOverridden(policies, 'rate-limit'), [daily, burst])
    assert.deepEqual(findOverridden(policies, 'cache'), [])
  })

  it('merges maps by their members, replaces what is no map, and takes out what is null, at any depth', () => {
    for (const [base, change, expected] of [
      [{ a: 1, b: { c: 2, d: 3 } }, { b: { c: 4, d: null } }, { a: 1, b: { c: 4 } }],
      [{ a: [1, 2] }, { a: [3] }, { a: [3] }],
      [{ a: 1 }, { a: { b: 2, c: null } }, { a: { b: 2 } }],
      [{ a: { b: 1 } }, { a: 'x' }, { a: 'x' }],
      [undefined, { a: 1 }, { a: 1 }],
    ] as const) {
      assert.deepEqual(mergeOptions(base, change), expected)
    }
  })

  it('takes a member that is called like a prototype for what it is', () => {
    const merged = mergeOptions({}, JSON.parse('{"__proto__":{"limit":9}}')) as object
    assert.equal(Object.getPrototypeOf(merged), Object.prototype)
    assert.deepEqual(Object.keys(merged), ['__proto__'])
  })
})
