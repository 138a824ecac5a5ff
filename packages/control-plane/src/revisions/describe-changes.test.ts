import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { ApiBody } from '../apis/api-body.ts'
import type { PublishedForm } from '../apis/published-form.ts'
import { describeChanges } from './describe-changes.ts'

const ROOT = 'openapi: 3.1.0\ninfo: { title: Orders, version: "1" }\n'

function linesOf(before: PublishedForm | ApiBody, after: PublishedForm | ApiBody): string[] {
  const toForm = (side: PublishedForm | ApiBody): PublishedForm =>
    'body' in side ? (side as PublishedForm) : { body: side as ApiBody }
  return describeChanges(toForm(before), toForm(after)).map(({ text }) => text)
}

function withDocument(rest: string, body: ApiBody = {}): PublishedForm {
  return { body, document: ROOT + rest }
}

describe('what changed between two revisions', () => {
  it('is nothing where the same is said in other words', () => {
    assert.deepEqual(linesOf({ title: 'A' }, { title: 'A', basePath: '/', stripBasePath: true, policies: [] }), [])
    assert.deepEqual(
      linesOf(
        withDocument('paths: { /a: { get: { operationId: a, responses: { 200: { description: d } } } } }\n'),
        withDocument(
          '# a comment\npaths:\n  /a:\n    get:\n      responses: { "200": { description: d } }\n      operationId: a\n',
        ),
      ),
      [],
    )
  })

  it('is told of the API by its members', () => {
    assert.deepEqual(
      linesOf(
        { title: 'A', hosts: ['a.x', 'b.x'], upstream: 'http://a' },
        { title: 'B', hosts: ['b.x'], upstream: 'http://b', owner: 'me' },
      ),
      ['API: title A → B', 'API: hosts −a.x', 'API: upstream http://a → http://b', 'API: adds owner me'],
    )
  })

  it('is told of routes by their ids, wherever they stand', () => {
    const one = { id: 'one', path: '/one' }
    const two = { id: 'two', path: '/two', methods: ['GET'] }
    assert.deepEqual(linesOf({ routes: [one, two] }, { routes: [two, one] }), [])
    assert.deepEqual(
      describeChanges(
        { body: { routes: [one, two] } },
        {
          body: {
            routes: [
              { id: 'new', path: '/n' },
              { ...two, path: '/2' },
            ],
          },
        },
      ),
      [
        {
          kind: 'removed',
          what: 'route one',
          path: '',
          text: 'route one: removed',
          before: { path: '/one', policies: [] },
        },
        { kind: 'added', what: 'route new', path: '', text: 'route new: added', after: { path: '/n', policies: [] } },
        {
          kind: 'changed',
          what: 'route two',
          path: 'path',
          text: 'route two: path /two → /2',
          before: '/two',
          after: '/2',
        },
      ],
    )
  })

  it('is told of policies by their names and places among their like', () => {
    const limit = (value: number) => ({ policy: 'rate-limit', options: { limit: value, windowSeconds: 60 } })
    const changes = describeChanges(
      { body: { policies: [limit(1), { policy: 'cors' }, limit(9)] } },
      { body: { policies: [limit(2), limit(9), { policy: 'security-headers' }] } },
    )
    assert.deepEqual(
      changes.map(({ kind, what, path, text }) => [kind, what, path, text]),
      [
        ['removed', 'API, policy cors', '', 'API: removes policy cors'],
        ['changed', 'API, policy rate-limit', 'options.limit', 'API: policy rate-limit: limit 1 → 2'],
        ['added', 'API, policy security-headers', '', 'API: adds policy security-headers, after rate-limit #2'],
      ],
    )
    assert.deepEqual([changes[1]?.before, changes[1]?.after], [1, 2])
  })

  it('shows no secrets', () => {
    const auth = (password: string, name = 'username'): ApiBody => ({
      policies: [{ policy: 'upstream-auth', options: { basic: { [name]: 'u', password } } }],
      routes: [{ path: '/a', policies: [{ policy: 'upstream-auth', options: { basic: { [name]: 'u', password } } }] }],
    })
    const changes = [
      ...describeChanges({ body: auth('hunter2') }, { body: auth('hunter3') }),
      ...describeChanges({ body: {} }, { body: auth('hunter2') }),
      // The schema refuses this one.
      ...describeChanges({ body: auth('hunter2', 'nobody') }, { body: auth('hunter3', 'nobody') }),
    ]
    assert.ok(changes.length >= 6)
    assert.doesNotMatch(JSON.stringify(changes), /hunter/)
  })

  it('is told of operations as routes, where they come and go', () => {
    assert.deepEqual(
      linesOf(
        withDocument('paths: { /a: { get: { operationId: a }, put: { operationId: p } } }\n'),
        withDocument('paths: { /a: { get: { operationId: a } }, /b: { get: { operationId: b } } }\n'),
      ),
      ['route p: removed', 'route b: added'],
    )
  })

  it('is told of the document by operations and components', () => {
    const before = withDocument(`paths:
  /a:
    get:
      summary: One
      tags: [x]
      parameters: [{ name: q, in: query }, { name: p, in: query }]
components: { schemas: { Order: { required: [a], properties: { a: { type: string } } }, Old: {} } }
`)
    const after = withDocument(`paths:
  /a:
    get:
      summary: Two
      tags: [x, y]
      parameters: [{ name: p, in: query, required: true }]
components: { schemas: { Order: { required: [a, b], properties: { a: { type: integer }, b: {} } }, New: {} } }
`)
    assert.deepEqual(linesOf(before, after), [
      'operation GET /a: summary One → Two',
      'operation GET /a: tags +y',
      'operation GET /a: removes parameters["query q"] {"name":"q","in":"query"}',
      'operation GET /a: adds parameters["query p"].required true',
      'schema Order: required +b',
      'schema Order: properties.a.type string → integer',
      'schema Order: adds properties.b {}',
      'schema Old: removed',
      'schema New: added',
    ])
  })

  it('is told once, of the API where that says it, else of the document', () => {
    const titled = (title: string): string => `openapi: 3.1.0\ninfo: { title: ${title}, version: "1" }\npaths: {}\n`
    assert.deepEqual(linesOf({ body: {}, document: titled('A') }, { body: {}, document: titled('B') }), [
      'document: info.title A → B',
    ])
    assert.deepEqual(
      linesOf({ body: { title: 'X' }, document: titled('A') }, { body: { title: 'Y' }, document: titled('A') }),
      ['API: title X → Y'],
    )
  })

  it('is told of paths that no route can be made of', () => {
    assert.deepEqual(
      linesOf(withDocument('paths: {}\n'), withDocument('paths: { "/v1/{name}:cancel": { post: {} } }\n')),
      ['path /v1/{name}:cancel: added'],
    )
  })

  it('is that a document came, went, or cannot be read', () => {
    assert.deepEqual(linesOf({}, withDocument('paths: {}\n')).at(-1), 'document: added')
    assert.deepEqual(linesOf(withDocument('paths: {}\n'), {}).at(-1), 'document: removed')
    assert.match(linesOf(withDocument('paths: {}\n'), { body: {}, document: 'none' }).at(-1) ?? '', /cannot be read/)
    assert.match(linesOf({}, { basePath: 5 } as never).at(-1) ?? '', /^API: cannot be read as it is now/)
  })

  it('is cut where it is too much for a reader', () => {
    const many = (type: string): PublishedForm =>
      withDocument(
        `paths: {}\ncomponents: { schemas: { ${Array.from({ length: 600 }, (_, index) => `S${index}: { type: ${type} }`).join(', ')} } }\n`,
      )
    const lines = linesOf(many('string'), many('integer'))
    assert.equal(lines.length, 501)
    assert.equal(lines.at(-1), 'document: and 100 more changes')
  })

  it('is one line, whatever things are called', () => {
    const toForm = (paths: object): PublishedForm => ({
      body: {},
      document: JSON.stringify({ openapi: '3.1.0', paths }),
    })
    const named = { '/a': { parameters: [{ name: 'a\nb\u001b[2J', in: 'query' }], get: {} } }
    const texts = describeChanges(toForm(named), toForm({ '/a': { get: {} } })).map(({ text }) => text)
    assert.ok(texts.length > 0)
    for (const text of texts) assert.doesNotMatch(text, /[\u0000-\u001f]/)
  })

  it('is one line each, and throws on nothing', () => {
    const words = fc.constantFrom('get', 'parameters', 'name', 'in', 'a', '$ref', 'schemas', 'x')
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { depthSize: 'small' },
        fc.constantFrom('a\nb', 1, null, '#/x'),
        fc.array(tie('tree'), { maxLength: 3 }),
        fc.dictionary(words, tie('tree'), { maxKeys: 4 }),
      ),
    }))
    fc.assert(
      fc.property(tree, tree, (one, other) => {
        const toForm = (item: unknown): PublishedForm => ({
          body: {},
          document: JSON.stringify({ openapi: '3.1.0', paths: { '/a': item }, components: item }),
        })
        for (const { text } of describeChanges(toForm(one), toForm(other))) assert.doesNotMatch(text, /\n/)
        assert.deepEqual(describeChanges(toForm(one), toForm(one)), [])
      }),
      { numRuns: 200 },
    )
  })
})
