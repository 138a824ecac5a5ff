import assert from 'node:assert/strict'
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { describe, it } from 'node:test'
import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, type JSONWebKeySet, jwtVerify } from 'jose'
import type { Caller } from '../exchange.ts'
import { jwks } from '../jwks/jwks.ts'
import { jwt } from '../jwt/jwt.ts'
import { GatewayResponse } from '../messages/response.ts'
import { retry } from '../retry/retry.ts'
import { FakeClock, type PolicyRun, type PolicyRunSetup, run, runAll } from '../testing/index.ts'
import { identityToken } from './identity-token.ts'

const toPem = (key: KeyObject) => key.export({ type: 'pkcs8', format: 'pem' }).toString()
const KEYS = {
  ES256: toPem(generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey),
  RS256: toPem(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey),
  EdDSA: toPem(generateKeyPairSync('ed25519').privateKey),
}
const GIVEN = { issuer: 'https://gateway.example.com', audience: 'orders', keys: [{ key: KEYS.ES256 }] }
const ANA: Caller = {
  id: 'ana',
  app: 'shop',
  plan: 'gold',
  credential: { kind: 'jwt', id: 'never-said' },
  claims: { email: 'ana@example.com', realm: { roles: ['a', 'b'] }, level: 3 },
  scopes: ['orders:read', 'orders:write'],
  groups: ['staff', 'it, ops'],
}
const BEN: Caller = { id: 'ben', credential: { kind: 'key', id: '00' } }
const FIELD = 'x-identity-token'

type Given = Parameters<typeof identityToken.options.parse>[0]
const start = (options: object = {}, setup: PolicyRunSetup = {}): PolicyRun =>
  run(identityToken, { ...GIVEN, ...options }, setup)

async function tokenOf(policy: PolicyRun, caller: Caller | undefined = ANA, field = FIELD): Promise<string> {
  const { upstream, problem } = await policy.with({}, caller === undefined ? {} : { caller })
  assert.equal(problem, undefined)
  return upstream[0]?.headers.get(field) ?? assert.fail('no token was sent')
}

const claimsOf = async (options: object, caller: Caller = ANA, setup: PolicyRunSetup = {}) => {
  const { iat: _, exp: __, jti: ___, ...claims } = decodeJwt(await tokenOf(start(options, setup), caller))
  return claims
}

async function problemOf(options: object, caller: Caller | undefined, setup: PolicyRunSetup = {}) {
  const { problem, upstream } = await start(options, setup).with({}, caller === undefined ? {} : { caller })
  assert.equal(upstream.length, 0)
  return [problem?.code, problem?.reason]
}

function faultsOf(options: object): string[] {
  const { error } = identityToken.options.safeParse({ ...GIVEN, ...options } as Given)
  return (error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`)
}

async function publishedSet(...keys: readonly string[]): Promise<JSONWebKeySet> {
  const { text } = await run(jwks, { keys: keys.map((key) => ({ key })) }).with()
  return JSON.parse(await text()) as JSONWebKeySet
}

describe('identity-token', () => {
  it('tells the upstream who calls, by what, and where', async () => {
    assert.deepEqual(await claimsOf({}), {
      iss: 'https://gateway.example.com',
      aud: 'orders',
      sub: 'ana',
      app: 'shop',
      plan: 'gold',
      scope: 'orders:read orders:write',
      groups: ['staff', 'it, ops'],
      api: 'orders',
      route: 'list',
    })
  })

  it('leaves out what is not known', async () => {
    assert.deepEqual(Object.keys(await claimsOf({}, BEN)), ['iss', 'aud', 'sub', 'api', 'route'])
    assert.deepEqual(Object.keys(await claimsOf({}, { ...BEN, scopes: [] })), ['iss', 'aud', 'sub', 'api', 'route'])
  })

  for (const [algorithm, key] of Object.entries(KEYS)) {
    it(`is accepted by a library that has the published keys: ${algorithm}`, async () => {
      const policy = start({ keys: [{ key }] })
      const token = await tokenOf(policy)
      const { payload, protectedHeader } = await jwtVerify(token, createLocalJWKSet(await publishedSet(key)), {
        issuer: GIVEN.issuer,
        audience: 'orders',
        typ: 'JWT',
        algorithms: [algorithm],
        currentDate: new Date(policy.clock.now()),
        requiredClaims: ['sub', 'iat', 'exp', 'jti'],
      })
      assert.equal(payload.sub, 'ana')
      assert.deepEqual(Object.keys(protectedHeader).sort(), ['alg', 'kid', 'typ'])
    })
  }

  it('is accepted by the policy jwt of another gateway, and by none that it is not meant for', async () => {
    const set = await publishedSet(KEYS.ES256)
    const clock = new FakeClock()
    const token = await tokenOf(start({}, { clock }))
    const other = (audience: string) =>
      run(
        jwt,
        {
          in: 'header',
          name: 'X-Identity-Token',
          issuers: [
            {
              issuer: GIVEN.issuer,
              audiences: [audience],
              keys: [{ algorithm: 'ES256', publicKey: JSON.stringify(set.keys[0]) }],
            },
          ],
        },
        { clock },
      )
    const { exchange, status } = await other('orders').with({ headers: { 'X-Identity-Token': token } })
    assert.deepEqual([status, exchange.caller?.id, exchange.caller?.groups], [200, 'ana', ['staff', 'it, ops']])
    assert.equal((await other('billing').with({ headers: { 'X-Identity-Token': token } })).status, 401)
  })

  it('answers without a promise where the upstream does', () => {
    const policy = start()
    assert.equal(policy.start(policy.open({}, { caller: ANA })).isSync, true)
  })
})

describe('an identity token in its field', () => {
  it('replaces whatever a client sent there, in any case and spelling', async () => {
    const { upstream } = await start().with(
      {
        headers: [
          ['x-identity-token', 'forged'],
          ['X-Identity-Token', 'forged too'],
          ['X_Identity_Token', 'forged as well'],
        ],
      },
      { caller: ANA },
    )
    const fields = [...(upstream[0]?.headers ?? [])].filter(([name]) => /identity/i.test(name))
    assert.equal(fields.length, 1)
    assert.equal(decodeJwt(fields[0]?.[1] ?? '').sub, 'ana')
  })

  it('is one that no client may send on any route; Authorization stays how they say who they are', () => {
    const fieldsOf = (options: object) =>
      identityToken.identityFields?.(identityToken.options.parse({ ...GIVEN, ...options } as Given))
    assert.deepEqual(fieldsOf({}), ['X-Identity-Token'])
    assert.deepEqual(fieldsOf({ header: 'X-Who' }), ['X-Who'])
    assert.deepEqual(fieldsOf({ header: 'authorization' }), [])
  })

  it('stands behind its scheme, which is Bearer in Authorization', async () => {
    const bearer = await tokenOf(start({ header: 'Authorization' }), ANA, 'authorization')
    assert.match(bearer, /^Bearer eyJ/)
    assert.match(await tokenOf(start({ scheme: 'Token' })), /^Token eyJ/)
    assert.match(await tokenOf(start()), /^eyJ/)
  })

  it('takes the place of a credential that came in Authorization', async () => {
    const { upstream } = await start({ header: 'Authorization' }).with(
      { headers: { Authorization: 'Basic YTpi' } },
      { caller: ANA },
    )
    assert.deepEqual(
      upstream[0]?.headers.getAll('authorization').map((value) => value.slice(0, 10)),
      ['Bearer eyJ'],
    )
  })

  it('is kept out of the tables of HTTP/2 (RFC 7541 §7.1.3), beside what its client keeps out', async () => {
    const policy = start()
    const plain = policy.open({}, { caller: ANA })
    await policy.start(plain).answer
    assert.deepEqual(plain.request.headers.neverIndexed, [FIELD])
    const exchange = policy.open({}, { caller: ANA })
    exchange.request.headers.neverIndexed = ['x-secret']
    await policy.start(exchange).answer
    assert.deepEqual(exchange.request.headers.neverIndexed, ['x-secret', FIELD])
  })

  it('is the same when a request is sent again', async () => {
    const sent: (string | undefined)[] = []
    const policy = runAll(
      [
        { policy: identityToken, options: { ...GIVEN, remember: 0 } },
        { policy: retry, options: { attempts: 2 } },
      ],
      { upstream: ({ headers }) => GatewayResponse.ofText(sent.push(headers.get(FIELD)) === 1 ? 503 : 200, '') },
    )
    const { answer } = policy.start(policy.open({}, { caller: ANA }))
    await policy.clock.advance(1000)
    assert.equal((await answer).status, 200)
    assert.equal(sent.length, 2)
    assert.equal(sent[0], sent[1])
    assert.equal(decodeJwt(sent[0] ?? '').sub, 'ana')
  })

  for (const header of ['Host', 'Content-Length', 'Connection', 'X-Forwarded-For', 'traceparent', 'no name', '']) {
    it(`is none that is not its to write: "${header}"`, () => {
      assert.match(faultsOf({ header }).join(), /^header: /)
    })
  }
})

describe('a request of which nobody knows who calls', () => {
  it('is refused', async () => {
    assert.deepEqual(await problemOf({}, undefined), ['access-denied', 'no-caller'])
  })

  it('passes where that is wanted, with a token that has no subject', async () => {
    const { upstream } = await start({ anonymous: true }).with({ headers: { 'X-Identity-Token': 'forged' } })
    const claims = decodeJwt(upstream[0]?.headers.get(FIELD) ?? '')
    assert.ok(!Object.hasOwn(claims, 'sub'))
    assert.deepEqual([claims.iss, claims.aud, claims.api, claims.app], [GIVEN.issuer, 'orders', 'orders', undefined])
  })

  it('does not get the token of somebody else, nor they its', async () => {
    const policy = start({ anonymous: true })
    const subjects = []
    for (const caller of [ANA, undefined, BEN, undefined, ANA]) {
      const { upstream } = await policy.with({}, caller === undefined ? {} : { caller })
      subjects.push(decodeJwt(upstream[0]?.headers.get(FIELD) ?? '').sub)
    }
    assert.deepEqual(subjects, ['ana', undefined, 'ben', undefined, 'ana'])
  })
})

describe('what an identity token says', () => {
  it('is only what is included', async () => {
    assert.deepEqual(Object.keys(await claimsOf({ include: ['scope'] })), ['iss', 'aud', 'sub', 'scope'])
    assert.deepEqual(Object.keys(await claimsOf({ include: [] })), ['iss', 'aud', 'sub'])
  })

  it('holds copies of the claims of the credential as they are, and nothing of those that are not there', async () => {
    const claims = await claimsOf({ include: [], copy: ['email', 'realm', 'level', 'phone', 'toString', '__proto__'] })
    assert.deepEqual(claims, {
      iss: GIVEN.issuer,
      aud: 'orders',
      sub: 'ana',
      email: 'ana@example.com',
      realm: { roles: ['a', 'b'] },
      level: 3,
    })
    assert.equal((await claimsOf({ copy: ['email'] }, BEN)).email, undefined)
  })

  it('holds computed claims: texts, and values of their own kind', async () => {
    const claims = await claimsOf(
      {
        include: [],
        claims: {
          tenant: 'acme',
          from: '${client.address}:${variables.region}',
          roles: { cel: 'caller.claims.realm.roles' },
          level: { cel: 'caller.claims.level + 1' },
          admin: { cel: '"staff" in caller.groups' },
          at: { cel: '{"path": request.path, "bytes": b"\\xff"}' },
          absent: { cel: 'null' },
        },
      },
      ANA,
      { variables: { region: 'eu' } },
    )
    const { iss: _, aud: __, sub: ___, ...computed } = claims
    assert.deepEqual(computed, {
      tenant: 'acme',
      from: '192.0.2.1:eu',
      roles: ['a', 'b'],
      level: 4,
      admin: true,
      at: { path: '/', bytes: '_w' },
    })
  })

  it('is refused where an expression fails', async () => {
    const [code] = await problemOf({ claims: { email: '${caller.claims.email}' } }, BEN)
    assert.equal(code, 'expression-failed')
  })

  it('may name an audience for each API, or several', async () => {
    assert.equal((await claimsOf({ audience: '${api.id}' }, ANA, { route: { api: 'billing' } })).aud, 'billing')
    assert.deepEqual((await claimsOf({ audience: ['orders', '${api.id}-v2'] })).aud, ['orders', 'orders-v2'])
    assert.deepEqual((await claimsOf({ audience: ['orders'] })).aud, ['orders'])
  })

  it('is never for everybody: an audience that turns out empty is a failure', async () => {
    const [code] = await problemOf({ audience: '${environment}' }, ANA)
    assert.equal(code, 'expression-failed')
    assert.match(faultsOf({ audience: undefined }).join(), /^audience: /)
    assert.match(faultsOf({ audience: [] }).join(), /^audience: /)
  })

  it('stays what it is, whatever stands in it: quotes, control characters, other scripts, half a pair', async () => {
    const id = 'a"},"sub":"root","x":{"\n\\ü漢\u{1f600}\u0000'
    const { sub, root } = (await claimsOf({}, { ...BEN, id })) as { sub?: string; root?: string }
    assert.equal(sub, id)
    assert.equal(root, undefined)
    assert.equal((await claimsOf({}, { ...BEN, id: 'half \ud800' })).sub, 'half \ud800')
  })

  it('is a claim of its own, whatever that is called', async () => {
    const claims = JSON.parse('{"__proto__":{"admin":true}}') as Record<string, unknown>
    const token = await tokenOf(start({ include: [], copy: ['__proto__'], claims: { constructor: 'c', 'a"b': 'q' } }), {
      ...BEN,
      claims,
    })
    const payload = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()
    assert.ok(payload.includes('"sub":"ben","__proto__":{"admin":true},"constructor":"c","a\\"b":"q","iat":'), payload)
  })

  it('has each claim once, whatever is asked for twice (RFC 7519 §4)', async () => {
    const [, body = ''] = (await tokenOf(start({ include: ['scope', 'scope'] }))).split('.')
    assert.equal(Buffer.from(body, 'base64url').toString().split('"scope":').length, 2)
  })

  it('has no scope that a space would make two of (RFC 6749 §3.3)', async () => {
    const scopes = ['read', 'x admin', 'y\tadmin', '"', '', 'back\\slash', 'write']
    assert.equal((await claimsOf({}, { ...BEN, scopes })).scope, 'read write')
  })

  it('says nothing of the credential', async () => {
    const { jti: _, ...claims } = decodeJwt(await tokenOf(start()))
    assert.ok(!JSON.stringify(claims).includes(ANA.credential.id))
  })

  for (const name of ['iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'jti']) {
    it(`cannot be another's word: ${name} (RFC 7519 §4.1)`, () => {
      assert.match(faultsOf({ copy: [name] }).join(), new RegExp(`^copy\\.0: ${name} is the gateway's word`))
      assert.match(faultsOf({ claims: { [name]: 'x' } }).join(), new RegExp(`^claims\\.${name}: ${name} is`))
    })
  }

  it('is said once', () => {
    assert.deepEqual(faultsOf({ copy: ['email', 'email'], claims: { plan: 'x' } }), [
      'copy.1: email is said already; leave it out here or there',
      'claims.plan: plan is said already; leave it out here or there',
    ])
    assert.deepEqual(faultsOf({ include: ['app'], claims: { plan: 'x' } }), [])
  })

  it('is checked before it runs: expressions that are none, names that are not there', () => {
    assert.match(faultsOf({ claims: { x: '${caller.' } }).join(), /^claims\.x/)
    assert.match(faultsOf({ claims: { x: '${response.status}' } }).join(), /^claims\.x/)
  })
})

describe('the time of an identity token', () => {
  const timesOf = (token: string) => {
    const { iat = 0, exp = 0 } = decodeJwt(token)
    return { iat, exp, ttl: exp - iat }
  }

  it('is short, and its own', async () => {
    const clock = new FakeClock(1_800_000_000_999)
    assert.deepEqual(timesOf(await tokenOf(start({}, { clock }))), { iat: 1_800_000_000, exp: 1_800_000_300, ttl: 300 })
    assert.equal(timesOf(await tokenOf(start({ ttlSeconds: 60 }))).ttl, 60)
    for (const ttlSeconds of [0, 9, 3601, 1.5, '60']) assert.equal(faultsOf({ ttlSeconds }).length, 1)
  })

  it('is used until 30 seconds of it are left', async () => {
    const policy = start()
    const first = await tokenOf(policy)
    await policy.clock.advance(269_999)
    assert.equal(await tokenOf(policy), first)
    await policy.clock.advance(1)
    const second = await tokenOf(policy)
    assert.notEqual(second, first)
    assert.equal(timesOf(second).iat - timesOf(first).iat, 270)
    assert.notEqual(decodeJwt(second).jti, decodeJwt(first).jti)
  })

  it('is used until half of it is left where it is short', async () => {
    const policy = start({ ttlSeconds: 10 })
    const first = await tokenOf(policy)
    await policy.clock.advance(4_999)
    assert.equal(await tokenOf(policy), first)
    await policy.clock.advance(1)
    assert.notEqual(await tokenOf(policy), first)
  })

  it('is that of one request, where each has a token of its own', async () => {
    const policy = start({ remember: 0 })
    const ids = new Set<unknown>()
    for (let at = 0; at < 10; at++) ids.add(decodeJwt(await tokenOf(policy)).jti)
    assert.equal(ids.size, 10)
  })
})

describe('tokens that are sent again', () => {
  it('say the same: whatever differs is another token', async () => {
    const policy = start({ claims: { path: '${request.path}' } })
    const send = async (target: string, caller: Caller) => {
      const { upstream } = await policy.with({ target }, { caller })
      return upstream[0]?.headers.get(FIELD)
    }
    const first = await send('/a', ANA)
    assert.equal(await send('/a', { ...ANA, claims: { other: 1 } }), first, 'which is not said')
    const others = [
      await send('/b', ANA),
      await send('/a', { ...ANA, id: 'eve' }),
      await send('/a', { ...ANA, scopes: ['orders:read'] }),
      await send('/a', { ...ANA, groups: ['staff'] }),
      await send('/a', { ...ANA, plan: 'free' }),
      await send('/a', { ...ANA, app: undefined }),
    ]
    assert.equal(new Set([first, ...others]).size, 7)
  })

  it('cannot be had by who writes the claims of another into an id', async () => {
    const policy = start({ include: ['app'] })
    const first = await tokenOf(policy, { ...BEN, id: 'a', app: 'b' })
    assert.notEqual(await tokenOf(policy, { ...BEN, id: 'a","app":"b' }), first)
  })

  it('are so many and no more: the oldest makes room', async () => {
    const policy = start({ remember: 2 })
    const first = await tokenOf(policy)
    await tokenOf(policy, BEN)
    assert.equal(await tokenOf(policy), first)
    await tokenOf(policy, { ...BEN, id: 'eve' })
    assert.notEqual(await tokenOf(policy), first)
  })

  it('are not those that are too long: the request is refused', async () => {
    const groups = Array.from({ length: 600 }, (_, at) => `group-${at}`)
    assert.deepEqual(await problemOf({}, { ...ANA, groups }), ['access-denied', 'identity-too-large'])
    assert.ok((await tokenOf(start({ maxTokenBytes: 65_536 }), { ...ANA, groups })).length > 8192)
    assert.ok((await tokenOf(start({ include: ['app'] }), { ...ANA, groups })).length < 1024)
  })
})

describe('a change of keys', () => {
  it('begins to sign with the first one, and leaves older tokens good while their key is published', async () => {
    const clock = new FakeClock()
    const before = await tokenOf(start({ keys: [{ key: KEYS.ES256 }, { key: KEYS.EdDSA }] }, { clock }))
    const after = await tokenOf(start({ keys: [{ key: KEYS.EdDSA }, { key: KEYS.ES256 }] }, { clock }))
    const settings = { issuer: GIVEN.issuer, currentDate: new Date(clock.now()) }
    const both = createLocalJWKSet(await publishedSet(KEYS.EdDSA, KEYS.ES256))
    for (const token of [before, after]) assert.equal((await jwtVerify(token, both, settings)).payload.sub, 'ana')
    const last = createLocalJWKSet(await publishedSet(KEYS.EdDSA))
    assert.equal((await jwtVerify(after, last, settings)).payload.sub, 'ana')
    await assert.rejects(jwtVerify(before, last, settings), { code: 'ERR_JWKS_NO_MATCHING_KEY' })
    assert.deepEqual(
      [before, after].map((token) => decodeProtectedHeader(token).alg),
      ['ES256', 'EdDSA'],
    )
  })

  it('needs the private half of the first key alone', async () => {
    const pem = generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }).toString()
    assert.deepEqual(faultsOf({ keys: [{ key: pem }, { key: KEYS.ES256 }] }), [
      'keys.0.key: this key is public: the first one signs, and has to be private',
    ])
    assert.equal((await claimsOf({ keys: [{ key: KEYS.ES256 }, { key: pem }] })).sub, 'ana')
  })

  it('says what is wrong with a key, and how to make one, instead of making one itself', () => {
    assert.match(faultsOf({ keys: undefined }).join(), /^keys: there is no key; make one: openssl genpkey/)
    assert.match(faultsOf({ keys: [] }).join(), /^keys: there is no key; make one: openssl genpkey/)
    assert.match(faultsOf({ keys: [{ key: 'hunter2' }] }).join(), /^keys\.0\.key: this is neither/)
  })
})

describe('a token in the hands of others', () => {
  it('is not believed after any change of it', async () => {
    const policy = start()
    const token = await tokenOf(policy)
    const set = createLocalJWKSet(await publishedSet(KEYS.ES256))
    const verify = (text: string) => jwtVerify(text, set, { currentDate: new Date(policy.clock.now()) })
    await verify(token)
    const [head = '', body = '', signature = ''] = token.split('.')
    const toPart = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const forged = toPart({ ...decodeJwt(token), sub: 'root' })
    for (const text of [
      `${head}.${forged}.${signature}`,
      `${toPart({ alg: 'none' })}.${forged}.`,
      `${toPart({ ...decodeProtectedHeader(token), alg: 'HS256' })}.${body}.${signature}`,
      `${head}.${body}.${'A'.repeat(86)}`,
    ]) {
      await assert.rejects(verify(text))
    }
    await assert.rejects(jwtVerify(token, set, { currentDate: new Date(policy.clock.now() + 301_000) }), {
      code: 'ERR_JWT_EXPIRED',
    })
  })

  it('is sent on under its type, which keeps it from passing for another kind (RFC 8725 §3.11)', async () => {
    assert.equal(decodeProtectedHeader(await tokenOf(start({ type: 'identity+jwt' }))).typ, 'identity+jwt')
    for (const type of ['', 'a b', 'a"b', 'ü']) assert.match(faultsOf({ type }).join(), /^type: /)
  })
})
