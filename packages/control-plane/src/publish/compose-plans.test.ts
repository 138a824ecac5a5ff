import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type GatewayModel, hasFaults, resolve, toFindingText, validate } from '@gatewright/model'
import { BUILT_IN_POLICIES } from '@gatewright/policies'
import type { ApiBody } from '../apis/api-body.ts'
import { composeFile } from './compose-file.ts'
import { SUSPENDED_PLAN, UNSUBSCRIBED_PLAN } from './compose-plans.ts'
import type { LiveApi, LiveEnvironment } from './live-api.ts'
import { type LiveTerms, NO_TERMS } from './live-terms.ts'

/** What gateways make of it, and it runs: nothing that they check is at fault. */
function toModel(environments: readonly LiveEnvironment[], terms: LiveTerms): GatewayModel {
  const { draft, findings, sources } = resolve({
    files: [{ path: '/snapshot.json', text: JSON.stringify(composeFile(environments, terms)), isForeign: true }],
    env: () => undefined,
    readFile: () => undefined,
  })
  const all = [...findings, ...validate(draft, BUILT_IN_POLICIES, { sources })]
  assert.equal(hasFaults(all), false, all.map(toFindingText).join('\n'))
  return draft
}

const KEYS = [{ policy: 'key-auth' }]

function toApi(id: string, body: ApiBody = { policies: KEYS }, team = 'main'): LiveApi {
  return {
    team,
    id,
    releases: [
      { revision: 1, share: 100, body: { upstream: 'http://127.0.0.1:9000', basePath: `/${team}/${id}`, ...body } },
    ],
  }
}

const PROD: LiveEnvironment = {
  id: 'prod',
  body: {},
  apis: [toApi('orders'), toApi('billing'), toApi('users', { policies: KEYS }, 'shop')],
}
const DEV: LiveEnvironment = { id: 'dev', body: { pathPrefix: '/dev' }, apis: [toApi('orders')] }
const LIMIT = { policy: 'rate-limit', options: { limit: 5, windowSeconds: 60 } }
const GOLD = {
  team: 'main',
  id: 'gold',
  body: { title: 'Gold', price: '9 €', approvalNeeded: true, policies: [LIMIT] },
}

const openedBy = (model: GatewayModel): Record<string, unknown> =>
  Object.fromEntries(
    model.plans.map(({ id, apis }) => [id, apis?.map(({ api, routes }) => (routes ? `${api} ${routes}` : api))]),
  )

describe('the plans of what is live', () => {
  it('open what is live of their team, in every environment, under one name', () => {
    const basic = { team: 'main', id: 'basic', body: { apis: [{ api: 'orders', routes: ['list'] }, { api: 'gone' }] } }
    const listed = toApi('orders', { policies: KEYS, routes: [{ id: 'list', path: '/' }] })
    const environments = [
      { ...PROD, apis: [listed, ...PROD.apis.slice(1)] },
      { ...DEV, apis: [listed] },
    ]
    const far = { team: 'shop', id: 'gold', body: {} }
    const model = toModel(environments, { ...NO_TERMS, plans: [GOLD, basic, far] })
    assert.deepEqual(openedBy(model), {
      basic: ['dev.orders list', 'prod.orders list'],
      gold: ['dev.orders', 'prod.billing', 'prod.orders'],
      'shop.gold': ['prod.shop.users'],
      [SUSPENDED_PLAN]: undefined,
      [UNSUBSCRIBED_PLAN]: ['dev.orders', 'prod.billing', 'prod.orders', 'prod.shop.users'],
    })
    const gold = model.plans.find(({ id }) => id === 'gold')
    assert.deepEqual([gold?.title, gold?.policies.map(({ policy }) => policy)], ['Gold', ['rate-limit']])
    assert.equal(model.plans.find(({ id }) => id === SUSPENDED_PLAN)?.enabled, false)
  })

  it('close to those without a subscription what a product sells', () => {
    const sold = [
      { team: 'main', apis: ['orders', 'gone'] },
      { team: 'other', apis: ['users', 'billing'] },
    ]
    const model = toModel([PROD, DEV], { ...NO_TERMS, plans: [GOLD], sold })
    assert.deepEqual(openedBy(model)[UNSUBSCRIBED_PLAN], ['prod.billing', 'prod.shop.users'])
  })

  it('leave out APIs whose callers nobody knows', () => {
    const apis = [
      toApi('open', {}),
      toApi('off', { policies: [{ policy: 'key-auth', enabled: false }] }),
      toApi('some', { routes: [{ path: '/a', policies: KEYS }, { path: '/b' }] }),
      toApi('either', { policies: [{ policy: 'any-of', options: { policies: KEYS } }] }),
    ]
    const plans = [GOLD, { team: 'main', id: 'none', body: { apis: [{ api: 'open' }] } }]
    const model = toModel([{ id: 'prod', body: {}, apis }], { ...NO_TERMS, plans })
    assert.deepEqual(openedBy(model), {
      gold: ['prod.either', 'prod.some'],
      [SUSPENDED_PLAN]: undefined,
      [UNSUBSCRIBED_PLAN]: ['prod.either', 'prod.some'],
    })
    const known = toModel([{ id: 'prod', body: { policies: KEYS }, apis: [toApi('open', {})] }], { ...NO_TERMS, plans })
    assert.deepEqual(openedBy(known).none, ['prod.open'])
  })

  it('have what is different for apps of their team, as far as they still have it', () => {
    const two = {
      team: 'main',
      id: 'two',
      body: {
        policies: [
          { ...LIMIT, id: 'a' },
          { ...LIMIT, id: 'b' },
        ],
      },
    }
    const overrides = [
      { team: 'main', id: 'b', overrides: { gold: { 'rate-limit': { limit: 7 }, cache: {} }, gone: { x: {} } } },
      {
        team: 'main',
        id: 'a',
        overrides: { gold: { 'rate-limit': { limit: 8 } }, two: { 'rate-limit': { limit: 1 }, b: { limit: 2 } } },
      },
      { team: 'main', id: 'c', overrides: { gold: { cache: {} } } },
      { team: 'shop', id: 'a', overrides: { gold: { 'rate-limit': { limit: 1 } } } },
    ]
    const { plans } = toModel([PROD], { ...NO_TERMS, plans: [GOLD, two], overrides })
    assert.deepEqual(
      plans.slice(0, 2).map((plan) => plan.overrides),
      [{ a: { 'rate-limit': { limit: 8 } }, b: { 'rate-limit': { limit: 7 } } }, { a: { b: { limit: 2 } } }],
    )
  })

  it('are none where none is kept, and the same text for the same, in whatever order it comes', () => {
    assert.equal(composeFile([PROD]).plans, undefined)
    const other = { team: 'main', id: 'a', body: {} }
    const overrides = ['x', 'y'].map((id) => ({
      team: 'main',
      id,
      overrides: { gold: { 'rate-limit': { limit: 1 } } },
    }))
    const one = composeFile([PROD, DEV], { ...NO_TERMS, plans: [GOLD, other], overrides })
    const two = composeFile([DEV, { ...PROD, apis: PROD.apis.toReversed() }], {
      ...NO_TERMS,
      plans: [other, GOLD],
      overrides: overrides.toReversed(),
    })
    assert.equal(JSON.stringify(one), JSON.stringify(two))
  })
})

describe('upstreams that a team shares', () => {
  it('stand in each environment where something names them, and those of the environment come first', () => {
    const apis = [toApi('orders', { upstream: 'backend' }), toApi('users', { upstream: 'backend' }, 'shop')]
    const upstreams = ['main', 'shop', 'idle'].map((team) => ({
      team,
      id: 'backend',
      body: { targets: [`http://${team}.example`] },
    }))
    const own = [{ id: 'backend', targets: ['http://own.example'] }]
    const model = toModel(
      [
        { id: 'prod', body: {}, apis },
        { id: 'dev', body: { pathPrefix: '/dev', upstreams: own }, apis },
      ],
      { ...NO_TERMS, upstreams },
    )
    assert.deepEqual(
      model.upstreams.map(({ id, targets }) => [id, targets[0]?.url]),
      [
        ['dev.backend', 'http://own.example'],
        ['prod.backend', 'http://main.example'],
        ['prod.shop.backend', 'http://shop.example'],
      ],
    )
    assert.deepEqual(
      model.apis.map(({ id, upstream }) => [id, upstream]),
      [
        ['dev.orders', 'dev.backend'],
        ['dev.shop.users', 'dev.backend'],
        ['prod.orders', 'prod.backend'],
        ['prod.shop.users', 'prod.shop.backend'],
      ],
    )
  })
})
