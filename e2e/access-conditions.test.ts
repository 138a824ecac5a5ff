/** Owns the proof that a condition that fails lets nobody in: it is neither false nor true, and nobody's input makes it so. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { TestIssuer } from '../packages/policies/src/testing/test-issuer.ts'
import { findField, findProblemCode } from './harness/answer.ts'
import { KEY, toKeyHash } from './harness/keys.ts'
import { get } from './harness/raw-client.ts'
import { parseTestimony } from './harness/raw-upstream.ts'
import { stageGateway } from './harness/stage.ts'

const issuer = new TestIssuer('ES256')
const tokenOf = (claims: string) =>
  issuer.sign(
    `{ "iss": "issuer", "aud": "orders", "sub": "ann", "exp": 4102444800${claims === '' ? '' : `, ${claims}`} }`,
  )

const KEY_AUTH = 'policy: key-auth, options: { attempts: { perAddress: 0 } }'
const JWT = `policy: jwt, options: { attempts: { perAddress: 0 }, issuers: [{ issuer: issuer, audiences: [orders], keys: [{ algorithm: ES256, publicKey: ${JSON.stringify(issuer.pem)} }] }] }`

/** A guard that runs only where this holds. Each of them fails for a request without more. */
const FAILING = {
  'a field that is not there': 'request.headers["x-internal"] != "1"',
  'a parameter that is not there': 'request.query.debug == "1"',
  'a cookie that is not there': 'request.cookies.session == ""',
  'a variable that is not there': 'variables.nothing == "1"',
  'nobody’s app': 'caller.app == "shop"',
  'a claim of nobody': 'caller.claims.admin == true',
  'a division by zero': '1 / int(request.path.size() - request.path.size()) == 1',
  'a remainder by zero': '1 % (request.path.size() - request.path.size()) == 0',
  'an overflow': '9223372036854775807 + request.path.size() > 0',
  'a number that is none': 'int(request.path) > 0',
  'an index out of a list': 'route.tags[5] == "a"',
  'a text where a truth is asked': 'dyn(request.path) && dyn(request.path)',
  'a failure beside a failure': 'request.headers["x-a"] == "1" || request.headers["x-b"] == "1"',
  'a list of a text': 'dyn(request.path).all(each, each == "a")',
} as const

/** Nothing but `true` is true. */
const NO_TRUTHS = {
  'a text': 'dyn("true")',
  'a number': 'dyn(1)',
  nothing: 'dyn(null)',
  'a list': 'dyn([true])',
  'a map': 'dyn({"a": true})',
  'a text of the client': 'dyn(request.search)',
} as const

const ids = Object.entries({ ...FAILING, ...NO_TRUTHS }).map(([, when], index) => ({ id: `c${index}`, when }))

const configure = (url: string) => `gatewright: 1
listeners: [{ id: public, host: 127.0.0.1, port: 8080 }]
accessLog: off
apis:
  - id: all
    basePath: /
    upstream: ${url}
    routes:
${ids.map(({ id, when }) => `      - { id: ${id}, path: /${id}, policies: [{ ${KEY_AUTH}, when: ${JSON.stringify(when)} }] }`).join('\n')}
${ids.map(({ id, when }) => `      - { id: any-${id}, path: /any/${id}, policies: [{ policy: any-of, options: { policies: [{ ${KEY_AUTH}, when: ${JSON.stringify(when)} }, { ${JWT} }] } }] }`).join('\n')}
      - id: choice
        path: /choice
        policies:
          - policy: any-of
            options:
              policies:
                - { ${JWT}, when: 'has(request.headers.authorization)' }
                - { ${KEY_AUTH}, when: 'request.query.by == "key"' }
      - id: skipped
        path: /skipped
        policies: [{ policy: any-of, options: { policies: [{ ${KEY_AUTH}, when: "false" }, { ${JWT}, when: "1 == 2" }] } }]
      - id: costly
        path: /costly
        policies: [{ ${KEY_AUTH}, when: 'request.query.l.split(",").all(a, request.query.l.split(",").all(b, a != b + "x")) == false' }]
      - { id: claims, path: /claims, policies: [{ ${JWT} }, { policy: respond, when: 'caller.claims.role != "admin"', options: { status: 403 } }] }
      - { id: own, path: /own, policies: [{ ${JWT} }, { policy: respond, when: '!("admin" in caller.claims) || caller.claims.admin != true', options: { status: 403 } }] }
      - { id: query, path: /query, policies: [{ policy: respond, when: '!("admin" in request.query)', options: { status: 403 } }] }
      - { id: pollution, path: /pollution, policies: [{ policy: respond, options: { body: { cel: 'string("polluted" in request.query) + string("polluted" in request.headers) + string("polluted" in request.cookies)' } } }] }
      - { id: open, path: /open }
apps: [{ id: shop, keys: [{ hash: "${toKeyHash(KEY)}" }] }]
`

describe('a condition', () => {
  const stage = stageGateway(configure)
  const ask = (path: string, fields: readonly string[] = []) => get(stage.gateway.port, path, fields)

  async function assertRefused(path: string, fields: readonly string[] = [], statuses = [500]): Promise<void> {
    stage.upstream.forget()
    const answer = await ask(path, fields)
    assert.ok(statuses.includes(answer.status), `${answer.status} ${answer.body.toString()}`)
    assert.deepEqual(stage.upstream.requests, [])
    if (answer.status === 500) assert.equal(findProblemCode(answer), 'expression-failed')
    // What the configuration says is nobody's to read.
    for (const { when } of ids) assert.ok(!answer.body.toString().includes(when))
  }

  for (const [index, words] of [...Object.keys(FAILING), ...Object.keys(NO_TRUTHS)].entries()) {
    it(`that comes to ${words} refuses, with a key and without one, within any-of as well`, async () => {
      for (const path of [`/c${index}`, `/any/c${index}`]) {
        await assertRefused(path)
        await assertRefused(path, [`X-Api-Key: ${KEY}`])
      }
    })
  }

  it('of each way to say who calls opens none of them where it is false', async () => {
    await assertRefused('/skipped', [], [403])
    await assertRefused('/skipped', [`X-Api-Key: ${KEY}`, `Authorization: Bearer ${tokenOf('')}`], [403])
    await assertRefused('/choice?by=nothing', [], [403])
    await assertRefused('/choice?by=nothing', [`X-Api-Key: ${KEY}`], [403])
    await assertRefused('/choice?by=key', [], [401])
    await assertRefused('/choice', [])
    assert.equal((await ask('/choice?by=key', [`X-Api-Key: ${KEY}`])).status, 200)
    assert.equal((await ask('/choice', [`Authorization: Bearer ${tokenOf('')}`])).status, 200)
  })

  it('that a client could make cost minutes is broken off, and refuses; others are served meanwhile', async () => {
    const long = Array.from({ length: 8000 }, (_, each) => each.toString(36)).join(',')
    const costly = assertRefused(`/costly?l=${long.slice(0, 6000)}`)
    await costly
    assert.equal((await ask('/open')).status, 200)
  })

  for (const [claims, status] of [
    ['"role": "admin"', 200],
    ['"role": "user"', 403],
    ['', 500],
    ['"__proto__": { "role": "admin" }', 500],
    ['"constructor": { "prototype": { "role": "admin" } }', 500],
    ['"role": ["admin"]', 403],
    ['"role": { "toString": "admin" }', 403],
    ['"role": null', 403],
    ['"role": "admin", "role": "user"', 403],
    ['"Role": "admin"', 500],
    ['"role\\u0000": "admin"', 500],
    ['"role": "admin\\u0000"', 403],
    ['"role": "\\u0430dmin"', 403],
  ] as const) {
    it(`about a claim sees what was signed, and answers ${status} to { ${claims} }`, async () => {
      assert.equal((await ask('/claims', [`Authorization: Bearer ${tokenOf(claims)}`])).status, status)
    })
  }

  for (const claims of [
    '"__proto__": { "admin": true }',
    '"constructor": { "prototype": { "admin": true } }',
    '"prototype": { "admin": true }',
    '"admin": "true"',
    '"admin": 1',
    '"admin": [true]',
    '"admin": { "valueOf": true }',
  ]) {
    it(`is not made true by inheritance or likeness: { ${claims} }`, async () => {
      stage.upstream.forget()
      const { status } = await ask('/own', [`Authorization: Bearer ${tokenOf(claims)}`])
      assert.ok(status === 403 || status === 500, `${status}`)
      assert.deepEqual(stage.upstream.requests, [])
      assert.equal((await ask('/own', [`Authorization: Bearer ${tokenOf('"admin": true')}`])).status, 200)
    })
  }

  // CWE-1321: names that objects inherit, in all that a client names freely.
  it('sees nothing in later requests of what one has polluted', async () => {
    for (const query of [
      '__proto__[polluted]=1&__proto__.polluted=1',
      'constructor[prototype][polluted]=1&constructor.prototype.polluted=1',
      '__proto__=polluted&constructor=polluted&toString=1&hasOwnProperty=1',
    ]) {
      const cookie = `Cookie: ${query.replaceAll('&', '; ')}`
      const token = tokenOf(
        '"__proto__": { "polluted": 1, "admin": true }, "constructor": { "prototype": { "polluted": 1 } }',
      )
      await ask(`/query?${query}`, [cookie, '__proto__: polluted', 'constructor: polluted'])
      await ask(`/claims?${query}`, [`Authorization: Bearer ${token}`, cookie])
      assert.equal((await ask('/pollution')).body.toString(), 'falsefalsefalse')
      assert.equal((await ask(`/query?${query}`)).status, 403)
    }
    const { fields } = parseTestimony(findField(await ask('/open'), 'x-saw') ?? '')
    assert.ok(!JSON.stringify(fields).includes('polluted'))
  })
})
