import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { toTextHash } from '../hash.ts'
import { resolveText, toLines } from '../testing/resolve-text.ts'

const HEAD = 'gatewright: 1\n'
const ORDERS = `openapi: 3.1.0
info: { title: Orders, version: "2.1", description: All of them }
servers: [{ url: https://orders.example.com }]
paths:
  /orders:
    get: { operationId: listOrders, summary: List, tags: [read] }
    post: { operationId: createOrder }
  /orders/{id}:
    get: {}
`

/** Its server has a path. */
const SERVED = ORDERS.replace('.com', '.com/v2')

function resolveOrders(api: string, document = ORDERS) {
  return resolveText(`${HEAD}apis:\n  - id: orders\n    upstream: http://a\n    openapi: ./orders.yaml\n${api}`, {
    others: { '/etc/gw/orders.yaml': document },
  })
}

describe('resolve, where a document says it is served', () => {
  const swagger = 'swagger: "2.0"\ninfo: { title: T, version: "1" }\nbasePath: /v1\npaths: {}\n'

  it('warns when its path is dropped, and says what to write', () => {
    const [finding, ...more] = resolveOrders('', SERVED).findings
    assert.deepEqual(
      [finding?.severity, finding?.code, finding?.at.line, more.length],
      ['warning', 'server-path', 5, 0],
    )
    assert.match(
      finding?.message ?? '',
      /below "\/v2" \(https:\/\/orders\.example\.com\/v2\); here they begin at "\/"\.$/,
    )
    assert.match(finding?.suggestion ?? '', /`basePath: \/v2`/)
    assert.match(resolveOrders('', swagger).findings[0]?.message ?? '', /below "\/v1"; here/)
  })

  it('says nothing where the file says a base path, or the document has none', () => {
    for (const said of ['    basePath: /v2\n', '    basePath: /shop\n', '    basePath: /\n']) {
      assert.deepEqual(resolveOrders(said, SERVED).findings, [], said)
    }
    assert.deepEqual(resolveOrders('').findings, [])
    assert.deepEqual(
      resolveOrders('', ORDERS.replace('https://orders.example.com', '"https://x/{version}"')).findings,
      [],
    )
  })
})

describe('resolve, OpenAPI', () => {
  it('makes routes of the operations', () => {
    const { model, findings } = resolveOrders('')
    assert.deepEqual(findings, [])
    assert.deepEqual(model?.apis[0]?.releases[0]?.routes, [
      {
        id: 'listOrders',
        title: 'List',
        tags: ['read'],
        methods: ['GET'],
        path: '/orders',
        operation: 'listOrders',
        policies: [],
      },
      { id: 'createOrder', methods: ['POST'], path: '/orders', operation: 'createOrder', policies: [] },
      { id: 'GET /orders/{id}', methods: ['GET'], path: '/orders/{id}', operation: 'GET /orders/{id}', policies: [] },
    ])
  })

  it('takes title and version from the document, but not where it is served', () => {
    const api = resolveOrders('', SERVED).model?.apis[0]
    assert.deepEqual([api?.title, api?.version, api?.basePath], ['Orders', '2.1', ''])
    assert.equal(resolveOrders('    title: Mine\n').model?.apis[0]?.title, 'Mine')
  })

  it('keeps the document by the hash of its content', () => {
    const { model, documents } = resolveOrders('')
    const hash = model?.apis[0]?.openapi ?? ''
    assert.equal(toTextHash(documents.get(hash) ?? ''), hash)
    assert.equal(JSON.parse(documents.get(hash) ?? '').info.title, 'Orders')
  })

  it('refines operations by id and by method and path, and adds own routes', () => {
    const { model, findings } = resolveOrders(`    routes:
      - { operation: createOrder, title: Create, policies: [{ policy: rate-limit }] }
      - { operation: "GET /orders/{id}", id: getOrder, enabled: false }
      - { id: ping, path: /ping }
`)
    assert.deepEqual(findings, [])
    const routes = model?.apis[0]?.releases[0]?.routes ?? []
    assert.deepEqual(
      routes.map(({ id }) => id),
      ['listOrders', 'createOrder', 'getOrder', 'ping'],
    )
    assert.deepEqual(routes[1], {
      id: 'createOrder',
      title: 'Create',
      methods: ['POST'],
      path: '/orders',
      operation: 'createOrder',
      policies: [{ policy: 'rate-limit', options: {} }],
    })
    assert.equal(routes[2]?.enabled, false)
  })

  it('points into the document for operations, and into the file for what refines them', () => {
    const { sources } = resolveOrders('    routes:\n      - { operation: createOrder }\n')
    const listed = sources.find(['apis', 0, 'releases', 0, 'routes', 0])
    assert.deepEqual([listed.file, listed.line], ['/etc/gw/orders.yaml', 6])
    const refined = sources.find(['apis', 0, 'releases', 0, 'routes', 1])
    assert.deepEqual([refined.file, refined.line, refined.path], ['/etc/gw/gatewright.yaml', 7, 'apis[0].routes[0]'])
  })

  it('suggests the operation that was meant', () => {
    const { findings } = resolveOrders('    routes:\n      - { operation: createOrdr }\n')
    assert.deepEqual(toLines(findings), [
      '/etc/gw/gatewright.yaml:7:22: fault: The document has no operation "createOrdr". (apis[0].routes[0].operation)',
    ])
    assert.equal(findings[0]?.suggestion, 'Did you mean "createOrder"?')
  })

  it('refuses to refine an operation twice, or to move it', () => {
    const { findings } = resolveOrders(`    routes:
      - { operation: createOrder }
      - { operation: createOrder }
      - { operation: listOrders, path: /x }
`)
    assert.deepEqual(
      findings.map(({ code, at }) => [code, at.line]),
      [
        ['refined-twice', 8],
        ['operation-fixed', 9],
      ],
    )
  })

  it('refuses to refine without a document', () => {
    const { findings } = resolveText(`${HEAD}apis: [{ id: a, routes: [{ operation: x }] }]\n`)
    assert.match(findings[0]?.message ?? '', /names no OpenAPI document/)
  })

  it('says that a document is missing, once and where it is named', () => {
    const { findings } = resolveText(`${HEAD}apis:\n  - { id: a, openapi: ./nope.yaml, routes: [{ operation: x }] }\n`)
    assert.deepEqual(toLines(findings), [
      '/etc/gw/gatewright.yaml:3:23: fault: /etc/gw/nope.yaml does not exist. (apis[0].openapi)',
    ])
  })

  it('fetches nothing', () => {
    const { findings } = resolveText(`${HEAD}apis: [{ id: a, openapi: "https://example.com/o.yaml" }]\n`)
    assert.deepEqual(
      findings.map(({ code }) => code),
      ['openapi-remote'],
    )
  })

  it('gives the second of two equal operation ids another name', () => {
    const document = 'openapi: 3.0.0\npaths:\n  /a: { get: { operationId: x } }\n  /b: { get: { operationId: x } }\n'
    const { model, findings } = resolveOrders('', document)
    assert.deepEqual(
      model?.apis[0]?.releases[0]?.routes.map(({ id }) => id),
      ['x', 'GET /b'],
    )
    assert.deepEqual(
      findings.map(({ code, severity, at }) => [code, severity, at.line]),
      [['duplicate-operation', 'warning', 4]],
    )
  })
})
