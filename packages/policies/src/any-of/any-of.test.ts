import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { z } from 'zod'
import { awsSigv4 } from '../aws-sigv4/aws-sigv4.ts'
import type { ClientCertificate } from '../client-certificate.ts'
import { jwt } from '../jwt/jwt.ts'
import { keyAuth } from '../key-auth/key-auth.ts'
import { mtlsAuth } from '../mtls-auth/mtls-auth.ts'
import { oidcLogin } from '../oidc-login/oidc-login.ts'
import { definePolicy } from '../policy.ts'
import { Problem } from '../problem.ts'
import { FakeClock, MemoryCredentials, type PolicyRun, run, TestIssuer, toRequest } from '../testing/index.ts'
import { anyOf } from './any-of.ts'
import { createUncheckedRemoval } from './unchecked-credentials.ts'

const issuer = new TestIssuer('ES256')
const clock = new FakeClock()
const token = issuer.sign({ iss: 'i', aud: 'a', sub: 'ann', exp: clock.now() / 1000 + 60 })
const credentials = new MemoryCredentials({
  s3cret: { app: 'acme', plan: 'gold' },
  off: { app: 'a', isRefusedAs: 'disabled' },
})
const keys = { policy: 'key-auth' }
const tokens = {
  policy: 'jwt',
  options: { issuers: [{ issuer: 'i', audiences: ['a'], keys: [{ algorithm: 'ES256', publicKey: issuer.pem }] }] },
}

/** Waits before it says that there is nothing for it. */
const slow = definePolicy({
  name: 'slow',
  phase: 'authenticate',
  summary: 'Finds nothing, later.',
  options: z.strictObject({}),
  create: () =>
    async function slow() {
      await null
      throw new Problem('credential-missing', { detail: 'Send it slowly.' })
    },
})

function choosing(policies: object[], options: object = {}, upstream?: () => never): PolicyRun {
  return run(
    anyOf,
    { policies: policies as [], ...options },
    {
      credentials,
      clock: new FakeClock(),
      policies: [keyAuth, jwt, mtlsAuth, anyOf, slow],
      ...(upstream && { upstream }),
    },
  )
}

const withKey = (key: string) => ({ headers: { 'X-Api-Key': key } })
const withToken = (text: string) => ({ headers: { Authorization: `Bearer ${text}` } })

describe('any-of', () => {
  it('recognises the caller by whichever credential is there', async () => {
    const subject = choosing([keys, tokens])
    assert.equal((await subject.with(withKey('s3cret'))).exchange.caller?.plan, 'gold')
    assert.equal((await subject.with(withToken(token))).exchange.caller?.id, 'ann')
  })

  it('lets the first decide where both are there', async () => {
    const request = { headers: { ...withKey('s3cret').headers, ...withToken('wrong').headers } }
    const { exchange, upstream } = await choosing([keys, tokens]).with(request)
    assert.equal(exchange.caller?.id, 'acme')
    assert.equal(upstream.length, 1)
  })

  it('takes out what the others would have checked, and nobody did', async () => {
    const both = { headers: { ...withKey('s3cret').headers, ...withToken('forged').headers, Accept: '*/*' } }
    const inner = { policy: 'any-of', options: { policies: [tokens] } }
    for (const others of [tokens, { ...tokens, options: { ...tokens.options, forward: true } }, inner]) {
      const { upstream } = await choosing([keys, others]).with(both)
      assert.deepEqual([...(upstream[0]?.headers ?? [])], [['Accept', '*/*']])
    }
    const sentOn = { ...tokens, options: { ...tokens.options, forward: true } }
    const { upstream } = await choosing([sentOn, keys, sentOn]).with({
      headers: { ...withKey('off').headers, ...withToken(token).headers },
    })
    assert.deepEqual([...(upstream[0]?.headers ?? [])], [['Authorization', `Bearer ${token}`]])
  })

  it('takes out the parts of a session, with and without TLS, and no other cookie', async () => {
    const login = {
      policy: 'oidc-login',
      options: {
        issuer: 'https://login.example.com/',
        clientId: 'a',
        cookie: { name: 'shop', secrets: ['0123456789abcdef0123456789abcdef'] },
      },
    }
    const cookie = 'a=1; shop=2.x; __Host-shop=2.x; shop.1=y; __Host-shop.3=z; shopping=cart'
    const subject = run(
      anyOf,
      { policies: [keys, login] as object[] as [] },
      { credentials, policies: [keyAuth, oidcLogin] },
    )
    const { upstream } = await subject.with({ headers: { ...withKey('s3cret').headers, Cookie: cookie } })
    assert.deepEqual([...(upstream[0]?.headers ?? [])], [['Cookie', 'a=1; shopping=cart']])
  })

  it('takes out a signature of AWS that nobody checked, in the field and in the query', async () => {
    const signed = {
      policy: 'aws-sigv4',
      options: {
        region: 'eu-central-1',
        service: 'execute-api',
        credentials: [
          {
            accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
            secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
            app: 'a',
          },
        ],
      },
    }
    const subject = run(
      anyOf,
      { policies: [keys, signed] as object[] as [] },
      { credentials, policies: [keyAuth, awsSigv4] },
    )
    const { status, upstream } = await subject.with({
      target: '/?a=1&X-Amz-Signature=forged',
      headers: { ...withKey('s3cret').headers, Authorization: 'AWS4-HMAC-SHA256 Credential=forged' },
    })
    assert.equal(status, 200)
    assert.deepEqual([upstream[0]?.search, [...(upstream[0]?.headers ?? [])]], ['?a=1', []])
  })

  it('leaves what the one that decided wrote for the upstream', () => {
    const request = toRequest({ headers: { Authorization: 'Bearer of-the-login', 'X-Api-Key': 'a' } })
    const wrote = { in: 'header', name: 'authorization', isWritten: true } as const
    const others = [
      { in: 'header', name: 'Authorization', scheme: 'Bearer' },
      { in: 'header', name: 'X-Api-Key' },
    ] as const
    createUncheckedRemoval([wrote], others)(request)
    assert.deepEqual([...request.headers], [['Authorization', 'Bearer of-the-login']])
    createUncheckedRemoval([], [wrote])(request)
    assert.equal(request.headers.size, 1)
  })

  it('leaves alone what stands in the place of another scheme', async () => {
    const request = { headers: { ...withKey('s3cret').headers, Authorization: 'Digest a' } }
    const { upstream } = await choosing([keys, tokens]).with(request)
    assert.deepEqual([...(upstream[0]?.headers ?? [])], [['Authorization', 'Digest a']])
  })

  it('says all ways where none is there', async () => {
    const { status, problem, headers } = await choosing([keys, tokens]).with()
    assert.deepEqual([status, problem?.code], [401, 'credential-missing'])
    assert.match(problem?.detail ?? '', /One of these.*X-Api-Key.*Or: .*Authorization/)
    assert.match(headers.getAll('www-authenticate').join(', '), /ApiKey.*Bearer/)
  })

  it('refuses a credential that is present and wrong at once', async () => {
    const request = { headers: { ...withKey('off').headers, ...withToken(token).headers } }
    const { problem, upstream } = await choosing([keys, tokens]).with(request)
    assert.deepEqual([problem?.code, problem?.reason, upstream.length], ['credential-invalid', 'disabled', 0])
  })

  it('tries the next where that is asked for, and answers with the first refusal where none accepts', async () => {
    const subject = choosing([keys, tokens], { onInvalid: 'next' })
    const both = (text: string) => ({ headers: { ...withKey('off').headers, ...withToken(text).headers } })
    assert.equal((await subject.with(both(token))).exchange.caller?.id, 'ann')
    assert.equal((await subject.with(both('wrong'))).problem?.reason, 'disabled')
    assert.equal((await subject.with(withToken('wrong'))).problem?.reason, 'malformed')
  })

  it('leaves nothing of what one that refused said of the caller', async () => {
    const telling = {
      ...tokens,
      options: { ...tokens.options, toUpstream: { id: 'X-User', claims: { name: 'X-Name' } } },
    }
    const claims = { iss: 'i', aud: 'a', sub: 'ann', scope: 'admin', exp: clock.now() / 1000 + 60 }
    // It is found out last that what the token says can stand in no field.
    const unsendable = issuer.sign({ ...claims, name: 'A\nB' })
    const request = { headers: { ...withKey('s3cret').headers, ...withToken(unsendable).headers } }
    const { exchange, upstream } = await choosing([telling, keys], { onInvalid: 'next' }).with(request)
    const { id, scopes, otherCredentials } = exchange.caller ?? assert.fail('nobody')
    assert.deepEqual([id, scopes, otherCredentials], ['acme', undefined, undefined])
    assert.equal(upstream[0]?.headers.has('x-user'), false)
  })

  it('lets nobody pass unless that is asked for, and the wrong ones never', async () => {
    const subject = choosing([keys, tokens], { anonymous: true })
    const { status, exchange } = await subject.with()
    assert.deepEqual([status, exchange.caller], [200, undefined])
    assert.equal((await subject.with(withKey('off'))).status, 401)
    assert.equal((await choosing([keys], { anonymous: true, onInvalid: 'next' }).with(withKey('off'))).status, 401)
  })

  it('hands on what stands behind it says, also where that lacks a credential', async () => {
    const upstream = () => {
      throw new Problem('credential-missing', { detail: 'from behind' })
    }
    for (const request of [withKey('s3cret'), withToken(token)]) {
      const { problem, upstream: seen } = await choosing([keys, tokens], {}, upstream).with(request)
      assert.deepEqual([problem?.detail, seen.length], ['from behind', 1])
    }
  })

  it('tries what comes after one that takes its time', async () => {
    const subject = choosing([{ policy: 'slow' }, keys])
    assert.equal((await subject.with(withKey('s3cret'))).status, 200)
    assert.match((await subject.with()).problem?.detail ?? '', /slowly.*Or: .*X-Api-Key/)
    const many = await Promise.all(
      Array.from({ length: 50 }, (_, i) => subject.with(withKey(i % 2 === 0 ? 's3cret' : 'off'))),
    )
    assert.deepEqual(
      many.map(({ status }) => status),
      many.map((_, i) => (i % 2 === 0 ? 200 : 401)),
    )
  })

  it('answers without a promise where its policies do', () => {
    const subject = choosing([keys, tokens])
    assert.ok(subject.start(subject.open(withToken(token))).isSync)
  })

  it('may stand in another, and leaves out what is switched off', async () => {
    const inner = { policy: 'any-of', options: { policies: [tokens] } }
    assert.equal((await choosing([keys, inner]).with(withToken(token))).status, 200)
    assert.equal(
      (await choosing([{ ...keys, enabled: false }, tokens]).with(withKey('off'))).problem?.code,
      'credential-missing',
    )
  })

  it('cannot be made where one of them lets everybody pass: those behind it would never be tried', () => {
    assert.throws(
      () => choosing([{ policy: 'key-auth', options: { anonymous: true } }, tokens]),
      /write that at any-of/,
    )
  })

  it('needs policies', () => {
    assert.equal(anyOf.options.safeParse({ policies: [] }).success, false)
    assert.equal(anyOf.options.safeParse({ policies: [{ policy: 'key-auth', optoins: {} }] }).success, false)
  })
})

describe('any-of with a certificate of the connection', () => {
  const certificate: ClientCertificate = {
    ...{ subject: { CN: ['billing'] }, issuer: {}, subjectText: 'CN=billing', issuerText: '', serial: '01' },
    ...{ fingerprint: 'ab'.repeat(32), notBeforeMs: 0, notAfterMs: 1, dnsNames: [], uris: [], emails: [] },
    ...{ der: Buffer.from('leaf'), chainDer: [] },
  }
  const certificates = { policy: 'mtls-auth', options: { by: 'subject-cn' } }
  const others = { policy: 'mtls-auth', options: { by: 'subject-cn', allow: ['other'] } }

  it('goes on to the next where none was shown', async () => {
    const subject = choosing([certificates, keys])
    assert.equal((await subject.with(withKey('s3cret'))).exchange.caller?.id, 'acme')
    assert.equal((await subject.with(withKey('s3cret'), { certificate })).exchange.caller?.id, 'billing')
  })

  it('asks for what a field can bring where one could: 401 with its challenge', async () => {
    const { status, headers, problem } = await choosing([certificates, keys]).with()
    assert.deepEqual([status, problem?.code], [401, 'credential-missing'])
    assert.match(headers.get('www-authenticate') ?? '', /^ApiKey/)
    assert.match(problem?.detail ?? '', /TLS handshake.* Or: .*X-Api-Key/)
  })

  it('asks for a certificate where nothing else would do', async () => {
    const { status, problem } = await choosing([certificates, others]).with()
    assert.deepEqual([status, problem?.code], [403, 'client-certificate-missing'])
    assert.equal((await choosing([certificates], { anonymous: true }).with()).status, 200)
  })

  it('refuses one that does not do, unless the next may be tried', async () => {
    const refused = await choosing([others, keys]).with(withKey('s3cret'), { certificate })
    assert.equal(refused.problem?.code, 'client-certificate-refused')
    const tried = await choosing([others, keys], { onInvalid: 'next' }).with(withKey('s3cret'), { certificate })
    assert.equal(tried.exchange.caller?.id, 'acme')
    const none = await choosing([others, keys], { onInvalid: 'next' }).with({}, { certificate })
    assert.equal(none.problem?.code, 'client-certificate-refused')
  })
})
