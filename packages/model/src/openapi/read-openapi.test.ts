import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { toLines } from '../testing/resolve-text.ts'
import { readOpenApi } from './read-openapi.ts'

function read(files: string | Readonly<Record<string, string>>) {
  const texts: Readonly<Record<string, string>> = typeof files === 'string' ? { '/d/api.yaml': files } : files
  return readOpenApi(Object.keys(texts)[0] ?? '', (path) => texts[path])
}

function operationsOf(files: Parameters<typeof read>[0]): string[] {
  return (read(files).definition?.operations ?? []).map(({ method, path, operationId }) =>
    [method, path, operationId].filter(Boolean).join(' '),
  )
}

describe('readOpenApi', () => {
  it('warns of what is neither a method nor a field of a path item', () => {
    const { findings } = read(`openapi: 3.1.0
info: { title: t, version: "1" }
paths:
  /x:
    summary: s
    x-own: {}
    get: {}
    fetch: {}
    psot: {}
`)
    assert.deepEqual(toLines(findings), [
      '/d/api.yaml:8:5: warning: "fetch" is neither a method nor a field of a path item, and is left out. (paths["/x"].fetch)',
      '/d/api.yaml:9:5: warning: "psot" is neither a method nor a field of a path item, and is left out. (paths["/x"].psot)',
    ])
    assert.equal(findings[1]?.suggestion, 'Did you mean "post"?')
  })

  it('reads Swagger 2.0', () => {
    const { definition, findings } = read(`swagger: "2.0"
info: { title: Shop, version: 1.2.3 }
host: shop.example.com
basePath: /v1/
schemes: [https, http]
paths:
  /orders/{id}:
    parameters: []
    get: { operationId: getOrder, summary: One, tags: [a, b] }
    x-internal: {}
`)
    assert.deepEqual(findings, [])
    assert.equal(definition?.format, '2.0')
    assert.deepEqual(definition?.servers, ['https://shop.example.com/v1/', 'http://shop.example.com/v1/'])
    assert.equal(definition?.basePath, '/v1')
    assert.deepEqual(definition?.operations, [
      {
        operationId: 'getOrder',
        method: 'GET',
        path: '/orders/{id}',
        title: 'One',
        tags: ['a', 'b'],
        place: { file: '/d/api.yaml', line: 9, column: 5 },
      },
    ])
  })

  it('reads OpenAPI 3.0, 3.1 and 3.2, also where YAML took the version for a number', () => {
    for (const [text, format] of [
      ['3.0.3', '3.0'],
      ['"3.1.1"', '3.1'],
      ['3.1', '3.1'],
      ['3.2.0', '3.2'],
      ['3.0', '3.0'],
    ] as const) {
      assert.equal(read(`openapi: ${text}\npaths: {}\n`).definition?.format, format, text)
    }
  })

  it('reads JSON', () => {
    assert.deepEqual(operationsOf({ '/d/api.json': '{"openapi":"3.0.0","paths":{"/a":{"get":{}}}}' }), ['GET /a'])
  })

  it('puts the defaults of variables into servers', () => {
    const { definition } = read(`openapi: 3.1.0
servers:
  - { url: "https://{region}.example.com/{stage}/{other}", variables: { region: { default: eu }, stage: { default: prod } } }
paths: {}
`)
    assert.deepEqual(definition?.servers, ['https://eu.example.com/prod/{other}'])
    assert.equal(definition?.basePath, '/prod/{other}')
  })

  it('reads the query method and additional operations of 3.2', () => {
    assert.deepEqual(
      operationsOf(
        'openapi: 3.2.0\npaths: { /a: { query: { operationId: q }, additionalOperations: { LINK: { operationId: l } } } }\n',
      ),
      ['QUERY /a q', 'LINK /a l'],
    )
  })

  it('leaves TRACE out and says why', () => {
    const { definition, findings } = read('openapi: 3.0.0\npaths: { /a: { trace: {}, get: {} } }\n')
    assert.equal(definition?.operations.length, 1)
    assert.deepEqual(
      findings.map(({ code, severity }) => [code, severity]),
      [['trace-left-out', 'warning']],
    )
  })

  it('leaves out paths that no template can match, with the reason and a way out', () => {
    const { definition, findings } = read(`openapi: 3.0.0
paths:
  /ok/{id}: { get: {} }
  /files/{name}.json: { get: {}, put: {} }
  /v1/{name}:cancel: { post: {} }
  /search?q=x: { get: {} }
  orders: { get: {} }
  /a/{id}/b/{id}: { get: {} }
`)
    assert.deepEqual(
      definition?.operations.map(({ path }) => path),
      ['/ok/{id}'],
    )
    assert.ok(findings.every(({ severity, code }) => severity === 'warning' && code === 'path-not-matchable'))
    assert.deepEqual(
      findings.map(({ at }) => at.line),
      [4, 5, 6, 7, 8],
    )
    assert.equal(
      findings[0]?.suggestion,
      'Add a route of your own for it, such as `- { methods: [GET, PUT], path: "/files/{name}" }`.',
    )
    assert.match(findings[1]?.suggestion ?? '', /path: "\/v1\/\{name\}"/)
    assert.match(findings[4]?.suggestion ?? '', /path: "\/a\/\{id\}\/b\/\{segment3\}"/)
  })

  it('says nothing about a path without operations', () => {
    assert.deepEqual(read('openapi: 3.0.0\npaths: { "/{a}b": { description: x } }\n').findings, [])
  })

  it('takes names that variables of code could not have', () => {
    assert.deepEqual(operationsOf('openapi: 3.0.0\npaths: { "/{user-id}/{$filter}/{proxy+}": { get: {} } }\n'), [
      'GET /{user-id}/{$filter}/{proxy+}',
    ])
  })

  it('refuses what is no OpenAPI document', () => {
    assert.deepEqual(toLines(read('swagger: "1.2"\n').findings), [
      '/d/api.yaml:1:1: fault: This is OpenAPI 1.2, which is not known.',
    ])
    assert.match(read('a: 1\n').findings[0]?.message ?? '', /neither `openapi` nor `swagger`/)
    assert.match(read('- 1\n').findings[0]?.message ?? '', /no map/)
    assert.equal(read('a: [\n').findings[0]?.code, 'yaml-syntax')
    assert.equal(readOpenApi('/d/nope.yaml', () => undefined).findings[0]?.code, 'openapi-missing')
  })

  it('reads whatever stands in it without throwing', () => {
    for (const text of [
      'openapi: 3.0.0\n',
      'openapi: 3.0.0\npaths: []\n',
      'openapi: 3.0.0\npaths: { /a: 1, /b: [], /c: { get: null } }\ninfo: 5\nservers: {}\ntags: x\n',
    ]) {
      assert.deepEqual(read(text).definition?.operations, [], text)
    }
  })

  it('reads tags of YAML that other tools understand', () => {
    assert.deepEqual(operationsOf('openapi: 3.0.0\npaths: { /a: { get: { x-uri: !Sub "a" } } }\n'), ['GET /a'])
  })
})

describe('readOpenApi, references', () => {
  it('follows path items and operations into other files', () => {
    const files = {
      '/d/api.yaml':
        'openapi: 3.1.0\npaths:\n  /a: { $ref: "paths/a.yaml" }\n  /b: { $ref: "./shared.json#/items/b~1c%7B" }\n  /c: { $ref: "#/components/pathItems/c", post: {} }\ncomponents: { pathItems: { c: { get: { operationId: c }, post: { operationId: hidden } } } }\n',
      '/d/paths/a.yaml':
        'get: { operationId: a, x-more: { $ref: "../shared.json" } }\npost: { $ref: "../shared.json#/op" }\n',
      '/d/shared.json': '{"items":{"b/c{":{"put":{"operationId":"b"}}},"op":{"operationId":"shared"}}',
    }
    assert.deepEqual(operationsOf(files), ['GET /a a', 'POST /a shared', 'PUT /b b', 'POST /c', 'GET /c c'])
    assert.deepEqual(read(files).findings, [])
    assert.deepEqual(read(files).definition?.operations[0]?.place, { file: '/d/paths/a.yaml', line: 1, column: 1 })
  })

  /** `/p0` refers to `/p1`, which refers to `/p2`, …; the last one has operations. */
  const chain = (references: number) => {
    const links = Array.from({ length: references }, (_, i) => `  /p${i}: { $ref: "#/paths/~1p${i + 1}" }\n`)
    return `openapi: 3.1.0\npaths:\n${links.join('')}  /p${references}: { get: {} }\n`
  }

  it('follows references in a row as far as anybody writes them, and says once where there are more', () => {
    assert.deepEqual(read(chain(20)).findings, [])
    assert.equal(operationsOf(chain(20)).length, 21)
    assert.deepEqual(toLines(read(chain(5000)).findings), [
      '/d/api.yaml:3:3: fault: More than 20 references stand in a row here. (paths["/p0"])',
    ])
    const operations = Array.from({ length: 30 }, (_, i) => `  o${i}: { $ref: "#/x-all/o${i + 1}" }\n`).join('')
    const { findings } = read(
      `openapi: 3.1.0\npaths: { /a: { get: { $ref: "#/x-all/o0" } } }\nx-all:\n${operations}  o30: {}\n`,
    )
    assert.deepEqual(
      findings.map(({ code, at }) => [code, at.line]),
      [['reference-chain', 2]],
    )
  })

  it('ends at cycles, and says so', () => {
    const files = {
      '/d/api.yaml':
        'openapi: 3.1.0\npaths:\n  /a: { $ref: "b.yaml#/x" }\n  /b: { get: { $ref: "#/paths/~1b/get" } }\n',
      '/d/b.yaml': 'x: { $ref: "api.yaml#/paths/~1a" }\n',
    }
    const { findings } = read(files)
    assert.ok(findings.length > 0)
    assert.ok(findings.every(({ code }) => code === 'reference-cycle'))
  })

  it('says where a reference leads nowhere', () => {
    const { findings } = read(
      'openapi: 3.1.0\npaths:\n  /a: { $ref: "nope.yaml" }\n  /b: { $ref: "#/nope" }\n  /c: { $ref: "https://example.com/x.yaml" }\n',
    )
    const places = new Set(findings.map(({ code, severity, at }) => `${severity} ${code} ${at.line}`))
    assert.deepEqual(
      [...places],
      ['fault reference-missing 3', 'warning reference-missing 4', 'warning remote-reference 5'],
    )
  })

  it('bundles all files into one document whose references lead inside', () => {
    const { definition, findings } = read({
      '/d/api.yaml': `openapi: 3.1.0
paths:
  /a: { get: { responses: { 200: { $ref: "common/r.yaml#/ok" } } } }
components:
  schemas:
    Node: { type: object, properties: { next: { $ref: "#/components/schemas/Node" }, $ref: { type: string } }, example: { $ref: "data.yaml" } }
`,
      '/d/common/r.yaml':
        'ok: { content: { $ref: "#/json" } }\njson: { schema: { $ref: "../api.yaml#/components/schemas/Node" } }\n',
    })
    assert.deepEqual(findings, [])
    const bundled = JSON.parse(definition?.content ?? '')
    assert.equal(bundled.paths['/a'].get.responses['200'].$ref, '#/x-bundled/common~1r.yaml/ok')
    assert.equal(bundled['x-bundled']['common/r.yaml'].ok.content.$ref, '#/x-bundled/common~1r.yaml/json')
    assert.equal(bundled['x-bundled']['common/r.yaml'].json.schema.$ref, '#/components/schemas/Node')
    assert.equal(bundled.components.schemas.Node.example.$ref, 'data.yaml')
  })
})
