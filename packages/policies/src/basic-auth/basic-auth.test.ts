import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { loadArgon2, loadBcrypt } from '../passwords/password-library.ts'
import { Problem } from '../problem.ts'
import { FakeClock, MemoryCredentials, type PolicyRun, type PolicyRunSetup, run } from '../testing/index.ts'
import { basicAuth } from './basic-auth.ts'

/** The cheapest there are: what they cost is not what is tested. */
const hashWith = { argon2: '', bcrypt: '' }
const PASSWORD = 'open sesame'
before(async () => {
  hashWith.argon2 = await loadArgon2().hash(PASSWORD, { memoryCost: 8, timeCost: 1 })
  hashWith.bcrypt = await loadBcrypt().hash(PASSWORD, 4)
})

const encode = (pair: string | Buffer): string => Buffer.from(pair).toString('base64')
const withPair = (pair: string | Buffer) => ({ headers: { Authorization: `Basic ${encode(pair)}` } })
const ANN = withPair(`ann:${PASSWORD}`)

type Options = Parameters<typeof run<typeof basicAuth.options>>[1]

function guarded(options: Options = {}, setup: PolicyRunSetup = {}): PolicyRun & { users: MemoryCredentials } {
  const users = new MemoryCredentials()
  users.setUser('ann', { app: 'shop', plan: 'gold', passwordHash: hashWith.argon2 })
  users.setUser('ben', { app: 'shop', passwordHash: hashWith.bcrypt })
  return Object.assign(run(basicAuth, options, { credentials: users, ...setup }), { users })
}

describe('basic-auth', () => {
  it('recognises a user by name and password, on behalf of the app', async () => {
    const subject = guarded()
    for (const [name, plan] of [
      ['ann', 'gold'],
      ['ben', undefined],
    ] as const) {
      const { status, exchange } = await subject.with(withPair(`${name}:${PASSWORD}`))
      assert.equal(status, 200)
      const { id, app, plan: its, credential } = exchange.caller ?? assert.fail('nobody was recognised')
      assert.deepEqual([id, app, its, credential], [name, 'shop', plan, { kind: 'password', id: name }])
    }
  })

  it('reads the examples of the specification (RFC 7617 §2 and §2.1)', async () => {
    const users = new MemoryCredentials()
    const hash = (password: string) => loadArgon2().hashSync(password, { memoryCost: 8, timeCost: 1 })
    users.setUser('Aladdin', { app: 'cave', passwordHash: hash('open sesame') })
    users.setUser('test', { app: 'cave', passwordHash: hash('123£') })
    const subject = run(basicAuth, {}, { credentials: users })
    for (const token of ['QWxhZGRpbjpvcGVuIHNlc2FtZQ==', 'dGVzdDoxMjPCow==']) {
      assert.equal((await subject.with({ headers: { Authorization: `Basic ${token}` } })).status, 200, token)
    }
  })

  it('checks the published vectors of argon2 and bcrypt', async () => {
    const subject = guarded()
    for (const [password, passwordHash] of [
      // phc-winner-argon2, src/test.c.
      ['password', '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc'],
      ['password', '$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA'],
      // crypt_blowfish 1.3, wrapper.c.
      ['U*U', '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW'],
      ['U*U', '$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW'],
      ['U*U', '$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW'],
    ] as const) {
      subject.users.setUser('eve', { app: 'shop', passwordHash })
      assert.equal((await subject.with(withPair(`eve:${password}`))).status, 200, passwordHash)
      assert.equal((await subject.with(withPair(`eve:${password}x`))).status, 401, passwordHash)
    }
  })

  it('refuses a request without a password: 401, and how one is sent (RFC 7617 §2)', async () => {
    const { status, problem, headers, upstream } = await guarded({ realm: 'orders' }).with()
    assert.deepEqual([status, problem?.code], [401, 'credential-missing'])
    assert.equal(headers.get('www-authenticate'), 'Basic realm="orders", charset="UTF-8"')
    assert.equal(upstream.length, 0)
    const bearer = await guarded().with({ headers: { Authorization: 'Bearer abc' } })
    assert.equal(bearer.problem?.code, 'credential-missing')
  })

  it('says the same of a wrong password, an unknown name and whoever is not let in; the record says more', async () => {
    const subject = guarded({ attempts: { perAddress: 0, perName: 0 } })
    for (const why of ['disabled', 'expired', 'not-yet-valid'] as const) {
      subject.users.setUser(why, { app: 'shop', passwordHash: hashWith.argon2, isRefusedAs: why })
    }
    const said = new Set<string>()
    for (const [pair, reason] of [
      ['ann:wrong', 'wrong-password'],
      ['ben:wrong', 'wrong-password'],
      ['ann:', 'wrong-password'],
      [`nobody:${PASSWORD}`, 'unknown'],
      [`__proto__:${PASSWORD}`, 'unknown'],
      [`constructor:${PASSWORD}`, 'unknown'],
      [`Ann:${PASSWORD}`, 'unknown'],
      [`ann :${PASSWORD}`, 'unknown'],
      [`ann:${PASSWORD} `, 'wrong-password'],
      [`disabled:${PASSWORD}`, 'disabled'],
      [`expired:${PASSWORD}`, 'expired'],
      [`not-yet-valid:${PASSWORD}`, 'not-yet-valid'],
    ] as const) {
      const { status, problem, headers, upstream } = await subject.with(withPair(pair))
      assert.deepEqual([status, problem?.code, problem?.reason], [401, 'credential-invalid', reason], pair)
      assert.match(headers.get('www-authenticate') ?? '', /^Basic /)
      assert.equal(upstream.length, 0)
      said.add(problem?.detail ?? '')
    }
    assert.equal(said.size, 1)
    assert.doesNotMatch([...said].join(), /sesame|ann/)
  })

  it('takes as long for a name that nobody has: somebody’s hash is checked all the same', async () => {
    const subject = guarded()
    const stranger = subject.start(subject.open(withPair(`nobody:${PASSWORD}`)))
    assert.equal(stranger.isSync, false)
    assert.equal((await stranger.answer).problem?.reason, 'unknown')
    const nobody = run(basicAuth, {})
    assert.ok(nobody.start(nobody.open(ANN)).isSync)
  })

  it('checks a password once, and answers without a promise while it is remembered', async () => {
    const clock = new FakeClock()
    const subject = guarded({ rememberSeconds: 60 }, { clock })
    const isSync = async (): Promise<boolean> => {
      const { isSync, answer } = subject.start(subject.open(ANN))
      assert.equal((await answer).status, 200)
      return isSync
    }
    assert.equal(await isSync(), false)
    assert.equal(await isSync(), true)
    await clock.advance(60_000)
    assert.equal(await isSync(), false)
    assert.equal((await subject.with(withPair('ann:wrong'))).status, 401)
  })

  it('remembers nothing at 0', async () => {
    const subject = guarded({ rememberSeconds: 0 })
    for (let at = 0; at < 2; at++) {
      const { isSync, answer } = subject.start(subject.open(ANN))
      assert.equal(isSync, false)
      assert.equal((await answer).status, 200)
    }
  })

  it('forgets at once who was disabled, removed from an app, or given another password', async () => {
    const subject = guarded()
    assert.equal((await subject.with(ANN)).status, 200)
    subject.users.setUser('ann', { app: 'shop', passwordHash: hashWith.argon2, isRefusedAs: 'disabled' })
    assert.equal((await subject.with(ANN)).problem?.reason, 'disabled')
    subject.users.setUser('ann', { app: 'shop', passwordHash: await loadBcrypt().hash('new', 4) })
    assert.equal((await subject.with(ANN)).problem?.reason, 'wrong-password')
    assert.equal((await subject.with(withPair('ann:new'))).status, 200)
    subject.users.setUser('ann', { app: 'other', passwordHash: hashWith.argon2 })
    assert.equal((await subject.with(ANN)).exchange.caller?.app, 'other')
  })

  it('does not let in who is disabled while the password is being checked', async () => {
    const subject = guarded()
    const { answer } = subject.start(subject.open(ANN))
    subject.users.setUser('ann', { app: 'shop', passwordHash: hashWith.argon2, isRefusedAs: 'disabled' })
    assert.deepEqual([(await answer).status, (await answer).problem?.reason], [401, 'disabled'])
  })

  it('checks once what comes many times at once', async () => {
    const subject = guarded()
    // Far more than may wait: each but the first waits for the first one's check.
    const answers = Array.from({ length: 200 }, () => subject.with(ANN))
    for (const { status } of await Promise.all(answers)) assert.equal(status, 200)
  })

  it('takes on only so many checks, and says so (503)', async () => {
    const subject = guarded({ attempts: { perAddress: 0, perName: 0 } })
    const answers = Array.from({ length: 1060 }, (_, at) => subject.with(withPair(`ann:wrong ${at}`)))
    const problems = (await Promise.all(answers)).map(({ problem, headers }) => {
      if (problem?.code === 'verifier-unavailable') assert.equal(headers.get('retry-after'), '1')
      return problem?.reason
    })
    assert.equal(problems.filter((reason) => reason === 'wrong-password').length, 1026)
    assert.equal(problems.filter((reason) => reason === 'too-many-checks').length, 34)
    assert.equal((await subject.with(ANN)).status, 200)
  })

  it('lets in a crowd of users who all come at once, from one address or from many', async () => {
    for (const addresses of [1, 250]) {
      const subject = guarded()
      const names = Array.from({ length: 500 }, (_, at) => `user-${at}`)
      for (const name of names) subject.users.setUser(name, { app: 'shop', passwordHash: hashWith.argon2 })
      const answers = names.map((name, at) =>
        subject.with(withPair(`${name}:${PASSWORD}`), { address: `192.0.2.${at % addresses}` }),
      )
      assert.deepEqual(new Set((await Promise.all(answers)).map(({ status }) => status)), new Set([200]))
    }
  })

  it('checks nothing for those who left before it was their turn', async () => {
    const subject = guarded()
    const crowd = Array.from({ length: 50 }, (_, at) =>
      subject.open(withPair(`ann:${PASSWORD} ${at}`), { address: `192.0.2.${at}` }),
    )
    const answers = crowd.map((exchange) => subject.start(exchange).answer)
    for (const exchange of crowd) exchange.abort(new Problem('client-left'))
    const codes = (await Promise.all(answers)).map(({ problem }) => problem?.code)
    assert.equal(codes.filter((code) => code === 'client-left').length, 48)
    assert.equal(codes.filter((code) => code === 'credential-invalid').length, 2)
  })

  it('looks at so many wrong ones for a name and of an address, and then at none', async () => {
    const subject = guarded({ attempts: { perAddress: 3, perName: 2 } })
    const reasonOf = async (pair: string, address: string) =>
      (await subject.with(withPair(pair), { address })).problem?.code ?? 'passed'
    assert.equal(await reasonOf('ann:a', '192.0.2.1'), 'credential-invalid')
    assert.equal(await reasonOf('ann:b', '192.0.2.1'), 'credential-invalid')
    assert.equal(await reasonOf(`ann:${PASSWORD}`, '192.0.2.2'), 'too-many-attempts')
    assert.equal(await reasonOf('ben:c', '192.0.2.1'), 'credential-invalid')
    assert.equal(await reasonOf(`ben:${PASSWORD}`, '192.0.2.1'), 'too-many-attempts')
    assert.equal(await reasonOf(`ben:${PASSWORD}`, '192.0.2.2'), 'passed')
  })

  it('looks at no more of a crowd than there is room for, and locks nobody out whose password is remembered', async () => {
    const subject = guarded({ attempts: { perAddress: 100, perName: 5 } })
    assert.equal((await subject.with(ANN)).status, 200)
    const guesses = Array.from({ length: 30 }, (_, at) =>
      subject.with(withPair(`ann:guess ${at}`), { address: `192.0.2.${at + 10}` }),
    )
    const codes = (await Promise.all(guesses)).map(({ problem }) => problem?.code)
    assert.equal(codes.filter((code) => code === 'credential-invalid').length, 5)
    assert.equal(codes.filter((code) => code === 'too-many-attempts').length, 25)
    assert.equal((await subject.with(ANN)).status, 200)
  })

  it('lets callers without a password pass where that is allowed, but not those with a bad one', async () => {
    const subject = guarded({ anonymous: true })
    const nobody = await subject.with()
    assert.equal(nobody.status, 200)
    assert.equal(nobody.exchange.caller, undefined)
    assert.equal((await subject.with(withPair('ann:wrong'))).status, 401)
    assert.equal((await subject.with({ headers: { Authorization: 'Basic ???' } })).status, 401)
  })

  it('takes the password out of the request, or sends it on where that is asked for', async () => {
    const { upstream } = await guarded().with({ headers: { ...ANN.headers, Accept: '*/*' } })
    assert.deepEqual([...(upstream[0]?.headers ?? [])], [['Accept', '*/*']])
    const forwarded = await guarded({ forward: true }).with(ANN)
    assert.equal(forwarded.upstream[0]?.headers.get('authorization'), ANN.headers.Authorization)
  })

  it('tells the upstream who calls, whatever the client said', async () => {
    const { upstream } = await guarded({ toUpstream: { id: 'X-User', app: 'X-App' } }).with({
      headers: { ...ANN.headers, 'x-user': 'root', x_app: 'root' },
    })
    assert.deepEqual(
      [...(upstream[0]?.headers ?? [])],
      [
        ['X-User', 'ann'],
        ['X-App', 'shop'],
      ],
    )
    assert.deepEqual(basicAuth.identityFields?.(basicAuth.options.parse({ toUpstream: { id: 'X-User' } })), ['X-User'])
  })

  it('refuses options that contradict themselves or break the challenge', () => {
    for (const realm of ['', 'a"b', 'a\\b', 'a\r\nb', 'ä', 'x'.repeat(129)]) {
      assert.equal(basicAuth.options.safeParse({ realm }).success, false, realm)
    }
    const own = basicAuth.options.safeParse({ toUpstream: { id: 'authorization' } })
    assert.match(own.error?.message ?? '', /credentials stand there/)
  })
})

describe('what is no name and password', () => {
  for (const [name, Authorization, reason] of [
    ['no base64', 'Basic a:b', 'not-base64'],
    ['base64 without its padding', `Basic ${encode('ann:open').replaceAll('=', '')}`, 'not-base64'],
    ['base64 of the URL alphabet (RFC 4648 §5)', 'Basic _-==', 'not-base64'],
    ['base64 with something behind it', `Basic ${encode('ann:x')} ,`, 'not-base64'],
    ['parameters', `Basic ${encode('ann:x')}, realm="x"`, 'not-base64'],
    ['a name without a colon (RFC 7617 §2)', `Basic ${encode('ann')}`, 'no-colon'],
    ['nothing at all', 'Basic ', 'no-colon'],
    ['the bare scheme', 'Basic', 'no-colon'],
    ['an empty name', `Basic ${encode(':open sesame')}`, 'no-name'],
    ['a colon', `Basic ${encode(':')}`, 'no-name'],
    ['a line feed in the name (RFC 7617 §2)', `Basic ${encode('an\nn:x')}`, 'control-character'],
    ['a NUL in the password, where C would end it', `Basic ${encode('ann:open sesame\0x')}`, 'control-character'],
    ['a C1 control in UTF-8', `Basic ${encode('ann:\u0085')}`, 'control-character'],
    ['Latin-1', `Basic ${encode(Buffer.from('änn:x', 'latin1'))}`, 'not-utf-8'],
    ['an overlong slash (RFC 3629 §10)', `Basic ${encode(Buffer.from([0x61, 0x3a, 0xc0, 0xaf]))}`, 'not-utf-8'],
    ['half a pair of surrogates', `Basic ${encode(Buffer.from([0x61, 0x3a, 0xed, 0xa0, 0x80]))}`, 'not-utf-8'],
    ['a huge password', `Basic ${encode(`ann:${'x'.repeat(5000)}`)}`, 'too-long'],
    ['a huge name', `Basic ${encode(`${'x'.repeat(256)}:x`)}`, 'too-long'],
  ] as const) {
    it(`is refused without a look at any user: ${name}`, async () => {
      const subject = guarded()
      const { isSync, answer } = subject.start(subject.open({ headers: { Authorization } }))
      const { problem, status, headers } = await answer
      assert.ok(isSync)
      assert.deepEqual([status, problem?.code, problem?.reason], [401, 'credential-invalid', reason])
      assert.match(headers.get('www-authenticate') ?? '', /^Basic realm="gateway", charset="UTF-8"$/)
    })
  }

  it('is two fields Authorization that say two things (RFC 9110 §5.3); the same one twice is one', async () => {
    const fields = (...values: string[]) => ({ headers: values.map((value) => ['Authorization', value] as const) })
    const ann = ANN.headers.Authorization
    for (const other of [`Basic ${encode('ben:x')}`, 'Bearer x', 'basic x']) {
      for (const order of [
        [ann, other],
        [other, ann],
      ]) {
        assert.equal((await guarded().with(fields(...order))).problem?.reason, 'two-credentials', order.join())
      }
    }
    assert.equal((await guarded().with(fields(ann, ann))).status, 200)
  })
})

describe('a name and password', () => {
  it('come with the scheme in any case, and spaces behind it (RFC 9110 §11.1)', async () => {
    for (const scheme of ['basic', 'BASIC', 'bAsIc', 'Basic  ']) {
      const Authorization = `${scheme} ${encode(`ann:${PASSWORD}`)}`
      assert.equal((await guarded().with({ headers: { Authorization } })).status, 200, scheme)
    }
  })

  it('may hold colons in the password, and anything that is printed (RFC 7617 §2)', async () => {
    const subject = guarded()
    for (const password of ['a:b', ':', ' ', 'pässwörd', '🔑', '{"a":1}', '$argon2id$']) {
      const passwordHash = await loadArgon2().hash(password, { memoryCost: 8, timeCost: 1 })
      subject.users.setUser('eve', { app: 'shop', passwordHash })
      assert.equal((await subject.with(withPair(`eve:${password}`))).status, 200, password)
    }
  })

  it('are compared as they come: what looks the same is not the same', async () => {
    const subject = guarded()
    const composed = 'pässwörd'.normalize('NFC')
    const passwordHash = await loadArgon2().hash(composed, { memoryCost: 8, timeCost: 1 })
    subject.users.setUser('änn'.normalize('NFC'), { app: 'shop', passwordHash })
    assert.equal((await subject.with(withPair(`${'änn'.normalize('NFC')}:${composed}`))).status, 200)
    assert.equal((await subject.with(withPair(`${'änn'.normalize('NFC')}:${composed.normalize('NFD')}`))).status, 401)
    assert.equal((await subject.with(withPair(`${'änn'.normalize('NFD')}:${composed}`))).status, 401)
  })

  it('keep a byte-order mark: it is a letter of the name like others', async () => {
    assert.equal((await guarded().with(withPair(`\uFEFFann:${PASSWORD}`))).problem?.reason, 'unknown')
  })

  it('are not cut where bcrypt cuts: 72 bytes count, and more of them are wrong', async () => {
    const subject = guarded()
    const long = 'x'.repeat(72)
    subject.users.setUser('eve', { app: 'shop', passwordHash: await loadBcrypt().hash(long, 4) })
    assert.equal((await subject.with(withPair(`eve:${long}`))).status, 200)
    for (const password of [`${long}x`, `${long}${long}`, 'x'.repeat(71)]) {
      assert.equal((await subject.with(withPair(`eve:${password}`))).problem?.reason, 'wrong-password')
    }
    const letters = 'ä'.repeat(36)
    subject.users.setUser('eve', { app: 'shop', passwordHash: await loadBcrypt().hash(`${letters}ä`, 4) })
    assert.equal((await subject.with(withPair(`eve:${letters}ä`))).status, 401)
  })
})
