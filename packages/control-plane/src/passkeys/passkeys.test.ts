import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { Doing } from '../store/doing.ts'
import type { Change, Store } from '../store/store.ts'
import { describeOnStores } from '../testing/describe-on-stores.ts'
import { createUser, findUser, suspendUser } from '../users/user-store.ts'
import { addPasskey, askForPasskey, checkPasskey, offerPasskey, removePasskey } from './passkey-store.ts'
import { SoftAuthenticator, type SoftOptions } from './soft-authenticator.fixture.ts'

const NOW = 1_700_000_000_000
const ORIGIN = 'https://console.example.com'
const SITE = { id: 'example.com', name: 'Gatewright', origins: [ORIGIN] }
const doing = (change: Change, nowMs = NOW): Doing => ({ ...change, by: 'system', nowMs })

async function create(store: Store, name = 'ann'): Promise<string> {
  const facts = { email: `${name}@example.com`, name, grants: [] }
  return (await store.write((change) => createUser(doing(change), facts))).uid
}
const createAuthenticator = (id?: Buffer) => new SoftAuthenticator({ origin: ORIGIN, site: SITE.id }, id)
const offer = (store: Store, user: string) => store.write((change) => offerPasskey(doing(change), SITE, user))
const add = (store: Store, user: string, response: ReturnType<SoftAuthenticator['register']>, nowMs = NOW) =>
  store.write((change) => addPasskey(doing(change, nowMs), SITE, { user, name: 'Laptop', response }))
const ask = (store: Store, user?: string) =>
  store.write((change) => askForPasskey(doing(change), SITE, user === undefined ? { address: '192.0.2.1' } : { user }))
const check = (
  store: Store,
  response: ReturnType<SoftAuthenticator['logIn']>,
  given: { user?: string; nowMs?: number } = {},
) =>
  store.write((change) =>
    checkPasskey(doing(change, given.nowMs), SITE, { response, ...(given.user !== undefined && { user: given.user }) }),
  )

async function begin(store: Store, name?: string) {
  const user = await create(store, name)
  const authenticator = createAuthenticator()
  const { challenge } = await offer(store, user)
  const verdict = await add(store, user, authenticator.register(challenge))
  assert.equal(verdict.kind, 'right', JSON.stringify(verdict))
  return { user, authenticator }
}

await describeOnStores('passkeys', (open) => {
  it('are made for this site and this person, who needs no password to log in', async () => {
    const store = await open()
    const user = await create(store)
    const authenticator = createAuthenticator()
    const options = await offer(store, user)
    assert.deepEqual([options.rp.id, options.attestation], ['example.com', 'none'])
    assert.equal(Buffer.from(options.user.id, 'base64url').toString(), user)
    assert.equal(options.authenticatorSelection?.userVerification, 'required')
    const added = await add(store, user, authenticator.register(options.challenge))
    assert.equal(added.kind === 'right' && added.passkey.name, 'Laptop')
    const { challenge, allowCredentials } = await ask(store)
    assert.equal(allowCredentials, undefined)
    const verdict = await check(store, authenticator.logIn(challenge, user), { nowMs: NOW + 1 })
    assert.equal(verdict.kind === 'right' && verdict.user.uid, user)
    const found = await store.read((db) => findUser(db, user))
    const id = authenticator.id.toString('base64url')
    assert.deepEqual(found?.passkeys, [{ id, name: 'Laptop', createdAtMs: NOW, lastUsedAtMs: NOW + 1 }])
    assert.equal(found?.version, 1)
    assert.deepEqual(
      (await offer(store, user)).excludeCredentials?.map((each) => each.id),
      [id],
    )
  })

  it('of one person are asked for after the password, and nobody else answers', async () => {
    const store = await open()
    const ann = await begin(store)
    const ben = await begin(store, 'ben')
    const options = await ask(store, ann.user)
    assert.deepEqual(
      options.allowCredentials?.map(({ id }) => id),
      [ann.authenticator.id.toString('base64url')],
    )
    const wrong = ben.authenticator.logIn(options.challenge, ben.user)
    assert.equal((await check(store, wrong, { user: ann.user })).kind, 'wrong')
    const { challenge } = await ask(store, ann.user)
    const right = ann.authenticator.logIn(challenge, ann.user)
    assert.equal((await check(store, right, { user: ann.user })).kind, 'right')
  })

  it('answer a challenge once, within five minutes, and for what it was given', async () => {
    const store = await open()
    const { user, authenticator } = await begin(store)
    const logIn = async (nowMs = NOW) => {
      const { challenge } = await ask(store)
      return { response: authenticator.logIn(challenge, user), nowMs }
    }
    const first = await logIn()
    assert.equal((await check(store, first.response)).kind, 'right')
    assert.equal((await check(store, first.response)).kind, 'wrong')
    const late = await logIn()
    assert.equal((await check(store, late.response, { nowMs: NOW + 300_000 })).kind, 'wrong')
    const ofRegistration = await offer(store, user)
    assert.equal((await check(store, authenticator.logIn(ofRegistration.challenge, user))).kind, 'wrong')
    const ofOne = await ask(store, user)
    assert.equal((await check(store, authenticator.logIn(ofOne.challenge, user))).kind, 'wrong')
    assert.equal((await check(store, authenticator.logIn('x'.repeat(43), user))).kind, 'wrong')
  })

  it('use a challenge up also where the answer is wrong', async () => {
    const store = await open()
    const { user, authenticator } = await begin(store)
    const { challenge } = await ask(store)
    assert.equal((await check(store, createAuthenticator(authenticator.id).logIn(challenge, user))).kind, 'wrong')
    assert.equal((await check(store, authenticator.logIn(challenge, user))).kind, 'wrong')
  })

  const wrongs: readonly (readonly [string, SoftOptions])[] = [
    ['another origin', { origin: 'https://evil.example.com' }],
    ['another site', { site: 'example.org' }],
    ['nobody there', { flags: 0x44 }],
    ['nobody recognised', { flags: 0x41 }],
  ]
  for (const [words, given] of wrongs) {
    it(`are refused with ${words}, when they are made and when they are used`, async () => {
      const store = await open()
      const { user, authenticator } = await begin(store)
      const registration = await offer(store, user)
      const made = await add(store, user, createAuthenticator().register(registration.challenge, given))
      assert.equal(made.kind, 'wrong')
      const { challenge } = await ask(store)
      const { flags, ...rest } = given
      const used = flags === undefined ? rest : { flags: flags & ~0x40 }
      assert.equal((await check(store, authenticator.logIn(challenge, user, used))).kind, 'wrong')
    })
  }

  it('that count are refused where they count back: somebody has copied them', async () => {
    const store = await open()
    const { user, authenticator } = await begin(store)
    const logIn = async (counter: number) => {
      authenticator.counter = counter
      const { challenge } = await ask(store)
      return (await check(store, authenticator.logIn(challenge, user))).kind
    }
    assert.deepEqual(
      [await logIn(5), await logIn(5), await logIn(4), await logIn(6)],
      ['right', 'wrong', 'wrong', 'right'],
    )
  })

  it('are of one person: neither twice, nor of another, nor by the offer to another', async () => {
    const store = await open()
    const { user, authenticator } = await begin(store)
    const ben = await create(store, 'ben')
    for (const uid of [user, ben]) {
      const { challenge } = await offer(store, uid)
      const verdict = await add(store, uid, createAuthenticator(authenticator.id).register(challenge))
      assert.deepEqual(verdict, { kind: 'wrong', why: 'this passkey is known already' })
    }
    const { challenge } = await offer(store, user)
    assert.equal((await add(store, ben, createAuthenticator().register(challenge))).kind, 'wrong')
  })

  it('let nobody in who is suspended, and go', async () => {
    const store = await open()
    const ann = await begin(store)
    const ben = await begin(store, 'ben')
    const logIn = async ({ user, authenticator }: typeof ann) => {
      const { challenge } = await ask(store)
      return (await check(store, authenticator.logIn(challenge, user))).kind
    }
    await store.write((change) => suspendUser(doing(change), ann.user))
    const remove = () =>
      store.write((change) =>
        removePasskey(doing(change), { user: ben.user, id: ben.authenticator.id.toString('base64url') }),
      )
    assert.deepEqual([await logIn(ann), await logIn(ben)], ['wrong', 'right'])
    assert.deepEqual([await remove(), await remove(), await logIn(ben)], [true, false, 'wrong'])
  })

  for (const clientDataJSON of ['', 'e30', 'bnVsbA', 'eyJjaGFsbGVuZ2UiOjF9', '%%%']) {
    it(`are none where the browser says nonsense: ${JSON.stringify(clientDataJSON)}`, async () => {
      const store = await open()
      const { user, authenticator } = await begin(store)
      const login = authenticator.logIn('x', user)
      const response = { ...login.response, clientDataJSON }
      assert.equal((await check(store, { ...login, response })).kind, 'wrong')
    })
  }
})
