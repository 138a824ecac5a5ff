import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { appendToAudit, listAudit, verifyAudit } from '../audit/audit-log.ts'
import { findSession, startSession } from '../sessions/session-store.ts'
import type { Doing } from '../store/doing.ts'
import { CursorFault } from '../store/pages.ts'
import type { Change, Store } from '../store/store.ts'
import { describeOnStores } from '../testing/describe-on-stores.ts'
import { assertPassword, findPasswordRecord, hashNewPassword, isPasswordRight } from './password.ts'
import { type User, type UserFacts, UserFault, type UserFaultReason } from './user.ts'
import {
  createUser,
  eraseUser,
  findUser,
  findUserByEmail,
  findUserBySubject,
  listUsers,
  replaceUser,
  resumeUser,
  setPassword,
  suspendUser,
} from './user-store.ts'

const NOW = 1_700_000_000_000
const OWNER = { role: 'owner', team: '*' }
const PASSWORD = 'seven green kettles'
const doing = (change: Change): Doing => ({ ...change, by: 'user:root', nowMs: NOW })
const failsWith = (reason: UserFaultReason) => (fault: unknown) => fault instanceof UserFault && fault.reason === reason
const facts = (name: string, given: Partial<UserFacts> = {}): UserFacts => ({
  email: `${name}@example.com`,
  name,
  grants: [],
  ...given,
})

const create = (store: Store, name: string, given: Partial<UserFacts> = {}) =>
  store.write((change) => createUser(doing(change), facts(name, given)))
const replace = (store: Store, { uid }: User, given: UserFacts, version?: number) =>
  store.write((change) => replaceUser(doing(change), uid, { version, facts: given }))
const suspend = (store: Store, { uid }: User) => store.write((change) => suspendUser(doing(change), uid))
const erase = (store: Store, { uid }: User) => store.write((change) => eraseUser(doing(change), uid))
const start = (store: Store, { uid }: User) =>
  store.write((change) => startSession(doing(change), { user: uid, address: '192.0.2.1', agent: 'test' }))
const isIn = async (store: Store, secret: string) =>
  (await store.read((db) => findSession(db, secret, NOW))) !== undefined

describe('a password', () => {
  const ann = { email: 'ann.lee.smith@example.com', name: 'Ann-Lee Smith' }
  for (const password of [
    'short words',
    'x'.repeat(257),
    'annleesmith@example.com',
    'Ann.Lee.Smith@Example.com',
    'ann-lee smith',
    'Ann-Lee Smith 2024',
    'annleesmithannleesmith',
    'ababababababab',
    '            ',
    'password1234',
    'Password-2024',
    'PASSWORDPASSWORD',
    '123456789012',
    'qwertyuiopqw',
    'correct horse battery staple',
  ]) {
    it(`is not taken: ${password.slice(0, 30)}`, () =>
      assert.throws(() => assertPassword(password, ann), failsWith('weak-password')))
  }

  for (const password of [
    PASSWORD,
    'ünïcödé wörds',
    'x7!kQ_2mPz9$',
    '五つの緑のやかんと猫の夢物語',
    `${'long '.repeat(50)}one`,
  ]) {
    it(`is taken: ${password.slice(0, 30)}`, () => assert.doesNotThrow(() => assertPassword(password, ann)))
  }

  it('is right whatever keyboard it was typed on', async () => {
    const hash = await hashNewPassword('caf\u00e9 au lait noir', ann)
    assert.match(hash, /^\$argon2id\$/)
    assert.equal(await isPasswordRight('cafe\u0301 au lait noir', { hash }), true)
    assert.equal(await isPasswordRight('cafe au lait noir', { hash }), false)
    assert.equal(await isPasswordRight('x'.repeat(1_000_000), { hash }), false)
    assert.equal(await isPasswordRight('', { hash: undefined }), false)
  })
})

await describeOnStores('users', (open) => {
  it('are found by uid, by e-mail address in any case, and by their subject', async () => {
    const store = await open()
    const sso = { issuer: 'https://id.example.com', subject: 'a b' }
    const made = await create(store, 'Ann', { grants: [OWNER], sso, isBreakGlass: true })
    assert.deepEqual([made.state, made.version, made.createdBy], ['active', 1, 'user:root'])
    assert.deepEqual([made.hasPassword, made.hasTotp, made.passkeys], [false, false, []])
    const found = await store.read(async (db) => [
      await findUser(db, made.uid),
      await findUserByEmail(db, 'aNN@EXAMPLE.com'),
      await findUserBySubject(db, sso),
    ])
    assert.deepEqual(found, [made, made, made])
    const strangers = await store.read(async (db) => [
      await findUser(db, 'nobody'),
      await findUserByEmail(db, 'ann@example.org'),
      await findUserBySubject(db, { ...sso, subject: 'a' }),
    ])
    assert.deepEqual(strangers, [undefined, undefined, undefined])
  })

  it('have an e-mail address and a subject to themselves', async () => {
    const store = await open()
    const sso = { issuer: 'https://id.example.com', subject: '1' }
    await create(store, 'ann', { sso })
    const ben = await create(store, 'ben')
    await assert.rejects(create(store, 'x', { email: 'ANN@example.com' }), failsWith('taken'))
    await assert.rejects(create(store, 'x', { sso }), failsWith('taken'))
    await assert.rejects(replace(store, ben, facts('ben', { email: 'Ann@Example.com' })), failsWith('taken'))
    await replace(store, ben, facts('Ben', { sso: { ...sso, subject: '2' } }))
  })

  for (const given of [
    { email: 'ann' },
    { email: 'ann@example.com\nBcc: x@y' },
    { email: '<a@b>' },
    { name: '' },
    { name: ' ' },
    { name: 'a\u202eb' },
    { grants: [{ role: 'owner', team: '' }] },
    { sso: { issuer: 'a b', subject: 'c' } },
  ] as const) {
    it(`are not kept where something is wrong: ${JSON.stringify(given)}`, async () => {
      const store = await open()
      await assert.rejects(create(store, 'ann', given), failsWith('malformed'))
    })
  }

  it('are changed as they were seen, or not at all', async () => {
    const store = await open()
    const ann = await create(store, 'ann')
    const changed = await replace(store, ann, facts('ann', { name: 'Ann', grants: [OWNER] }), 1)
    assert.deepEqual([changed.version, changed.name, changed.grants], [2, 'Ann', [OWNER]])
    await assert.rejects(replace(store, ann, facts('ann'), 1), failsWith('changed'))
    await assert.rejects(replace(store, { ...ann, uid: 'nobody' }, facts('x')), failsWith('not-found'))
  })

  it('are listed by e-mail address, in pages, and searched', async () => {
    const store = await open()
    for (const name of ['dan', 'Ann', 'cyd', 'ben', 'a%b']) await create(store, name)
    const seen: string[] = []
    for (let after: string | undefined; ; ) {
      const page = await store.read((db) => listUsers(db, { limit: 2, ...(after && { after }) }))
      seen.push(...page.items.map(({ name }) => name))
      after = page.next
      if (after === undefined) break
    }
    assert.deepEqual(seen, ['a%b', 'Ann', 'ben', 'cyd', 'dan'])
    const search = async (text: string) =>
      (await store.read((db) => listUsers(db, { search: text, limit: 9 }))).items.map(({ name }) => name)
    assert.deepEqual(await search('AN'), ['Ann', 'dan'])
    assert.deepEqual(await search('%'), ['a%b'])
    for (const after of ['', 'x', 'WzFd'])
      await assert.rejects(
        store.read((db) => listUsers(db, { limit: 1, after })),
        CursorFault,
      )
  })

  it('that are suspended are out at once, and come back by logging in', async () => {
    const store = await open()
    const ann = await create(store, 'ann')
    const { secret } = await start(store, ann)
    assert.equal((await suspend(store, ann)).state, 'suspended')
    assert.equal(await isIn(store, secret), false)
    assert.equal((await suspend(store, ann)).version, 2)
    const late = await start(store, ann)
    assert.equal(await isIn(store, late.secret), false)
    await store.write((change) => resumeUser(doing(change), ann.uid))
    assert.deepEqual([await isIn(store, secret), await isIn(store, late.secret)], [false, true])
  })

  it('log in with their password alone, and not while they are suspended', async () => {
    const store = await open()
    const hash = await hashNewPassword(PASSWORD, facts('ann'))
    const ann = await store.write((change) => createUser(doing(change), facts('ann'), hash))
    assert.equal(ann.hasPassword, true)
    const isRight = async (email: string, password: string) =>
      await isPasswordRight(password, await store.read((db) => findPasswordRecord(db, email)))
    assert.equal(await isRight('Ann@example.com', PASSWORD), true)
    assert.equal(await isRight('ann@example.com', `${PASSWORD} `), false)
    assert.equal(await isRight('ben@example.com', PASSWORD), false)
    await suspend(store, ann)
    assert.equal(await isRight('ann@example.com', PASSWORD), false)
    assert.ok(!JSON.stringify(ann).includes('argon2'))
  })

  it('that change their password are logged out elsewhere', async () => {
    const store = await open()
    const ann = await create(store, 'ann')
    const [here, there] = [await start(store, ann), await start(store, ann)]
    const change = { hash: await hashNewPassword(PASSWORD, facts('ann')), keep: here.session.uid }
    await store.write((each) => setPassword(doing(each), ann.uid, change))
    assert.deepEqual([await isIn(store, here.secret), await isIn(store, there.secret)], [true, false])
  })

  it('that are the last owner can be neither suspended nor erased, and stay it', async () => {
    const store = await open()
    const ann = await create(store, 'ann', { grants: [OWNER] })
    await create(store, 'ben', { grants: [{ ...OWNER, team: 'shop' }] })
    await create(store, 'cyd', { grants: [{ ...OWNER, apis: ['orders'] }] })
    const away = await create(store, 'dan', { grants: [OWNER] })
    await suspend(store, away)
    await assert.rejects(suspend(store, ann), failsWith('last-owner'))
    await assert.rejects(erase(store, ann), failsWith('last-owner'))
    await assert.rejects(replace(store, ann, facts('ann')), failsWith('last-owner'))
    await replace(store, ann, facts('ann', { name: 'Ann', grants: [OWNER] }))
    await erase(store, away)
    const next = await create(store, 'eve', { grants: [{ role: 'viewer', team: 'shop' }, OWNER] })
    await erase(store, ann)
    await assert.rejects(erase(store, next), failsWith('last-owner'))
  })

  it('of whom two are owners cannot both go, however they hurry', async () => {
    const store = await open()
    const both = [await create(store, 'ann', { grants: [OWNER] }), await create(store, 'ben', { grants: [OWNER] })]
    const results = await Promise.allSettled(both.map((user) => erase(store, user)))
    assert.deepEqual(results.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected'])
  })

  it('that are erased leave nothing of themselves, and the audit log still holds', async () => {
    const store = await open()
    await create(store, 'root', { grants: [OWNER] })
    const ann = await create(store, 'ann.personal')
    const { secret } = await start(store, ann)
    await store.write((change) =>
      appendToAudit(doing(change), {
        action: 'create',
        kind: 'user',
        target: ann.uid,
        team: '*',
        details: null,
        personal: { person: ann.uid, facts: { email: ann.email } },
      }),
    )
    await erase(store, ann)
    assert.equal(await isIn(store, secret), false)
    const tables = [
      'users',
      'sessions',
      'tokens',
      'challenges',
      'login_attempts',
      'resource_versions',
      'audit',
    ] as const
    const kept = await store.read(async (db) => {
      const rows: unknown[] = []
      for (const table of tables) rows.push(await db.selectFrom(table).selectAll().execute())
      return JSON.stringify(rows)
    })
    assert.ok(!kept.includes('ann.personal'))
    assert.equal((await store.read((db) => listAudit(db, { limit: 1 })))[0]?.personal, 'erased')
    assert.equal((await store.read((db) => verifyAudit(db))).kind, 'whole')
    await create(store, 'ann.personal')
  })
})
