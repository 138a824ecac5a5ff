import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { describe, it } from 'node:test'
import { createIssuedKey } from '../keys/issued-key.ts'
import { countStatuses, MemoryCredentials, type PolicyRun, run } from '../testing/index.ts'
import { keyAuth } from './key-auth.ts'

const credentials = new MemoryCredentials({
  s3cret: { app: 'acme', plan: 'gold' },
  'a b&c': { app: 'odd' },
  off: { app: 'acme', isRefusedAs: 'disabled' },
  old: { app: 'acme', isRefusedAs: 'expired' },
  early: { app: 'acme', isRefusedAs: 'not-yet-valid' },
  hunter2: { app: 'weak', isWeak: true },
  hunter3: { app: 'weak', isWeak: true, isRefusedAs: 'disabled' },
})

const guarded = (options: Parameters<typeof run<typeof keyAuth.options>>[1] = {}): PolicyRun =>
  run(keyAuth, options, { credentials })

const withKey = (key: string) => ({ headers: { 'x-api-key': key } })

describe('key-auth', () => {
  it('recognises the caller, and names the key by its SHA-256', async () => {
    const { status, exchange } = await guarded().with(withKey('s3cret'))
    assert.equal(status, 200)
    const { id, app, plan, credential } = exchange.caller ?? assert.fail('nobody was recognised')
    assert.deepEqual({ id, app, plan }, { id: 'acme', app: 'acme', plan: 'gold' })
    assert.deepEqual([credential.kind, credential.id], ['key', hash('sha256', 's3cret')])
  })

  it('refuses a request without a key: 401, and where one goes (RFC 9110 §11.6.1)', async () => {
    const { status, problem, headers, upstream } = await guarded().with()
    assert.deepEqual([status, problem?.code], [401, 'credential-missing'])
    assert.equal(headers.get('www-authenticate'), 'ApiKey in="header", name="X-Api-Key"')
    assert.match(problem?.detail ?? '', /header field X-Api-Key/)
    assert.equal(upstream.length, 0)
  })

  for (const [key, why, words] of [
    ['guess', 'unknown', 'is not known'],
    ['off', 'disabled', 'is disabled'],
    ['old', 'expired', 'has expired'],
    ['early', 'not-yet-valid', 'is not valid yet'],
    ['', 'unknown', 'is not known'],
  ] as const) {
    it(`refuses a key that ${words}${key === '' ? ', the empty one too' : ''}`, async () => {
      const { status, problem, headers, upstream } = await guarded().with(withKey(key))
      assert.deepEqual([status, problem?.code, problem?.reason], [401, 'credential-invalid', why])
      assert.ok(problem?.detail?.includes(words))
      assert.ok(headers.has('www-authenticate'))
      assert.equal(upstream.length, 0)
    })
  }

  it('never says the key in a problem', async () => {
    const { problem } = await guarded().with(withKey('guess'))
    assert.ok(!JSON.stringify(problem).includes('guess'))
  })

  it('refuses two different keys, and takes the same key twice for one', async () => {
    const two = await guarded().with({
      headers: [
        ['X-Api-Key', 's3cret'],
        ['x-api-key', 'guess'],
      ],
    })
    assert.deepEqual([two.problem?.code, two.problem?.reason], ['credential-invalid', 'two-keys'])
    const same = await guarded().with({
      headers: [
        ['X-Api-Key', 's3cret'],
        ['x-api-key', 's3cret'],
      ],
    })
    assert.equal(same.status, 200)
    assert.equal(same.upstream[0]?.headers.has('x-api-key'), false)
  })

  it('refuses two different keys in query and cookie as well', async () => {
    const query = await guarded({ in: 'query', name: 'key' }).with({ target: '/?key=s3cret&a=1&k%65y=guess' })
    assert.equal(query.problem?.reason, 'two-keys')
    const cookie = await guarded({ in: 'cookie', name: 'key' }).with({ headers: { Cookie: 'key=s3cret; key=guess' } })
    assert.equal(cookie.problem?.reason, 'two-keys')
  })

  it('lets callers without a key pass where that is allowed, but not those with a bad one', async () => {
    const subject = guarded({ anonymous: true })
    const nobody = await subject.with()
    assert.equal(nobody.status, 200)
    assert.equal(nobody.exchange.caller, undefined)
    assert.equal((await subject.with(withKey('guess'))).status, 401)
    assert.equal((await subject.with(withKey('s3cret'))).exchange.caller?.id, 'acme')
  })

  it('takes the key out of the request, and leaves the rest', async () => {
    const { upstream } = await guarded().with({ headers: { 'X-Api-Key': 's3cret', Accept: '*/*' } })
    assert.deepEqual([...(upstream[0]?.headers ?? [])], [['Accept', '*/*']])
  })

  it('sends the key on where that is asked for', async () => {
    const { upstream } = await guarded({ forward: true }).with(withKey('s3cret'))
    assert.equal(upstream[0]?.headers.get('x-api-key'), 's3cret')
  })

  it('reads the key from the query, and leaves the rest of it byte for byte', async () => {
    const subject = guarded({ in: 'query', name: 'key' })
    const { upstream, exchange } = await subject.with({ target: '/?a=%7e|[]&key=a+b%26c&&b=+' })
    assert.equal(exchange.caller?.id, 'odd')
    assert.equal(upstream[0]?.search, '?a=%7e|[]&&b=+')
    assert.equal((await subject.with({ target: '/?key=s3cret' })).upstream[0]?.search, '')
    assert.equal((await subject.with({ target: '/?KEY=s3cret' })).problem?.code, 'credential-missing')
  })

  it('reads the key from a cookie, and leaves the others', async () => {
    const subject = guarded({ in: 'cookie', name: 'key' })
    const { upstream, exchange } = await subject.with({ headers: { Cookie: 'a=1; key=s3cret; b=2' } })
    assert.equal(exchange.caller?.id, 'acme')
    assert.equal(upstream[0]?.headers.get('cookie'), 'a=1; b=2')
    const alone = await subject.with({ headers: { Cookie: 'key=s3cret' } })
    assert.equal(alone.upstream[0]?.headers.has('cookie'), false)
  })

  it('tells the upstream who calls, whatever the client said', async () => {
    const subject = guarded({ toUpstream: { app: 'X-App-Id', plan: 'X-Plan' } })
    const { upstream } = await subject.with({ headers: { 'X-Api-Key': 's3cret', 'x-app-id': 'root' } })
    assert.equal(upstream[0]?.headers.get('x-app-id'), 'acme')
    assert.equal(upstream[0]?.headers.get('x-plan'), 'gold')
  })

  it('names the fields that a client may not send', () => {
    const options = keyAuth.options.parse({ toUpstream: { app: 'X-App-Id' } })
    assert.deepEqual(keyAuth.identityFields?.(options), ['X-App-Id'])
    assert.deepEqual(keyAuth.identityFields?.(keyAuth.options.parse({})), [])
  })

  it('answers without a promise', () => {
    const subject = guarded()
    assert.ok(subject.start(subject.open(withKey('s3cret'))).isSync)
    assert.ok(subject.start(subject.open()).isSync)
  })

  it('finds a key that is kept under a slow hash, and waits for that hash alone', async () => {
    const subject = guarded()
    const weak = subject.start(subject.open(withKey('hunter2')))
    assert.equal(weak.isSync, false)
    assert.equal((await weak.answer).exchange.caller?.id, 'weak')
    assert.equal((await subject.with(withKey('hunter3'))).problem?.reason, 'disabled')
    // Whoever guesses waits for it as well, but not where no weak key looks like that.
    assert.equal(subject.start(subject.open(withKey('hunter4'))).isSync, false)
    assert.ok(subject.start(subject.open(withKey('kT5-Zq8vWm2_xR7cLp4Y'))).isSync)
  })

  for (const [words, keyOf, expected] of [
    ['weak keys, all of them right', (at: number) => `pet-${at}`, { 200: 500 }],
    ['weak keys, all of them wrong', (at: number) => `cat-${at}`, { 401: 100, 429: 400 }],
    ['keys that look strong, all of them wrong', (at: number) => `kT5-Zq8vWm2_xR7cLp4Y${at}`, { 401: 100, 429: 400 }],
  ] as const) {
    it(`looks at a crowd from one address as far as it may: ${words}`, async () => {
      const pets = Object.fromEntries(
        Array.from({ length: 500 }, (_, at) => [`pet-${at}`, { app: 'pet', isWeak: true }]),
      )
      const subject = run(keyAuth, {}, { credentials: new MemoryCredentials(pets) })
      const crowd = Array.from({ length: 500 }, (_, at) => subject.with(withKey(keyOf(at))))
      assert.deepEqual(await countStatuses(crowd), expected)
      const other = await subject.with(withKey('pet-1'), { address: '192.0.2.2' })
      assert.equal(other.status, 200)
    })
  }

  it('lets right keys pass that come in a crowd of wrong ones, as long as not all guesses are used up', async () => {
    const keys = { hunter2: { app: 'weak', isWeak: true }, s3cret: { app: 'acme' } }
    const subject = run(keyAuth, {}, { credentials: new MemoryCredentials(keys) })
    const wrong = Array.from({ length: 99 }, (_, at) => subject.with(withKey(`cat-${at}`)))
    const right = ['hunter2', 's3cret', 'hunter2'].map((key) => subject.with(withKey(key)))
    assert.deepEqual(await countStatuses(right), { 200: 3 })
    assert.deepEqual(await countStatuses(wrong), { 401: 99 })
  })

  it('refuses a key of ours with a wrong character without a look-up, and says that it is misspelt', async () => {
    const key = createIssuedKey()
    const wrong = key.slice(0, -1) + (key.endsWith('a') ? 'b' : 'a')
    credentials.set(key, { app: 'ours' })
    // Were it looked up, it would be found.
    credentials.set(wrong, { app: 'nobody' })
    assert.equal((await guarded().with(withKey(key))).exchange.caller?.id, 'ours')
    const { status, problem, headers } = await guarded().with(withKey(wrong))
    assert.deepEqual([status, problem?.code, problem?.reason], [401, 'credential-invalid', 'misspelt'])
    assert.ok(headers.has('www-authenticate'))
    assert.ok(!JSON.stringify(problem).includes(wrong))
  })

  it('looks at so many wrong keys of an address, and then at none', async () => {
    const subject = guarded({ attempts: { perAddress: 3 } })
    const codeOf = async (key: string, address = '192.0.2.1') =>
      (await subject.with(withKey(key), { address })).problem?.code ?? 'passed'
    for (const key of ['guess 1', 'guess 2', `gw_${'0'.repeat(38)}`])
      assert.equal(await codeOf(key), 'credential-invalid')
    assert.equal(await codeOf('s3cret'), 'too-many-attempts')
    assert.equal(await codeOf('s3cret', '192.0.2.2'), 'passed')
    await subject.clock.advance(60_000)
    assert.equal(await codeOf('s3cret'), 'passed')
  })

  it('does not take for guesses what was a good key, nor a missing or a double one', async () => {
    const subject = guarded({ attempts: { perAddress: 1 } })
    for (const key of ['off', 'old', 'early']) assert.equal((await subject.with(withKey(key))).status, 401)
    await subject.with()
    assert.equal((await subject.with(withKey('s3cret'))).status, 200)
    const endless = guarded({ attempts: { perAddress: 0 } })
    for (let at = 0; at < 200; at++) assert.equal((await endless.with(withKey('guess'))).problem?.reason, 'unknown')
  })

  it('refuses to tell the upstream in the field of the key, or in one that is the gateway’s', () => {
    for (const app of ['Host', 'X-Forwarded-For', 'Content-Length']) {
      const issue = keyAuth.options.safeParse({ toUpstream: { app } }).error?.issues[0]
      assert.deepEqual(issue?.path, ['toUpstream', 'app'])
    }
    assert.match(
      keyAuth.options.safeParse({ toUpstream: { app: 'x-api-key' } }).error?.message ?? '',
      /holds the credential/,
    )
    assert.ok(keyAuth.options.safeParse({ in: 'query', toUpstream: { app: 'X-Api-Key' } }).success)
  })

  it('refuses names that no field can have', () => {
    assert.equal(keyAuth.options.safeParse({ name: 'X Api' }).success, false)
    assert.equal(keyAuth.options.safeParse({ toUpstream: { app: 'a\r\nb' } }).success, false)
  })
})
