/** Owns the proof of who may call as an app: one rule for all credentials. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MemoryCredentials } from '../testing/memory-credentials.ts'
import { type AppFault, findAppPlan } from './find-app-plan.ts'

const credentials = new MemoryCredentials()
credentials.setApp('acme', { plan: 'gold', plans: { orders: 'bulk' } })
credentials.setApp('bare')
credentials.setApp('off', { plan: 'gold', isEnabled: false })

const refuse = (fault: AppFault) => new Error(fault)

test('an app calls on the plan that it has for the API', () => {
  assert.equal(findAppPlan(credentials, { app: 'acme', api: 'stock' }, refuse), 'gold')
  assert.equal(findAppPlan(credentials, { app: 'acme', api: 'orders' }, refuse), 'bulk')
  assert.equal(findAppPlan(credentials, { app: 'bare', api: 'orders' }, refuse), undefined)
})

test('an app that the configuration does not have is refused, or calls without a plan', () => {
  assert.throws(() => findAppPlan(credentials, { app: 'Acme', api: 'stock' }, refuse), { message: 'unknown-app' })
  assert.equal(findAppPlan(credentials, { app: 'Acme', api: 'stock', unknownApps: 'allow' }, refuse), undefined)
})

test('an app that is disabled is refused, also where unknown ones may call', () => {
  for (const unknownApps of ['refuse', 'allow'] as const) {
    const off = () => findAppPlan(credentials, { app: 'off', api: 'stock', unknownApps }, refuse)
    assert.throws(off, { message: 'disabled-app' })
  }
})
