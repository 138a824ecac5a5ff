/** Tokens that are bound to a key of their client (RFC 9449), as `jwt` takes them. */
import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { describe, it } from 'node:test'
import type { Counters, LimiterSpec } from '../services.ts'
import {
  FakeClock,
  MemoryCounters,
  MemoryReplays,
  type PolicyRun,
  type PolicyRunSetup,
  run,
  runAll,
  signWithSecret,
  TestIssuer,
} from '../testing/index.ts'
import { toJwkThumbprint } from '../tokens/thumbprint.ts'
import type { PublicJwk } from '../tokens/verification-key.ts'
import { jwt } from './jwt.ts'

const ISSUER = 'https://login.example.com/'
const issuer = new TestIssuer('RS256')
const client = new TestIssuer('ES256', { number: 7 })
const thief = new TestIssuer('ES256', { number: 8 })
const now = Math.floor(new FakeClock().now() / 1000)
const clientKey = client.publicKey.export({ format: 'jwk' }) as PublicJwk
const token = issuer.sign({
  iss: ISSUER,
  aud: 'orders',
  sub: 'ann',
  exp: now + 3600,
  cnf: { jkt: toJwkThumbprint(clientKey) },
})

function taking(options: object = {}, setup: PolicyRunSetup = {}): PolicyRun {
  const keys = [{ algorithm: 'RS256' as const, publicKey: issuer.pem }]
  return run(
    jwt,
    { issuers: [{ issuer: ISSUER, audiences: ['orders'], keys }], ...options },
    { clock: new FakeClock(), ...setup },
  )
}

let proofs = 0

/** The proof for `GET http://api.example/orders`, changed as a row wants it. */
function prove(claims: object = {}, header: object = {}, by = client): string {
  proofs += 1
  return by.sign(
    {
      jti: `proof-${proofs}`,
      htm: 'GET',
      htu: 'http://api.example/orders',
      iat: now,
      ath: hash('sha256', token, 'base64url'),
      ...claims,
    },
    { kid: undefined, typ: 'dpop+jwt', jwk: by.publicKey.export({ format: 'jwk' }), ...header },
  )
}

const showing = (proof: string | undefined, scheme = 'DPoP') => ({
  target: '/orders?page=2',
  host: 'api.example',
  headers: {
    Accept: '*/*',
    Authorization: `${scheme} ${token}`,
    ...(proof === undefined ? {} : { DPoP: proof }),
  },
})

describe('a token bound to a key of its client (RFC 9449)', () => {
  it('is taken with a proof, and neither goes upstream', async () => {
    const { status, exchange, upstream } = await taking().with(showing(prove()))
    assert.deepEqual([status, exchange.caller?.id], [200, 'ann'])
    assert.deepEqual(
      [...(upstream[0]?.headers ?? [])].map(([name]) => name),
      ['Accept'],
    )
  })

  it('has the thumbprint of its key (RFC 7638 §3.1, the example)', () => {
    const n =
      '0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw'
    assert.equal(toJwkThumbprint({ kty: 'RSA', n, e: 'AQAB' }), 'NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs')
  })

  const rows: readonly (readonly [string, () => string | undefined, string])[] = [
    ['no proof', () => undefined, 'dpop-missing'],
    ['the proof of another key', () => prove({}, {}, thief), 'dpop-other-key'],
    [
      'the proof of another key, with the client’s beside it',
      () => prove({}, { jwk: clientKey }, thief),
      'dpop-signature',
    ],
    ['for another method', () => prove({ htm: 'POST' }), 'dpop-other-method'],
    ['for the method in other letters', () => prove({ htm: 'get' }), 'dpop-other-method'],
    ['for another path', () => prove({ htu: 'http://api.example/admin' }), 'dpop-other-target'],
    ['for another host', () => prove({ htu: 'http://evil.example/orders' }), 'dpop-other-target'],
    ['for another scheme', () => prove({ htu: 'https://api.example/orders' }), 'dpop-other-target'],
    ['for no URL', () => prove({ htu: '/orders' }), 'dpop-other-target'],
    ['for nothing', () => prove({ htu: undefined }), 'dpop-other-target'],
    ['for another token', () => prove({ ath: hash('sha256', 'x', 'base64url') }), 'dpop-other-token'],
    ['for no token', () => prove({ ath: undefined }), 'dpop-other-token'],
    ['too old', () => prove({ iat: now - 301 }), 'dpop-not-now'],
    ['from tomorrow', () => prove({ iat: now + 31 }), 'dpop-not-now'],
    ['without a time', () => prove({ iat: undefined }), 'dpop-malformed'],
    ['without an id', () => prove({ jti: undefined }), 'dpop-malformed'],
    ['with an empty id', () => prove({ jti: '' }), 'dpop-malformed'],
    ['of another type', () => prove({}, { typ: 'JWT' }), 'dpop-malformed'],
    ['without a key', () => prove({}, { jwk: undefined }), 'dpop-malformed'],
    ['with a private key', () => prove({}, { jwk: client.privateKey.export({ format: 'jwk' }) }), 'dpop-private-key'],
    [
      'with a key of nonsense',
      () => prove({}, { jwk: { kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA' } }),
      'dpop-malformed',
    ],
    ['without a signature', () => `${prove().split('.').slice(0, 2).join('.')}.`, 'dpop-signature'],
    ['with alg none', () => prove({}, { alg: 'none' }), 'dpop-algorithm'],
    [
      'with a secret',
      () => signWithSecret('x'.repeat(32), {}, { typ: 'dpop+jwt', jwk: { kty: 'oct', k: 'eHh4' } }),
      'dpop-algorithm',
    ],
    ['that is the token itself', () => token, 'dpop-malformed'],
    ['that is none', () => 'x', 'dpop-malformed'],
    ['of 9 KiB', () => prove({ filler: 'x'.repeat(9000) }), 'dpop-malformed'],
  ]
  for (const [words, proof, reason] of rows) {
    it(`is refused with a proof ${words}`, async () => {
      const { status, problem, headers, upstream } = await taking().with(showing(proof()))
      assert.deepEqual([status, problem?.reason, upstream.length], [401, reason, 0])
      assert.match(headers.getAll('www-authenticate').join(), /DPoP error="invalid_token".*algs="RS256/)
    })
  }

  it('takes each proof once, until it is too old (RFC 9449 §11.1)', async () => {
    const subject = taking()
    const proof = prove()
    assert.equal((await subject.with(showing(proof))).status, 200)
    assert.equal((await subject.with(showing(proof))).problem?.reason, 'dpop-replayed')
    assert.equal((await subject.with(showing(prove()))).status, 200)
    await subject.clock.advance(299_000)
    assert.equal((await subject.with(showing(proof))).problem?.reason, 'dpop-replayed')
    await subject.clock.advance(2000)
    assert.equal((await subject.with(showing(proof))).problem?.reason, 'dpop-not-now')
  })

  it('is proven once where a request passes two uses, and not again by another request', async () => {
    const keys = [{ algorithm: 'RS256', publicKey: issuer.pem }]
    const issuers = [{ issuer: ISSUER, audiences: ['orders'], keys }]
    const uses = [
      { policy: jwt, options: { issuers, forward: true } },
      { policy: jwt, options: { issuers } },
    ]
    const subject = runAll(uses, { clock: new FakeClock() })
    const proof = prove()
    assert.equal((await subject.with(showing(proof))).status, 200)
    assert.equal((await subject.with(showing(proof))).problem?.reason, 'dpop-replayed')
  })

  it('is no bearer token (RFC 9449 §7.2), and one that is not bound needs no proof', async () => {
    assert.equal((await taking().with(showing(prove(), 'Bearer'))).problem?.reason, 'other-scheme')
    const free = issuer.sign({ iss: ISSUER, aud: 'orders', sub: 'ann', exp: now + 3600 })
    const request = showing(prove({ ath: hash('sha256', free, 'base64url') }))
    request.headers.Authorization = `DPoP ${free}`
    assert.equal((await taking().with(request)).problem?.reason, 'other-scheme')
    assert.equal((await taking().with({ headers: { Authorization: `Bearer ${free}` } })).status, 200)
  })

  it('takes two proofs for none', async () => {
    const request = showing(prove())
    const headers: [string, string][] = [...Object.entries(request.headers), ['dpop', prove()]] as [string, string][]
    assert.equal((await taking().with({ ...request, headers })).problem?.reason, 'dpop-malformed')
  })

  it('compares targets in their normal form (RFC 9449 §4.3)', async () => {
    for (const htu of [
      'HTTP://API.example:80/orders',
      'http://api.example/x/../orders',
      'http://api.example/orders?x#y',
    ]) {
      assert.equal((await taking().with(showing(prove({ htu })))).status, 200, htu)
    }
  })

  it('is refused where proofs are not taken, and the only kind where they are required', async () => {
    assert.equal((await taking({ dpop: 'off' }).with(showing(prove()))).problem?.code, 'credential-missing')
    assert.equal((await taking({ dpop: 'off' }).with(showing(prove(), 'Bearer'))).problem?.reason, 'other-scheme')
    const strict = taking({ dpop: 'require' })
    assert.equal((await strict.with(showing(prove()))).status, 200)
    const { problem, headers } = await strict.with(showing(prove(), 'Bearer'))
    assert.equal(problem?.reason, 'other-scheme')
    assert.doesNotMatch(headers.getAll('www-authenticate').join(), /Bearer/)
  })
})

describe('proofs by the thousand', () => {
  it('of one key push out no other: beyond a number of their own they wait, and only those that are new count', async () => {
    const clock = new FakeClock()
    const replays = new MemoryReplays(clock)
    const near = new MemoryCounters(clock)
    const specs: LimiterSpec[] = []
    const counters: Counters = {
      limiter(spec) {
        if (spec.id !== 'dpop/keys') return near.limiter(spec)
        specs.push(spec)
        return near.limiter({ ...spec, limit: 2, burst: 2 })
      },
    }
    const subject = taking({}, { clock, replays, counters })
    const [first, second, third] = [prove(), prove(), prove()]
    assert.equal((await subject.with(showing(first))).status, 200)
    for (let at = 0; at < 5; at++) assert.equal((await subject.with(showing(first))).problem?.reason, 'dpop-replayed')
    assert.equal((await subject.with(showing(second))).status, 200)
    const { status, problem, headers } = await subject.with(showing(third))
    assert.deepEqual([status, problem?.code, problem?.reason], [429, 'rate-limited', 'dpop-too-many'])
    assert.equal(headers.get('retry-after'), '165')
    await clock.advance(165_000)
    assert.equal((await subject.with(showing(third))).status, 200, 'it was not used')
    // What is alive at once is what refills in the life of a proof, and what may come at once: an eighth of the room.
    assert.ok(specs.every(({ limit, burst = limit, windowMs }) => windowMs === 330_000 && limit + burst <= 2 ** 21 / 7))
  })

  it('by keys that the token is not bound to are remembered by nobody', async () => {
    const used: string[] = []
    const replays = { list: () => ({ use: (key: string) => used.push(key) > 0, giveBack() {} }) }
    const subject = taking({}, { clock: new FakeClock(), replays })
    assert.equal((await subject.with(showing(prove({}, {}, thief)))).problem?.reason, 'dpop-other-key')
    assert.deepEqual(used, [])
  })

  it('that come again, early or late slow nobody; those that are wrong do, also for a token that was seen', async () => {
    const subject = taking({ attempts: { perAddress: 2 } })
    const proof = prove()
    assert.equal((await subject.with(showing(proof))).status, 200)
    for (let at = 0; at < 5; at++) {
      assert.equal((await subject.with(showing(proof))).problem?.reason, 'dpop-replayed')
      assert.equal((await subject.with(showing(prove({ iat: now - 4000 })))).problem?.reason, 'dpop-not-now')
    }
    for (let at = 0; at < 2; at++) {
      assert.equal((await subject.with(showing(prove({}, {}, thief)))).problem?.reason, 'dpop-other-key')
    }
    assert.equal((await subject.with(showing(prove()))).problem?.code, 'too-many-attempts')
  })

  it('that were shown stay so where the options say another age', async () => {
    const clock = new FakeClock()
    const replays = new MemoryReplays(clock)
    const proof = prove()
    assert.equal((await taking({ dpopMaxAgeSeconds: 300 }, { clock, replays }).with(showing(proof))).status, 200)
    const { problem } = await taking({ dpopMaxAgeSeconds: 301 }, { clock, replays }).with(showing(proof))
    assert.equal(problem?.reason, 'dpop-replayed')
  })

  it('with a key that takes long to check are not checked', async () => {
    for (const [bytes, e] of [
      [384, Buffer.alloc(384, 0xff).toString('base64url')],
      [256, 'AQAAAAE'],
      [520, 'AQAB'],
    ] as const) {
      const jwk = { kty: 'RSA', n: Buffer.alloc(bytes, 0xff).toString('base64url'), e }
      const text = prove({}, { alg: 'RS256', jwk })
      assert.equal((await taking().with(showing(text))).problem?.reason, 'dpop-algorithm', `${bytes} bytes`)
    }
  })

  it('with a key that the token is not bound to are not checked by it', async () => {
    const jwk = thief.publicKey.export({ format: 'jwk' })
    assert.equal((await taking().with(showing(prove({}, { jwk })))).problem?.reason, 'dpop-other-key')
  })
})
