import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Caller } from '../exchange.ts'
import { type PolicyRun, run, type TestRequest } from '../testing/index.ts'
import { access } from './access.ts'

type Options = NonNullable<Parameters<typeof run<typeof access.options>>[1]>

const ANN: Caller = {
  id: 'ann',
  app: 'shop',
  plan: 'gold',
  credential: { kind: 'token', id: '1' },
  scopes: ['orders:read', 'orders:write'],
  groups: ['sales', 'ops'],
  claims: {
    tenant: 'acme',
    level: 3,
    verified: true,
    roles: ['editor', 'author', 7],
    realm: { region: 'eu', access: { roles: ['a', 'b'] } },
    'https://acme.example/role': 'boss',
    'realm.flat': 'yes',
    nothing: null,
  },
}

const guarded = (options: Options): PolicyRun => run(access, options)

const judge = async (options: Options, caller: Caller = ANN, request: TestRequest = {}): Promise<string> => {
  const { status, problem, upstream } = await guarded(options).with(request, { caller })
  assert.equal(upstream.length, status === 200 ? 1 : 0)
  return problem === undefined ? 'passes' : `${status} ${problem.code} ${problem.reason}`
}

describe('access', () => {
  it('lets everybody pass who was recognised, where nothing else is asked for', async () => {
    assert.equal(await judge({}), 'passes')
  })

  it('asks nobody’s credential first: 401, with a challenge (RFC 9110 §11.6.1)', async () => {
    for (const options of [{}, { scopes: { any: ['a'] } }, { condition: 'true' }, { deny: { plans: ['gold'] } }]) {
      const { status, problem, headers, upstream } = await guarded(options).with()
      assert.deepEqual([status, problem?.code], [401, 'credential-missing'])
      assert.equal(headers.get('www-authenticate'), 'Bearer')
      assert.equal(upstream.length, 0)
    }
    const { headers } = await guarded({ challenge: 'ApiKey in="header", name="X-Api-Key"' }).with()
    assert.equal(headers.get('www-authenticate'), 'ApiKey in="header", name="X-Api-Key"')
  })

  for (const [says, options, verdict] of [
    ['all scopes', { scopes: { all: ['orders:read', 'orders:write'] } }, 'passes'],
    ['all scopes but one', { scopes: { all: ['orders:read', 'admin'] } }, '403 access-denied scopes'],
    ['one of the scopes', { scopes: { any: ['admin', 'orders:read'] } }, 'passes'],
    ['none of the scopes', { scopes: { any: ['admin', 'root'] } }, '403 access-denied scopes'],
    ['all and one of the scopes', { scopes: { all: ['orders:read'], any: ['x', 'orders:write'] } }, 'passes'],
    ['all, and none of the others', { scopes: { all: ['orders:read'], any: ['x'] } }, '403 access-denied scopes'],
    ['a part of a scope', { scopes: { any: ['orders'] } }, '403 access-denied scopes'],
    ['a scope in another case', { scopes: { any: ['ORDERS:READ'] } }, '403 access-denied scopes'],
    ['one of the groups', { groups: { any: ['dev', 'ops'] } }, 'passes'],
    ['all groups but one', { groups: { all: ['ops', 'dev'] } }, '403 access-denied groups'],
    ['the plan', { plans: ['silver', 'gold'] }, 'passes'],
    ['another plan', { plans: ['silver'] }, '403 access-denied plan'],
    ['the app', { apps: ['shop'] }, 'passes'],
    ['another app', { apps: ['shop2', 'sho'] }, '403 access-denied app'],
    ['the caller', { callers: ['ben', 'ann'] }, 'passes'],
    ['another caller', { callers: ['ben'] }, '403 access-denied caller'],
    ['everything at once', { callers: ['ann'], plans: ['gold'], claims: { level: 3 } }, 'passes'],
    ['everything but one', { callers: ['ann'], plans: ['gold'], claims: { level: 4 } }, '403 access-denied claims'],
  ] as [string, Options, string][]) {
    it(`${says}: ${verdict}`, async () => assert.equal(await judge(options), verdict))
  }

  it('knows no plan, app, scope, group or claim of a caller who has none', async () => {
    const bare: Caller = { id: 'x', credential: { kind: 'key', id: 'k' } }
    for (const [options, fact] of [
      [{ plans: ['undefined'] }, 'plan'],
      [{ apps: ['undefined'] }, 'app'],
      [{ scopes: { all: ['a'] } }, 'scopes'],
      [{ groups: { any: ['a'] } }, 'groups'],
      [{ claims: { a: 'b' } }, 'claims'],
      [{ claims: { a: { all: ['b'] } } }, 'claims'],
    ] as [Options, string][]) {
      assert.equal(await judge(options, bare), `403 access-denied ${fact}`)
    }
  })
})

describe('claims', () => {
  for (const [says, claims, passes] of [
    ['a text', { tenant: 'acme' }, true],
    ['another text', { tenant: 'acm' }, false],
    ['one of several', { tenant: ['other', 'acme'] }, true],
    ['a number', { level: 3 }, true],
    ['a number that is written as text', { level: '3' }, false],
    ['a boolean', { verified: true }, true],
    ['a boolean that is written as text', { verified: 'true' }, false],
    ['one that a list holds', { roles: 'author' }, true],
    ['a number that a list holds', { roles: 7 }, true],
    ['any that a list holds', { roles: ['boss', 'editor'] }, true],
    ['none that a list holds', { roles: ['boss', 'edit'] }, false],
    ['all that a list holds', { roles: { all: ['editor', 'author'] } }, true],
    ['all but one that a list holds', { roles: { all: ['editor', 'boss'] } }, false],
    ['`all` of what is no list', { tenant: { all: ['acme'] } }, false],
    ['a member by its path', { 'realm.region': 'eu' }, true],
    ['a list by its path', { 'realm.access.roles': { all: ['b', 'a'] } }, true],
    ['a path that ends nowhere', { 'realm.none.roles': 'a' }, false],
    ['a name that is a URL', { 'https://acme.example/role': 'boss' }, true],
    ['a name with a dot before a path', { 'realm.flat': 'yes' }, true],
    ['null', { nothing: 'null' }, false],
    ['an object', { realm: '[object Object]' }, false],
    ['an item of a list by its number', { 'roles.0': 'editor' }, false],
    ['two claims', { tenant: 'acme', level: 3 }, true],
    ['two claims, one of which is another', { tenant: 'acme', level: 2 }, false],
  ] as [string, NonNullable<Options['claims']>, boolean][]) {
    it(`${says}: ${passes ? 'passes' : 'is refused'}`, async () =>
      assert.equal(await judge({ claims }), passes ? 'passes' : '403 access-denied claims'))
  }

  it('finds no inherited names (prototype pollution, CWE-1321)', async () => {
    for (const path of ['constructor', 'toString', 'realm.constructor', 'constructor.name', 'roles.length']) {
      const claims = JSON.parse(`{ "${path}": ["Object", "", 3, true] }`)
      assert.equal(await judge({ claims }), '403 access-denied claims', path)
    }
  })

  it('finds a claim of such a name that is the caller’s own', async () => {
    const claims = JSON.parse('{ "constructor": "me" }')
    assert.equal(await judge({ claims: { constructor: 'me' } as never }, { ...ANN, claims }), 'passes')
  })
})

describe('a condition', () => {
  it('lets pass where it is true, and refuses where it is false', async () => {
    const options = { condition: 'caller.claims.tenant == request.parameters.tenant' }
    assert.equal(await judge(options, ANN, { parameters: { tenant: 'acme' } }), 'passes')
    assert.equal(await judge(options, ANN, { parameters: { tenant: 'other' } }), '403 access-denied condition')
  })

  for (const [says, condition] of [
    ['fails for a claim of another type', 'caller.claims.tenant > 3'],
    ['is a text', 'caller.claims.tenant'],
    ['is a number', 'caller.claims.level'],
    ['is null', 'caller.claims.nothing'],
    ['divides by zero', '1 / (caller.claims.level - 3) == 1'],
  ] as const) {
    it(`that ${says} refuses, on either side`, async () => {
      for (const options of [{ condition }, { deny: { condition } }]) {
        const { status, problem, upstream } = await guarded(options).with({}, { caller: ANN })
        assert.deepEqual([status, problem?.code], [500, 'expression-failed'])
        assert.equal(upstream.length, 0)
      }
    })
  }

  for (const [condition, name] of [
    ['caller.claims.none == "a"', 'none'],
    ['caller.claims.realm.none.deeper == "a"', 'none'],
    ['caller.claims["no such"] in ["a"]', 'no such'],
    ['caller.claims.roles.exists(role, role == caller.claims.none)', 'none'],
    ['request.headers["x-tenant"] == "a"', 'x-tenant'],
  ] as const) {
    it(`that asks for what is not there refuses on either side, and the record says what: ${condition}`, async () => {
      for (const options of [{ condition }, { deny: { condition } }]) {
        assert.equal(await judge(options), `403 access-denied condition: field not found: ${name}`)
        const { problem } = await guarded(options).with({}, { caller: ANN })
        assert.ok(!problem?.detail?.includes(name), 'the client learns nothing of it')
      }
    })
  }

  it('is asked last, so that it may rely on what was asked before', async () => {
    const options = { groups: { any: ['dev'] }, condition: 'caller.claims.none == 1' }
    assert.equal(await judge(options), '403 access-denied groups')
  })

  it('reads the variables of the snapshot', async () => {
    const subject = run(
      access,
      { condition: 'variables.tenant == caller.claims.tenant' },
      { variables: { tenant: 'acme' } },
    )
    assert.equal((await subject.with({}, { caller: ANN })).status, 200)
  })

  it('is refused as an option where it cannot be one', () => {
    for (const condition of ['caller.id ==', 'nobody.id == "a"', 'caller.id', 'response.status == 200']) {
      assert.equal(access.options.safeParse({ condition }).success, false, condition)
      assert.equal(access.options.safeParse({ deny: { condition } }).success, false, condition)
    }
  })
})

describe('deny', () => {
  for (const [says, deny, fact] of [
    ['a plan', { plans: ['trial', 'gold'] }, 'plan'],
    ['an app', { apps: ['shop'] }, 'app'],
    ['a caller', { callers: ['ann'] }, 'caller'],
    ['a group', { groups: { any: ['dev', 'ops'] } }, 'groups'],
    ['groups together', { groups: { all: ['sales', 'ops'] } }, 'groups'],
    ['a scope', { scopes: { any: ['orders:write'] } }, 'scopes'],
    ['a claim', { claims: { tenant: ['acme', 'x'] } }, 'claims'],
    ['a condition', { condition: 'caller.claims.level >= 3' }, 'condition'],
    ['any one of several', { plans: ['trial'], callers: ['ben'], claims: { level: 3, tenant: 'x' } }, 'claims'],
  ] as [string, NonNullable<Options['deny']>, string][]) {
    it(`${says}: refuses, although all that is asked for is true`, async () => {
      assert.equal(await judge({ plans: ['gold'], deny }), `403 access-denied denied-${fact}`)
    })
  }

  it('lets pass of whom none of it is true', async () => {
    const deny = { plans: ['trial'], groups: { all: ['ops', 'dev'] }, claims: { level: 4 }, condition: 'false' }
    assert.equal(await judge({ deny }), 'passes')
  })
})

describe('what a refusal says', () => {
  const challengeOf = async (options: Options): Promise<string | undefined> =>
    (await guarded(options).with({}, { caller: ANN })).headers.get('www-authenticate')

  it('names the scopes that are needed (RFC 6750 §3.1), of alternatives the first', async () => {
    assert.equal(
      await challengeOf({ scopes: { all: ['a', 'b'], any: ['c', 'd'] } }),
      'Bearer error="insufficient_scope", scope="a b c"',
    )
    assert.equal(
      await challengeOf({ scopes: { any: ['c', 'd'] }, challenge: 'Bearer realm="orders of all"' }),
      'Bearer realm="orders of all", error="insufficient_scope", scope="c"',
    )
    assert.equal(
      await challengeOf({ scopes: { all: ['a'] }, challenge: 'DPoP algs="ES256"' }),
      'DPoP algs="ES256", error="insufficient_scope", scope="a"',
    )
  })

  it('has no challenge for other schemes, nor where something else was lacking', async () => {
    assert.equal(await challengeOf({ scopes: { all: ['a'] }, challenge: 'Basic realm="a"' }), undefined)
    assert.equal(await challengeOf({ plans: ['x'] }), undefined)
    assert.equal(await challengeOf({ deny: { scopes: { any: ['orders:read'] } } }), undefined)
  })

  it('tells nobody which groups, plans or claims would do', async () => {
    for (const options of [{ groups: { any: ['s3cret'] } }, { plans: ['s3cret'] }, { claims: { tenant: 's3cret' } }]) {
      const { problem } = await guarded(options).with({}, { caller: ANN })
      assert.ok(!JSON.stringify(problem).includes('s3cret'))
    }
  })
})

describe('the options of access', () => {
  it('refuse what asks for nothing, and what cannot stand in a challenge', () => {
    for (const options of [
      { scopes: {} },
      { groups: {} },
      { scopes: { any: [] } },
      { plans: [] },
      { claims: {} },
      { claims: JSON.parse('{ "__proto__": "a" }') },
      { claims: { a: [] } },
      { claims: { a: { all: [] } } },
      { claims: { a: { any: ['x'] } } },
      { scopes: { all: ['a b'] } },
      { scopes: { all: ['a"'] } },
      { deny: { plan: ['a'] } },
      { challenge: 'Bearer realm="a' },
      { challenge: 'Bearer\r\nX: 1' },
      { challenge: '' },
    ]) {
      assert.equal(access.options.safeParse(options).success, false, JSON.stringify(options))
    }
  })

  it('answer without a promise', () => {
    const subject = guarded({ scopes: { all: ['orders:read'] }, condition: 'caller.id == "ann"' })
    assert.ok(subject.start(subject.open({}, { caller: ANN })).isSync)
    assert.ok(subject.start(subject.open()).isSync)
  })
})
