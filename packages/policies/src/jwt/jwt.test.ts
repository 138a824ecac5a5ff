import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, it } from 'node:test'
import { toFingerprint } from '../callers/remembered.ts'
import {
  countStatuses,
  MemoryCredentials,
  type PolicyRun,
  signWithSecret,
  TestIssuer,
  toBase64url,
} from '../testing/index.ts'
import { bearing, claims, ISSUER, now, rsa, taking } from './jwt.fixture.ts'
import { jwt } from './jwt.ts'

describe('jwt', () => {
  it('recognises the caller by a signed token, and takes it out of the request', async () => {
    const token = rsa.sign({ ...claims, scope: 'read write', groups: ['staff'], email: 'ann@example.com' })
    const { status, exchange, upstream } = await taking().with(bearing(token))
    assert.equal(status, 200)
    const { id, app, plan, credential, scopes, groups, claims: told } = exchange.caller ?? assert.fail('nobody')
    assert.deepEqual({ id, app, plan }, { id: 'ann', app: undefined, plan: undefined })
    // Half a minute later than the token says: clocks may differ by as much.
    assert.deepEqual(credential, {
      kind: 'token',
      id: 'token-1',
      tokenFingerprint: toFingerprint(token),
      endsAtMs: (claims.exp + 30) * 1000,
    })
    assert.deepEqual([scopes, groups, told?.email], [['read', 'write'], ['staff'], 'ann@example.com'])
    assert.equal(upstream[0]?.headers.has('authorization'), false)
  })

  it('names a token without `jti` by its SHA-256, never by itself', async () => {
    const token = rsa.sign({ ...claims, jti: undefined })
    const { exchange } = await taking().with(bearing(token))
    assert.equal(exchange.caller?.credential.id, createHash('sha256').update(token).digest('hex'))
  })

  it('sends the token on where that is asked for', async () => {
    const token = rsa.sign(claims)
    const { upstream } = await taking({ forward: true }).with(bearing(token))
    assert.equal(upstream[0]?.headers.get('authorization'), `Bearer ${token}`)
  })

  it('refuses a request without a token, and says how to send one (RFC 6750 §3)', async () => {
    const { status, problem, headers } = await taking().with()
    assert.deepEqual([status, problem?.code], [401, 'credential-missing'])
    assert.match(headers.getAll('www-authenticate').join(), /^Bearer realm="api"/)
    assert.match(problem?.detail ?? '', /Authorization, as Bearer/)
  })

  it('lets nobody pass where that is allowed, and a bad token nowhere', async () => {
    const subject = taking({ anonymous: true })
    assert.equal((await subject.with()).status, 200)
    assert.equal((await subject.with({ headers: { Authorization: 'Basic YTpi' } })).status, 200)
    assert.equal((await subject.with(bearing('x'))).status, 401)
  })

  for (const place of ['query', 'cookie'] as const) {
    it(`takes it from the ${place}, without a scheme`, async () => {
      const token = rsa.sign(claims)
      const subject = taking({ in: place, name: 'token' })
      const request = place === 'query' ? { target: `/?token=${token}&a=1` } : { headers: { Cookie: `token=${token}` } }
      const { status, upstream } = await subject.with(request)
      assert.equal(status, 200)
      assert.equal(upstream[0]?.search, place === 'query' ? '?a=1' : '')
      assert.equal(upstream[0]?.headers.has('cookie'), false)
    })
  }

  it('is in `access_token` of a query or a cookie where no name is said (RFC 6750 §2.3)', async () => {
    const token = rsa.sign(claims)
    const inQuery = await taking({ in: 'query' }).with({ target: `/?access_token=${token}` })
    const inCookie = await taking({ in: 'cookie' }).with({ headers: { Cookie: `access_token=${token}` } })
    assert.deepEqual([inQuery.status, inCookie.status], [200, 200])
    const { problem } = await taking({ in: 'query' }).with({ target: `/?Authorization=${token}` })
    assert.equal(problem?.code, 'credential-missing')
  })

  it('answers a seen token, and one whose keys are there, without a promise', () => {
    const subject = taking()
    const token = rsa.sign(claims)
    assert.ok(subject.start(subject.open(bearing(token))).isSync)
    assert.ok(subject.start(subject.open(bearing(token))).isSync)
  })

  it('forgets what it has seen when the token ends', async () => {
    const subject = taking({ clockSkewSeconds: 0 })
    const token = rsa.sign({ ...claims, exp: now + 10 })
    assert.equal((await subject.with(bearing(token))).status, 200)
    await subject.clock.advance(10_000)
    const { problem } = await subject.with(bearing(token))
    assert.deepEqual([problem?.code, problem?.reason], ['credential-invalid', 'expired'])
  })

  it('tells the upstream what it is asked to, and names the fields clients may not send', async () => {
    const toUpstream = { id: 'X-User', claims: { email: 'X-Email' } }
    const token = rsa.sign({ ...claims, email: 'ann@example.com' })
    const request = { headers: { ...bearing(token).headers, 'X-User': 'root', 'X-Email': 'root' } }
    const { upstream } = await taking({ toUpstream }).with(request)
    assert.deepEqual(
      [...(upstream[0]?.headers ?? [])],
      [
        ['X-User', 'ann'],
        ['X-Email', 'ann@example.com'],
      ],
    )
    const parsed = jwt.options.parse({ issuers: [{ issuer: ISSUER, audiences: 'any' }], toUpstream })
    assert.deepEqual(jwt.identityFields?.(parsed), ['X-User', 'X-Email'])
  })

  for (const algorithm of ['PS256', 'ES256', 'ES384', 'EdDSA'] as const) {
    it(`checks ${algorithm}`, async () => {
      const issuer = new TestIssuer(algorithm)
      const subject = taking({}, { keys: [{ algorithm, publicKey: issuer.pem }] })
      assert.equal((await subject.with(bearing(issuer.sign(claims)))).status, 200)
      const jwk = taking({}, { keys: [{ algorithm, publicKey: JSON.stringify(issuer.jwk) }] })
      assert.equal((await jwk.with(bearing(issuer.sign(claims)))).status, 200)
    })
  }

  it('checks secrets, as text and in base64url', async () => {
    const secret = 'a secret that is as long as a hash!'
    const text = taking({}, { keys: [{ algorithm: 'HS256', secret }] })
    assert.equal((await text.with(bearing(signWithSecret(secret, claims)))).status, 200)
    assert.equal((await text.with(bearing(signWithSecret(`${secret}?`, claims)))).status, 401)
    const encoded = toBase64url(secret)
    const bytes = taking({}, { keys: [{ algorithm: 'HS256', secret: encoded, secretEncoding: 'base64url' }] })
    assert.equal((await bytes.with(bearing(signWithSecret(secret, claims)))).status, 200)
  })
})

describe('the claims of a token (RFC 7519 §4.1)', () => {
  const rows: readonly (readonly [string, Record<string, unknown>, string | undefined])[] = [
    ['another issuer', { iss: 'https://login.example.com' }, 'issuer'],
    ['no issuer', { iss: undefined }, 'issuer'],
    ['a list of issuers', { iss: [ISSUER] }, 'issuer'],
    ['another audience', { aud: 'billing' }, 'audience'],
    ['no audience', { aud: undefined }, 'audience'],
    ['one audience of several', { aud: ['billing', 'orders'] }, undefined],
    ['an audience in other letters', { aud: 'Orders' }, 'audience'],
    ['an audience that begins like ours', { aud: 'orders2' }, 'audience'],
    ['an object for an audience', { aud: { orders: true } }, 'audience'],
    ['expired', { exp: now - 31 }, 'expired'],
    ['expired within the leeway', { exp: now - 29 }, undefined],
    ['no exp', { exp: undefined }, 'claim-missing'],
    ['exp as a text', { exp: `${now + 60}` }, 'claim-malformed'],
    ['exp null', { exp: null }, 'claim-malformed'],
    ['not yet valid', { nbf: now + 31 }, 'not-yet-valid'],
    ['not yet valid within the leeway', { nbf: now + 29 }, undefined],
    ['nbf as a text', { nbf: '0' }, 'claim-malformed'],
    ['no subject', { sub: undefined }, 'claim-missing'],
    ['an empty subject', { sub: '' }, 'claim-missing'],
    ['a number for a subject', { sub: 1 }, 'claim-missing'],
  ]
  for (const [words, change, reason] of rows) {
    it(`${words}: ${reason ?? 'valid'}`, async () => {
      const { status, problem } = await taking().with(bearing(rsa.sign({ ...claims, ...change })))
      assert.deepEqual([status, problem?.reason], reason === undefined ? [200, undefined] : [401, reason])
    })
  }

  it('an exp that is no finite number', async () => {
    const text = JSON.stringify(claims).replace(`"exp":${now + 3600}`, '"exp":1e999')
    assert.equal((await taking().with(bearing(rsa.sign(text)))).problem?.reason, 'claim-malformed')
  })

  it('`any` takes every audience, where that is written', async () => {
    const subject = taking({}, { audiences: 'any' })
    assert.equal((await subject.with(bearing(rsa.sign({ ...claims, aud: undefined })))).status, 200)
  })

  it('a token without exp is taken where that is allowed, and one that ended is not', async () => {
    const subject = taking({ expiry: 'optional' })
    assert.equal((await subject.with(bearing(rsa.sign({ ...claims, exp: undefined })))).status, 200)
    assert.equal((await subject.with(bearing(rsa.sign({ ...claims, exp: now - 60 })))).problem?.reason, 'expired')
  })

  it('a token that is older than allowed has ended, whatever its exp says', async () => {
    const subject = taking({ maxAgeSeconds: 60, clockSkewSeconds: 0 })
    const token = rsa.sign(claims)
    assert.equal((await subject.with(bearing(token))).status, 200)
    await subject.clock.advance(60_000)
    assert.equal((await subject.with(bearing(token))).problem?.reason, 'expired')
    assert.equal(
      (await subject.with(bearing(rsa.sign({ ...claims, iat: undefined })))).problem?.reason,
      'claim-missing',
    )
    assert.equal(
      (await subject.with(bearing(rsa.sign({ ...claims, iat: now + 300 })))).problem?.reason,
      'not-yet-valid',
    )
  })

  it('claims that are required have to be there, by path too, and inherited names are none', async () => {
    const subject = taking({ requiredClaims: ['realm.level'] })
    assert.equal((await subject.with(bearing(rsa.sign(claims)))).problem?.reason, 'claim-missing')
    assert.equal((await subject.with(bearing(rsa.sign({ ...claims, realm: { level: 0 } })))).status, 200)
    const inherited = taking({ requiredClaims: ['constructor'] })
    assert.equal((await inherited.with(bearing(rsa.sign(claims)))).problem?.reason, 'claim-missing')
  })

  it('the type of the token is one of those asked for (RFC 9068 §2.1)', async () => {
    const subject = taking({ types: ['at+jwt'] })
    assert.equal((await subject.with(bearing(rsa.sign(claims)))).problem?.reason, 'type')
    assert.equal((await subject.with(bearing(rsa.sign(claims, { typ: 'JWT' })))).problem?.reason, 'type')
    assert.equal((await subject.with(bearing(rsa.sign(claims, { typ: 'application/AT+jwt' })))).status, 200)
  })

  it('members that pollute prototypes are claims like others, and pollute nothing', async () => {
    const text = JSON.stringify(claims).replace('{', '{"__proto__":{"scope":"admin","isAdmin":true},')
    const { exchange, status } = await taking().with(bearing(rsa.sign(text)))
    assert.equal(status, 200)
    assert.deepEqual(exchange.caller?.scopes, [])
    assert.equal(({} as { isAdmin?: boolean }).isAdmin, undefined)
  })
})

describe('the app of a token', () => {
  const credentials = new MemoryCredentials()
  credentials.setApp('shop', { plan: 'gold' })
  credentials.setApp('closed', { isEnabled: false })
  const byClaim = (unknownApps?: 'allow') =>
    taking({}, { appClaim: 'azp', ...(unknownApps && { unknownApps }) }, { credentials })

  it('is what the claim names, with its plan', async () => {
    const { exchange } = await byClaim().with(bearing(rsa.sign({ ...claims, azp: 'shop' })))
    assert.deepEqual([exchange.caller?.app, exchange.caller?.plan], ['shop', 'gold'])
  })

  it('has to be known, unless told otherwise, and must not be disabled', async () => {
    assert.equal((await byClaim().with(bearing(rsa.sign({ ...claims, azp: 'other' })))).problem?.reason, 'unknown-app')
    const { exchange } = await byClaim('allow').with(bearing(rsa.sign({ ...claims, azp: 'other' })))
    assert.deepEqual([exchange.caller?.app, exchange.caller?.plan], ['other', undefined])
    assert.equal(
      (await byClaim('allow').with(bearing(rsa.sign({ ...claims, azp: 'closed' })))).problem?.reason,
      'disabled-app',
    )
    assert.equal((await byClaim('allow').with(bearing(rsa.sign(claims)))).problem?.reason, 'claim-missing')
  })

  it('ends with the app, for tokens that were seen too', async () => {
    const own = new MemoryCredentials()
    const subject = taking({}, { app: 'shop', unknownApps: 'allow' }, { credentials: own })
    const token = rsa.sign(claims)
    // No token names it, but the options, and who wrote them meant one that is there.
    assert.equal((await subject.with(bearing(token))).problem?.reason, 'unknown-app')
    own.setApp('shop')
    assert.equal((await subject.with(bearing(token))).status, 200)
    own.setApp('shop', { isEnabled: false })
    assert.equal((await subject.with(bearing(token))).problem?.reason, 'disabled-app')
  })
})

describe('the options of jwt', () => {
  const issueOf = (issuer: object, options: object = {}): string =>
    jwt.options.safeParse({ issuers: [{ issuer: ISSUER, audiences: ['a'], ...issuer }], ...options }).error?.issues[0]
      ?.message ?? 'none'
  const secret = 'a secret that is as long as a hash!'

  it('say what does not fit together', () => {
    assert.match(issueOf({ keys: [{ algorithm: 'HS256', publicKey: 'x' }] }), /HS256 takes `secret`/)
    assert.match(issueOf({ keys: [{ algorithm: 'RS256', secret }] }), /RS256 takes `publicKey`/)
    assert.match(
      issueOf({
        keys: [
          { algorithm: 'HS256', secret },
          { algorithm: 'RS256', publicKey: rsa.pem },
        ],
      }),
      /secrets or public keys, not both/,
    )
    assert.match(
      issueOf({ keys: [{ algorithm: 'RS256', publicKey: rsa.pem }], jwksUrl: 'https://a.example' }),
      /not both/,
    )
    assert.match(issueOf({ app: 'a', appClaim: 'b' }), /not both/)
    assert.match(issueOf({ issuer: 'orders' }), /write `jwksUrl` or `keys`/)
    assert.match(issueOf({ jwksUrl: 'file:///etc/passwd' }), /http or https URL/)
    assert.match(issueOf({}, { name: 'X-Token', toUpstream: { id: 'x-token' } }), /X-Token holds the credential/)
    assert.match(issueOf({ algorithms: ['none'] }), /Invalid|expected/)
    assert.match(issueOf({ algorithms: ['HS256'] }), /Invalid|expected/)
    const twice = jwt.options.safeParse({ issuers: [1, 2].map(() => ({ issuer: ISSUER, audiences: ['a'] })) })
    assert.match(twice.error?.issues[0]?.message ?? '', /twice/)
    assert.match(
      issueOf({ keys: [1, 2].map(() => ({ kid: 'a', algorithm: 'RS256', publicKey: rsa.pem })) }),
      /same `kid` and algorithm/,
    )
  })

  it('refuse keys that are too weak, of another kind, or private, without showing them', () => {
    const make = (key: object) => () => taking({}, { keys: [key as { algorithm: 'RS256' }] })
    assert.throws(
      make({ algorithm: 'HS256', secret: 'short' }),
      /"keys",\s*0,\s*"secret"[\s\S]*32 bytes or more, and this has 5/,
    )
    assert.throws(make({ algorithm: 'ES256', publicKey: rsa.pem }), /ES256 needs a key on the curve/)
    assert.throws(make({ algorithm: 'EdDSA', publicKey: rsa.pem }), /Ed25519/)
    assert.throws(make({ algorithm: 'RS256', publicKey: new TestIssuer('ES256').pem }), /needs a key of RSA/)
    const pem = rsa.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
    assert.throws(make({ algorithm: 'RS256', publicKey: pem }), /private key: write the public one/)
    const jwk = JSON.stringify(rsa.privateKey.export({ format: 'jwk' }))
    assert.throws(make({ algorithm: 'RS256', publicKey: jwk }), /private: write the public one/)
    assert.throws(make({ algorithm: 'RS256', publicKey: `${jwk}"` }), (error: Error) => !error.message.includes('"d"'))
  })
})

describe('encrypted tokens', async () => {
  const { getJose } = await import('../tokens/jose-library.ts')
  const { CompactEncrypt, generateKeyPair, exportJWK } = getJose()
  const { publicKey, privateKey } = await generateKeyPair('RSA-OAEP-256', { extractable: true })
  const key = JSON.stringify(await exportJWK(privateKey))
  const seal = (text: string, header: object = {}) =>
    new CompactEncrypt(Buffer.from(text))
      .setProtectedHeader({ alg: 'RSA-OAEP-256', enc: 'A256GCM', cty: 'JWT', ...header })
      .encrypt(publicKey)
  const opening = (): PolicyRun => taking({ decryption: [{ algorithm: 'RSA-OAEP-256', key }] })

  it('come in a crowd: right ones pass, and of wrong ones no more are opened than may be', async () => {
    const stranger = new TestIssuer('RS256', { kid: 'key-1', number: 2 })
    for (const [signer, expected] of [
      [rsa, { 200: 300 }],
      [stranger, { 401: 100, 429: 200 }],
    ] as const) {
      const tokens = Array.from({ length: 300 }, (_, at) => seal(signer.sign({ ...claims, jti: `${at}` })))
      const subject = opening()
      const crowd = (await Promise.all(tokens)).map((token) => subject.with(bearing(token)))
      assert.deepEqual(await countStatuses(crowd), expected)
    }
  })

  it('are opened, and what is inside has to be signed', async () => {
    const subject = opening()
    const token = await seal(rsa.sign(claims))
    const { status, exchange } = await subject.with(bearing(token))
    assert.deepEqual([status, exchange.caller?.id], [200, 'ann'])
    assert.ok(subject.start(subject.open(bearing(token))).isSync)
    assert.equal((await subject.with(bearing(await seal(JSON.stringify(claims))))).problem?.reason, 'malformed')
    assert.equal((await subject.with(bearing(await seal(token)))).problem?.reason, 'malformed')
    const damaged = token.replace(/.{8}$/, 'AAAAAAAA')
    assert.equal((await subject.with(bearing(damaged))).problem?.reason, 'not-decrypted')
    assert.equal((await taking().with(bearing(token))).problem?.reason, 'malformed')
    // Signed tokens are taken beside them.
    assert.equal((await subject.with(bearing(rsa.sign(claims)))).status, 200)
  })
})

describe('tokens that are bound', () => {
  it('to a certificate are of no use without it (RFC 8705 §3)', async () => {
    const der = Buffer.from('certificate')
    const certificate = {
      subject: {},
      issuer: {},
      subjectText: '',
      issuerText: '',
      serial: '1',
      fingerprint: createHash('sha256').update(der).digest('hex'),
      notBeforeMs: 0,
      notAfterMs: 0,
      dnsNames: [],
      uris: [],
      emails: [],
      der,
      chainDer: [],
    }
    const x5t = createHash('sha256').update(der).digest('base64url')
    const bound = bearing(rsa.sign({ ...claims, cnf: { 'x5t#S256': x5t } }))
    assert.equal((await taking().with(bound, { certificate })).status, 200)
    assert.equal((await taking().with(bound)).problem?.reason, 'other-certificate')
    const stolen = { ...certificate, fingerprint: '00'.repeat(32) }
    assert.equal((await taking().with(bound, { certificate: stolen })).problem?.reason, 'other-certificate')
  })

  it('in a way that nobody knows here are nobody’s', async () => {
    for (const [cnf, reason] of [
      [{ 'x5t#S512': 'x' }, 'confirmation-unknown'],
      [{ jwk: {} }, 'confirmation-unknown'],
      ['x', 'confirmation-malformed'],
      [null, 'confirmation-malformed'],
      [[], 'confirmation-malformed'],
      [{}, 'confirmation-malformed'],
    ] as const) {
      assert.equal((await taking().with(bearing(rsa.sign({ ...claims, cnf })))).problem?.reason, reason)
    }
  })
})
