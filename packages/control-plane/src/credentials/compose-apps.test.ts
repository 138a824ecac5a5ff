import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Key as KeptKey } from '../keys/key.ts'
import { SUSPENDED_PLAN, UNSUBSCRIBED_PLAN } from '../publish/compose-plans.ts'
import type { Subscription, SubscriptionState, SubscriptionTarget } from '../subscriptions/subscription.ts'
import { composeApp } from './compose-apps.ts'
import { type TermsData, toTerms } from './credentials-terms.ts'

const plan = (id: string, apis?: string[]) =>
  [`plan-${id}`, `main/${id}`, { team: 'main', name: id, apis: apis?.map((api) => ({ api })) }] as const

const DATA: TermsData = {
  plans: [
    plan('gold'),
    plan('free', ['orders']),
    plan('users', ['users']),
    ['plan-far', 'shop/far', { team: 'shop', name: 'shop.far', apis: undefined }],
  ],
  offers: [
    ['product', { team: 'main', apis: ['orders', 'billing'] }],
    ['product-2', { team: 'main', apis: ['orders', 'users'] }],
    ['api-orders', { team: 'main', apis: ['orders'] }],
    ['api-users', { team: 'main', apis: ['users'] }],
  ],
  live: [
    ['dev.orders', { team: 'main', id: 'orders' }],
    ['prod.orders', { team: 'main', id: 'orders' }],
    ['prod.billing', { team: 'main', id: 'billing' }],
    ['prod.users', { team: 'main', id: 'users' }],
    ['prod.shop.users', { team: 'shop', id: 'users' }],
  ],
}
const TERMS = toTerms(DATA)
const APP = { uid: 'u', team: 'main', id: 'acme', isEnabled: true }
const KEY: KeptKey = {
  uid: 'k',
  app: 'u',
  hash: 'ab'.repeat(32),
  hint: '',
  sequence: 1,
  createdAtMs: 1,
  createdBy: 'system',
}

let count = 0
function subscribe(
  target: SubscriptionTarget,
  of: string,
  state: SubscriptionState = 'active',
  createdAtMs = ++count,
): Subscription {
  const made = { sequence: 1, createdAtMs, createdBy: 'system' }
  return { uid: `s${count++}`, app: 'u', target, plan: `plan-${of}`, state, ...made }
}

/** To the API of users, from another one. */
function moved(of: string, from: string, state?: SubscriptionState): Subscription {
  return { ...subscribe({ api: 'api-users' }, of, state), former: [from] }
}

const PRODUCT = { product: 'product' }
const ORDERS = { api: 'api-orders' }

/** What counts for the app, and for a key of it. */
function compose(subscriptions: readonly Subscription[], key?: string) {
  const { app, composeKey } = composeApp(APP, subscriptions, TERMS)
  const made = composeKey({ ...KEY, ...(key !== undefined && { plan: key }) })
  return { app: { plan: app.plan, ...app.plans }, key: { plan: made.plan, ...made.plans } }
}

describe('the plans of an app', () => {
  for (const [what, subscriptions, plans] of [
    ['without a subscription is the one of those who have none', [], {}],
    [
      'is the subscription’s, for the APIs that are sold, where they are live',
      [subscribe(PRODUCT, 'gold')],
      { 'dev.orders': 'gold', 'prod.orders': 'gold', 'prod.billing': 'gold' },
    ],
    ['is for what the plan opens of it', [subscribe(PRODUCT, 'free')], { 'dev.orders': 'free', 'prod.orders': 'free' }],
    [
      'is none yet while it waits',
      [subscribe(PRODUCT, 'gold', 'requested'), subscribe(ORDERS, 'free', 'approved')],
      {},
    ],
    [
      'refuses where it is suspended, and nowhere else',
      [subscribe(ORDERS, 'gold', 'suspended'), subscribe({ api: 'api-users' }, 'gold')],
      { 'dev.orders': SUSPENDED_PLAN, 'prod.orders': SUSPENDED_PLAN, 'prod.users': 'gold' },
    ],
    [
      'refuses where one is suspended, whatever another one gives',
      [subscribe(ORDERS, 'gold'), subscribe(PRODUCT, 'free', 'suspended')],
      { 'dev.orders': SUSPENDED_PLAN, 'prod.orders': SUSPENDED_PLAN },
    ],
    [
      'is that of the API before that of a product',
      [subscribe(PRODUCT, 'gold', 'active', 1), subscribe(ORDERS, 'free', 'active', 2)],
      { 'dev.orders': 'free', 'prod.orders': 'free', 'prod.billing': 'gold' },
    ],
    [
      'is the older one of two products that came to sell the same',
      [subscribe({ product: 'product-2' }, 'gold', 'active', 2), subscribe(PRODUCT, 'free', 'active', 1)],
      { 'dev.orders': 'free', 'prod.orders': 'free', 'prod.users': 'gold' },
    ],
    [
      'is not more where one to an API has ended',
      [subscribe(ORDERS, 'gold', 'ended')],
      { 'dev.orders': SUSPENDED_PLAN, 'prod.orders': SUSPENDED_PLAN },
    ],
    [
      'is the new one where an old one has ended',
      [subscribe(ORDERS, 'gold', 'ended', 1), subscribe(PRODUCT, 'free', 'active', 2)],
      { 'dev.orders': 'free', 'prod.orders': 'free' },
    ],
    ['is closed by the product where one to it has ended', [subscribe(PRODUCT, 'gold', 'ended')], {}],
    [
      'refuses where the plan is gone',
      [subscribe(ORDERS, 'gone')],
      { 'dev.orders': SUSPENDED_PLAN, 'prod.orders': SUSPENDED_PLAN },
    ],
    [
      'is for what it was moved away from too, as far as the plan opens it',
      [moved('gold', 'api-orders')],
      { 'prod.users': 'gold', 'dev.orders': 'gold', 'prod.orders': 'gold' },
    ],
    [
      'refuses what it was moved away from where the plan does not open it',
      [moved('users', 'api-orders')],
      { 'prod.users': 'users', 'dev.orders': SUSPENDED_PLAN, 'prod.orders': SUSPENDED_PLAN },
    ],
    [
      'is what a product gives where one was moved away on a plan that does not',
      [moved('users', 'api-orders'), subscribe(PRODUCT, 'gold')],
      { 'prod.users': 'users', 'dev.orders': 'gold', 'prod.orders': 'gold', 'prod.billing': 'gold' },
    ],
    [
      'refuses both where one is suspended that was moved',
      [moved('gold', 'api-orders', 'suspended')],
      { 'prod.users': SUSPENDED_PLAN, 'dev.orders': SUSPENDED_PLAN, 'prod.orders': SUSPENDED_PLAN },
    ],
    [
      'is not more at either where one has ended that was moved',
      [moved('gold', 'api-orders', 'ended')],
      { 'prod.users': SUSPENDED_PLAN, 'dev.orders': SUSPENDED_PLAN, 'prod.orders': SUSPENDED_PLAN },
    ],
    ['is nothing for what is gone', [subscribe({ api: 'gone' }, 'gold')], {}],
  ] as const) {
    it(what, () => {
      const made = compose(subscriptions)
      assert.deepEqual(made.app, { plan: UNSUBSCRIBED_PLAN, ...plans })
      assert.deepEqual(made.key, made.app)
    })
  }

  it('are none where no plan is kept', () => {
    const { app, composeKey } = composeApp(APP, [], toTerms({ ...DATA, plans: [] }))
    assert.deepEqual(app, { id: 'acme' })
    assert.deepEqual(composeKey(KEY), { hash: KEY.hash, app: 'acme' })
  })

  it('are the same object for all of its keys', () => {
    const { app, composeKey } = composeApp(APP, [subscribe(PRODUCT, 'gold')], TERMS)
    assert.equal(composeKey(KEY).plans, app.plans)
    assert.equal(composeKey({ ...KEY, plan: 'free' }).plans, composeKey({ ...KEY, plan: 'free' }).plans)
  })
})

describe('a key with a plan of its own', () => {
  for (const [what, subscriptions, key, plans] of [
    ['has it everywhere, and is refused where it does not open', [], 'free', { plan: 'free' }],
    [
      'has it where it opens, and the app’s elsewhere',
      [subscribe(PRODUCT, 'gold')],
      'free',
      { plan: 'free', 'prod.billing': 'gold' },
    ],
    [
      'has it where it opens what a subscription was moved away from',
      [moved('gold', 'api-orders')],
      'free',
      { plan: 'free', 'prod.users': 'gold' },
    ],
    ['has it before the app’s', [subscribe(PRODUCT, 'free')], 'gold', { plan: 'gold' }],
    [
      'is refused where the app is suspended',
      [subscribe(ORDERS, 'gold', 'suspended')],
      'gold',
      { plan: 'gold', 'dev.orders': SUSPENDED_PLAN, 'prod.orders': SUSPENDED_PLAN },
    ],
    ['has it where a subscription has ended', [subscribe(ORDERS, 'gold', 'ended')], 'gold', { plan: 'gold' }],
    [
      'is refused where the plan is gone, or another team’s',
      [subscribe(PRODUCT, 'gold')],
      'far',
      { plan: SUSPENDED_PLAN },
    ],
  ] as const) {
    it(what, () => assert.deepEqual(compose(subscriptions, key).key, plans))
  }
})

describe('an app as gateways know it', () => {
  it('has the team before its id, its title, and is refused with all of its keys where it is switched off', () => {
    const { app, composeKey } = composeApp({ ...APP, team: 'shop', title: 'Acme', isEnabled: false }, [], TERMS)
    assert.deepEqual(app, { id: 'shop.acme', title: 'Acme', plan: UNSUBSCRIBED_PLAN, enabled: false })
    assert.deepEqual(composeKey({ ...KEY, notBeforeMs: 1, expiresAtMs: 2 }), {
      hash: KEY.hash,
      app: 'shop.acme',
      plan: UNSUBSCRIBED_PLAN,
      notBefore: 1,
      expires: 2,
      enabled: false,
    })
  })
})
