import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { PublishedForm } from '../apis/published-form.ts'
import { API_CASES } from './cases/api-cases.ts'
import { OPERATION_CASES } from './cases/operation-cases.ts'
import { SCHEMA_CASES } from './cases/schema-cases.ts'
import { findBreakingChanges } from './find-breaking-changes.ts'

function toForm(document: object): PublishedForm {
  return { body: {}, document: JSON.stringify({ openapi: '3.1.0', info: { title: 't', version: '1' }, ...document }) }
}

function codesOf(before: PublishedForm, after: PublishedForm): string[] {
  return findBreakingChanges(before, after).map(({ code }) => code)
}

function withPrefix(prefix: string, ends: readonly string[] = []): string[] {
  return ends.map((end) => `${prefix}-${end}`)
}

describe('a schema that changes', () => {
  for (const { what, one, other, version = '3.1.0', components, ...expected } of SCHEMA_CASES) {
    const toTaken = (schema: unknown): PublishedForm =>
      toForm({
        openapi: version,
        components: { schemas: components },
        paths: { '/a': { post: { requestBody: { content: { 'application/json': { schema } } } } } },
      })
    const toGiven = (schema: unknown): PublishedForm =>
      toForm({
        openapi: version,
        components: { schemas: components },
        paths: { '/a': { get: { responses: { 200: { content: { 'application/json': { schema } } } } } } },
      })
    it(`${what}: taken`, () => {
      assert.deepEqual(codesOf(toTaken(one), toTaken(other)), withPrefix('request', expected.taken))
      assert.deepEqual(codesOf(toTaken(other), toTaken(one)), withPrefix('request', expected.takenBack))
    })
    it(`${what}: given`, () => {
      assert.deepEqual(codesOf(toGiven(one), toGiven(other)), withPrefix('response', expected.given))
      assert.deepEqual(codesOf(toGiven(other), toGiven(one)), withPrefix('response', expected.givenBack))
    })
  }
})

describe('an operation that changes', () => {
  for (const { what, one, other, root, breaks = [], breaksBack = [] } of OPERATION_CASES) {
    const toOperation = (operation: unknown): PublishedForm => toForm({ ...root, paths: { '/a': { post: operation } } })
    it(what, () => {
      assert.deepEqual(codesOf(toOperation(one), toOperation(other)), breaks)
      assert.deepEqual(codesOf(toOperation(other), toOperation(one)), breaksBack)
    })
  }
})

describe('an API that changes', () => {
  const linesOf = (before: PublishedForm, after: PublishedForm): string[] =>
    findBreakingChanges(before, after).map(({ code, at }) =>
      at.operation === undefined ? code : `${code} ${at.operation}`,
    )
  for (const { what, one, other, breaks = [], breaksBack = [] } of API_CASES) {
    it(what, () => {
      assert.deepEqual(linesOf(one, other), breaks)
      assert.deepEqual(linesOf(other, one), breaksBack)
      assert.deepEqual(linesOf(one, one), [])
    })
  }
})

describe('what is told of a breaking change', () => {
  const toOrders = (schema: object): PublishedForm =>
    toForm({
      components: { schemas: { Order: { type: 'object', properties: { lines: { type: 'array', items: schema } } } } },
      paths: {
        '/orders': {
          post: {
            requestBody: { content: { 'application/json': { schema: { $ref: '#/components/schemas/Order' } } } },
          },
        },
      },
    })

  it('is where it stands, what it was, and what it is', () => {
    assert.deepEqual(findBreakingChanges(toOrders({ type: ['string', 'integer'] }), toOrders({ type: 'integer' })), [
      {
        code: 'request-type-narrowed',
        at: {
          operation: 'POST /orders',
          of: 'document',
          version: 'after',
          pointer: '/components/schemas/Order/properties/lines/items',
        },
        message: 'Request body (application/json): each item of "lines" has another type: integer, string → integer.',
        before: 'integer, string',
        after: 'integer',
      },
    ])
  })

  it('leads into the earlier document where something went', () => {
    const [change] = findBreakingChanges(
      toForm({ paths: { '/a/b': { get: { responses: { 200: {}, 204: {} } } } } }),
      toForm({ paths: { '/a/b': { get: { responses: { 200: {} } } } } }),
    )
    assert.deepEqual(change?.at, {
      operation: 'GET /a/b',
      of: 'document',
      version: 'before',
      pointer: '/paths/~1a~1b/get/responses/204',
    })
  })

  it('leads to the route of the body that says it', () => {
    const [change] = findBreakingChanges(
      { body: { routes: [{ path: '/x' }, { path: '/a', id: 'a' }] } },
      {
        body: { routes: [{ path: '/x' }, { path: '/a', id: 'a', policies: [{ policy: 'cors' }, { policy: 'jwt' }] }] },
      },
    )
    assert.deepEqual([change?.code, change?.at.pointer], ['demand-added', '/routes/1/policies/1'])
  })

  it('is in the same order, whatever the order of the document', () => {
    const before = (...paths: string[]): PublishedForm =>
      toForm({ paths: Object.fromEntries(paths.map((path) => [path, { get: {}, put: {} }])) })
    const none = toForm({ paths: {} })
    assert.deepEqual(findBreakingChanges(before('/b', '/a'), none), findBreakingChanges(before('/a', '/b'), none))
    assert.deepEqual(
      findBreakingChanges(before('/b', '/a'), none).map(({ at }) => at.operation),
      ['GET /a', 'PUT /a', 'GET /b', 'PUT /b'],
    )
  })
})

describe('the comparison', () => {
  it('ends with schemas within themselves, and finds what is in them', () => {
    const toTree = (leaf: string): PublishedForm =>
      toForm({
        components: {
          schemas: {
            Tree: {
              allOf: [{ $ref: '#/components/schemas/Tree' }],
              properties: {
                leaf: { type: leaf },
                left: { $ref: '#/components/schemas/Tree' },
                right: { oneOf: [{ $ref: '#/components/schemas/Tree' }, { type: 'null' }] },
              },
            },
          },
        },
        paths: {
          '/a': {
            put: {
              requestBody: { content: { 'application/json': { schema: { $ref: '#/components/schemas/Tree' } } } },
            },
          },
        },
      })
    assert.deepEqual([...new Set(codesOf(toTree('string'), toTree('integer')))], ['request-type-narrowed'])
    assert.deepEqual(codesOf(toTree('string'), toTree('string')), [])
  })

  it('tells of every operation all that it leads to, where schemas lead to each other', () => {
    const toRing = (type: string): PublishedForm => {
      const refer = (name: string) => ({ $ref: `#/components/schemas/${name}` })
      const toSchema = (next: string) => ({ type: 'object', properties: { next: refer(next), v: { type } } })
      const schemas = {
        A: toSchema('B'),
        B: toSchema('C'),
        C: { oneOf: [toSchema('A'), { type: 'null' }] },
        D: toSchema('B'),
      }
      const paths = ['A', 'B', 'C', 'D'].map((name) => {
        const content = { 'application/json': { schema: refer(name) } }
        return [`/${name}`, { put: { requestBody: { content } } }] as const
      })
      return toForm({ components: { schemas }, paths: Object.fromEntries(paths) })
    }
    const ring = ['A/properties/v', 'B/properties/v', 'C/oneOf/0/properties/v']
    assert.deepEqual(
      findBreakingChanges(toRing('number'), toRing('integer')).map(({ at }) => `${at.operation} ${at.pointer}`),
      ['A', 'B', 'C', 'D'].flatMap((name) =>
        [...ring, ...(name === 'D' ? ['D/properties/v'] : [])].map(
          (place) => `PUT /${name} /components/schemas/${place}`,
        ),
      ),
    )
  })

  /** Each refers to the next one, and the last one is a leaf. */
  function toChain(leaf: string, length: number): PublishedForm {
    const schemas: Record<string, object> = { [`D${length}`]: { type: leaf } }
    for (let depth = 0; depth < length; depth++) {
      const next = { $ref: `#/components/schemas/D${depth + 1}` }
      schemas[`D${depth}`] = { type: 'object', properties: { next: { oneOf: [next, { type: 'null' }] } } }
    }
    const content = { 'application/json': { schema: { $ref: '#/components/schemas/D0' } } }
    return toForm({ components: { schemas }, paths: { '/a': { put: { requestBody: { content } } } } })
  }

  it('says so where schemas are too deep for it', () => {
    assert.deepEqual(codesOf(toChain('string', 100), toChain('integer', 100)), ['request-type-narrowed'])
    assert.deepEqual(codesOf(toChain('string', 5000), toChain('integer', 5000)), ['not-comparable'])
  })

  it('looks at nothing that is the same on both sides', () => {
    const before = toChain('string', 5000)
    const after = { ...before, document: before.document?.replace('"title":"t"', '"title":"u"') ?? '' }
    assert.notEqual(after.document, before.document)
    assert.deepEqual(codesOf(before, after), [])
  })

  it('ends where every schema leads to every other one, and all have changed', () => {
    const names = Array.from({ length: 30 }, (_, index) => `S${index}`)
    const any = { oneOf: names.map((name) => ({ $ref: `#/components/schemas/${name}` })) }
    const toWeb = (type: string): PublishedForm => {
      const schemas = Object.fromEntries(
        names.map((name) => [name, { type: 'object', properties: { kind: { const: name }, v: { type }, any } }]),
      )
      const content = { 'application/json': { schema: any } }
      return toForm({ components: { schemas }, paths: { '/a': { put: { requestBody: { content } } } } })
    }
    const found = findBreakingChanges(toWeb('number'), toWeb('integer'))
    assert.deepEqual(
      found.map(({ code, at }) => [code, at.pointer]),
      names.toSorted().map((name) => ['request-type-narrowed', `/components/schemas/${name}/properties/v`]),
    )
  })

  it('throws on nothing, and finds nothing between what is the same', () => {
    const words = fc.constantFrom(
      'type',
      'properties',
      'items',
      'oneOf',
      'allOf',
      '$ref',
      'enum',
      'required',
      'not',
      'a',
      'get',
      'parameters',
      'responses',
      'content',
      'schema',
      'in',
      'name',
      '200',
    )
    const values = fc.constantFrom('string', 'object', '#/paths', '#/components/schemas/x', 'query', 1, null, true)
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        values,
        fc.array(tie('tree'), { maxLength: 3 }),
        fc.dictionary(words, tie('tree'), { maxKeys: 4 }),
      ),
    }))
    fc.assert(
      fc.property(tree, tree, tree, (one, other, schema) => {
        const toRandom = (item: unknown): PublishedForm =>
          toForm({
            components: { schemas: { x: schema } },
            paths: { '/a': { get: item, parameters: [item] }, '/b': item },
          })
        findBreakingChanges(toRandom(one), toRandom(other))
        assert.deepEqual(findBreakingChanges(toRandom(one), toRandom(one)), [])
      }),
      { numRuns: 300 },
    )
  })
})
