import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { inspect } from 'node:util'
import { SIGNED_BY_OTHERS, SIGNED_BY_OTHERS_AT } from '../message-signatures/other-signers.fixture.ts'
import {
  RFC9421_CREATED,
  RFC9421_EXAMPLES,
  RFC9421_PUBLIC_KEYS,
  RFC9421_SHARED_SECRET,
} from '../message-signatures/rfc9421.fixture.ts'
import { FakeClock, MemoryCredentials, run, withApps } from '../testing/index.ts'
import { hmacAuth } from './hmac-auth.ts'
import {
  assertRefused,
  by,
  GET,
  guarded,
  keys,
  pair,
  publicKey,
  SECRET,
  SIGNING,
  signed,
  signedPost,
  toSigned,
} from './signed-requests.fixture.ts'

describe('hmac-auth', () => {
  it('recognises the caller by a shared secret, and names the key', async () => {
    const { status, exchange } = await guarded().with(signed())
    assert.equal(status, 200)
    const { id, app, plan, credential } = exchange.caller ?? assert.fail('nobody was recognised')
    assert.deepEqual([id, app, plan, credential], ['acme', 'acme', 'gold', { kind: 'signature', id: 'partner' }])
  })

  it('recognises the caller by a public key', async () => {
    const { exchange } = await guarded().with(signed({ parameters: by('bank'), privateKey: pair.privateKey }))
    assert.equal(exchange.caller?.id, 'bank')
  })

  it('answers without a promise, with a body at hand as well', () => {
    const subject = guarded()
    for (const request of [signed({ parameters: by('partner', ';nonce="a"') }), signedPost(), GET]) {
      assert.ok(subject.start(subject.open(request)).isSync)
    }
  })

  it('refuses a request without a signature: 401, and what to sign (RFC 9110 §11.6.1, RFC 9421 §5.1)', async () => {
    const { status, problem, headers, upstream } = await guarded().with(GET)
    assert.deepEqual([status, problem?.code, upstream.length], [401, 'credential-missing', 0])
    assert.equal(headers.get('www-authenticate'), 'Signature spec="RFC 9421"')
    assert.equal(headers.get('accept-signature'), 'sig=("@method" "@target-uri");created')
    const withBody = await guarded({ required: ['@path'], tag: 'pay"1' }).with({ method: 'POST', body: 'x' })
    assert.equal(withBody.headers.get('accept-signature'), 'sig=("@path" "content-digest");created;tag="pay\\"1"')
  })

  it('lets callers without one pass where that is allowed, but not those with a bad one', async () => {
    const subject = guarded({ anonymous: true })
    const nobody = await subject.with(GET)
    assert.deepEqual([nobody.status, nobody.exchange.caller], [200, undefined])
    assertRefused(await subject.with(signed({ secret: 'another secret' })), 'wrong-signature')
    assertRefused(await subject.with({ ...GET, headers: { 'Signature-Input': 'a=()' } }), 'unpaired-signature')
  })

  it('takes its signature out of the request, and leaves those for others', async () => {
    const { upstream } = await guarded().with(signed({}, { ...GET, headers: { Accept: '*/*' } }))
    assert.deepEqual([...(upstream[0]?.headers ?? [])], [['Accept', '*/*']])
    const other = { ...SIGNING, label: 'other', parameters: by('stranger') }
    const two = await guarded().with(toSigned(GET, SIGNING, other))
    assert.match(two.upstream[0]?.headers.get('signature-input') ?? '', /^other=\("@method" "@target-uri"\);created=/)
    assert.match(two.upstream[0]?.headers.get('signature') ?? '', /^other=:[^,]*:$/)
  })

  it('sends the signature on where that is asked for', async () => {
    const { upstream } = await guarded({ forward: true }).with(signed())
    assert.match(upstream[0]?.headers.get('signature-input') ?? '', /^sig1=/)
    assert.match(upstream[0]?.headers.get('signature') ?? '', /^sig1=:/)
  })

  it('tells the upstream who calls, whatever the client said', async () => {
    const subject = guarded({ toUpstream: { app: 'X-App-Id', plan: 'X-Plan' } })
    const { upstream } = await subject.with(signed({}, { ...GET, headers: { 'X-App-Id': 'root' } }))
    assert.deepEqual(
      [...(upstream[0]?.headers ?? [])],
      [
        ['X-App-Id', 'acme'],
        ['X-Plan', 'gold'],
      ],
    )
    const options = hmacAuth.options.parse({ keys, toUpstream: { app: 'X-App-Id' } })
    assert.deepEqual(hmacAuth.identityFields?.(options), ['X-App-Id'])
  })

  it('takes the plan of the app where the key has none, and refuses an app that is disabled or not there', async () => {
    const credentials = new MemoryCredentials()
    credentials.setApp('bank', { plan: 'silver' })
    const sign = () => signed({ parameters: by('bank'), privateKey: pair.privateKey })
    assert.equal((await guarded({}, { credentials }).with(sign())).exchange.caller?.plan, 'silver')
    assertRefused(await guarded({}, { credentials: withApps('acme') }).with(sign()), 'unknown-app')
    credentials.setApp('bank', { isEnabled: false })
    assertRefused(await guarded({}, { credentials }).with(sign()), 'disabled-app')
  })

  it('shows nothing of secrets in problems, logs and options', async () => {
    const subject = guarded()
    const { problem } = await subject.with(signed({ secret: 'another secret' }))
    const shown = [
      JSON.stringify(problem),
      JSON.stringify(subject.log.entries),
      inspect(hmacAuth.options.parse({ keys }), { depth: 9 }),
    ]
    for (const text of shown) assert.ok(!text.includes(SECRET), text)
  })
})

describe('hmac-auth, with the examples of RFC 9421, Appendix B', () => {
  const rfcKeys = {
    'test-key-rsa-pss': { algorithm: 'rsa-pss-sha512', publicKey: RFC9421_PUBLIC_KEYS.rsaPss, app: 'rsa' },
    'test-key-ecc-p256': { algorithm: 'ecdsa-p256-sha256', publicKey: RFC9421_PUBLIC_KEYS.p256, app: 'ecc' },
    'test-key-ed25519': { algorithm: 'ed25519', publicKey: RFC9421_PUBLIC_KEYS.ed25519, app: 'ed' },
    'test-shared-secret': {
      algorithm: 'hmac-sha256',
      secret: RFC9421_SHARED_SECRET,
      secretEncoding: 'base64',
      app: 'hmac',
    },
  } as const
  const lax = { keys: rfcKeys, required: [], coverBody: false }
  const at = () => ({
    clock: new FakeClock(RFC9421_CREATED * 1000),
    credentials: withApps('rsa', 'ecc', 'ed', 'hmac'),
  })

  for (const { section, keyid, request, input, signature } of RFC9421_EXAMPLES) {
    const headers = [
      ...(request.headers as [string, string][]),
      ['Signature-Input', input] as const,
      ['Signature', signature] as const,
    ]
    it(`${section} is recognised`, async () => {
      const { status, exchange } = await run(hmacAuth, lax, at()).with({ ...request, headers })
      assert.deepEqual([status, exchange.caller?.credential.id], [200, keyid])
    })

    it(`${section} covers too little for whoever asks for method, target and body (RFC 9421 §7.2.1)`, async () => {
      const answer = await run(hmacAuth, { keys: rfcKeys }, at()).with({ ...request, headers })
      // B.2.3 covers all of it: method, authority, path, query, and the digest of the body.
      if (section === 'B.2.3') assert.equal(answer.status, 200)
      else assertRefused(answer, 'uncovered-component')
    })
  }
})

describe('hmac-auth, with requests that another implementation signed', () => {
  for (const { keyid, request, ...key } of SIGNED_BY_OTHERS) {
    it(`recognises them by ${key.algorithm}`, async () => {
      const setup = { clock: new FakeClock(SIGNED_BY_OTHERS_AT * 1000), credentials: withApps('other') }
      const subject = run(hmacAuth, { keys: { [keyid]: { ...key, app: 'other' } } }, setup)
      const { status, exchange } = await subject.with(request)
      assert.deepEqual([status, exchange.caller?.credential.id], [200, keyid])
    })
  }
})

describe('the options of hmac-auth', () => {
  for (const [what, options, path] of [
    ['no keys', { keys: {} }, ['keys']],
    [
      'a shared secret for a public key',
      { keys: { a: { algorithm: 'ed25519', secret: 'x', app: 'a' } } },
      ['keys', 'a'],
    ],
    ['both', { keys: { a: { algorithm: 'hmac-sha256', secret: 'x', publicKey: 'y', app: 'a' } } }, ['keys', 'a']],
    ['a component that requests do not have', { keys, required: ['@status'] }, ['required', 0]],
    ['a component in capitals', { keys, required: ['Content-Type'] }, ['required', 0]],
    ['a field of the signature for the upstream', { keys, toUpstream: { app: 'Signature' } }, ['toUpstream']],
    ['a tag that no structured field can hold', { keys, tag: 'ü' }, ['tag']],
  ] as const) {
    it(`refuse ${what}`, () => {
      assert.deepEqual(hmacAuth.options.safeParse(options).error?.issues[0]?.path, path)
    })
  }

  it('refuse a key that cannot be used where it stands, and show nothing of it', () => {
    const issueOf = (key: object) => {
      const { error } = hmacAuth.options.safeParse({ keys: { one: { ...key, app: 'a' } } })
      return `${error?.issues[0]?.path.join('.')} ${error?.issues[0]?.message}`
    }
    const weak = issueOf({ algorithm: 'hmac-sha256', secret: 'hunter2' })
    assert.match(weak, /^keys\.one\.secret .*7 bytes/)
    assert.doesNotMatch(weak, /hunter2/)
    assert.match(issueOf({ algorithm: 'ecdsa-p256-sha256', publicKey }), /^keys\.one\.publicKey .*prime256v1/)
  })
})
