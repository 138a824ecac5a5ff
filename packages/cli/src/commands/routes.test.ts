import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createFolder, runCommand } from '../run-command.fixture.ts'

const cwd = createFolder({
  'gatewright.yaml': `gatewright: 1
policies:
  - { policy: security-headers }
  - { policy: cors, enabled: false }
apis:
  - id: orders
    hosts: [api.example.com]
    basePath: /orders
    upstream: http://127.0.0.1:9001
    policies: [{ policy: key-auth }]
    routes:
      - { id: list, methods: [GET, POST], path: / }
      - { id: one, path: "/{id}", policies: [{ policy: timeout, options: { timeoutMs: 10 } }] }
      - { id: off, path: /off, enabled: false }
  - { id: old, basePath: /old, enabled: false, upstream: http://127.0.0.1:9001 }
`,
  'empty.yaml': 'gatewright: 1\n',
})

describe('routes of an OpenAPI file without a configuration', () => {
  const cwd = createFolder({
    'shop.json': JSON.stringify({ openapi: '3.1.0', info: { title: 'T', version: '1' }, paths: { '/a': { get: {} } } }),
  })
  const given = ['routes', '--openapi', 'shop.json', '--upstream']

  it('are listed as start would serve them', async () => {
    const { stdout } = await runCommand([...given, 'http://127.0.0.1:9301'], { cwd })
    assert.match(stdout, /GET +any +\/a +shop +GET \/a +http:\/\/127\.0\.0\.1:9301/)
  })

  it('stand below the base path that was asked for', async () => {
    const { stdout } = await runCommand([...given, 'http://127.0.0.1:9301', '--base-path', '/v1'], { cwd })
    assert.match(stdout, /GET +any +\/v1\/a +shop /)
    const { code, stderr } = await runCommand(['routes', '--base-path', '/v1'], { cwd })
    assert.equal(code, 2)
    assert.match(stderr, /--base-path belongs to --openapi: in a configuration it is `basePath`/)
  })

  it('are missed by the names that were typed', async () => {
    for (const [typed, words] of [
      ['127.0.0.1:9301', '"127.0.0.1:9301" is not a URL: write it as http://127.0.0.1:9301'],
      ['localhost:9301', '"localhost:9301" is not a URL: write it as http://localhost:9301'],
    ] as const) {
      const { code, stderr } = await runCommand([...given, typed], { cwd })
      assert.equal(code, 2)
      assert.ok(stderr.includes(words), stderr)
    }
    const { stderr } = await runCommand(['routes', '--openapi', 'nope.json', '--upstream', 'http://a'], { cwd })
    assert.match(stderr, /--openapi nope\.json: there is no such file\./)
  })
})

describe('routes', () => {
  it('lists what is switched on, with everything that runs before the upstream', async () => {
    const { code, stdout } = await runCommand(['routes'], { cwd })
    assert.equal(code, 0)
    assert.deepEqual(
      stdout.split('\n').map((line) => line.split(/ {2,}/)),
      [
        ['METHOD', 'HOST', 'PATH', 'API', 'ROUTE', 'UPSTREAM', 'POLICIES'],
        [
          'GET,POST',
          'api.example.com',
          '/orders',
          'orders',
          'list',
          'http://127.0.0.1:9001',
          'security-headers key-auth',
        ],
        [
          'any',
          'api.example.com',
          '/orders/{id}',
          'orders',
          'one',
          'http://127.0.0.1:9001',
          'security-headers key-auth timeout',
        ],
      ],
    )
  })

  it('shows what tells routes with one path apart, of the route and of its API', async () => {
    const folder = createFolder({
      'gatewright.yaml': `gatewright: 1
apis:
  - id: orders
    upstream: http://127.0.0.1:9001
    match: { cookies: [{ name: beta, prefix: x }] }
    routes:
      - { id: v1, path: /a, match: { headers: [{ name: X-V, exact: "1" }], query: [{ name: q, pattern: "^a" }] } }
      - { id: v2, path: /a, match: { headers: [{ name: X-V, present: false }] } }
`,
    })
    const { stdout } = await runCommand(['routes'], { cwd: folder })
    assert.deepEqual(
      stdout.split('\n').map((line) => line.split(/ {2,}/)[3]),
      ['MATCH', 'cookie beta = "x"…, header X-V = "1", query q ~ /^a/', 'cookie beta = "x"…, no header X-V'],
    )
    const [row] = JSON.parse((await runCommand(['routes', '--json'], { cwd: folder })).stdout)
    assert.deepEqual(row.match, ['cookie beta = "x"…', 'header X-V = "1"', 'query q ~ /^a/'])
  })

  it('prints an array for programs, also an empty one', async () => {
    const rows = JSON.parse((await runCommand(['routes', '--json'], { cwd })).stdout)
    assert.equal(rows.length, 2)
    assert.deepEqual(rows[0].methods, ['GET', 'POST'])
    assert.match(rows[1].at, /gatewright\.yaml:13$/)
    assert.equal((await runCommand(['routes', '--json', '--config', 'empty.yaml'], { cwd })).stdout, '[]')
    assert.equal((await runCommand(['routes', '--config', 'empty.yaml'], { cwd })).stdout, 'There are no routes.')
  })
})
