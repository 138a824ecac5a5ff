import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { describe, it } from 'node:test'
import type { Explanation } from '../explanation/explain-request.ts'
import { createFolder, runCommand } from '../run-command.fixture.ts'

const cwd = createFolder({
  'gatewright.yaml': `gatewright: 1
policies:
  - { policy: security-headers }
upstreams:
  - id: orders
    targets: [{ url: http://127.0.0.1:9001/v1 }]
plans:
  - { id: free, policies: [{ policy: rate-limit, options: { limit: 1, windowSeconds: 1 } }] }
apis:
  - id: orders
    hosts: [api.example.com]
    basePath: /orders
    upstream: orders
    policies:
      - { policy: key-auth }
      - { policy: cors }
    routes:
      - { id: list, methods: [GET], path: / }
      - { id: create, methods: [POST], path: / }
      - { id: beta, path: "/{id}", match: { headers: [{ name: X-Beta, present: true }] } }
      - id: one
        path: "/{id}"
        policies:
          - { policy: rewrite-path, options: { path: "/item/{id}" } }
          - { policy: set-headers, when: "request.method == 'POST'", options: { set: { X-A: b } } }
      - { id: rest, path: "/{id}/{rest+}" }
  - id: pages
    basePath: /
    policies: [{ policy: respond, options: { body: hello } }]
`,
})

async function explain(...args: string[]): Promise<{ code: number; explanation: Explanation }> {
  const { code, stdout, stderr } = await runCommand(['explain', ...args, '--json'], { cwd })
  assert.equal(stderr, '')
  return { code, explanation: JSON.parse(stdout) }
}

describe('explain, releases', () => {
  const yaml = `gatewright: 1
apis:
  - id: a
    upstream: http://127.0.0.1:9001
    releases:
      - { revision: v1, routes: [{ id: old, path: /a }] }
      - revision: v2
        when: '"x-new" in request.headers'
        policies: [{ policy: cors }]
        routes: [{ id: new, path: /a }, { id: more, path: /more }]
`
  const inReleases = createFolder({ 'gatewright.yaml': yaml })
  const token = 'gw_7hT2mQz9LkX4vB8nR1cW6yD3fJ5sP0aE2uG7'
  const inPreviews = createFolder({
    'gatewright.yaml': `gatewright: 1
apis:
  - id: a
    upstream: http://127.0.0.1:9001
    releases:
      - { revision: v1 }
      - { revision: v2, preview: { hash: "sha256:${hash('sha256', token)}", expires: 2999-01-01T00:00:00Z } }
`,
  })
  const inApps = createFolder({
    'gatewright.yaml': `gatewright: 1
apps: [{ id: acme }]
apis:
  - id: a
    upstream: http://127.0.0.1:9001
    policies: [{ policy: basic-auth }]
    releases:
      - { revision: v2, apps: [acme], routes: [{ id: new, path: /a }] }
      - { revision: v1, routes: [{ id: old, path: /a }] }
`,
  })
  const run = async (...args: string[]) => {
    const { stdout } = await runCommand(['explain', 'GET', ...args], { cwd: inReleases })
    return stdout
  }

  it('names the one that gets the request, and why', async () => {
    assert.match(await run('/a'), /^Release {2}v1 +100 % of all, by the address of the client .*gatewright\.yaml:6$/m)
    const chosen = await run('/a', '-H', 'X-New: 1')
    assert.match(chosen, /^Route {4}new /m)
    assert.match(chosen, /^Release {2}v2 +when "x-new" in request\.headers, which holds .*gatewright\.yaml:7$/m)
    assert.match(chosen, /1\. +cors +release .*gatewright\.yaml:9/)
  })

  it('is that of the app that calls, where it has one', async () => {
    const { stdout } = await runCommand(['explain', 'GET', '/a', '--app', 'acme'], { cwd: inApps })
    assert.match(stdout, /^Route {4}new /m)
    assert.match(stdout, /^Release {2}v2 +that of the app "acme" .*gatewright\.yaml:8$/m)
    const other = await runCommand(['explain', 'GET', '/a', '--app', 'nobody'], { cwd: inApps })
    assert.match(other.stdout, /^There is no app "nobody" in `apps`/m)
    assert.match(other.stdout, /^Release {2}v1 +100 % of all/m)
  })

  it('is a preview, where the request brings its token', async () => {
    const explain = async (value: string) => {
      const line = `Gatewright-Preview: ${value}`
      return (await runCommand(['explain', 'GET', '/a', '-H', line], { cwd: inPreviews })).stdout
    }
    assert.match(await explain(token), /^Release {2}v2 +a preview, by its token .*gatewright\.yaml:7$/m)
    assert.match(await explain(`${token}x`), /^No route: 403 preview-denied/m)
  })

  it('looks for routes in that one alone', async () => {
    assert.match(await run('/more'), /^No route: 404 route-not-found/m)
    assert.match(await run('/more', '-H', 'X-New: 1'), /^Route {4}more /m)
  })
})

describe('explain, the listener', () => {
  const apis = `apis:
  - id: a
    upstream: http://127.0.0.1:9001
    policies:
      - { policy: set-headers, when: "request.scheme == 'https'", options: { set: { X-A: b } } }
`
  const files = (listeners: string) => ({
    'gatewright.yaml': `gatewright: 1\nlisteners:\n${listeners}${listeners.includes('tls') ? 'certificates: [{ id: c, folder: ./certificates }]\n' : ''}${apis}`,
    'certificates/a.crt': '',
  })
  const PLAIN = '  - { id: plain, port: 8080 }\n'
  const REDIRECT = '  - { id: plain, port: 8080, redirectToHttps: { port: 8443 } }\n'
  const TLS = '  - { id: public, port: 8443, tls: {} }\n'
  const explainIn = async (listeners: string, url: string) => {
    const { stdout } = await runCommand(['explain', 'GET', url, '--json'], { cwd: createFolder(files(listeners)) })
    const { scheme, hints, found }: Explanation = JSON.parse(stdout)
    return { scheme, hints, holds: found?.policies[0]?.holds }
  }

  for (const [name, listeners, url, expected] of [
    ['http', PLAIN + TLS, 'http://x/', { scheme: 'http', hints: [], holds: 'no' }],
    ['https', PLAIN + TLS, 'https://x/', { scheme: 'https', hints: [], holds: 'yes' }],
    [
      'https without a listener for it',
      PLAIN,
      'https://x/',
      {
        scheme: 'http',
        hints: ['No listener speaks TLS: this is the request as it comes over http.'],
        holds: 'no',
      },
    ],
    [
      'http without a listener for it',
      TLS,
      '/',
      {
        scheme: 'https',
        hints: ['Every listener speaks TLS: this is the request as it comes over https.'],
        holds: 'yes',
      },
    ],
    [
      'http that is sent on',
      REDIRECT + TLS,
      '/',
      {
        scheme: 'https',
        hints: [
          'The listener "plain" answers every request with 308, and sends it on to HTTPS: this is what the client meets there.',
        ],
        holds: 'yes',
      },
    ],
    [
      'http that is sent away',
      REDIRECT,
      '/',
      {
        scheme: 'http',
        hints: ['The listener "plain" answers every request with 308, and sends it on to HTTPS: no route is asked.'],
        holds: undefined,
      },
    ],
  ] as const) {
    it(`is the one of ${name}`, async () => assert.deepEqual(await explainIn(listeners, url), expected))
  }
})

describe('explain, behind an answer', () => {
  it('marks what never runs', async () => {
    const folder = createFolder({
      'gatewright.yaml':
        'gatewright: 1\napis: [{ id: a, policies: [{ policy: respond }, { policy: rewrite-path, options: { path: /x } }] }]\n',
    })
    const { stdout } = await runCommand(['explain', 'GET', '/'], { cwd: folder })
    assert.match(stdout, /rewrite-path .*never runs: respond answers first/)
    assert.doesNotMatch(stdout, / respond .*never runs/)
  })
})

describe('explain, the place of plans', () => {
  it('tells them where the file puts them', async () => {
    const folder = createFolder({
      'gatewright.yaml': `gatewright: 1
plans: [{ id: free, policies: [] }]
apis:
  - id: a
    policies:
      - policy: key-auth
      - { policy: set-headers, options: { set: { X-A: b } } }
      - { policy: plan, when: "request.method == 'GET'" }
      - { policy: respond, options: { status: 204 } }
`,
    })
    const { stdout } = await runCommand(['explain', 'GET', '/', '--json'], { cwd: folder })
    const { found }: Explanation = JSON.parse(stdout)
    assert.deepEqual(
      found?.policies.map(({ policy, when }) => [policy, when]),
      [
        ['key-auth', undefined],
        ['set-headers', undefined],
        ["the caller's plan", "request.method == 'GET'"],
        ['respond', undefined],
      ],
    )
  })
})

describe('explain, of a document without a configuration', () => {
  it('names the document where a file would be named', async () => {
    const folder = createFolder({
      'shop.yaml': "openapi: 3.1.0\ninfo: { title: T, version: '1' }\npaths:\n  /a:\n    get: {}\n",
    })
    const given = ['--openapi', 'shop.yaml', '--upstream', 'http://127.0.0.1:1']
    const { stdout } = await runCommand(['explain', 'GET', '/a', ...given], { cwd: folder })
    assert.match(stdout, /^API +shop +host any +\S*[^-]shop\.yaml$/m)
    assert.match(stdout, /^Route .* \S*[^-]shop\.yaml:5$/m)
  })
})

describe('explain', () => {
  it('tells route, parameters, and the policies in running order with their lines', async () => {
    const { code, explanation } = await explain('GET', 'http://api.example.com/orders/7?page=2')
    assert.equal(code, 0)
    const { found } = explanation
    assert.equal(`${found?.api}/${found?.route}`, 'orders/one')
    assert.deepEqual(found?.parameters, { id: '7' })
    assert.deepEqual(
      found?.policies.map(({ policy, level, at }) => [policy, level, at.replace(/^.*:/, '')]),
      [
        ['security-headers', 'gateway', '3'],
        ['key-auth', 'api', '15'],
        ["the caller's plan", 'plan', '8'],
        ['cors', 'api', '16'],
        ['rewrite-path', 'route', '24'],
        ['set-headers', 'route', '25'],
      ],
    )
    assert.equal(found?.policies.at(-1)?.when, "request.method == 'POST'")
  })

  it('tells what would be sent, after paths were rewritten, and asks for no key', async () => {
    const { explanation } = await explain('GET', 'http://api.example.com/orders/7?page=2')
    assert.deepEqual(explanation.found?.upstream, {
      id: 'orders',
      targets: ['http://127.0.0.1:9001/v1'],
      method: 'GET',
      path: '/v1/item/7?page=2',
      host: '127.0.0.1:9001',
    })
  })

  it('tells what else was considered, and why it was not it', async () => {
    const { explanation } = await explain('GET', 'http://api.example.com/orders/7')
    assert.deepEqual(
      explanation.others.map(({ route, verdict }) => [route, verdict]),
      [
        ['* /{rest+}', 'other-api'],
        ['beta', 'conditions'],
      ],
    )
  })

  it('looks at the headers that it is given', async () => {
    const { explanation } = await explain('GET', '/orders/7', '-H', 'X-Beta: 1', '-H', 'Host: api.example.com')
    assert.equal(explanation.found?.route, 'beta')
  })

  it('says who answers where no upstream is called', async () => {
    const { explanation } = await explain('GET', '/anything')
    assert.equal(explanation.found?.answeredBy, 'respond')
    assert.equal(explanation.found?.upstream, undefined)
  })

  it('tells a preflight by the route it asks for, up to the policy that answers', async () => {
    const { explanation } = await explain(
      ...['OPTIONS', 'http://api.example.com/orders', '-H', 'Origin: https://a.example'],
      ...['-H', 'Access-Control-Request-Method: POST'],
    )
    assert.equal(explanation.found?.route, 'create')
    assert.equal(explanation.found?.answeredBy, 'cors')
    assert.equal(explanation.found?.policies.at(-1)?.policy, 'cors')
  })

  it('names the method that is missing, and the nearest routes, where none matches', async () => {
    const { code, explanation } = await explain('DELETE', 'http://api.example.com/orders')
    assert.equal(code, 1)
    assert.deepEqual(explanation.refusal, {
      code: 'method-not-allowed',
      status: 405,
      detail: 'Allowed here: GET, HEAD, POST.',
    })
    assert.deepEqual(
      explanation.others.slice(0, 2).map(({ route, verdict }) => [route, verdict]),
      [
        ['list', 'method'],
        ['create', 'method'],
      ],
    )
  })

  it('shows the normal form that is matched', async () => {
    const { explanation } = await explain('GET', 'http://api.example.com/orders/x/%2e%2e/%37')
    assert.equal(explanation.path, '/orders/7')
    assert.equal(explanation.found?.route, 'one')
  })

  it('tells why a path is refused', async () => {
    const { code, explanation } = await explain('GET', 'http://api.example.com/orders/%zz')
    assert.equal(code, 1)
    assert.equal(explanation.refusal?.status, 400)
    assert.equal(explanation.refusal?.code, 'malformed-request')
    assert.notEqual(explanation.refusal?.detail, '')
    assert.deepEqual(explanation.others, [])
    const ambiguous = await explain('GET', 'http://api.example.com/orders/7%2F8')
    assert.equal(ambiguous.explanation.refusal?.code, 'ambiguous-path')
    const { stdout } = await runCommand(['explain', 'GET', 'http://api.example.com/orders/7%2F8'], { cwd })
    assert.equal(
      stdout,
      `GET http://api.example.com/orders/7%2F8

No route: 400 ambiguous-path
  as written: /orders/7%2F8
  as others may read it: /orders/7/8, which is the route orders/rest`,
    )
  })

  it('is readable', async () => {
    const { stdout } = await runCommand(['explain', 'GET', 'http://api.example.com/orders/7'], { cwd })
    assert.match(stdout, /^GET http:\/\/api\.example\.com\/orders\/7$/m)
    assert.match(stdout, /^Route +one +any method \/orders\/\{id\} {2}\(id = 7\) +\S*gatewright\.yaml:21$/m)
    assert.match(stdout, /^ {2}2\. +key-auth +api +\S*gatewright\.yaml:15$/m)
    assert.match(stdout, /^Also considered:$/m)
    assert.match(stdout, /^ {2}GET \/v1\/item\/7$/m)
    const none = await runCommand(['explain', 'PATCH', 'http://api.example.com/orders'], { cwd })
    assert.match(none.stdout, /^No route: 405 method-not-allowed$/m)
    assert.match(none.stdout, /^Nearest routes:\n {2}orders\/list +GET +\/orders +the path fits, the method does not/m)
  })

  it('names the host, and the condition, that keeps a route from matching', async () => {
    const folder = createFolder({
      'gatewright.yaml':
        'gatewright: 1\napis: [{ id: orders, hosts: [api.example.com], upstream: http://127.0.0.1:1 }]\n',
    })
    const { stdout } = await runCommand(['explain', 'GET', 'http://b.example/orders/7'], { cwd: folder })
    assert.match(stdout, / orders\/\S+ .* {2}another host: api\.example\.com {2}/)
    const beta = await runCommand(['explain', 'GET', 'http://api.example.com/orders/7'], { cwd })
    assert.match(beta.stdout, / orders\/beta .* {2}path and method fit, and this is not met: header X-Beta {2}/)
  })

  it('says whether a condition holds, where the request alone decides it', async () => {
    const whens = [
      "request.method == 'GET'",
      "request.method == 'POST'",
      "request.headers['x-none'] == 'a'",
      "'x-a' in request.headers",
      'caller == null',
    ]
    const policies = whens.map(
      (when) => `      - { policy: timeout, when: ${JSON.stringify(when)}, options: { timeoutMs: 9 } }\n`,
    )
    const folder = createFolder({
      'gatewright.yaml': `gatewright: 1\napis:\n  - id: a\n    upstream: http://127.0.0.1:1\n    policies:\n${policies.join('')}      - { policy: set-headers, options: { set: { X-A: b } } }\n${policies[3]}`,
    })
    const given = ['explain', 'GET', '/', '-H', 'X-A: 1']
    const { found }: Explanation = JSON.parse((await runCommand([...given, '--json'], { cwd: folder })).stdout)
    assert.deepEqual(
      found?.policies.map(({ holds }) => holds),
      ['yes', 'no', 'failed', 'yes', 'unknown', undefined, 'unknown'],
    )
    const { stdout } = await runCommand(given, { cwd: folder })
    assert.match(stdout, /when request\.method == 'GET', which holds$/m)
    assert.match(stdout, /when request\.method == 'POST', which does not hold: it does not run$/m)
    assert.match(stdout, /when .*x-none.*, which fails for this request: 500 expression-failed$/m)
    assert.match(stdout, /when caller == null$/m)
  })

  it('says that a policy answers whose condition holds', async () => {
    const folder = createFolder({
      'gatewright.yaml': `gatewright: 1
apis:
  - { id: a, upstream: http://127.0.0.1:1, policies: [{ policy: respond, when: "request.path == '/a'" }] }
`,
    })
    const explained = async (path: string) => (await runCommand(['explain', 'GET', path], { cwd: folder })).stdout
    assert.match(await explained('/a'), /The policy respond answers; no upstream is called\.$/)
    assert.match(await explained('/b'), /^ {2}GET \/b$/m)
  })

  it('says which plans open the route, what they run there, and for which apps it is different', async () => {
    const folder = createFolder({
      'gatewright.yaml': `gatewright: 1
plans:
  - id: gold
    policies: [{ policy: rate-limit, id: daily, options: { limit: 9, windowSeconds: 60 } }, { policy: cors, enabled: false }]
  - { id: part, apis: [{ api: a, routes: [x] }] }
  - { id: other, apis: [{ api: b }], policies: [{ policy: cors }] }
  - { id: off, enabled: false }
apis:
  - id: a
    upstream: http://127.0.0.1:1
    policies: [{ policy: key-auth }]
    routes: [{ id: x, path: /x }, { id: y, path: /y }]
  - { id: b, basePath: /b, upstream: "http://127.0.0.1:1", policies: [{ policy: key-auth }] }
  - { id: c, basePath: /c, upstream: "http://127.0.0.1:1" }
apps: [{ id: acme, plan: gold, overrides: { gold: { daily: { limit: 10 } } } }]
`,
    })
    const explained = async (path: string) =>
      JSON.parse((await runCommand(['explain', 'GET', path, '--json'], { cwd: folder })).stdout) as Explanation
    const plansAt = async (path: string) =>
      (await explained(path)).found?.plans.map(({ plan, verdict, policies, differsFor }) =>
        [plan, verdict, ...policies, ...differsFor].join(' '),
      )
    const gold = 'gold opens rate-limit (daily) acme'
    assert.deepEqual(await plansAt('/x'), [gold, 'part opens', 'other closed', 'off disabled'])
    assert.deepEqual(await plansAt('/y'), [gold, 'part closed', 'other closed', 'off disabled'])
    assert.deepEqual(await plansAt('/b'), [gold, 'part closed', 'other opens cors', 'off disabled'])
    assert.deepEqual(await plansAt('/c'), [])
    const { stdout } = await runCommand(['explain', 'GET', '/y'], { cwd: folder })
    assert.match(stdout, /^Plans of callers:\n {2}gold +runs rate-limit \(daily\); different for acme +\S+:3$/m)
    assert.match(stdout, /^ {2}part +does not open this route: 403 plan-denied +\S+:5$/m)
    assert.match(stdout, /^ {2}off +is switched off: 403 plan-denied +\S+:7$/m)
  })

  it('says that https is not served, where it is asked for', async () => {
    const { explanation } = await explain('GET', 'https://api.example.com/orders/7')
    assert.match(explanation.hints.join(), /^No listener speaks TLS/)
    const { stdout } = await runCommand(['explain', 'GET', 'https://api.example.com/orders/7'], { cwd })
    assert.match(stdout, /^GET http:\/\/api\.example\.com\/orders\/7\nNo listener speaks TLS/)
    assert.deepEqual((await explain('GET', 'http://api.example.com/orders/7')).explanation.hints, [])
  })

  it('says how a method is written, where its letter case keeps it from matching', async () => {
    const { explanation } = await explain('get', 'http://api.example.com/orders')
    assert.match(explanation.hints.join(), /^Methods .*: "get" is not GET/)
  })

  it('refuses what is no request', async () => {
    for (const args of [
      ['GET', 'orders'],
      ['G T', '/'],
      ['GET', '/', '-H', 'no header'],
    ]) {
      const { code, stderr } = await runCommand(['explain', ...args], { cwd })
      assert.equal(code, 2, stderr)
    }
  })
})
