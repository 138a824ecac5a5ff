import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { CallFault, type DirectoryEntry } from '../services.ts'
import { FakeClock, FakeDirectories, MemoryCredentials, type PolicyRunSetup, run } from '../testing/index.ts'
import { ldapAuth } from './ldap-auth.ts'

const ENTRY: DirectoryEntry = {
  dn: 'uid=ann,ou=people,dc=example',
  groups: ['cn=admins,ou=groups,dc=example', 'staff'],
  attributes: { uid: ['ann'], mail: ['ann@example.com', 'a@example.com'], displayname: ['Ann'] },
}

const withPair = (pair: string) => ({ headers: { Authorization: `Basic ${Buffer.from(pair).toString('base64')}` } })
const ANN = withPair('ann:open sesame')

type Options = Partial<NonNullable<Parameters<typeof run<typeof ldapAuth.options>>[1]>>

const WAY = { url: 'ldaps://ldap.example.com', bindDn: 'uid={name},dc=example' } as const

function guarded(options: Options = {}, setup: PolicyRunSetup & { answer?: () => DirectoryEntry | undefined } = {}) {
  const directories = new FakeDirectories(({ password }) =>
    setup.answer === undefined ? (password === 'open sesame' ? ENTRY : undefined) : setup.answer(),
  )
  return Object.assign(run(ldapAuth, { ...WAY, ...options }, { directories, ...setup }), {
    questions: directories.questions,
  })
}

describe('ldap-auth', () => {
  it('asks no more of a crowd of guesses than there is room for, and locks nobody out who is remembered', async () => {
    const subject = guarded({ attempts: { perAddress: 100, perName: 5 } })
    assert.equal((await subject.with(ANN)).status, 200)
    const guesses = Array.from({ length: 30 }, (_, at) => subject.with(withPair(`ann:guess ${at}`)))
    await Promise.all(guesses)
    assert.equal(subject.questions.length, 1 + 5)
    assert.equal((await subject.with(ANN)).status, 200)
  })

  it('recognises whom the directory knows: id, groups, claims, and the DN as the credential’s name', async () => {
    const { exchange } = await guarded({ groups: {}, attributes: ['mail', 'displayName', 'phone'] }).with(ANN)
    assert.deepEqual(exchange.caller, {
      id: 'ann',
      app: undefined,
      credential: { kind: 'directory', id: ENTRY.dn },
      groups: ['admins', 'staff'],
      claims: { mail: ['ann@example.com', 'a@example.com'], displayName: 'Ann', dn: ENTRY.dn },
    })
  })

  it('says the same of one caller whatever the spelling, also where the entry says no name', async () => {
    const answer = () => ({ ...ENTRY, attributes: {} })
    for (const name of ['ann', 'ANN', ' Ann ', 'ａｎｎ']) {
      const { exchange } = await guarded({}, { answer }).with(withPair(`${name}:open sesame`))
      assert.equal(exchange.caller?.id, 'ann', name)
    }
  })

  it('takes the id from another attribute, and groups as they stand, where that is said', async () => {
    const { exchange } = await guarded({ id: 'displayName', groups: { names: 'whole' } }).with(ANN)
    assert.equal(exchange.caller?.id, 'Ann')
    assert.deepEqual(exchange.caller?.groups, ENTRY.groups)
  })

  it('asks by what its options say', async () => {
    const template = guarded({ attributes: ['mail'], groups: {}, timeoutMs: 100 })
    await template.with(ANN)
    assert.deepEqual(template.questions[0], {
      name: 'ann',
      password: 'open sesame',
      settings: {
        url: 'ldaps://ldap.example.com',
        startTls: true,
        ca: undefined,
        timeoutMs: 100,
        find: { by: 'template', dn: 'uid={name},dc=example' },
        groups: { by: 'attribute', attribute: 'memberOf' },
        attributes: ['mail', 'uid'],
      },
    })
    const account = { dn: 'cn=gateway', password: 's3cret' }
    const search = { base: 'dc=x', filter: '(mail={name})', account }
    const subject = guarded({ bindDn: undefined, search, groups: { base: 'ou=groups' } })
    await subject.with(ANN)
    const { find, groups } = subject.questions[0]?.settings ?? assert.fail('nobody was asked')
    assert.ok(find.by === 'search')
    assert.deepEqual([find.base, find.filter, find.account?.dn], ['dc=x', '(mail={name})', 'cn=gateway'])
    assert.equal(find.account?.password.reveal(), 's3cret')
    assert.deepEqual(groups, { by: 'search', base: 'ou=groups', filter: '(member={dn})', attribute: 'cn' })
    assert.doesNotMatch(JSON.stringify(subject.questions), /s3cret/)
  })

  it('refuses a request without a password, and one with a wrong one', async () => {
    const missing = await guarded({ realm: 'orders' }).with()
    assert.deepEqual([missing.status, missing.problem?.code], [401, 'credential-missing'])
    assert.equal(missing.headers.get('www-authenticate'), 'Basic realm="orders", charset="UTF-8"')
    const wrong = await guarded().with(withPair('ann:wrong'))
    assert.deepEqual(
      [wrong.status, wrong.problem?.code, wrong.problem?.reason],
      [401, 'credential-invalid', 'wrong-password'],
    )
    assert.equal(wrong.upstream.length, 0)
  })

  it('never asks with an empty password, whatever the directory would say (RFC 4513 §5.1.2)', async () => {
    const subject = guarded({}, { answer: () => ENTRY })
    for (const pair of ['ann:', ' :x', '\u3000:x']) {
      const { status, problem } = await subject.with(withPair(pair))
      assert.deepEqual([status, problem?.reason], [401, 'no-password'], pair)
    }
    assert.equal(subject.questions.length, 0)
  })

  it('lets nobody in while the directory cannot be asked (503), and says so in the log once until it can', async () => {
    let isAway = true
    const answer = () => {
      if (isAway) throw new CallFault('ECONNREFUSED', 'nobody listens')
      return ENTRY
    }
    const subject = guarded({ rememberSeconds: 0 }, { answer })
    for (let at = 0; at < 2; at++) {
      const { status, problem, upstream } = await subject.with(ANN)
      assert.deepEqual([status, problem?.code, problem?.reason], [503, 'verifier-unavailable', 'ECONNREFUSED'])
      assert.equal(upstream.length, 0)
    }
    assert.equal(subject.log.entries.length, 1)
    isAway = false
    assert.equal((await subject.with(ANN)).status, 200)
    isAway = true
    assert.equal((await subject.with(ANN)).status, 503)
    assert.equal(subject.log.entries.length, 2)
    assert.doesNotMatch(JSON.stringify(subject.log.entries), /sesame/)
  })

  it('does not take for a guess what could not be asked', async () => {
    const attempts = { perAddress: 1, perName: 1 }
    let isAway = true
    const subject = guarded(
      { attempts },
      {
        answer: () => {
          if (isAway) throw new CallFault('timeout', 'late')
          return ENTRY
        },
      },
    )
    for (let at = 0; at < 3; at++) assert.equal((await subject.with(ANN)).status, 503)
    isAway = false
    assert.equal((await subject.with(ANN)).status, 200)
  })

  it('shows nothing of a mistake of its own', async () => {
    const subject = guarded(
      {},
      {
        answer: () => {
          throw new TypeError('secret detail')
        },
      },
    )
    const { problem } = await subject.with(ANN)
    assert.deepEqual([problem?.code, problem?.detail], ['unexpected', undefined])
  })

  it('asks once while it remembers, also where many come at once', async () => {
    const clock = new FakeClock()
    const subject = guarded({ rememberSeconds: 60 }, { clock })
    await Promise.all(Array.from({ length: 20 }, () => subject.with(ANN)))
    assert.equal(subject.questions.length, 1)
    const again = subject.start(subject.open(ANN))
    assert.ok(again.isSync)
    assert.equal((await again.answer).exchange.caller?.id, 'ann')
    await clock.advance(60_000)
    await subject.with(ANN)
    assert.equal(subject.questions.length, 2)
    await subject.with(withPair('ann:wrong'))
    await subject.with(withPair('ann:wrong'))
    assert.equal(subject.questions.length, 4)
  })

  it('counts wrong ones for a name in all its spellings', async () => {
    const subject = guarded({ attempts: { perAddress: 0, perName: 3 } })
    for (const name of ['ann', 'ANN', ' ann']) {
      assert.equal((await subject.with(withPair(`${name}:wrong`))).status, 401)
    }
    const { status, problem } = await subject.with(withPair('Ann:open sesame'), { address: '192.0.2.9' })
    assert.deepEqual([status, problem?.code], [429, 'too-many-attempts'])
    assert.equal((await subject.with(withPair('ben:open sesame'))).status, 200)
  })

  it('calls on behalf of an app, with the plan and the switch it has now', async () => {
    const credentials = new MemoryCredentials()
    const subject = guarded({ app: 'staff' }, { credentials })
    assert.equal((await subject.with(ANN)).problem?.reason, 'unknown-app')
    credentials.setApp('staff', { plan: 'gold' })
    const { exchange } = await subject.with(ANN)
    assert.deepEqual([exchange.caller?.app, exchange.caller?.plan], ['staff', 'gold'])
    credentials.setApp('staff', { plan: 'silver' })
    assert.equal((await subject.with(ANN)).exchange.caller?.plan, 'silver')
    credentials.setApp('staff', { isEnabled: false })
    assert.equal((await subject.with(ANN)).problem?.reason, 'disabled-app')
  })

  it('lets callers without a password pass where that is allowed, takes it out, and tells the upstream', async () => {
    const subject = guarded({ anonymous: true, groups: {}, toUpstream: { id: 'X-User', groups: 'X-Groups' } })
    assert.equal((await subject.with()).exchange.caller, undefined)
    assert.equal((await subject.with(withPair('ann:wrong'))).status, 401)
    const { upstream } = await subject.with({ headers: { ...ANN.headers, 'x-user': 'root' } })
    assert.deepEqual(
      [...(upstream[0]?.headers ?? [])],
      [
        ['X-User', 'ann'],
        ['X-Groups', 'admins,staff'],
      ],
    )
    const forwarded = await guarded({ forward: true }).with(ANN)
    assert.equal(forwarded.upstream[0]?.headers.get('authorization'), ANN.headers.Authorization)
  })

  it('refuses to tell upstreams what would write fields of its own', async () => {
    const answer = () => ({ ...ENTRY, attributes: { uid: ['ann\r\nX-Admin: 1'] } })
    const { problem, upstream } = await guarded({ toUpstream: { id: 'X-User' } }, { answer }).with(ANN)
    assert.deepEqual([problem?.reason, upstream.length], ['unsendable-claim', 0])
  })

  it('refuses options that say no way to find a name, or a way that lets names choose how they are checked', () => {
    const search = { base: 'dc=x' }
    for (const [options, why] of [
      [{ url: 'ldaps://a' }, /by `bindDn` or by `search`/],
      [{ url: 'ldaps://a', bindDn: 'uid={name}', search }, /by `bindDn` or by `search`/],
      [{ url: 'ldaps://a', bindDn: '{name}' }, /a DN, or name@domain/],
      [{ url: 'ldaps://a', bindDn: 'cn=one' }, /holds \{name\}/],
      [{ url: 'http://a', search }, /ldap:\/\/host/],
      [{ url: 'ldap://user:pass@a', search }, /ldap:\/\/host/],
      [{ url: 'ldap://a/dc=x?uid', search }, /ldap:\/\/host/],
      [{ url: 'ldap://a%00.b', search }, /ldap:\/\/host/],
      [{ url: 'ldap://%31%32%37.0.0.1', search }, /ldap:\/\/host/],
      [{ url: 'ldaps://①②⑦.0.0.1', search }, /xn--/],
      [{ url: 'ldap://[fe80::1%25lo]', search }, /ldap:\/\/host/],
      [{ url: 'ldaps://a', search: { base: 'dc=x', filter: '(uid=one)' } }, /holds \{name\}/],
      [{ url: 'ldaps://a', search: { base: 'dc=x', filter: 'uid={name}' } }, /in parentheses/],
      [{ url: 'ldaps://a', search, groups: { base: 'x', filter: '(member=x)' } }, /holds \{dn\}/],
      [{ url: 'ldaps://a', search, attributes: ['a b'] }, /letters, digits/],
      [{ url: 'ldaps://a', search, toUpstream: { id: 'Authorization' } }, /credentials stand there/],
    ] as const) {
      const parsed = ldapAuth.options.safeParse(options)
      assert.match(parsed.error?.message ?? 'taken', why, JSON.stringify(options))
    }
  })
})
