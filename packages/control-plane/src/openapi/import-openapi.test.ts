import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { toTextHash } from '@gatewright/model'
import type { ApiBody } from '../apis/api-body.ts'
import type { PublishedForm } from '../apis/published-form.ts'
import { type ImportedApi, importOpenapi } from './import-openapi.ts'

const ORDERS = `# Who orders what.
openapi: 3.1.0
info: { title: Orders & Café (v2), version: "2" }
servers:
  - url: https://api.example.com/shop/v2/
paths:
  /orders: # all of them
    get: { operationId: list, responses: {} }
    post: { operationId: make, responses: {} }
`

function importNew(text: string): ImportedApi {
  const { api, findings } = importOpenapi({ text })
  assert.ok(api, JSON.stringify(findings))
  return api
}

function codesOf(text: string, existing?: PublishedForm): string[] {
  return importOpenapi({ text, ...(existing && { existing }) }).findings.map(({ code }) => code)
}

describe('a document that comes for the first time', () => {
  it('makes an API of its title and its first server, and is kept as it is', () => {
    assert.deepEqual(importOpenapi({ text: ORDERS }), {
      api: {
        id: 'orders-cafe-v2',
        body: {
          title: 'Orders & Café (v2)',
          basePath: '/shop/v2',
          upstream: 'https://api.example.com/shop/v2',
          document: toTextHash(ORDERS),
        },
        document: ORDERS,
      },
      changes: [],
      findings: [],
    })
  })

  it('may be Swagger 2.0, or JSON', () => {
    const swagger =
      'swagger: "2.0"\ninfo: { title: S, version: "1" }\nhost: a.example\nbasePath: /b\nschemes: [http]\npaths: {}\n'
    const { document, ...said } = importNew(swagger).body
    assert.deepEqual(said, { title: 'S', basePath: '/b', upstream: 'http://a.example/b' })
    assert.equal(
      importNew('{"openapi":"3.0.0","info":{"title":"J"},"servers":[{"url":"https://j"}],"paths":{}}').id,
      'j',
    )
  })

  it('says so where it names no server that can be called', () => {
    const toText = (url: string): string =>
      `openapi: 3.1.0\ninfo: { title: "日本", version: "1" }\nservers: [{ url: "${url}" }]\npaths: {}\n`
    for (const [url, basePath] of [
      ['/v1', '/v1'],
      ['https://{host}/v1', '/v1'],
      ['https://a/{version}', undefined],
      ['ftp://a/', ''],
      ['https://me:secret@a/', ''],
    ] as const) {
      const { api, findings } = importOpenapi({ text: toText(url) })
      assert.deepEqual(
        [api?.body.upstream, api?.id, findings.map(({ code }) => code)],
        [undefined, 'api', ['upstream-unknown']],
        url,
      )
      assert.equal(api?.body.basePath, basePath || undefined, url)
    }
  })

  it('is refused with its faults where it is none', () => {
    for (const text of ['', 'a: b', 'openapi: 4.0.0', '{"openapi": ', 'openapi: 3.1.0\n\tpaths: {}']) {
      const { api, findings } = importOpenapi({ text })
      assert.equal(api, undefined)
      assert.ok(
        findings.some(({ severity }) => severity === 'fault'),
        text,
      )
    }
  })
})

describe('what a document says to Gatewright', () => {
  it('at its operations refines their routes, and is taken out of it', () => {
    const text = ORDERS.replace(
      'post: { operationId: make, responses: {} }',
      'post:\n      operationId: make\n      # a guard\n      x-gatewright-route:\n        policies:\n          - policy: key-auth\n      responses: {}',
    )
    const { body, document } = importNew(text)
    assert.deepEqual(body.routes, [{ operation: 'make', policies: [{ policy: 'key-auth' }] }])
    assert.equal(document, text.replace(/ {6}x-gatewright-route:\n.*\n.*\n/, ''))
    assert.match(document ?? '', /# a guard/)
  })

  it('of the whole API counts alone', () => {
    const api = { title: 'Mine', upstream: 'backend' }
    const { body, document } = importNew(`x-gatewright-api: ${JSON.stringify(api)}\n${ORDERS}`)
    assert.deepEqual(body, { ...api, document: toTextHash(ORDERS) })
    assert.equal(document, ORDERS)
  })

  it('is refused where it is wrong, with its place', () => {
    const { api, findings } = importOpenapi({ text: `x-gatewright-api:\n  title: A\n  basePth: /a\n${ORDERS}` })
    assert.equal(api, undefined)
    assert.deepEqual(
      findings.map(({ code, at }) => [code, at.path, at.line]),
      [['extension-invalid', 'x-gatewright-api', 1]],
    )
    assert.deepEqual(codesOf(ORDERS.replace('operationId: make,', 'operationId: make, x-gatewright-route: 5,')), [
      'extension-invalid',
    ])
  })

  it('behind an alias is taken out where it stands', () => {
    const text = ORDERS.replace(
      '{ operationId: list, responses: {} }',
      '&one { x-gatewright-route: {}, responses: {} }',
    )
    const { body, document } = importNew(text.replace('{ operationId: make, responses: {} }', '*one'))
    assert.deepEqual(body.routes, [{ operation: 'GET /orders' }, { operation: 'POST /orders' }])
    assert.doesNotMatch(document ?? '', /gatewright/)
  })

  it('stays where the rest needs it', () => {
    const text = ORDERS.replace('operationId: list,', 'x-gatewright-route: { title: &t All }, summary: *t,')
    const { api, findings } = importOpenapi({ text })
    assert.deepEqual(
      findings.map(({ code }) => code),
      ['extension-kept'],
    )
    assert.equal(api?.document, text)
  })
})

describe('a newer document of an API', () => {
  const key = [{ policy: 'key-auth' }]
  const body: ApiBody = {
    title: 'Orders & Café (v2)',
    basePath: '/mine',
    upstream: 'backend',
    document: toTextHash(ORDERS),
    policies: [{ policy: 'cors' }],
    routes: [
      { operation: 'list', policies: key },
      { operation: 'make', upstream: 'other', policies: key },
      { id: 'own', path: '/own' },
    ],
  }
  const existing: PublishedForm = { body, document: ORDERS }

  function merge(text: string, from = existing) {
    const result = importOpenapi({ text, existing: from })
    assert.ok(result.api)
    return { ...result, body: result.api.body }
  }

  it('that says the same changes nothing', () => {
    const { body: same, changes, findings } = merge(ORDERS)
    assert.equal(JSON.stringify(same), JSON.stringify(body))
    assert.deepEqual([changes, findings], [[], []])
  })

  it('leaves what people wrote, and tells what changed', () => {
    const text = `${ORDERS}  /more:\n    get: { operationId: more, responses: {} }\n`
    const { body: merged, changes, findings } = merge(text)
    assert.deepEqual(merged, { ...body, document: toTextHash(text) })
    assert.deepEqual(
      changes.map((change) => change.text),
      ['route more: added'],
    )
    assert.deepEqual(findings, [])
  })

  it('tells of operations that went, with what was said of them', () => {
    const { body: merged, changes, findings } = merge(ORDERS.replace(/ {4}post:.*\n/, ''))
    assert.deepEqual(merged.routes, [
      { operation: 'list', policies: key },
      { id: 'own', path: '/own' },
    ])
    assert.deepEqual(
      findings.map(({ code, severity, message }) => [code, severity, message]),
      [
        [
          'operation-gone',
          'warning',
          'The document has no operation "make" any more: its route is taken out, with key-auth, upstream other.',
        ],
      ],
    )
    assert.deepEqual(
      changes.map((change) => change.text),
      ['route make: removed'],
    )
  })

  it('follows operations to their new names', () => {
    const routesOf = (text: string): unknown => merge(text).body.routes?.map(({ operation }) => operation)
    assert.deepEqual(routesOf(ORDERS.replace('operationId: make', 'operationId: create')), [
      'list',
      'create',
      undefined,
    ])
    assert.deepEqual(routesOf(ORDERS.replace('operationId: make, ', '')), ['list', 'POST /orders', undefined])
    assert.deepEqual(routesOf(ORDERS.replace('/orders:', '/all:')), ['list', 'make', undefined])
  })

  it('never gives an operation what was said of another one', () => {
    const swapped = ORDERS.replace('operationId: list', 'operationId: x').replace('/orders:', '/all:')
    assert.deepEqual(
      merge(swapped).body.routes?.map(({ operation }) => operation),
      ['make', undefined],
    )
  })

  it('brings its title where that was the title', () => {
    const text = ORDERS.replace('Orders & Café (v2)', 'Orders')
    assert.equal(merge(text).body.title, 'Orders')
    assert.equal(merge(text, { body: { ...body, title: 'Mine' }, document: ORDERS }).body.title, 'Mine')
  })

  it('tells of other servers, and changes nothing for them', () => {
    const { body: merged, findings } = merge(ORDERS.replace('api.example.com', 'new.example.com'))
    assert.deepEqual([merged.upstream, merged.basePath], ['backend', '/mine'])
    assert.deepEqual(
      findings.map(({ code }) => code),
      ['servers-changed'],
    )
  })

  it('adds what it says of routes of which the API says nothing', () => {
    const text = ORDERS.replaceAll('responses: {}', 'x-gatewright-route: { policies: [] }, responses: {}')
    const { body: merged, findings } = merge(text, {
      body: { routes: [{ operation: 'list', policies: key }] },
      document: ORDERS,
    })
    assert.deepEqual(merged.routes, [
      { operation: 'list', policies: key },
      { operation: 'make', policies: [] },
    ])
    assert.deepEqual(
      findings.map(({ code }) => code),
      ['route-kept'],
    )
  })

  it('comes to an API without one', () => {
    const { body: merged } = merge(ORDERS, { body: { upstream: 'backend', routes: [{ path: '/own' }] } })
    assert.deepEqual(merged, { upstream: 'backend', routes: [{ path: '/own' }], document: toTextHash(ORDERS) })
  })
})
