/** Owns pairs of APIs, and what breaks where one becomes the other. */
import type { ApiBody } from '../../apis/api-body.ts'
import type { PublishedForm } from '../../apis/published-form.ts'

export interface ApiCase {
  readonly what: string
  readonly one: PublishedForm
  readonly other: PublishedForm
  /** Codes, with the operation where there is one; nothing breaks where absent. */
  readonly breaks?: readonly string[]
  readonly breaksBack?: readonly string[]
}

function body(said: ApiBody): PublishedForm {
  return { body: said }
}

function routes(...paths: string[]): PublishedForm {
  return body({ routes: paths.map((path) => ({ path })) })
}

function methods(...names: string[]): PublishedForm {
  return body({ routes: [{ path: '/a', methods: names }] })
}

function paths(text: string, more: ApiBody = {}): PublishedForm {
  return { body: more, document: `openapi: 3.1.0\ninfo: { title: t, version: "1" }\npaths: ${text}\n` }
}

const ONE = paths('{ /a: { get: { operationId: getA } } }')
const TWO = paths('{ /a: { get: { operationId: getA } }, /b: { post: { operationId: postB } } }')

const WHERE: ApiCase[] = [
  { what: 'switched off', one: body({}), other: body({ enabled: false }), breaks: ['api-disabled'] },
  { what: 'another title', one: body({ title: 'A' }), other: body({ title: 'B', owner: 'o' }) },
  {
    what: 'another base path',
    one: body({ basePath: '/v1', routes: [{ path: '/a' }, { path: '/b' }] }),
    other: body({ basePath: '/v2', routes: [{ path: '/a' }, { path: '/b' }] }),
    breaks: ['base-path-changed'],
    breaksBack: ['base-path-changed'],
  },
  {
    what: 'the base path moves into the paths',
    one: body({ basePath: '/v1', routes: [{ path: '/a' }] }),
    other: body({ routes: [{ path: '/v1/a' }] }),
  },
  {
    what: 'a host goes',
    one: body({ hosts: ['a.x', 'b.x'] }),
    other: body({ hosts: ['a.x'] }),
    breaks: ['host-removed'],
  },
  {
    what: 'a host is one of many',
    one: body({ hosts: ['a.x'] }),
    other: body({ hosts: ['*.x'] }),
    breaksBack: ['host-removed'],
  },
  { what: 'only some hosts', one: body({}), other: body({ hosts: ['a.x'] }), breaks: ['host-removed'] },
  { what: 'letter case counts', one: body({ caseSensitive: false }), other: body({}), breaks: ['matching-stricter'] },
  { what: 'slashes count', one: body({ strictSlash: false }), other: body({}), breaks: ['matching-stricter'] },
  {
    what: 'a condition of the whole API',
    one: routes('/a'),
    other: body({ match: { headers: [{ name: 'x', present: true }] }, routes: [{ path: '/a' }] }),
    breaks: ['condition-added * /a'],
  },
]

const ROUTES: ApiCase[] = [
  { what: 'a route comes', one: routes('/a'), other: routes('/a', '/b'), breaksBack: ['route-removed * /b'] },
  { what: 'routes in another order', one: routes('/a', '/b'), other: routes('/b', '/a') },
  {
    what: 'another route answers as well',
    one: routes('/a/b'),
    other: routes('/a/{x}'),
    breaksBack: ['route-removed * /a/{x}'],
  },
  {
    what: 'one route for all',
    one: routes('/a/b', '/c'),
    other: routes('/{rest+}'),
    breaksBack: ['route-removed * /{rest+}'],
  },
  { what: 'another name in a path', one: routes('/a/{x}'), other: routes('/a/{y}') },
  {
    what: 'no routes: every path is forwarded',
    one: routes('/a'),
    other: body({}),
    breaksBack: ['route-removed * /', 'route-removed * /{rest+}'],
  },
  {
    what: 'a route is switched off',
    one: routes('/a'),
    other: body({ routes: [{ path: '/a', enabled: false }] }),
    breaks: ['route-removed * /a'],
  },
  { what: 'a method goes', one: methods('GET', 'PUT'), other: methods('GET'), breaks: ['method-removed PUT /a'] },
  { what: 'HEAD is asked of GET', one: methods('GET', 'HEAD'), other: methods('GET') },
  { what: 'methods are listed', one: routes('/a'), other: methods('GET'), breaks: ['method-removed * /a'] },
  {
    what: 'methods on two routes',
    one: methods('GET', 'PUT'),
    other: body({
      routes: [
        { path: '/a', methods: ['GET'] },
        { path: '/a', methods: ['PUT'] },
      ],
    }),
  },
  {
    what: 'a condition of a route',
    one: routes('/a'),
    other: body({ routes: [{ path: '/a', match: { query: [{ name: 'v', exact: '1' }] } }] }),
    breaks: ['condition-added * /a'],
  },
]

const OPERATIONS: ApiCase[] = [
  { what: 'an operation comes', one: ONE, other: TWO, breaksBack: ['operation-removed POST /b'] },
  {
    what: 'a document comes, or goes',
    one: body({}),
    other: ONE,
    breaks: ['route-removed * /', 'route-removed * /{rest+}'],
  },
  {
    what: 'an operation is switched off',
    one: ONE,
    other: { ...ONE, body: { routes: [{ operation: 'getA', enabled: false }] } },
    breaks: ['operation-removed GET /a'],
  },
  {
    what: 'a method of a path',
    one: paths('{ /a: { get: {}, put: {} } }'),
    other: paths('{ /a: { get: {} } }'),
    breaks: ['method-removed PUT /a'],
  },
  {
    what: 'another name in a path, with another type',
    one: paths(
      '{ "/a/{x}": { get: { parameters: [{ name: x, in: path, required: true, schema: { type: string } }] } } }',
    ),
    other: paths(
      '{ "/a/{y}": { get: { parameters: [{ name: y, in: path, required: true, schema: { type: integer } }] } } }',
    ),
    breaks: ['parameter-type-narrowed GET /a/{x}'],
    breaksBack: ['parameter-type-narrowed GET /a/{y}'],
  },
  {
    what: 'parameters of a path, and of an operation',
    one: paths('{ /a: { parameters: [{ name: q, in: query }], get: {} } }'),
    other: paths(
      '{ /a: { parameters: [{ name: q, in: query }], get: { parameters: [{ name: q, in: query, required: true }] } } }',
    ),
    breaks: ['parameter-required GET /a'],
  },
  {
    what: 'a document that is none',
    one: ONE,
    other: { body: {}, document: 'nothing' },
    breaks: ['not-comparable'],
    breaksBack: ['route-removed * /', 'route-removed * /{rest+}'],
  },
  {
    what: 'a body that is none',
    one: ONE,
    other: { body: { basePath: 1 } as unknown as ApiBody },
    breaks: ['not-comparable'],
  },
  {
    what: 'YAML becomes JSON',
    one: ONE,
    other: { body: {}, document: '{"openapi":"3.1.0","info":{"title":"t","version":"1"},"paths":{"/a":{"get":{}}}}' },
  },
]

const SWAGGER = (parameters: string, more = ''): PublishedForm => ({
  body: {},
  document: `swagger: "2.0"\ninfo: { title: t, version: "1" }\nconsumes: [application/json]\n${more}paths: { /a: { post: { parameters: [${parameters}], responses: { 200: { description: d, schema: { type: string } } } } } }\n`,
})

const VERSIONS: ApiCase[] = [
  {
    what: 'a parameter of Swagger 2.0',
    one: SWAGGER('{ name: q, in: query, type: string }'),
    other: SWAGGER('{ name: q, in: query, type: string, enum: [a] }'),
    breaks: ['parameter-enum-narrowed POST /a'],
  },
  {
    what: 'a field of a form of Swagger 2.0',
    one: SWAGGER(''),
    other: SWAGGER('{ name: f, in: formData, type: string, required: true }'),
    breaks: ['parameter-required POST /a'],
  },
  {
    what: 'a body of Swagger 2.0',
    one: SWAGGER('{ name: b, in: body, schema: { type: object, properties: { x: { type: string } } } }'),
    other: SWAGGER(
      '{ name: b, in: body, schema: { type: object, properties: { x: { type: string } }, required: [x] } }',
    ),
    breaks: ['request-property-required POST /a'],
  },
  {
    what: 'Swagger 2.0 becomes OpenAPI 3.0',
    one: SWAGGER('{ name: b, in: body, required: true, schema: { type: string } }'),
    other: {
      body: {},
      document:
        'openapi: 3.0.3\ninfo: { title: t, version: "1" }\npaths: { /a: { post: { requestBody: { required: true, content: { application/json: { schema: { type: string } } } }, responses: { 200: { description: d, content: { application/json: { schema: { type: string } } } } } } } }\n',
    },
  },
  {
    what: 'media types of Swagger 2.0',
    one: SWAGGER('{ name: b, in: body, schema: {} }', 'produces: [application/json, text/csv]\n'),
    other: SWAGGER('{ name: b, in: body, schema: {} }', 'produces: [application/json]\n'),
    breaks: ['response-media-type-removed POST /a'],
  },
]

const key = { policy: 'key-auth' }
const jwt = { policy: 'jwt', options: { issuers: [] } }

const POLICIES: ApiCase[] = [
  { what: 'somebody has to be known', one: body({}), other: body({ policies: [key] }), breaks: ['demand-added'] },
  {
    what: 'somebody has to be known on one route',
    one: routes('/a', '/b'),
    other: body({ routes: [{ path: '/a', policies: [key] }, { path: '/b' }] }),
    breaks: ['demand-added * /a'],
  },
  {
    what: 'from the route to the API',
    one: body({ routes: [{ path: '/a', policies: [key] }] }),
    other: body({ policies: [key], routes: [{ path: '/a' }] }),
  },
  {
    what: 'one more way to be known',
    one: body({ policies: [key] }),
    other: body({ policies: [{ policy: 'any-of', options: { policies: [key, jwt] } }] }),
    breaksBack: ['demand-added'],
  },
  {
    what: 'nobody has to be known',
    one: body({}),
    other: body({ policies: [{ ...key, options: { anonymous: true } }] }),
  },
  { what: 'a policy that is switched off', one: body({}), other: body({ policies: [{ ...key, enabled: false }] }) },
  {
    what: 'a demand loses its condition',
    one: body({ policies: [{ ...key, when: 'true' }] }),
    other: body({ policies: [key] }),
    breaks: ['demand-added'],
  },
  {
    what: 'addresses are refused',
    one: body({}),
    other: body({ policies: [{ policy: 'ip-filter' }] }),
    breaks: ['demand-added'],
  },
  {
    what: 'a policy that asks for nothing',
    one: body({}),
    other: body({ policies: [{ policy: 'cors' }, { policy: 'set-headers' }] }),
  },
]

export const API_CASES: readonly ApiCase[] = [...WHERE, ...ROUTES, ...OPERATIONS, ...VERSIONS, ...POLICIES]
