import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { inspect } from 'node:util'
import type { Doing } from '../store/doing.ts'
import type { Change, Store } from '../store/store.ts'
import { describeOnStores } from '../testing/describe-on-stores.ts'
import { drawNextKey, forgetFormerKeys } from './key-file.ts'
import { sealForUser, unsealForUser } from './personal-seal.ts'
import { seal, unseal } from './seal.ts'
import { SecretFault, type SecretFaultReason } from './secret-fault.ts'
import { SecretKey } from './secret-key.ts'
import {
  listSecretNames,
  openSecrets,
  putSecret,
  removeSecret,
  removeSecretsOf,
  rotateSecretKey,
} from './secret-store.ts'

const NOW = 1_700_000_000_000
const doing = (change: Change): Doing => ({ ...change, by: 'user:ann', nowMs: NOW })
const failsWith = (reason: SecretFaultReason) => (fault: unknown) =>
  fault instanceof SecretFault && fault.reason === reason
const drawKey = () => SecretKey.open({ env: { GATEWRIGHT_SECRET_KEY: randomBytes(32).toString('base64') } })
const KEY = drawKey()
const PROD = { team: 'shop', uid: 'env-prod' }

const put = (store: Store, name: string, value: string, holder = PROD) =>
  store.write((change) => putSecret(doing(change), KEY, { ...holder, name, value }))
const open = async (store: Store, { key = KEY, holder = PROD } = {}) =>
  Object.fromEntries([...(await store.read((db) => openSecrets(db, key, holder)))].map(([k, v]) => [k, v.reveal()]))

describe('what is sealed', () => {
  const key = randomBytes(32)
  const sealed = seal(key, Buffer.from('open sesame'), ['a', 'b'])

  it('opens with its key at its place, and looks different each time', () => {
    assert.equal(unseal(key, sealed, ['a', 'b'])?.toString(), 'open sesame')
    assert.notEqual(seal(key, Buffer.from('open sesame'), ['a', 'b']), sealed)
  })

  it('opens with no other key, at no other place, and not when one bit of it was changed', () => {
    assert.equal(unseal(randomBytes(32), sealed, ['a', 'b']), undefined)
    for (const place of [['a'], ['ab'], ['b', 'a'], ['a', 'b', ''], ['a","b']])
      assert.equal(unseal(key, sealed, place), undefined)
    const bytes = Buffer.from(sealed.slice(2), 'base64')
    for (let at = 0; at < bytes.length; at++) {
      const changed = Buffer.from(bytes)
      changed.writeUInt8((bytes[at] ?? 0) ^ 1, at)
      assert.equal(unseal(key, `1:${changed.toString('base64')}`, ['a', 'b']), undefined, `byte ${at}`)
    }
    for (const none of ['', '1:', 'x', sealed.slice(2), `2${sealed.slice(1)}`, sealed.slice(0, 20)])
      assert.equal(unseal(key, none, ['a', 'b']), undefined)
  })
})

describe('the key of secrets', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gatewright-secret-key-'))
  after(() => rmSync(folder, { recursive: true }))
  const openFile = (file: string) => SecretKey.open({ file, env: {} })

  it('is drawn into a file that its owner alone may read, and found there again', () => {
    const file = join(folder, 'key')
    const { id } = openFile(file)
    assert.equal(statSync(file).mode & 0o777, 0o600)
    assert.equal(Buffer.from(readFileSync(file, 'utf8'), 'base64').length, 32)
    assert.equal(openFile(file).id, id)
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.endsWith('.tmp')),
      [],
    )
  })

  for (const mode of [0o640, 0o604, 0o644]) {
    it(`is refused where others can read it: ${mode.toString(8)}`, () => {
      const file = join(folder, `mode-${mode}`)
      openFile(file)
      chmodSync(file, mode)
      assert.throws(() => openFile(file), failsWith('key'))
    })
  }

  for (const text of ['', 'secret', randomBytes(31).toString('base64'), randomBytes(32).toString('hex')]) {
    it(`is none, and is not overwritten: ${text.length} letters`, () => {
      const file = join(folder, `text-${text.length}`)
      writeFileSync(file, text, { mode: 0o600 })
      assert.throws(() => openFile(file), failsWith('key'))
      assert.equal(readFileSync(file, 'utf8'), text)
      assert.throws(() => SecretKey.open({ env: { GATEWRIGHT_SECRET_KEY: text } }), failsWith('key'))
    })
  }

  it('may have others behind it that open, and seals itself', async () => {
    const [one, two] = [randomBytes(32).toString('base64'), randomBytes(32).toString('base64')]
    const former = SecretKey.open({ env: { GATEWRIGHT_SECRET_KEY: one } })
    for (const list of [`${two} ${one}`, `${two}\n${one}\n`]) {
      const both = SecretKey.open({ env: { GATEWRIGHT_SECRET_KEY: list } })
      assert.equal(both.id, SecretKey.open({ env: { GATEWRIGHT_SECRET_KEY: two } }).id)
      assert.deepEqual(both.findWrappingKey(former.id), former.revealWrappingKey())
      assert.equal(former.findWrappingKey(both.id), undefined)
    }
    assert.throws(() => SecretKey.open({ env: { GATEWRIGHT_SECRET_KEY: `${two} x` } }), failsWith('key'))
  })

  it('in a file is followed by another one, once at a time, and forgotten when that is said', () => {
    const file = join(folder, 'changed')
    assert.throws(() => drawNextKey(file), failsWith('key'))
    const { id } = openFile(file)
    drawNextKey(file)
    assert.equal(statSync(file).mode & 0o777, 0o600)
    const both = openFile(file)
    assert.notEqual(both.id, id)
    assert.ok(both.findWrappingKey(id))
    assert.throws(() => drawNextKey(file), failsWith('key'))
    forgetFormerKeys(file, both.id)
    assert.equal(openFile(file).id, both.id)
    assert.equal(openFile(file).findWrappingKey(id), undefined)
    assert.equal(readFileSync(file, 'utf8').split('\n').length, 2)
  })

  it('is changed by one at a time: who finds another at it, or one that was killed, is told so and changes nothing', () => {
    const file = join(folder, 'at-once')
    const { id } = openFile(file)
    writeFileSync(`${file}.next`, '')
    for (const change of [() => drawNextKey(file), () => forgetFormerKeys(file, id)])
      assert.throws(
        change,
        (fault: Error) => failsWith('key')(fault) && /at-once\.next .*remove it/.test(fault.message),
      )
    assert.equal(openFile(file).id, id)
    rmSync(`${file}.next`)
    drawNextKey(file)
    assert.equal(existsSync(`${file}.next`), false)
  })

  it('is not forgotten while another one has come before it', () => {
    const file = join(folder, 'overtaken')
    const { id } = openFile(file)
    drawNextKey(file)
    assert.throws(() => forgetFormerKeys(file, id), failsWith('wrong-key'))
    assert.ok(openFile(file).findWrappingKey(id))
  })

  it('in the environment goes before the file', () => {
    const file = join(folder, 'unused')
    SecretKey.open({ file, env: { GATEWRIGHT_SECRET_KEY: randomBytes(32).toString('base64') } })
    assert.equal(existsSync(file), false)
  })

  it('has to be somewhere', () => {
    assert.throws(() => SecretKey.open({ env: {} }), failsWith('key'))
    assert.throws(() => openFile(join(folder, 'nowhere', 'key')), failsWith('key'))
  })

  it('is printed by nothing', () => {
    const value = randomBytes(32)
    const key = SecretKey.open({ env: { GATEWRIGHT_SECRET_KEY: value.toString('base64') } })
    for (const text of [inspect(key, { showHidden: true, depth: 9 }), JSON.stringify(key)]) {
      assert.ok(!text.includes(value.toString('base64')) && !text.includes(value.toString('hex')))
    }
  })
})

await describeOnStores('secrets', (openStore) => {
  it('are opened as they were put, and of what is kept nobody reads them', async () => {
    const store = await openStore()
    await put(store, 'DB_PASSWORD', 'open sesame')
    await put(store, 'API_KEY', 'ünïcode')
    assert.deepEqual(await open(store), { API_KEY: 'ünïcode', DB_PASSWORD: 'open sesame' })
    const kept = await store.read((db) => db.selectFrom('secrets').selectAll().execute())
    assert.ok(!JSON.stringify(kept).includes('open sesame'))
    const opened = await store.read((db) => openSecrets(db, KEY, PROD))
    assert.ok(!inspect(opened, { showHidden: true }).includes('open sesame'))
  })

  it('are listed by name and version alone', async () => {
    const store = await openStore()
    await put(store, 'b', 'one')
    await put(store, 'b', 'two')
    await put(store, 'a', 'one')
    const facts = { updatedAtMs: NOW, updatedBy: 'user:ann' }
    assert.deepEqual(await store.read((db) => listSecretNames(db, PROD)), [
      { name: 'a', version: 1, ...facts },
      { name: 'b', version: 2, ...facts },
    ])
    assert.deepEqual(await open(store), { a: 'one', b: 'two' })
  })

  it('are removed one by one, or with their environment', async () => {
    const store = await openStore()
    const other = { ...PROD, uid: 'env-dev' }
    for (const name of ['a', 'b', 'c']) await put(store, name, 'x')
    await put(store, 'a', 'y', other)
    const remove = () => store.write((change) => removeSecret(doing(change), { ...PROD, name: 'a' }))
    await remove()
    await assert.rejects(remove(), failsWith('not-found'))
    assert.deepEqual(await open(store), { b: 'x', c: 'x' })
    await store.write((change) => removeSecretsOf(doing(change), PROD))
    assert.deepEqual([await open(store), await open(store, { holder: other })], [{}, { a: 'y' }])
  })

  for (const [name, value] of [
    ['', 'x'],
    ['1a', 'x'],
    ['a b', 'x'],
    ['a'.repeat(129), 'x'],
    ['a', ''],
    ['a', 'x'.repeat(65_537)],
  ] as const) {
    it(`are not kept: ${name.slice(0, 9)} = ${value.length} letters`, async () => {
      const store = await openStore()
      await assert.rejects(put(store, name, value), failsWith('malformed'))
    })
  }

  it('open for no other environment, name or team: rows that were swapped are damaged', async () => {
    const store = await openStore()
    const dev = { ...PROD, uid: 'env-dev' }
    await put(store, 'a', 'of prod')
    await put(store, 'a', 'of dev', dev)
    await assert.rejects(open(store, { holder: { ...PROD, team: 'bank' } }), failsWith('damaged'))
    await store.write(async ({ db }) => {
      const { sealed } = await db
        .selectFrom('secrets')
        .select('sealed')
        .where('holder', '=', 'env-prod')
        .executeTakeFirstOrThrow()
      await db.updateTable('secrets').set({ sealed }).where('holder', '=', 'env-dev').execute()
    })
    await assert.rejects(open(store, { holder: dev }), failsWith('damaged'))
    await store.write(async ({ db }) => {
      await db.updateTable('secrets').set({ name: 'b' }).where('holder', '=', 'env-prod').execute()
    })
    await assert.rejects(open(store), failsWith('damaged'))
  })

  it('say so where the key is another one, and nothing is written with it', async () => {
    const store = await openStore()
    await put(store, 'a', 'x')
    const key = drawKey()
    await assert.rejects(open(store, { key }), (fault: unknown) => {
      assert.ok(failsWith('wrong-key')(fault))
      return (fault as Error).message.includes(KEY.id) && (fault as Error).message.includes(key.id)
    })
    const putWith = store.write((change) => putSecret(doing(change), key, { ...PROD, name: 'b', value: 'x' }))
    await assert.rejects(putWith, failsWith('wrong-key'))
    assert.deepEqual(await open(store), { a: 'x' })
  })

  it('are sealed anew with another key, and the old one opens nothing any more', async () => {
    const store = await openStore()
    await put(store, 'a', 'x')
    await put(store, 'b', 'y', { ...PROD, uid: 'env-dev' })
    const read = (db: Change['db']) => db.selectFrom('secrets').select(['holder', 'sealed']).execute()
    const before = await store.read(read)
    const next = drawKey()
    const rotate = (old: SecretKey) => store.write((change) => rotateSecretKey(doing(change), old, next))
    await assert.rejects(rotate(drawKey()), failsWith('wrong-key'))
    await rotate(KEY)
    assert.deepEqual(await open(store, { key: next }), { a: 'x' })
    await assert.rejects(open(store), failsWith('wrong-key'))
    const sealed = new Set((await store.read(read)).map((row) => row.sealed))
    for (const row of before) assert.ok(!sealed.has(row.sealed))
  })

  it('are opened with a former key until they are sealed anew, and with the new one afterwards', async () => {
    const [one, two] = [randomBytes(32).toString('base64'), randomBytes(32).toString('base64')]
    const [old, both, next] = [one, `${two} ${one}`, two].map((text) =>
      SecretKey.open({ env: { GATEWRIGHT_SECRET_KEY: text } }),
    ) as [SecretKey, SecretKey, SecretKey]
    const store = await openStore()
    await store.write((change) => putSecret(doing(change), old, { ...PROD, name: 'a', value: 'x' }))
    await store.write((change) => putSecret(doing(change), both, { ...PROD, name: 'b', value: 'y' }))
    for (const key of [old, both]) assert.deepEqual(await open(store, { key }), { a: 'x', b: 'y' })
    await assert.rejects(open(store, { key: next }), failsWith('wrong-key'))
    await store.write((change) => rotateSecretKey(doing(change), both, both))
    for (const key of [next, both]) assert.deepEqual(await open(store, { key }), { a: 'x', b: 'y' })
    await assert.rejects(open(store, { key: old }), failsWith('wrong-key'))
  })

  it('of one person open for that person alone', async () => {
    const store = await openStore()
    const sealed = await store.write((change) => sealForUser(doing(change), KEY, { user: 'u1', text: 'seed' }))
    const unsealFor = (user: string) => store.read((db) => unsealForUser(db, KEY, { user, sealed }))
    assert.equal(await unsealFor('u1'), 'seed')
    await assert.rejects(unsealFor('u2'), failsWith('damaged'))
  })
})
