import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { toContentHash } from '../hash.ts'
import { resolveText, toLines } from '../testing/resolve-text.ts'

const HEAD = 'gatewright: 1\n'

describe('resolve', () => {
  it('turns the whole file into plain data', () => {
    const { model, apps, findings } = resolveText(`${HEAD}
upstreams:
  - id: orders
    targets: [http://127.0.0.1:9001, { url: http://127.0.0.1:9002, weight: 3 }]
    balance: { hash: { on: header, name: X-Tenant } }
    health: { passive: {}, active: { statuses: [2xx, 404] } }
    hostHeader: orders.internal
apis:
  - id: orders
    hosts: [API.Example.com., "*.example.org:8443"]
    basePath: /orders/
    upstream: orders
    errors: { rate-limited: { status: 429, body: "\${problem.detail}" } }
    routes: [{ id: ping, methods: [GET], path: /ping }]
apps:
  - { id: acme, plan: gold, keys: [{ hash: "sha256:${'ab'.repeat(32)}", expires: "2030-01-01T00:00:00Z" }] }
`)
    assert.deepEqual(findings, [])
    const [upstream] = model?.upstreams ?? []
    assert.deepEqual(upstream?.targets, [
      { url: 'http://127.0.0.1:9001', weight: 1 },
      { url: 'http://127.0.0.1:9002', weight: 3 },
    ])
    assert.deepEqual(upstream?.balance, { kind: 'hash', on: 'header', name: 'X-Tenant' })
    assert.deepEqual(upstream?.hostHeader, { value: 'orders.internal' })
    assert.equal(upstream?.health.active?.statuses.length, 101)
    const [api] = model?.apis ?? []
    assert.deepEqual(api?.hosts, ['api.example.com', '*.example.org'])
    assert.equal(api?.basePath, '/orders')
    assert.deepEqual(api?.releases, [
      {
        revision: 'file',
        share: 100,
        routes: [{ id: 'ping', methods: ['GET'], path: '/ping', policies: [] }],
        policies: [],
      },
    ])
    assert.deepEqual(apps, [
      {
        id: 'acme',
        plan: 'gold',
        keys: [{ hash: 'ab'.repeat(32), app: 'acme', plan: 'gold', expires: Date.UTC(2030, 0, 1) }],
      },
    ])
    assert.deepEqual(structuredClone(model), model)
  })

  it('gives equal files equal hashes, whatever the order of their keys', () => {
    const a = resolveText(`${HEAD}apis: [{ id: a, basePath: /a, upstream: "http://a" }]\nvariables: { x: "1" }\n`)
    const b = resolveText(`variables: { x: "1" }\napis: [{ upstream: "http://a", basePath: /a/, id: a }]\n${HEAD}`)
    assert.equal(toContentHash(a.model), toContentHash(b.model))
    assert.notEqual(toContentHash(a.model), toContentHash(resolveText(HEAD).model))
  })

  it('reads JSON as it reads YAML', () => {
    const json = resolveText({ '/etc/gw/a.json': '{"gatewright": 1, "apis": [{"id": "a", "upstream": "http://a"}]}' })
    assert.deepEqual(json.model, resolveText(`${HEAD}apis: [{ id: a, upstream: "http://a" }]\n`).model)
  })

  it('makes one upstream of a URL, however often it is named', () => {
    const { model, sources } = resolveText(`${HEAD}apis:
  - { id: a, basePath: /a, upstream: "http://a:1" }
  - { id: b, basePath: /b, upstream: "http://a:1", routes: [{ path: /x, upstream: "http://b:1" }] }
`)
    assert.deepEqual(
      model?.upstreams.map(({ id, targets }) => [id, targets[0]?.url]),
      [
        ['http://a:1', 'http://a:1'],
        ['http://b:1', 'http://b:1'],
      ],
    )
    assert.deepEqual(sources.find(['upstreams', 1, 'targets', 0, 'url']), {
      file: '/etc/gw/gatewright.yaml',
      line: 4,
      column: 83,
      path: 'apis[1].routes[0].upstream',
    })
  })

  it('forwards every path of an API without routes', () => {
    const { model } = resolveText(`${HEAD}apis: [{ id: a, upstream: "http://a" }]\n`)
    assert.deepEqual(model?.apis[0]?.releases[0]?.routes, [
      { id: '* /', path: '/', policies: [] },
      { id: '* /{rest+}', path: '/{rest+}', policies: [] },
    ])
  })

  it('warns of an API that says it has no routes', () => {
    const { model, findings } = resolveText(`${HEAD}apis: [{ id: a, upstream: "http://a", routes: [] }]\n`)
    assert.deepEqual(model?.apis[0]?.releases[0]?.routes, [])
    assert.deepEqual(
      findings.map(({ code, severity }) => [code, severity]),
      [['no-routes', 'warning']],
    )
  })

  it('names a route by its methods and path where it has no id', () => {
    const { model } = resolveText(
      `${HEAD}apis: [{ id: a, routes: [{ path: /x }, { methods: [GET, PUT], path: "/{id}" }] }]\n`,
    )
    assert.deepEqual(
      model?.apis[0]?.releases[0]?.routes.map(({ id }) => id),
      ['* /x', 'GET,PUT /{id}'],
    )
  })

  it('refuses a route with neither path nor operation', () => {
    const { findings } = resolveText(`${HEAD}apis: [{ id: a, routes: [{ id: x }] }]\n`)
    assert.deepEqual(
      findings.map(({ code, at }) => [code, at.path]),
      [['missing', 'apis[0].routes[0]']],
    )
    assert.equal(findings[0]?.suggestion, 'Add `path: "/…"`; "/{rest+}" is every path.')
  })

  it('finds extensions and the access log relative to the file that names them', () => {
    const { model } = resolveText(
      { '/etc/gw/a.yaml': `${HEAD}extensions: [./p/stamp.ts, ../q.js, /abs.ts, some-package, "@scope/x"]\n` },
      { overlays: { '/etc/gw/prod/o.yaml': 'accessLog: { file: logs/access.log }\n' } },
    )
    assert.deepEqual(model?.extensions, ['/etc/gw/p/stamp.ts', '/etc/q.js', '/abs.ts', 'some-package', '@scope/x'])
    assert.deepEqual(model?.accessLog, { to: { file: '/etc/gw/prod/logs/access.log' } })
  })

  it('switches off the keys of an app that is switched off', () => {
    const { apps } = resolveText(
      `${HEAD}apps: [{ id: a, enabled: false, keys: [{ hash: "sha256:${'0'.repeat(64)}" }] }]\n`,
    )
    assert.equal(apps[0]?.keys[0]?.enabled, false)
  })

  it('tells which other files it read', () => {
    const { filesRead } = resolveText(`${HEAD}variables: { a: "\${file:./s}" }\napis: [{ id: a, openapi: o.yaml }]\n`, {
      others: { '/etc/gw/s': 'x', '/etc/gw/o.yaml': 'openapi: 3.0.0\npaths: { /a: { $ref: "b.yaml#/a" } }\n' },
    })
    assert.deepEqual([...filesRead].sort(), ['/etc/gw/b.yaml', '/etc/gw/o.yaml', '/etc/gw/s'])
  })

  it('has the place of every part of the model', () => {
    const { sources } = resolveText(`${HEAD}policies:
  - { policy: cors }
apis:
  - id: a
    policies:
      - policy: rate-limit
        options: { limit: 5 }
    routes:
      - path: /x
        policies:
          - { policy: key-auth }
`)
    assert.deepEqual(sources.find(['policies', 0]).line, 3)
    const limit = sources.find(['apis', 0, 'policies', 0, 'options', 'limit'])
    assert.deepEqual([limit.line, limit.column, limit.path], [8, 27, 'apis[0].policies[0].options.limit'])
    const use = sources.find(['apis', 0, 'releases', 0, 'routes', 0, 'policies', 0])
    assert.deepEqual([use.line, use.path], [12, 'apis[0].routes[0].policies[0]'])
  })
})

describe('resolve, several files', () => {
  it('joins the resources of a folder', () => {
    const { model, findings } = resolveText({
      '/c/1.yaml': `${HEAD}upstreams: [{ id: a, targets: ["http://a"] }]\nvariables: { x: "1" }\nextensions: [p]\n`,
      '/c/2.yaml': 'apis: [{ id: a, upstream: a }]\nvariables: { y: "2" }\nextensions: [p, q]\n',
      '/c/3.json': '{"gatewright": 1, "apis": [{"id": "b", "basePath": "/b", "upstream": "a"}]}',
    })
    assert.deepEqual(findings, [])
    assert.deepEqual(
      model?.apis.map(({ id }) => id),
      ['a', 'b'],
    )
    assert.deepEqual(model?.variables, { x: '1', y: '2' })
    assert.deepEqual(model?.extensions, ['p', 'q'])
  })

  it('refuses an id that two files use, and names both places', () => {
    const { findings } = resolveText({
      '/c/1.yaml': `${HEAD}apis:\n  - id: a\n`,
      '/c/2.yaml': 'apis:\n  - { title: x, id: a }\n',
    })
    assert.deepEqual(toLines(findings), [
      '/c/2.yaml:2:21: fault: The id "a" is taken: the first of these apis stands in /c/1.yaml:3. (apis[1].id)',
    ])
  })

  it('refuses an id that one file uses twice', () => {
    const { findings } = resolveText(`${HEAD}listeners:\n  - { id: a, port: 1 }\n  - { id: a, port: 2 }\n`)
    assert.deepEqual(
      findings.map(({ code, at }) => [code, at.line]),
      [['duplicate-id', 4]],
    )
  })

  it('refuses what is said differently in two files', () => {
    const { findings } = resolveText({
      '/c/1.yaml': `${HEAD}accessLog: off\nvariables: { x: "1" }\npolicies: [{ policy: cors }]\n`,
      '/c/2.yaml': 'accessLog: stdout\nvariables: { x: "2" }\npolicies: [{ policy: respond }]\n',
    })
    assert.deepEqual(toLines(findings), [
      '/c/2.yaml:1:1: fault: `accessLog` says something else in /c/1.yaml:2. (accessLog)',
      '/c/2.yaml:2:14: fault: `variables.x` says something else in /c/1.yaml:3. (variables.x)',
      '/c/2.yaml:3:1: fault: `policies` says something else in /c/1.yaml:4. (policies)',
    ])
  })

  it('accepts what is said twice alike', () => {
    assert.deepEqual(
      resolveText({ '/c/1.yaml': `${HEAD}accessLog: off\n`, '/c/2.yaml': `${HEAD}accessLog: off\n` }).findings,
      [],
    )
  })

  it('reports the faults of every file, also where one cannot be read', () => {
    const { findings, sources } = resolveText({
      '/c/1.yaml': 'a: [\n',
      '/c/2.yaml': 'apis: [{ id: a, colour: red }]\n',
      '/c/3.yaml': '- 1\n',
    })
    assert.deepEqual(
      findings.map(({ at, code }) => [at.file, code]),
      [
        ['/c/1.yaml', 'yaml-syntax'],
        ['/c/2.yaml', 'unknown-key'],
        ['/c/3.yaml', 'not-a-map'],
      ],
    )
    assert.equal(sources.isIncomplete, true)
  })

  it('applies overlays in turn', () => {
    const { model, findings } = resolveText(
      `${HEAD}upstreams: [{ id: a, targets: ["http://a"] }]\napis: [{ id: x, upstream: a, policies: [{ policy: cors }] }]\n`,
      {
        overlays: {
          '/etc/gw/1.yaml': 'upstreams: [{ id: a, targets: ["http://b"], timeouts: { connectMs: 5 } }]\n',
          '/etc/gw/2.yaml':
            'upstreams: [{ id: a, timeouts: { idleMs: 6 } }]\napis: [{ id: x, policies: null, title: X }]\n',
        },
      },
    )
    assert.deepEqual(findings, [])
    assert.deepEqual(model?.upstreams[0]?.targets, [{ url: 'http://b', weight: 1 }])
    assert.deepEqual(model?.upstreams[0]?.timeouts, { connectMs: 5, firstByteMs: 60_000, idleMs: 6 })
    assert.deepEqual(model?.apis[0]?.policies, [])
    assert.equal(model?.apis[0]?.title, 'X')
  })

  it('points into the overlay for what the overlay says wrong', () => {
    const { findings } = resolveText(HEAD, {
      overlays: { '/etc/gw/o.yaml': 'listeners:\n  - { id: a, port: 99999 }\n' },
    })
    assert.deepEqual(toLines(findings), [
      '/etc/gw/o.yaml:2:20: fault: 99999 is out of range: it must be at most 65535. (listeners[0].port)',
    ])
  })
})
