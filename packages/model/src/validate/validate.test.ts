import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { z } from 'zod'
import { sortFindings } from '../finding.ts'
import { TEST_CATALOGUE } from '../testing/catalogue.ts'
import { resolveText, toLines } from '../testing/resolve-text.ts'
import { validate } from './validate.ts'
import type { ValidateOptions } from './validation.ts'

const HEAD = 'gatewright: 1\n'

function check(text: string, options: ValidateOptions = {}) {
  const { draft, apps, sources, findings } = resolveText(HEAD + text)
  return sortFindings([...findings, ...validate(draft, TEST_CATALOGUE, { sources, apps, ...options })])
}

/** Lines without the name of the file. */
function linesOf(text: string, options?: ValidateOptions): string[] {
  return toLines(check(text, options)).map((line) => line.replaceAll('/etc/gw/gatewright.yaml:', ''))
}

function codesOf(text: string, options?: ValidateOptions): string[] {
  return check(text, options).map(({ code }) => code)
}

/** One API around what is tested. */
function api(members: string): string {
  return `apis:\n  - { id: a, upstream: "http://u", ${members} }\n`
}

describe('validate', () => {
  it('finds nothing in a sound file', () => {
    const text = `upstreams: [{ id: u, targets: ["http://u:9001/prefix"] }]
policies: [{ policy: cors }]
plans: [{ id: gold, policies: [{ policy: rate-limit, options: { limit: 5 } }], apis: [{ api: a, routes: [ping] }] }]
apis:
  - id: a
    hosts: [api.example.com, "*.example.org", 10.0.0.1, "[::1]", under_score.example]
    basePath: /a/b
    upstream: u
    match: { headers: [{ name: X-Beta, present: true }] }
    policies: [{ policy: key-auth }, { policy: rate-limit, options: { limit: 5 } }, { policy: cache }]
    errors: { rate-limited: { status: 429 }, 4xx: { status: 400 }, default: { body: x } }
    routes: [{ id: ping, path: /ping }, { path: "/{id}/{rest+}", methods: [GET] }]
  - { id: b, basePath: /b, policies: [{ policy: respond }] }
apps: [{ id: acme, plan: gold, keys: [{ hash: "sha256:${'0'.repeat(64)}" }] }]
`
    assert.deepEqual(check(text), [])
  })

  it('reports what the schema refuses and what the model refuses together', () => {
    const text = `listeners: [{ id: l, port: 80, colour: red }]
upstreams: [{ id: u, targets: [] }]
apis:
  - { id: a, upstream: u, policies: [{ policy: crs }] }
  - { id: b, basePath: b, upstream: v }
`
    assert.deepEqual(codesOf(text), [
      'unknown-key',
      'empty-value',
      'unknown-policy',
      'invalid-base-path',
      'unknown-upstream',
    ])
  })

  it('works without places', () => {
    const { draft } = resolveText(`${HEAD}${api('policies: [{ policy: crs }]')}`)
    assert.deepEqual(toLines(validate(draft, TEST_CATALOGUE)), [
      'fault: There is no policy "crs". (apis[0].policies[0].policy)',
    ])
  })

  it('says nothing about references where a file could not be read', () => {
    const { draft, sources } = resolveText({
      '/1.yaml': 'upstreams: [\n',
      '/2.yaml': `${HEAD}apis: [{ id: a, upstream: u }, { id: b, basePath: /b }]\n`,
    })
    assert.deepEqual(validate(draft, TEST_CATALOGUE, { sources }), [])
  })
})

describe('validate, policies', () => {
  it('suggests the policy that was meant', () => {
    const [finding] = check(api('policies: [{ policy: rate_limt, options: { limit: 1 } }]'))
    assert.equal(finding?.suggestion, 'Did you mean "rate-limit"?')
    assert.deepEqual([finding?.at.line, finding?.at.path], [3, 'apis[0].policies[0].policy'])
  })

  it('does not miss a policy that an extension which failed may define', () => {
    const text = api('policies: [{ policy: stamp }, { policy: rate-limt }]')
    assert.deepEqual(codesOf(text), ['unknown-policy', 'unknown-policy'])
    assert.deepEqual(
      check(text, { isCatalogueIncomplete: true }).map(({ message }) => message),
      ['There is no policy "rate-limt".'],
    )
  })

  it('places every fault of the options, with suggestions', () => {
    const findings = check(`apis:
  - id: a
    upstream: http://u
    routes:
      - path: /x
        policies:
          - policy: rate-limit
            options: { limit: 0, windowSecods: 5 }
          - { policy: key-auth, options: { in: hedder } }
`)
    assert.deepEqual(toLines(findings), [
      '/etc/gw/gatewright.yaml:8:13: warning: "rate-limit" runs before "key-auth" (/etc/gw/gatewright.yaml:10): it does not know callers yet and counts by address. (apis[0].routes[0].policies[0])',
      '/etc/gw/gatewright.yaml:9:31: fault: rate-limit: 0 is out of range: it must be at least 1. (apis[0].routes[0].policies[0].options.limit)',
      '/etc/gw/gatewright.yaml:9:34: fault: rate-limit: The key "windowSecods" is not known here. (apis[0].routes[0].policies[0].options.windowSecods)',
      '/etc/gw/gatewright.yaml:10:48: fault: key-auth: "hedder" is not "header" or "query". (apis[0].routes[0].policies[1].options.in)',
    ])
    assert.deepEqual(findings.map(({ suggestion }) => suggestion).slice(-2), [
      'Did you mean "windowSeconds"?',
      'Did you mean "header"?',
    ])
  })

  it('says which option is missing where there are no options', () => {
    assert.deepEqual(linesOf('apis:\n  - { id: a, upstream: "http://u", policies: [{ policy: rate-limit }] }\n'), [
      '3:47: fault: rate-limit: `limit` is missing: a number is expected here. (apis[0].policies[0].options.limit)',
    ])
  })

  it('makes sentences of what schemas say about several options', () => {
    assert.match(
      linesOf(api('policies: [{ policy: rate-limit, options: { limit: 5, burst: 2 } }]'))[0] ?? '',
      /rate-limit: `burst` is less than the limit\. \(/,
    )
  })

  it('survives a schema that throws', () => {
    const options = z.custom(() => {
      throw new Error('oops')
    })
    const { draft } = resolveText(`${HEAD}policies: [{ policy: mine }]\n`)
    const findings = validate(draft, [{ name: 'mine', phase: 'observe', options }])
    assert.match(findings[0]?.message ?? '', /The schema of these options failed: oops/)
  })

  it('shows no value that came from the surroundings', () => {
    const text = `${HEAD}apis: [{ id: a, upstream: "http://u", policies: [{ policy: key-auth, options: { in: "\${env:S}" } }] }]\n`
    const { draft, sources } = resolveText(text, { env: { S: 'hunter2' } })
    const findings = validate(draft, TEST_CATALOGUE, { sources })
    assert.equal(findings.length, 1)
    assert.doesNotMatch(JSON.stringify(findings), /hunter2/)
  })

  it('checks conditions, patterns and error shapes by what it is given', () => {
    const seen: string[] = []
    const text = api(
      'policies: [{ policy: cors, when: "a b" }], match: { query: [{ name: q, pattern: "(" }] }, errors: { 4xx: { body: { cel: x }, headers: { X-A: "v" } } }',
    )
    const codes = codesOf(text, {
      checkExpression: (source, language) => {
        seen.push(`${language} ${source}`)
        return language === 'template' ? undefined : 'no'
      },
      checkPattern: () => 'no',
    })
    assert.deepEqual(seen.sort(), ['cel x', 'condition a b', 'template v'])
    assert.deepEqual(codes.sort(), ['invalid-expression', 'invalid-expression', 'invalid-pattern'])
  })

  it('refuses a cache before authentication across levels, once for all routes', () => {
    const text = `policies: [{ policy: cache }]
apis:
  - { id: a, upstream: "http://u", routes: [{ path: /x, policies: [{ policy: key-auth }] }, { path: /y, policies: [{ policy: key-auth }] }] }
`
    const findings = check(text)
    assert.deepEqual(
      findings.map(({ code, severity, at }) => [code, severity, at.path]),
      [['cache-before-authenticate', 'fault', 'policies[0]']],
    )
    assert.equal(findings[0]?.suggestion, 'Move it behind "key-auth".')
  })

  it('accepts a cache before an authentication that is switched off', () => {
    assert.deepEqual(codesOf(api('policies: [{ policy: cache }, { policy: key-auth, enabled: false }]')), [])
  })

  it('warns of a limit that cannot know callers yet, unless its key is none', () => {
    const limit = (key: string): string =>
      api(`policies: [{ policy: rate-limit, options: { limit: 1${key} } }, { policy: key-auth }]`)
    assert.deepEqual(codesOf(limit('')), ['limit-before-authenticate'])
    assert.deepEqual(codesOf(limit(', key: "caller.id"')), ['limit-before-authenticate'])
    assert.deepEqual(codesOf(limit(', key: "client.address"')), [])
  })

  it('warns of other disorder in one list, not across levels', () => {
    assert.deepEqual(codesOf(api('policies: [{ policy: set-headers }, { policy: cors }]')), ['unusual-order'])
    assert.deepEqual(
      codesOf(api('policies: [{ policy: set-headers }], routes: [{ path: /x, policies: [{ policy: cors }] }]')),
      [],
    )
  })
})

describe('validate, routes and APIs', () => {
  it('suggests the upstream that was meant', () => {
    const findings = check(
      'upstreams: [{ id: orders, targets: ["http://u"] }]\napis: [{ id: a, upstream: ordres, routes: [{ path: /x, upstream: odrers }] }]\n',
    )
    const faults = findings.filter(({ severity }) => severity === 'fault')
    assert.deepEqual(
      faults.map(({ message, suggestion }) => [message, suggestion]),
      [
        ['There is no upstream "ordres".', 'Did you mean "orders"?'],
        ['There is no upstream "odrers".', 'Did you mean "orders"?'],
      ],
    )
  })

  it('refuses routes that nothing answers, once for a whole API', () => {
    assert.deepEqual(linesOf('apis:\n  - { id: a }\n'), [
      '3:5: fault: The API "a" has no upstream, and no policy answers for it. (apis[0])',
    ])
    assert.deepEqual(
      linesOf(
        'apis:\n  - { id: a, routes: [{ id: x, path: /x }, { id: y, path: /y, policies: [{ policy: respond }] }] }\n',
      ),
      ['3:23: fault: The route "x" has no upstream, and no policy answers for it. (apis[0].routes[0])'],
    )
  })

  it('warns of a method that is probably a slip, and of no other', () => {
    const methods = '[GTE, PSOT, DELET, Get, GET, QUERY, BATCH, PURGE, PROPFIND, MOVE, LOCK]'
    const findings = check(api(`routes: [{ path: /x, methods: ${methods} }]`))
    assert.deepEqual(
      findings.map(({ severity, code, suggestion }) => [severity, code, suggestion]),
      [
        ['warning', 'unusual-method', 'Did you mean GET?'],
        ['warning', 'unusual-method', 'Did you mean POST?'],
        ['warning', 'unusual-method', 'Did you mean DELETE?'],
        ['warning', 'lower-case-method', 'Write GET.'],
      ],
    )
  })

  it('warns of a key that has expired, where it knows the time', () => {
    const key = (more: string) => `{ hash: "sha256:${'0'.repeat(64)}", expires: 2026-01-01T00:00:00Z${more} }`
    const text = (more = '') => `${api('policies: []')}apps: [{ id: acme, keys: [${key(more)}] }]\n`
    const nowMs = Date.UTC(2026, 0, 1)
    assert.deepEqual(codesOf(text(), { nowMs }), ['expired-key'])
    assert.deepEqual(codesOf(text(', enabled: false'), { nowMs }), [])
    assert.deepEqual(codesOf(text(), { nowMs: nowMs - 1 }), [])
    assert.deepEqual(codesOf(text()), [])
  })

  it('warns once of keys that are asked for and that nobody has', () => {
    const key = `keys: [{ hash: "sha256:${'0'.repeat(64)}"`
    const uses = api('policies: [{ policy: key-auth }], routes: [{ path: /x, policies: [{ policy: key-auth }] }]')
    assert.deepEqual(linesOf(uses, { isWhole: true }), [
      '3:47: warning: "key-auth" lets nobody pass: no app has a key that is switched on. (apis[0].policies[0])',
    ])
    assert.deepEqual(codesOf(`${uses}apps: [{ id: acme, ${key}, enabled: false }] }]\n`, { isWhole: true }), [
      'nobody-has-a-key',
    ])
    assert.deepEqual(codesOf(`${uses}apps: [{ id: acme, ${key} }] }]\n`, { isWhole: true }), [])
    assert.deepEqual(codesOf(api('policies: [{ policy: key-auth, enabled: false }]'), { isWhole: true }), [])
    assert.deepEqual(codesOf(uses), [])
    assert.deepEqual(codesOf(uses, { isWhole: true, isFed: true }), [], 'some may be published')
  })

  it('warns of a file without APIs, unless they have faults', () => {
    assert.deepEqual(codesOf('', { isWhole: true }), ['no-apis'])
    assert.deepEqual(codesOf('apis: []\n', { isWhole: true }), ['no-apis'])
    assert.deepEqual(codesOf('', { isWhole: true, isFed: true }), [], 'they will be published')
    assert.deepEqual(codesOf('policies: [{ policy: crs }]\n', { isWhole: true }), ['unknown-policy'])
    assert.deepEqual(codesOf(''), [])
  })

  it('does not take a conditional answer for an answer', () => {
    assert.deepEqual(codesOf('apis: [{ id: a, policies: [{ policy: respond, when: "true" }] }]\n'), ['no-upstream'])
  })

  it('asks nothing of what is switched off', () => {
    assert.deepEqual(
      codesOf('apis: [{ id: a, enabled: false }, { id: b, routes: [{ path: /x, enabled: false }] }]\n'),
      [],
    )
  })

  it('refuses an upstream that is switched off where it is needed', () => {
    assert.deepEqual(
      codesOf('upstreams: [{ id: u, enabled: false, targets: ["http://u"] }]\napis: [{ id: a, upstream: u }]\n'),
      ['upstream-disabled'],
    )
    assert.deepEqual(
      codesOf(
        'upstreams: [{ id: u, enabled: false, targets: ["http://u"] }]\napis: [{ id: a, enabled: false, upstream: u }]\n',
      ),
      [],
    )
  })

  it('refuses templates that are none, with the reason', () => {
    const text = `apis:
  - id: a
    upstream: http://u
    routes:
      - { path: x }
      - { path: "/{a}b" }
      - { path: "/{a+}/b" }
      - { path: "/{a}/{a}" }
      - { path: "/a/../b" }
      - { path: "/a b" }
      - { path: "/a%2" }
      - { path: "/{}" }
`
    const findings = check(text)
    assert.equal(findings.length, 8)
    assert.ok(findings.every(({ code, severity }) => code === 'invalid-template' && severity === 'fault'))
    assert.equal(findings[0]?.suggestion, 'Write "/x".')
  })

  it('refuses two routes that match the same', () => {
    const text = `apis:
  - id: a
    upstream: http://u
    routes:
      - { id: one, methods: [GET, PUT], path: "/{x}" }
      - { id: two, methods: [PUT], path: "/{y}" }
      - { id: three, methods: [PUT], path: "/{y}", match: { headers: [{ name: X-A, exact: b }] } }
      - { id: four, methods: [PUT], path: "/{z}", match: { headers: [{ name: x-a, exact: b }] } }
      - { id: five, path: "/{z}" }
      - { id: five, path: "/z" }
      - { id: six, path: "/{z}/" }
`
    assert.deepEqual(
      linesOf(text).map((line) => line.replace(/ \(apis.*$/, '')),
      [
        '7:9: fault: "PUT /{y}" is already matched by the route "one" (6).',
        '9:9: fault: "PUT /{z}" is already matched by the route "three" (8).',
        '11:9: fault: The id "five" is taken by another route of this API (10).',
      ],
    )
  })

  it('compares routes as the API matches them', () => {
    const routes = 'routes: [{ id: x, path: /A }, { id: y, path: /a/ }]'
    assert.deepEqual(codesOf(api(routes)), [])
    assert.deepEqual(codesOf(api(`strictSlash: false, caseSensitive: false, ${routes}`)), ['duplicate-route'])
  })

  it('refuses two APIs that answer to the same requests', () => {
    const text = `apis:
  - { id: a, upstream: "http://u", hosts: [x.example, y.example], basePath: /a }
  - { id: b, upstream: "http://u", hosts: [Y.example.], basePath: /a/ }
  - { id: c, upstream: "http://u", hosts: [y.example], basePath: /a, match: { query: [{ name: v, exact: "2" }] } }
  - { id: d, upstream: "http://u", hosts: [y.example], basePath: /A }
  - { id: e, upstream: "http://u", basePath: /a, enabled: false }
  - { id: f, upstream: "http://u", basePath: /a }
`
    assert.deepEqual(linesOf(text), [
      '4:5: fault: "b" and "a" (3) answer to the same requests: host "y.example", base path "/a". (apis[1])',
    ])
  })

  it('refuses hosts that no request can have', () => {
    const hosts = [
      '"*"',
      'http://x.example',
      'x.example/a',
      '"a.*.example"',
      '"::1"',
      '"bücher.example"',
      '"-a.example"',
      '"a..example"',
    ]
    const findings = check(api(`hosts: [${hosts.join(', ')}]`))
    assert.equal(findings.length, hosts.length)
    assert.ok(findings.every(({ code }) => code === 'invalid-host'))
    assert.match(findings.find(({ message }) => message.includes('ü'))?.suggestion ?? '', /xn--bcher-kva\.example/)
  })

  it('refuses error shapes of problems that do not exist', () => {
    const [finding] = check(api('errors: { rate-limit: { status: 429, headers: { "A B": x } } }'))
    assert.deepEqual([finding?.code, finding?.suggestion], ['unknown-problem', 'Did you mean "rate-limited"?'])
  })

  it('refuses methods that no route is asked for, and warns of lower case', () => {
    assert.deepEqual(codesOf(api('routes: [{ path: /x, methods: [TRACE, get] }]')), [
      'method-never-routed',
      'lower-case-method',
    ])
  })

  it('wants the shares of releases to sum to 100', () => {
    const { draft } = resolveText(`${HEAD}${api('basePath: /a')}`)
    const [first] = draft.apis
    assert.ok(first)
    const release = first.releases[0]
    assert.ok(release)
    const split = (...shares: number[]) => ({
      ...draft,
      apis: [{ ...first, releases: shares.map((share, index) => ({ ...release, revision: `v${index}`, share })) }],
    })
    assert.deepEqual(validate(split(90, 10), TEST_CATALOGUE), [])
    assert.deepEqual(
      validate(split(90, 20), TEST_CATALOGUE).map(({ code }) => code),
      ['shares'],
    )
  })
})

describe('validate, listeners, upstreams, plans and apps', () => {
  it('refuses two listeners on one port', () => {
    const text = `listeners:
  - { id: a, port: 80 }
  - { id: b, port: 80, host: 127.0.0.1 }
  - { id: c, port: 81, host: 127.0.0.1 }
  - { id: d, port: 81, host: 127.0.0.2 }
  - { id: e, port: 80, enabled: false }
`
    assert.deepEqual(linesOf(text), [
      '4:20: fault: Port 80 on 127.0.0.1 is taken by the listener "a" (3). (listeners[1].port)',
    ])
  })

  it('refuses addresses and ranges that are none', () => {
    const text =
      'listeners: [{ id: a, port: 80, host: "1.2.3.4:80", trustedProxies: [10.0.0.0/33, x, 10.0.0.0/8, "fd00::/8", 1.2.3.4/] }]\n'
    assert.deepEqual(codesOf(text), ['invalid-host', 'invalid-range', 'invalid-range', 'invalid-range'])
  })

  it('refuses the PROXY protocol where nobody is trusted', () => {
    assert.deepEqual(codesOf('egress: { deny: [10.0.0.0/8, 10.0.0.0/33], allow: [x, "fd00::1"] }\n'), [
      'invalid-range',
      'invalid-range',
    ])
    assert.deepEqual(codesOf('listeners: [{ id: a, port: 80, proxyProtocol: true }]\n'), [
      'proxy-protocol-without-proxies',
    ])
  })

  it('refuses targets that cannot be forwarded to, and says how to write them', () => {
    const targets = [
      'https://a',
      'a:80',
      'ftp://a',
      'http://u:hunter2@a',
      'http://a?x=1',
      'http://',
      'http://a:1/prefix',
    ]
    const findings = check(
      `upstreams: [{ id: u, targets: [${targets.map((target) => `"${target}"`).join(', ')}] }]\n`,
    ).filter(({ severity }) => severity === 'fault')
    assert.equal(findings.length, 5)
    assert.equal(findings[0]?.suggestion, 'Write "http://a:80".')
    assert.doesNotMatch(JSON.stringify(findings), /hunter2/)
  })

  it('refuses an upstream whose weights are all 0, and a hash on nothing', () => {
    assert.deepEqual(
      codesOf(
        'upstreams: [{ id: u, targets: [{ url: "http://a", weight: 0 }], balance: { hash: { on: cookie } } }]\napis: [{ id: a, upstream: u }]\n',
      ),
      ['no-weight', 'missing'],
    )
  })

  it('warns of an upstream that nothing uses', () => {
    assert.deepEqual(
      check('upstreams: [{ id: u, targets: ["http://a"] }]\n').map(({ code, severity }) => [code, severity]),
      [['unused-upstream', 'warning']],
    )
  })

  it('refuses plans, APIs and routes that do not exist', () => {
    const text = `plans: [{ id: gold, apis: [{ api: b }, { api: a, routes: [ping, pong] }] }]
apis: [{ id: a, upstream: "http://u", policies: [{ policy: key-auth }], routes: [{ id: ping, path: /p }] }]
apps: [{ id: acme, plan: glod, keys: [{ hash: "sha256:${'0'.repeat(64)}", plan: silver }] }]
`
    assert.deepEqual(codesOf(text), ['unknown-api', 'unknown-route', 'unknown-plan', 'unknown-plan'])
    assert.equal(check(text)[2]?.suggestion, 'Did you mean "gold"?')
  })

  it('refuses a key that two apps share, and one that is never valid', () => {
    const key = `hash: "sha256:${'0'.repeat(64)}"`
    const text = `apps:
  - { id: a, keys: [{ ${key} }] }
  - { id: b, keys: [{ ${key}, notBefore: "2030-01-01T00:00:00Z", expires: "2029-01-01T00:00:00Z" }] }
`
    assert.deepEqual(codesOf(text), ['duplicate-key-hash', 'never-valid'])
  })
})
