import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type GatewayModel, resolve } from '@gatewright/model'
import { type AskedRequest, judgeRoutes } from './judge-routes.ts'

const { model } = resolve({
  files: [
    {
      path: 'gatewright.yaml',
      text: `gatewright: 1
apis:
  - id: shop
    hosts: [shop.example]
    basePath: /v1
    upstream: http://127.0.0.1:1
    routes:
      - { id: get, methods: [GET], path: "/items/{id}" }
      - { id: any, path: "/items/{rest+}" }
      - { id: beta, path: "/items/{id}", methods: [GET], match: { query: [{ name: beta, present: true }] } }
      - { id: post, path: "/items/{id}", methods: [POST] }
      - { id: other, path: /carts }
  - { id: all, upstream: http://127.0.0.1:1, routes: [{ id: everything, path: "/{rest+}" }] }
  - { id: elsewhere, hosts: [blog.example], basePath: /v1, upstream: http://127.0.0.1:1, routes: [{ id: page, path: "/{rest+}" }] }
  - { id: second, hosts: [shop.example], basePath: /v2, upstream: http://127.0.0.1:1, routes: [{ id: item, path: "/{rest+}" }] }
  - id: preview
    hosts: [shop.example]
    basePath: /v1
    match: { headers: [{ name: X-Preview, present: true }] }
    upstream: http://127.0.0.1:1
    routes: [{ id: draft, path: "/{rest+}" }]
`,
    },
  ],
  env: () => undefined,
  readFile: () => undefined,
})

function judge(asked: Partial<AskedRequest>): Record<string, string> | undefined {
  const request = { method: 'GET', authority: 'shop.example', path: '/v1/items/7', search: '', headers: [], ...asked }
  const judgement = judgeRoutes(model as GatewayModel, request)
  return judgement && Object.fromEntries(judgement.verdicts.map(({ route, verdict }) => [route.id, verdict]))
}

describe('the verdicts on routes', () => {
  it('say of each what it lacks', () => {
    assert.deepEqual(judge({}), {
      get: 'matches',
      any: 'less-specific',
      beta: 'conditions',
      post: 'method',
      other: 'path',
      everything: 'other-api',
      page: 'host',
      item: 'base-path',
      draft: 'api-conditions',
    })
  })

  it('follow the conditions of routes and APIs', () => {
    assert.equal(judge({ search: '?beta=1' })?.beta, 'matches')
    assert.equal(judge({ search: '?beta=1' })?.get, 'less-specific')
    const preview = judge({ headers: [['X-Preview', '1']] })
    assert.equal(preview?.draft, 'matches')
    assert.equal(preview?.get, 'other-api')
  })

  it('say which conditions are not met, of the route or of its API', () => {
    const judgement = judgeRoutes(model as GatewayModel, {
      ...{ method: 'GET', authority: 'shop.example', path: '/v1/items/7', search: '', headers: [] },
    })
    const unmet = judgement?.verdicts.filter(({ unmet }) => unmet !== undefined)
    assert.deepEqual(
      unmet?.map(({ route, unmet }) => [route.id, unmet]),
      [
        ['beta', { headers: [], query: [{ name: 'beta', present: true }], cookies: [] }],
        ['draft', { headers: [{ name: 'X-Preview', present: true }], query: [], cookies: [] }],
      ],
    )
  })

  it('are told of the normal form, with the values of the one that matches', () => {
    const judgement = judgeRoutes(model as GatewayModel, {
      method: 'GET',
      authority: 'SHOP.example:80',
      path: '/v1/x/%2e%2e/items/%37',
      search: '',
      headers: [],
    })
    assert.deepEqual([judgement?.path, judgement?.parameters.id], ['/v1/items/7', '7'])
  })

  it('are not given on a path that is refused', () => {
    assert.equal(judge({ path: '/v1/%00' }), undefined)
  })
})
