/** Owns the tables of requests and the routes they reach. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { compileApiRoutes, compileRouter, createRouter } from './router.ts'
import { compileApi, requestOf, routerOf, sayResult, type TestApi, type TestFields } from './routing.fixture.ts'

type Row = readonly [line: string, result: string, fields?: TestFields]

function check(apis: readonly TestApi[], rows: readonly Row[]): void {
  const router = routerOf(...apis)
  for (const [line, result, fields] of rows) {
    it(`${line}${fields === undefined ? '' : ` ${JSON.stringify(fields)}`}: ${result}`, () => {
      assert.equal(sayResult(router.match(requestOf(line, fields))), result)
    })
  }
}

describe('a router with some APIs replaced', () => {
  const toApis = (name: string) =>
    [
      { basePath: '/a' },
      { basePath: '/a/b', hosts: ['api.example.com', '*.example.org'] },
      { basePath: '/A', caseSensitive: false },
      { basePath: '/a', match: { headers: [{ name: 'x', exact: '1' }] } },
      { basePath: '' },
    ].map((api, index) => compileApi({ ...api, value: `${index}${name}`, routes: [`/${name}`] }))
  const lines = ['a', 'a/b', 'A', 'other'].flatMap((path) => [`GET /${path}/old`, `GET /${path}/new`])
  const asked = lines.flatMap((line) =>
    [{}, { host: 'x.example.org' }, { host: 'other', headers: { x: ['1'] } }].map((fields) => requestOf(line, fields)),
  )
  const [before, after] = [toApis('old'), toApis('new')]
  const say = (router: ReturnType<typeof createRouter<string, string>>) =>
    asked.map((request) => sayResult(router.match(request)))

  for (const [index] of before.entries()) {
    it(`answers like one that is made of those, and leaves the former as it was: ${index}`, () => {
      const router = createRouter(before)
      const had = say(router)
      const replaced = before.flatMap((from, at) => {
        const to = after[at]
        return to === undefined || (at !== index && at !== (index + 2) % before.length) ? [] : [{ from, to }]
      })
      const now = before.map((api) => replaced.find(({ from }) => from === api)?.to ?? api)
      assert.deepEqual(say(router.withReplaced(replaced)), say(createRouter(now)))
      assert.deepEqual(say(router), had)
      assert.notDeepEqual(say(createRouter(now)), had)
    })
  }
})

describe('a host', () => {
  const apis: readonly TestApi[] = [
    { hosts: ['api.example.com', 'Other.Example.com.:8443'], value: 'exact' },
    { hosts: ['*.example.com'], value: 'wild' },
    { value: 'any', routes: ['/any'] },
    { hosts: ['api.example.com'], basePath: '/deep', value: 'exact-deep' },
    { basePath: '/status', value: 'status', routes: ['/'] },
    { hosts: ['deep.only'], basePath: '/a', value: 'only' },
    { hosts: ['[::1]'], value: 'v6' },
  ]
  check(apis, [
    ['GET /x', 'exact → /{rest+} rest=x'],
    ['GET /x', 'exact → /{rest+} rest=x', { host: 'other.example.com' }],
    ['GET /x', 'wild → /{rest+} rest=x', { host: 'shop.example.com' }],
    ['GET /any', 'any → /any', { host: 'a.b.example.com' }],
    ['GET /any', 'any → /any', { host: 'example.com' }],
    ['GET /any', 'any → /any', { host: '.example.com' }],
    ['GET /any', 'any → /any', { host: '' }],
    ['GET /x', 'v6 → /{rest+} rest=x', { host: '[::1]' }],
    ['GET /deep/x', 'exact-deep → /{rest+} rest=x'],
    ['GET /deeper/x', 'exact → /{rest+} rest=deeper/x'],
    // The host comes before the base path, but a host without a fitting base path is passed by.
    ['GET /status', 'exact → /{rest+} rest=status'],
    ['GET /a/x', 'only → /{rest+} rest=x', { host: 'deep.only' }],
    ['GET /status', 'status → /', { host: 'deep.only' }],
    ['GET /any', 'any → /any', { host: 'deep.only' }],
  ])
  check(
    [{ hosts: ['a.example.com'] }],
    [
      ['GET /', 'no API', { host: '' }],
      ['GET /', 'no API', { host: 'b.example.com' }],
    ],
  )
})

describe('a base path', () => {
  check(
    [
      { basePath: '', value: 'root', routes: ['/a/x', '/'] },
      { basePath: '/a', value: 'a', routes: ['GET /', '/b/c/{id}', '/b'] },
      { basePath: '/a/b', value: 'ab', routes: ['/only'] },
      { basePath: '/%7eu', value: 'tilde' },
    ],
    [
      ['GET /', 'root → /'],
      // The root of an API is one resource, with and without a slash.
      ['GET /a', 'a → GET /'],
      ['GET /a/', 'a → GET /'],
      ['POST /a', 'a allows GET, HEAD'],
      ['GET /ab', 'root has no route'],
      ['GET /a/b/only', 'ab → /only'],
      // Inside a matched API there is no fallback to another.
      ['GET /a/b/c/1', 'ab has no route'],
      ['GET /a/b', 'ab has no route'],
      ['GET /a/x', 'a has no route'],
      ['GET /~u/1', 'tilde → /{rest+} rest=1'],
      ['GET /%7Eu', 'tilde → /{rest+} rest='],
      ['OPTIONS *', 'no API'],
    ],
  )
  check(
    [{ basePath: '/a' }],
    [
      ['GET /b', 'no API'],
      ['GET /', 'no API'],
      ['GET /A', 'no API'],
    ],
  )

  it('is as long as its normal form', () => {
    const router = routerOf({ basePath: '/%7eu/größe' }, { basePath: '' })
    for (const [line, length] of [
      ['GET /~u/gr%c3%b6%C3%9Fe/x', '/~u/gr%C3%B6%C3%9Fe'.length],
      ['GET /~u/gr%C3%B6%C3%9Fe', '/~u/gr%C3%B6%C3%9Fe'.length],
      ['GET /~u', 0],
    ] as const) {
      const result = router.match(requestOf(line))
      assert.ok(result.kind === 'route')
      assert.equal(result.basePathLength, length)
    }
  })

  it('has no parameters', () => {
    assert.throws(() => compileApi({ basePath: '/{tenant}' }), /"\/\{tenant\}" has parameters/)
  })
})

describe("an API's predicates", () => {
  const beta = { name: 'X-Beta', present: true }
  check(
    [
      { basePath: '/a', value: 'plain' },
      { basePath: '/a', value: 'beta', match: { headers: [beta] }, routes: ['/b'] },
      { basePath: '/a', value: 'both', match: { headers: [beta], query: [{ name: 'v', exact: '2' }] } },
      { basePath: '/a/b', value: 'guarded', match: { cookies: [{ name: 'who', prefix: 'adm' }] } },
    ],
    [
      ['GET /a/x', 'plain → /{rest+} rest=x'],
      ['GET /a/b', 'beta → /b', { headers: { 'x-beta': [''] } }],
      ['GET /a/x', 'beta has no route', { headers: { 'x-beta': ['1'] } }],
      ['GET /a/x?v=2', 'both → /{rest+} rest=x', { headers: { 'x-beta': ['1'] } }],
      ['GET /a/x?v=2', 'plain → /{rest+} rest=x'],
      // A longer base path whose predicates fail is passed by.
      ['GET /a/b/x', 'plain → /{rest+} rest=b/x'],
      ['GET /a/b/x', 'guarded → /{rest+} rest=x', { cookies: { who: ['admin'] } }],
    ],
  )
  check([{ match: { headers: [beta] } }], [['GET /a', 'no API']])
})

describe('a path', () => {
  check(
    [
      {
        routes: [
          '/',
          '/users',
          '/users/me',
          '/users/{id}',
          '/users/{id}/posts/{post}',
          '/users/me/posts/new',
          '/users/{rest+}',
          '/a/{x}/c',
          '/a/b/{y}/d',
          '/{any}/fixed/e',
          '/files/{path+}',
          '/slash/',
          '/empty//mid',
          '/%C3%A9',
          '/a%2Fb',
          '/{__proto__}/proto/{constructor}',
        ],
      },
    ],
    [
      ['GET /', ' → /'],
      ['GET /users', ' → /users'],
      ['GET /users/me', ' → /users/me'],
      ['GET /users/42', ' → /users/{id} id=42'],
      ['GET /users/a%20b', ' → /users/{id} id=a%20b'],
      ['GET /users/1/posts/2', ' → /users/{id}/posts/{post} id=1 post=2'],
      ['GET /users/me/posts/new', ' → /users/me/posts/new'],
      // Out of the literal branch again, into {id}, with its own values.
      ['GET /users/me/posts/3', ' → /users/{id}/posts/{post} id=me post=3'],
      ['GET /users/me/other', ' → /users/{rest+} rest=me/other'],
      // An empty segment is a segment for {name+}, not for {name}.
      ['GET /users/', ' → /users/{rest+} rest='],
      ['GET /files/', ' → /files/{path+} path='],
      ['GET /files', ' has no route'],
      ['GET /files/a/', ' → /files/{path+} path=a/'],
      ['GET /files/a//b', ' → /files/{path+} path=a//b'],
      ['GET /a/b/c', ' → /a/{x}/c x=b'],
      ['GET /a/b/c/d', ' → /a/b/{y}/d y=c'],
      ['GET /a/fixed/e', ' → /{any}/fixed/e any=a'],
      ['GET /slash/', ' → /slash/'],
      ['GET /slash', ' has no route'],
      ['GET /empty//mid', ' → /empty//mid'],
      ['GET /empty/mid', ' has no route'],
      ['GET /%c3%a9', ' → /%C3%A9'],
      ['GET /a%2fb', ' → /a%2Fb'],
      ['GET /Users', ' has no route'],
      ['GET /1/proto/2', ' → /{__proto__}/proto/{constructor} __proto__=1 constructor=2'],
      ['GET /hasOwnProperty', ' has no route'],
    ],
  )

  describe('without strict slashes', () => {
    check(
      [{ strictSlash: false, basePath: '/b', value: 'b', routes: ['/a', '/c/', '/f/{path+}', '/x/{id}', '/'] }],
      [
        ['GET /b/a', 'b → /a'],
        ['GET /b/a/', 'b → /a'],
        ['GET /b/c', 'b → /c/'],
        ['GET /b/c/', 'b → /c/'],
        ['GET /b/x/1/', 'b → /x/{id} id=1'],
        ['GET /b/x/', 'b has no route'],
        ['GET /b/f', 'b → /f/{path+} path='],
        ['GET /b/f/', 'b → /f/{path+} path='],
        ['GET /b/f/1/', 'b → /f/{path+} path=1/'],
        ['GET /b', 'b → /'],
        ['GET /b/', 'b → /'],
      ],
    )
  })

  describe('without case', () => {
    const apis = [
      { caseSensitive: false, basePath: '/Shop', value: 'shop', routes: ['/Items/{Id}', '/%C3%A9x'] },
      { caseSensitive: true, basePath: '/shop', value: 'exact', match: { query: [{ name: 'q', present: true }] } },
      { caseSensitive: true, basePath: '/shop/deep', value: 'deep' },
    ]
    check(apis, [
      ['GET /SHOP/iTEMS/AbC', 'shop → /Items/{Id} Id=AbC'],
      ['GET /shop/items/1', 'shop → /Items/{Id} Id=1'],
      ['GET /shop/%c3%a9X', 'shop → /%C3%A9x'],
      ['GET /shop/items/1?q', 'exact → /{rest+} rest=items/1'],
      ['GET /shop/deep/1', 'deep → /{rest+} rest=1'],
      ['GET /shop/DEEP/1', 'shop has no route'],
    ])
  })
})

describe('a method', () => {
  check(
    [
      {
        routes: [
          'GET /a',
          'POST /a',
          'PUT /{x}',
          'DELETE /{rest+}',
          'GET /b',
          'HEAD /b',
          '/c',
          'POST /c',
          'OPTIONS /d',
          'PURGE /e',
          'HEAD /{y}',
        ],
      },
    ],
    [
      ['GET /a', ' → GET /a'],
      ['POST /a', ' → POST /a'],
      // A less specific template that has the method.
      ['PUT /a', ' → PUT /{x} x=a'],
      ['DELETE /a', ' → DELETE /{rest+} rest=a'],
      // HEAD uses GET's route, also before a less specific one of its own.
      ['HEAD /a', ' → GET /a'],
      ['HEAD /b', ' → HEAD /b'],
      ['HEAD /z', ' → HEAD /{y} y=z'],
      ['HEAD /d', ' → HEAD /{y} y=d'],
      ['PATCH /a', ' allows DELETE, GET, HEAD, POST, PUT'],
      ['OPTIONS /a', ' allows DELETE, GET, HEAD, POST, PUT'],
      ['OPTIONS /d', ' → OPTIONS /d'],
      ['POST /c', ' → POST /c'],
      ['BREW /c', ' → /c'],
      ['PURGE /e', ' → PURGE /e'],
      ['get /a', ' allows DELETE, GET, HEAD, POST, PUT'],
      ['GET /x/y', ' allows DELETE'],
    ],
  )
})

describe("a route's predicates", () => {
  const route = (
    route: string,
    headers: readonly { name: string; exact?: string; prefix?: string; present?: boolean; pattern?: string }[],
  ) => ({
    route,
    match: { headers },
  })
  check(
    [
      {
        routes: [
          'GET /ping',
          route('GET /ping', [{ name: 'X-V', exact: '2' }]),
          route('GET /ping', [
            { name: 'X-V', exact: '2' },
            { name: 'X-W', present: true },
          ]),
          route('GET /only', [{ name: 'X-P', pattern: '^[0-9]+$' }]),
          route('POST /only', [{ name: 'X-P', prefix: 'ab' }]),
          route('GET /none', [{ name: 'X-V', present: false }]),
          route('/fall', [{ name: 'X-V', present: true }]),
          'GET /{other}',
        ],
      },
      {
        basePath: '/q',
        value: 'q',
        routes: [
          { route: 'GET /a', match: { query: [{ name: 'V', exact: '1' }] } },
          { route: 'GET /c', match: { cookies: [{ name: 'sid', prefix: 's' }] } },
        ],
      },
    ],
    [
      ['GET /ping', ' → GET /ping'],
      ['GET /ping', ' → GET /ping', { headers: { 'x-v': ['3'] } }],
      // Most conditions first; of several values with one name, any may fulfil.
      ['GET /only', ' → GET /only', { headers: { 'x-p': ['x', '12'] } }],
      ['GET /only', ' → GET /{other} other=only', { headers: { 'x-p': ['1x'] } }],
      ['POST /only', ' → POST /only', { headers: { 'x-p': ['abc'] } }],
      // The method is there, the predicate is not: no such route, not another method.
      ['POST /only', ' has no route'],
      ['PUT /only', ' allows GET, HEAD, POST'],
      ['GET /none', ' → GET /none'],
      ['GET /none', ' → GET /{other} other=none', { headers: { 'x-v': [''] } }],
      ['GET /fall', ' → GET /{other} other=fall'],
      ['GET /q/a?V=0&V=1', 'q → GET /a'],
      ['GET /q/a?v=1', 'q has no route'],
      ['GET /q/c', 'q → GET /c', { cookies: { sid: ['x', 's1'] } }],
      ['GET /q/c', 'q has no route', { cookies: { SID: ['s1'] } }],
    ],
  )

  const present = (...names: string[]) => ({ query: names.map((name) => ({ name, present: true })) })
  const layered = [
    { route: 'GET /p', match: present('a'), value: 'one' },
    { route: '/p', match: present('a', 'b', 'c'), value: 'any method, three' },
    { route: 'GET /p', match: present('a', 'b'), value: 'two' },
    { route: 'GET /p', match: present('b'), value: 'one, later' },
    { route: '/p', match: {}, value: 'any method' },
  ]
  check(
    [{ routes: layered }],
    [
      // Most conditions first, but a named method before all that.
      ['GET /p?a', ' → one'],
      ['GET /p?a&b', ' → two'],
      ['GET /p?a&b&c', ' → two'],
      ['GET /p?b', ' → one, later'],
      ['GET /p', ' → any method'],
      ['PUT /p?a&b&c', ' → any method, three'],
      ['PUT /p?a&b', ' → any method'],
    ],
  )
})

describe('matchPreflight', () => {
  const beta = { headers: [{ name: 'X-Beta', present: true }] }
  const router = routerOf(
    {
      routes: [
        'GET /a',
        'DELETE /{x}',
        'OPTIONS /a',
        { route: 'PUT /beta', match: beta },
        'PUT /{x}',
        { route: 'PATCH /b', match: { cookies: [{ name: 'sid', present: true }], query: [{ name: 'v', exact: '1' }] } },
      ],
    },
    { basePath: '/api', value: 'api', match: beta },
  )
  const rows: readonly [line: string, asked: string, result: string, announced?: string][] = [
    ['OPTIONS /a', 'GET', ' → GET /a'],
    ['OPTIONS /a', 'HEAD', ' → GET /a'],
    ['OPTIONS /a', 'DELETE', ' → DELETE /{x} x=a'],
    ['OPTIONS /a', 'POST', ' allows DELETE, GET, HEAD, OPTIONS, PUT'],
    // A field that is announced counts as fulfilling.
    ['OPTIONS /beta', 'PUT', ' → PUT /{x} x=beta'],
    ['OPTIONS /beta', 'PUT', ' → PUT /beta', 'content-type, X-Beta'],
    // A preflight has no cookies; the query is the request's own.
    ['OPTIONS /b?v=1', 'PATCH', ' → PATCH /b'],
    ['OPTIONS /b?v=2', 'PATCH', ' has no route'],
    ['OPTIONS /api/x', 'GET', 'api → /{rest+} rest=x'],
    ['OPTIONS //a', 'GET', 'ambiguous: /a → GET /a'],
  ]
  for (const [line, asked, result, announced] of rows) {
    it(`${line} for ${asked}${announced === undefined ? '' : ` with ${announced}`}: ${result}`, () => {
      const headers = announced === undefined ? {} : { 'access-control-request-headers': [announced] }
      assert.equal(sayResult(router.matchPreflight(requestOf(line, { headers }), asked)), result)
    })
  }
})

describe('compiling', () => {
  it('pauses between slices of work', () => {
    const routes = Array.from({ length: 1000 }, (_, index) => ({ path: `/r${index}`, value: index }))
    const releases = [{ revision: 'file', routes }]
    const api = { basePath: '', strictSlash: true, caseSensitive: true, releases, value: 'api' }
    const slices = compileApiRoutes(api, RegExp)
    let pauses = 0
    let step = slices.next()
    for (; step.done !== true; step = slices.next()) pauses++
    assert.ok(pauses >= 4 && pauses < 100)
    const indexing = compileRouter(Array.from({ length: 1000 }, () => step.value as never))
    assert.equal(indexing.next().done, false)
  })

  it('reuses a compiled API in another router, which leaves the first as it was', () => {
    const kept = compileApi({ basePath: '/kept', value: 'kept' })
    const before = createRouter([kept, compileApi({ basePath: '/old', value: 'old' })])
    const after = createRouter([compileApi({ basePath: '/kept/new', value: 'new' }), kept])
    assert.equal(sayResult(after.match(requestOf('GET /kept/x'))), 'kept → /{rest+} rest=x')
    assert.equal(sayResult(after.match(requestOf('GET /kept/new/x'))), 'new → /{rest+} rest=x')
    assert.equal(sayResult(after.match(requestOf('GET /old'))), 'no API')
    assert.equal(sayResult(before.match(requestOf('GET /kept/new/x'))), 'kept → /{rest+} rest=new/x')
    assert.equal(sayResult(before.match(requestOf('GET /old/x'))), 'old → /{rest+} rest=x')
  })

  it('says which template is faulty', () => {
    assert.throws(() => compileApi({ routes: ['/a/{id'] }), /"\/a\/\{id" is no template: .*enclose the whole segment/)
  })

  it('gives every match its own parameters', () => {
    const router = routerOf({ routes: ['/{a}/{b}'] })
    const first = router.match(requestOf('GET /1/2'))
    const second = router.match(requestOf('GET /3/4'))
    assert.equal(sayResult(first), ' → /{a}/{b} a=1 b=2')
    assert.equal(sayResult(second), ' → /{a}/{b} a=3 b=4')
  })
})
