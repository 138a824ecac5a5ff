import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { Doing } from '../store/doing.ts'
import type { Change, Store } from '../store/store.ts'
import { describeOnStores } from '../testing/describe-on-stores.ts'
import { createUser, eraseUser, replaceUser, suspendUser } from '../users/user-store.ts'
import { TokenFault, type TokenFaultReason, type TokenRequest } from './token.ts'
import { endToken, findToken, issueToken, listTokens, noteTokenUse } from './token-store.ts'

const NOW = 1_700_000_000_000
const MINUTE = 60_000
const EDITOR = { role: 'editor', team: 'shop' }
const VIEWER = { role: 'viewer', team: 'shop' }
const SERVICE = { kind: 'service', team: 'shop', name: 'ci', grants: [EDITOR] } as const
const doing = (change: Change, nowMs = NOW): Doing => ({ ...change, by: 'user:ann', nowMs })
const failsWith = (reason: TokenFaultReason) => (fault: unknown) =>
  fault instanceof TokenFault && fault.reason === reason

const create = (store: Store) =>
  store.write((change) => createUser(doing(change), { email: 'ann@example.com', name: 'Ann', grants: [EDITOR] }))
const issue = (store: Store, request: TokenRequest) => store.write((change) => issueToken(doing(change), request))
const find = (store: Store, value: string, nowMs = NOW) => store.read((db) => findToken(db, value, nowMs))
const end = (store: Store, uid: string) => store.write((change) => endToken(doing(change), uid))

await describeOnStores('tokens', (open) => {
  it('of a person may what the person may now, and no more than their scopes', async () => {
    const store = await open()
    const { uid } = await create(store)
    const { token, value } = await issue(store, { kind: 'personal', user: uid, name: ' laptop ', scopes: ['api:read'] })
    assert.match(value, /^gwp_[0-9A-Za-z]{38}$/)
    assert.deepEqual([token.name, token.hint], ['laptop', `${value.slice(0, 8)}…${value.slice(-4)}`])
    const principal = {
      actor: `token:${token.uid}`,
      name: 'laptop',
      user: token.kind === 'personal' ? token.user : '',
      grants: [EDITOR],
      scopes: ['api:read'],
    }
    assert.deepEqual(await find(store, value), { token, principal, isUseDue: true })
    const facts = { email: 'ann@example.com', name: 'Ann', grants: [VIEWER] }
    await store.write((change) => replaceUser(doing(change), uid, { version: undefined, facts }))
    assert.deepEqual((await find(store, value))?.principal.grants, [VIEWER])
    await store.write((change) => suspendUser(doing(change), uid))
    assert.equal(await find(store, value), undefined)
  })

  it('of a service have grants of their own', async () => {
    const store = await open()
    const { token, value } = await issue(store, SERVICE)
    assert.match(value, /^gws_[0-9A-Za-z]{38}$/)
    const principal = { actor: `token:${token.uid}`, name: 'ci', grants: [EDITOR] }
    assert.deepEqual((await find(store, value))?.principal, principal)
  })

  it('are kept as hashes, and nothing else is one', async () => {
    const store = await open()
    const { value } = await issue(store, SERVICE)
    const [row] = await store.read((db) => db.selectFrom('tokens').selectAll().execute())
    assert.ok(!JSON.stringify(row).includes(value.slice(8, -4)))
    const others = ['', row?.hash ?? '', value.slice(0, -1), `${value}0`, value.replace('gws_', 'gwp_'), ` ${value}`]
    for (const other of others) assert.equal(await find(store, other), undefined, other)
  })

  it('end with their time, by hand, and with their user', async () => {
    const store = await open()
    const { uid: user } = await create(store)
    const short = await issue(store, { ...SERVICE, expiresAtMs: NOW + 1 })
    assert.notEqual(await find(store, short.value), undefined)
    assert.equal(await find(store, short.value, NOW + 1), undefined)
    const { token, value } = await issue(store, SERVICE)
    assert.equal((await end(store, token.uid)).endedAtMs, NOW)
    assert.equal(await find(store, value), undefined)
    await assert.rejects(end(store, token.uid), failsWith('ended'))
    await assert.rejects(end(store, 'nobody'), failsWith('not-found'))
    const own = await issue(store, { kind: 'personal', user, name: 'laptop' })
    await store.write((change) => eraseUser(doing(change), user))
    assert.equal(await find(store, own.value), undefined)
    assert.deepEqual(await store.read((db) => listTokens(db, { user, limit: 9 })), [])
  })

  it('are noted as used once a minute', async () => {
    const store = await open()
    const { token, value } = await issue(store, SERVICE)
    const use = (nowMs: number) => store.write((change) => noteTokenUse(doing(change, nowMs), token.uid))
    const look = async (nowMs: number) => {
      const found = await find(store, value, nowMs)
      return [found?.token.lastUsedMs, found?.isUseDue]
    }
    await use(NOW)
    assert.deepEqual(await look(NOW + MINUTE - 1), [NOW, false])
    await use(NOW + MINUTE - 1)
    assert.deepEqual(await look(NOW + MINUTE), [NOW, true])
    await use(NOW + MINUTE)
    assert.deepEqual(await look(NOW + MINUTE), [NOW + MINUTE, false])
  })

  it('are listed by whose they are, in pages', async () => {
    const store = await open()
    const { uid: user } = await create(store)
    await issue(store, { kind: 'personal', user, name: 'own' })
    for (const team of ['shop', 'bank', 'shop']) await issue(store, { ...SERVICE, team, name: team })
    const list = async (query: { user?: string; teams?: readonly string[] }) => {
      const names: string[] = []
      for (let after: string | undefined; ; ) {
        const page = await store.read((db) => listTokens(db, { ...query, limit: 1, ...(after && { after }) }))
        names.push(...page.map(({ name }) => name))
        after = page.at(-1)?.uid
        if (after === undefined) return names.toSorted()
      }
    }
    assert.deepEqual(await list({}), ['bank', 'own', 'shop', 'shop'])
    assert.deepEqual(await list({ user }), ['own'])
    assert.deepEqual(await list({ teams: ['shop'] }), ['shop', 'shop'])
    assert.deepEqual(await list({ teams: [] }), [])
  })

  for (const wrong of [
    { ...SERVICE, name: ' ' },
    { ...SERVICE, expiresAtMs: NOW },
    { ...SERVICE, scopes: [] },
    { ...SERVICE, scopes: ['api:*'] },
    { ...SERVICE, grants: [{ role: 'editor' }] },
    { ...SERVICE, kind: 'other' },
  ]) {
    it(`are not issued: ${JSON.stringify(wrong)}`, async () => {
      const store = await open()
      await assert.rejects(issue(store, wrong as unknown as TokenRequest), failsWith('malformed'))
    })
  }
})
