/** Owns the proof that a demand on callers is met by what was signed and by nothing that is like it: other types, other cases, inherited names, what clients say themselves. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { TestIssuer } from '../packages/policies/src/testing/test-issuer.ts'
import { type Answer, findField, findProblemCode } from './harness/answer.ts'
import { KEY, toKeyHash } from './harness/keys.ts'
import { get } from './harness/raw-client.ts'
import { stageGateway } from './harness/stage.ts'

const issuer = new TestIssuer('ES256')
const COMMON = '"iss": "issuer", "aud": "orders", "exp": 4102444800'
const tokenOf = (claims: string) =>
  issuer.sign(`{ ${COMMON}${claims.includes('"sub"') ? '' : ', "sub": "ann"'}${claims === '' ? '' : `, ${claims}`} }`)

const jwtOf = (more: string) =>
  `{ policy: jwt, options: { attempts: { perAddress: 0 }, issuers: [{ issuer: issuer, audiences: [orders]${more}, keys: [{ algorithm: ES256, publicKey: ${JSON.stringify(issuer.pem)} }] }] } }`

const DEMANDS = {
  scope: '{ scopes: { all: [admin] } }',
  scopes: '{ scopes: { all: [read, write], any: [eu, us] } }',
  group: '{ groups: { any: [admin] } }',
  groups: '{ groups: { all: [admin, staff] } }',
  plan: '{ plans: [gold] }',
  app: '{ apps: [shop] }',
  caller: '{ callers: [ann] }',
  role: '{ claims: { role: admin } }',
  roles: '{ claims: { roles: { all: [admin, staff] } } }',
  realm: '{ claims: { realm.access.level: [3, 4] } }',
  verified: '{ claims: { verified: true } }',
  own: '{ claims: { constructor: me } }',
  condition: '{ condition: caller.claims.role == "admin" }',
  tenant: '{ condition: caller.claims.tenant == request.query.tenant }',
  'not-plan': '{ deny: { plans: [trial] } }',
  'not-app': '{ deny: { apps: [other] } }',
  'not-caller': '{ deny: { callers: [ben] } }',
  'not-group': '{ deny: { groups: { any: [banned] } } }',
  'not-scope': '{ deny: { scopes: { any: [banned] } } }',
  'not-claim': '{ deny: { claims: { banned: true, roles: banned } } }',
  'not-condition': '{ deny: { condition: "caller.claims.banned == true" } }',
} as const
/** Where an app is asked for, a token without one is refused before. */
const isOfApp = (demand: string) => /plan|app/.test(demand)
const JWT = jwtOf('')
const JWT_OF_APP = jwtOf(', appClaim: azp, unknownApps: allow')

type Demand = keyof typeof DEMANDS

const configure = (url: string) => `gatewright: 1
listeners: [{ id: public, host: 127.0.0.1, port: 8080 }]
accessLog: off
apis:
  - id: all
    basePath: /
    upstream: ${url}
    routes:
${Object.entries(DEMANDS)
  .map(
    ([id, options]) =>
      `      - { id: ${id}, path: /${id}, policies: [${isOfApp(id) ? JWT_OF_APP : JWT}, { policy: access, options: ${options} }] }`,
  )
  .join('\n')}
      - { id: keyed, path: /keyed, policies: [{ policy: key-auth }, { policy: access, options: { scopes: { any: [admin] } } }] }
      - { id: nobody, path: /nobody, policies: [{ policy: key-auth, options: { anonymous: true } }, { policy: access }] }
      - { id: alone, path: /alone, policies: [{ policy: access, options: { deny: { callers: [ben] } } }] }
      - { id: late, path: /late, policies: [{ policy: access }, ${JWT}] }
apps:
  - { id: shop, plan: gold, keys: [{ hash: "${toKeyHash(KEY)}" }] }
  - { id: other, plan: trial }
  - { id: off, plan: gold, enabled: false }
plans: [{ id: gold }, { id: trial }]
`

/** What passes, and what is like it. */
const ROWS: Readonly<Partial<Record<Demand, { passes: readonly string[]; refused: readonly string[] }>>> = {
  scope: {
    passes: ['"scope": "admin"', '"scope": "a admin b"', '"scope": ["b", "admin"]'],
    refused: [
      '',
      '"scope": ""',
      '"scope": []',
      '"scope": null',
      '"scope": true',
      '"scope": "administrator"',
      '"scope": "Admin"',
      '"scope": "read,admin"',
      '"scope": "read\\tadmin"',
      '"scope": "read\\u00a0admin"',
      '"scope": "admin\\u0000"',
      '"scope": ["read admin"]',
      '"scope": [["admin"]]',
      '"scope": [{ "admin": true }]',
      '"scope": { "admin": true }',
      '"scope": { "0": "admin", "length": 1 }',
      '"Scope": "admin"',
      '"scopes": "admin"',
      '"__proto__": { "scope": "admin" }',
      '"constructor": { "prototype": { "scope": "admin" } }',
      '"scope": "admin", "scope": "read"',
    ],
  },
  scopes: {
    passes: ['"scope": "write read eu"', '"scope": ["read", "write", "us", "eu"]'],
    refused: ['"scope": "read write"', '"scope": "read eu"', '"scope": "eu us"', '"scope": "read write EU"'],
  },
  group: {
    passes: ['"groups": ["staff", "admin"]', '"groups": "admin"'],
    refused: [
      '',
      '"groups": []',
      '"groups": "staff admin"',
      '"groups": "admin,staff"',
      '"groups": ["Admin"]',
      '"groups": ["admin "]',
      '"groups": { "admin": true }',
      '"groups": [["admin"]]',
      '"groups": null',
      '"roles": ["admin"]',
      '"__proto__": { "groups": ["admin"] }',
    ],
  },
  groups: {
    passes: ['"groups": ["staff", "x", "admin"]'],
    refused: ['"groups": ["staff"]', '"groups": ["admin", "admin"]', '"groups": ["staff admin"]'],
  },
  plan: {
    passes: ['"azp": "shop"'],
    refused: ['', '"azp": "other"', '"azp": "unknown", "plan": "gold"', '"plan": "gold"', '"azp": ["shop"]'],
  },
  app: {
    passes: ['"azp": "shop"'],
    refused: ['', '"azp": "Shop"', '"azp": "shop "', '"azp": ["shop"]', '"azp": { "id": "shop" }', '"app": "shop"'],
  },
  caller: {
    passes: ['"sub": "ann"'],
    refused: [
      '"sub": "Ann"',
      '"sub": "ann "',
      '"sub": "a\\u0301nn"',
      '"sub": "ann\\u0000"',
      '"sub": "ben", "id": "ann"',
    ],
  },
  role: {
    passes: ['"role": "admin"', '"role": ["a", "admin"]'],
    refused: [
      '"role": "admins"',
      '"role": "ADMIN"',
      '"role": []',
      '"role": [["admin"]]',
      '"role": { "admin": true }',
      '"role": { "0": "admin" }',
      '"role": "\\u0430dmin"',
      '"__proto__": { "role": "admin" }',
      '"role": "admin", "role": "user"',
    ],
  },
  roles: {
    passes: ['"roles": ["staff", "admin", "x"]'],
    refused: ['"roles": "admin staff"', '"roles": ["admin"]', '"roles": { "0": "admin", "1": "staff", "length": 2 }'],
  },
  realm: {
    passes: [
      '"realm": { "access": { "level": 4 } }',
      '"realm.access.level": 3',
      '"realm": { "access": { "level": [1, 3] } }',
    ],
    refused: [
      '"realm": { "access": { "level": "3" } }',
      '"realm": { "access": [{ "level": 3 }] }',
      '"realm": [{ "access": { "level": 3 } }]',
      '"realm": { "access": { "level": true } }',
      '"realm": { "__proto__": { "access": { "level": 3 } } }',
      '"access": { "level": 3 }, "realm": null',
    ],
  },
  verified: {
    passes: ['"verified": true'],
    refused: [
      '"verified": "true"',
      '"verified": 1',
      '"verified": {}',
      '"verified": "yes"',
      '"verified": false',
      '"verified": [1]',
    ],
  },
  own: {
    passes: ['"constructor": "me"'],
    refused: ['', '"constructor": {}', '"__proto__": { "constructor": "me" }'],
  },
  condition: { passes: ['"role": "admin"'], refused: ['"role": ["admin"]', '"role": "user"', '"role": true'] },
  'not-plan': { passes: ['"azp": "shop"', '"azp": "shop", "plan": "trial"'], refused: ['"azp": "other"'] },
  'not-app': { passes: ['"azp": "shop"', '"azp": "Other"'], refused: ['"azp": "other"'] },
  'not-caller': { passes: ['"sub": "Ben"'], refused: ['"sub": "ben"'] },
  'not-group': { passes: ['"groups": ["x"]', ''], refused: ['"groups": "banned"', '"groups": ["x", "banned"]'] },
  'not-scope': { passes: ['"scope": "x"', ''], refused: ['"scope": "x banned"', '"scope": ["banned"]'] },
  'not-claim': {
    passes: ['', '"banned": false', '"roles": ["x"]'],
    refused: [
      '"banned": true',
      '"banned": [false, true]',
      '"roles": "banned"',
      '"banned": false, "roles": ["x", "banned"]',
    ],
  },
  'not-condition': { passes: ['"banned": false'], refused: ['"banned": true'] },
}

describe('a demand on callers', () => {
  const stage = stageGateway(configure)
  const ask = (path: string, fields: readonly string[] = []): Promise<Answer> => get(stage.gateway.port, path, fields)
  const bring = (path: string, claims: string, more: readonly string[] = []) =>
    ask(path, [`Authorization: Bearer ${tokenOf(claims)}`, ...more])

  for (const [demand, { passes, refused }] of Object.entries(ROWS)) {
    for (const claims of passes) {
      it(`${demand} is met by { ${claims} }`, async () => {
        assert.equal((await bring(`/${demand}`, claims)).status, 200)
      })
    }
    for (const claims of refused) {
      it(`${demand} is not met by { ${claims} }`, async () => {
        stage.upstream.forget()
        const answer = await bring(`/${demand}`, claims)
        if (!isOfApp(demand) || answer.status !== 401)
          assert.deepEqual([answer.status, findProblemCode(answer)], [403, 'access-denied'])
        assert.deepEqual(stage.upstream.requests, [])
        // What would do is nobody's business who has it not: but scopes, which can be asked for.
        if (!demand.startsWith('scope'))
          assert.doesNotMatch(answer.body.toString(), /admin|staff|gold|shop|banned|level/)
      })
    }
  }

  it('that asks for what is not there is met by nobody: also where it would refuse', async () => {
    for (const [path, claims] of [
      ['/condition', ''],
      ['/condition', '"Role": "admin"'],
      ['/condition', '"__proto__": { "role": "admin" }'],
      ['/not-condition', ''],
      ['/not-condition', '"Banned": true'],
      ['/not-condition', '"__proto__": { "banned": false }'],
      ['/tenant', '"tenant": "acme"'],
      ['/tenant?tenant=acme', ''],
    ] as const) {
      stage.upstream.forget()
      const answer = await bring(path, claims)
      assert.deepEqual([answer.status, findProblemCode(answer)], [403, 'access-denied'], `${path} ${claims}`)
      assert.deepEqual(stage.upstream.requests, [])
    }
  })

  it('compares with what the request says once', async () => {
    const claims = '"tenant": "acme"'
    assert.equal((await bring('/tenant?tenant=acme', claims)).status, 200)
    for (const query of ['tenant=other', 'Tenant=acme&tenant=other', 'tenant=acme%00', 'tenant=acme&tenant=other']) {
      const { status } = await bring(`/tenant?${query}`, claims)
      assert.ok(status === 403 || status === 500 || query.startsWith('tenant=acme&'), `${query}: ${status}`)
    }
  })

  it('is met by nothing that a client says beside the token', async () => {
    for (const name of ['scope', 'X-Scope', 'X-Groups', 'X-App-Id', 'X-Plan', 'X-Caller-Id', 'role', 'X-Role']) {
      const more = ['admin', 'gold', 'shop'].map((value) => `${name}: ${value}`)
      for (const path of ['/scope', '/group', '/plan', '/app', '/role'] as const) {
        const query = `?${name}=admin&scope=admin&role=admin&plan=gold&app=shop`
        assert.equal(
          (await bring(`${path}${query}`, '"role": "user", "azp": "other"', more)).status,
          403,
          `${path} ${name}`,
        )
      }
    }
  })

  it('is asked anew with each token, whatever one before it met', async () => {
    for (let round = 0; round < 3; round++) {
      assert.equal((await bring('/scope', '"scope": "admin"')).status, 200)
      assert.equal((await bring('/scope', '"scope": "user"')).status, 403)
      assert.equal((await bring('/group', '"scope": "admin"')).status, 403)
    }
  })

  it('is met by no app that is disabled', async () => {
    assert.equal((await bring('/plan', '"azp": "off"')).status, 401)
  })

  it('for scopes is not met by a key, which has none, and says what is lacking', async () => {
    const answer = await ask('/keyed', [`X-Api-Key: ${KEY}`])
    assert.equal(answer.status, 403)
    assert.match(findField(answer, 'www-authenticate') ?? '', /insufficient_scope.*scope="admin"/)
  })

  it('is met by nobody who was not recognised: 401, with a challenge, wherever it stands', async () => {
    for (const path of ['/nobody', '/alone', '/late']) {
      stage.upstream.forget()
      const answer = await ask(path, path === '/late' ? [`Authorization: Bearer ${tokenOf('')}`] : [])
      assert.deepEqual([answer.status, findProblemCode(answer)], [401, 'credential-missing'], path)
      assert.ok(findField(answer, 'www-authenticate') !== undefined)
      assert.deepEqual(stage.upstream.requests, [])
    }
    assert.equal((await ask('/nobody', [`X-Api-Key: ${KEY}`])).status, 200)
  })
})
