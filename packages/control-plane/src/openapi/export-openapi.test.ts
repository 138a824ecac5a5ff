import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseSource, readOpenApi, toTextHash } from '@gatewright/model'
import fc from 'fast-check'
import { type ApiBody, apiBodySchema } from '../apis/api-body.ts'
import type { PublishedForm } from '../apis/published-form.ts'
import { exportOpenapi } from './export-openapi.ts'
import { importOpenapi } from './import-openapi.ts'

const WITH = { withExtensions: true }
const CLEAN = { withExtensions: false }

const YAML = `# A comment at the head.
openapi: 3.1.0 # beside
info:
  title: T
  # within
  version: "1"
servers: # behind the gateway
  - url: https://internal.example.com
paths:
  /a:
    servers: [{ url: https://more.internal.example.com }]
    get:
      operationId: a
      servers:
        - url: https://most.internal.example.com
      responses: {}

# the end
`
const JSON_TEXT = `{
  "openapi": "3.0.3",
  "info": { "title": "J", "version": "1" },
  "servers": [{ "url": "https://internal.example.com" }],
  "paths": { "/a": { "get": { "operationId": "a", "responses": {} } } }
}
`
const DOCUMENTS = [
  YAML,
  JSON_TEXT,
  JSON_TEXT.replaceAll('  ', '\t'),
  JSON.stringify(JSON.parse(JSON_TEXT)),
  YAML.replaceAll('\n', '\r\n'),
  `---\n${YAML}`,
  YAML.trimEnd(),
  `${YAML}x-last: |+\n  text\n\n`,
  YAML.replace(/^(?=[^#\n])/gm, '  '),
  'swagger: "2.0"\ninfo: { title: S, version: "1" }\nhost: internal.example.com\nbasePath: /b\nschemes: [http]\npaths: { /a: { get: { operationId: a, responses: {} } } }\n',
  `{ openapi: 3.1.0, info: { title: F, version: "1" }, # a comment\n  paths: { /a: { get: { operationId: a, responses: {} } } } }\n`,
]

function toForm(body: ApiBody, document: string | undefined): PublishedForm {
  return document === undefined ? { body } : { body: { ...body, document: toTextHash(document) }, document }
}

function isReadable(text: string): boolean {
  return readOpenApi('x', () => text).findings.every(({ severity }) => severity !== 'fault')
}

describe('an API that is exported with everything', () => {
  it('keeps the text of its document, to which the API is added at the head', () => {
    const body: ApiBody = { title: 'T', policies: [{ policy: 'cors' }] }
    const text = exportOpenapi(toForm(body, YAML), WITH)
    assert.equal(
      text,
      YAML.replace('openapi:', 'x-gatewright-api:\n  title: T\n  policies:\n    - policy: cors\nopenapi:'),
    )
  })

  it('has what was there replaced', () => {
    const body: ApiBody = { title: 'New' }
    const old = exportOpenapi(toForm({ title: 'Old' }, YAML), WITH)
    assert.equal(exportOpenapi({ body, document: old }, WITH), exportOpenapi(toForm(body, YAML), WITH))
  })

  it('is the same once it is imported again', () => {
    const texts = fc.oneof(
      fc.string({ minLength: 1 }),
      fc.string({ unit: 'grapheme', minLength: 1 }),
      fc.constantFrom(
        'a\nb\n',
        ' a',
        'x: y',
        '# no',
        '- a',
        'null',
        '1',
        'a\r\nb',
        'a\n\n',
        '\ta',
        '|',
        '"',
        "'",
        'a: |\n  b',
        '<<',
        '*a',
        '&a',
        '!b',
      ),
    )
    const names = texts.filter((name) => name !== '__proto__' && name !== '<<')
    const options = fc.dictionary(
      names,
      fc.oneof(texts, fc.integer(), fc.boolean(), fc.constant(null), fc.array(texts, { maxLength: 3 })),
      { maxKeys: 4 },
    )
    const policies = fc.array(
      fc.record({ policy: fc.constantFrom('cors', 'rate-limit'), options }, { requiredKeys: ['policy'] }),
      { maxLength: 3 },
    )
    const route = fc.oneof(
      fc.record({ operation: fc.constantFrom('a', 'GET /a'), title: texts, policies }, { requiredKeys: ['operation'] }),
      fc.record(
        { path: fc.constantFrom('/', '/{rest+}', '/x/{y}'), methods: fc.constant(['GET']), policies },
        { requiredKeys: ['path'] },
      ),
    )
    const bodies = fc.record(
      {
        title: texts,
        description: texts,
        tags: fc.array(texts, { maxLength: 3 }),
        enabled: fc.boolean(),
        basePath: fc.constantFrom('/', '/b'),
        upstream: fc.constantFrom('backend', 'http://127.0.0.1:9001'),
        policies,
        routes: fc.array(route, { maxLength: 4 }),
      },
      { requiredKeys: [] },
    )
    fc.assert(
      fc.property(bodies, fc.constantFrom(undefined, ...DOCUMENTS), (random, document) => {
        const body = JSON.parse(JSON.stringify(random)) as ApiBody
        assert.equal(apiBodySchema.safeParse(body).success, true)
        const form = toForm(body, document)
        const text = exportOpenapi(form, WITH)
        const { api, findings } = importOpenapi({ text })
        assert.ok(api, `${JSON.stringify(findings)}\n${text}`)
        assert.deepEqual(api.body, form.body)
        assert.equal(api.document, form.document)
        // And over what is there, nothing has changed.
        assert.deepEqual(importOpenapi({ text, existing: form }).changes, [])
      }),
      { numRuns: 400 },
    )
  })
})

describe('an API that is exported for its callers', () => {
  const servers = ['https://api.example.com/v1', 'https://eu.example.com/v1']

  for (const [index, document] of DOCUMENTS.entries()) {
    it(`names where it is reached, and nothing behind it: ${index}`, () => {
      const text = exportOpenapi({ ...toForm({ title: 'T' }, document), servers }, CLEAN)
      assert.equal(isReadable(text), true, text)
      assert.doesNotMatch(text, /internal|gatewright/)
      const { definition } = readOpenApi('x', () => text)
      assert.equal(definition?.servers[0], servers[0])
      assert.deepEqual(
        definition?.operations.map(({ operationId }) => operationId),
        ['a'],
      )
      const none = exportOpenapi(toForm({}, document), CLEAN)
      assert.deepEqual(readOpenApi('x', () => none).definition?.servers, [])
    })
  }

  it('keeps the comments of its document', () => {
    const text = exportOpenapi({ ...toForm({}, YAML), servers }, CLEAN)
    for (const comment of ['# A comment at the head.', '# beside', '# within', '# the end'])
      assert.ok(text.includes(comment), comment)
  })

  it('without a document is described by its routes', () => {
    const body: ApiBody = {
      title: 'Own',
      routes: [
        { id: 'one', path: '/a/{b}', methods: ['GET'], title: 'One' },
        { path: '/files/{rest+}', methods: ['PUT', 'CUSTOM'] },
        { path: '/any' },
        { path: '/off', enabled: false },
      ],
    }
    const text = exportOpenapi({ body, servers: ['https://x/'] }, CLEAN)
    const { definition, findings } = readOpenApi('x', () => text)
    assert.deepEqual(findings, [])
    assert.deepEqual(
      definition?.operations.map(({ method, path, operationId }) => [method, path, operationId]),
      [
        ['GET', '/a/{b}', 'one'],
        ['PUT', '/files/{rest}', undefined],
        ...['GET', 'PUT', 'POST', 'DELETE', 'PATCH'].map((method) => [method, '/any', undefined]),
      ],
    )
    const value = parseSource({ path: 'x', text }).value as { paths: Record<string, { get: { parameters: unknown } }> }
    assert.deepEqual(value.paths['/a/{b}']?.get.parameters, [
      { name: 'b', in: 'path', required: true, schema: { type: 'string' } },
    ])
  })

  it('whose document cannot be read is that document', () => {
    for (const options of [WITH, CLEAN]) assert.equal(exportOpenapi({ body: {}, document: '- a' }, options), '- a')
  })
})
