import assert from 'node:assert/strict'
import { createHmac, randomBytes } from 'node:crypto'
import { it } from 'node:test'
import { SecretFault } from '../secrets/secret-fault.ts'
import { SecretKey } from '../secrets/secret-key.ts'
import { rotateSecretKey } from '../secrets/secret-store.ts'
import type { Doing } from '../store/doing.ts'
import type { Change, Store } from '../store/store.ts'
import { describeOnStores } from '../testing/describe-on-stores.ts'
import { createUser, findUser } from '../users/user-store.ts'
import { drawRecoveryCodes, useRecoveryCode } from './recovery-codes.ts'
import { confirmTotp, offerTotp, removeTotp, useTotp } from './totp.ts'

const NOW = 1_700_000_010_000
const STEP = 30_000
const drawKey = () => SecretKey.open({ env: { GATEWRIGHT_SECRET_KEY: randomBytes(32).toString('base64') } })
const KEY = drawKey()
const doing = (change: Change, nowMs = NOW): Doing => ({ ...change, by: 'system', nowMs })

/** RFC 6238 §4 and RFC 4226 §5.3, from their text. */
function toCode(base32: string, nowMs: number): string {
  const bits = [...base32].map((digit) =>
    'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(digit).toString(2).padStart(5, '0'),
  )
  const secret = Buffer.from((bits.join('').match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)))
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(Math.floor(nowMs / STEP)))
  const digest = createHmac('sha1', secret).update(counter).digest()
  const value = digest.readUInt32BE((digest.at(-1) ?? 0) & 15) & 0x7fffffff
  return String(value % 1_000_000).padStart(6, '0')
}

async function create(store: Store, name = 'ann'): Promise<string> {
  const facts = { email: `${name}@example.com`, name, grants: [] }
  return (await store.write((change) => createUser(doing(change), facts))).uid
}
const offer = (store: Store, user: string) =>
  store.write((change) => offerTotp(doing(change), KEY, { user, issuer: 'Gatewright' }))
const confirm = (store: Store, given: { user: string; challenge: string; code: string }, nowMs = NOW) =>
  store.write((change) => confirmTotp(doing(change, nowMs), KEY, given))
const use = (store: Store, given: { user: string; code: string }, { nowMs = NOW, key = KEY } = {}) =>
  store.write((change) => useTotp(doing(change, nowMs), key, given))
const recover = (store: Store, given: { user: string; code: string }) =>
  store.write((change) => useRecoveryCode(doing(change), given))

async function begin(store: Store) {
  const user = await create(store)
  const { secret, challenge } = await offer(store, user)
  const codes = await confirm(store, { user, challenge, code: toCode(secret, NOW) })
  return { user, secret, codes: codes ?? assert.fail('the code is wrong') }
}

await describeOnStores('a second factor', (open) => {
  it('by time counts once a code has proved it, and is kept sealed', async () => {
    const store = await open()
    const user = await create(store)
    const { secret, uri, challenge } = await offer(store, user)
    const { searchParams, protocol } = new URL(uri)
    assert.deepEqual(
      [protocol, searchParams.get('secret'), searchParams.get('issuer')],
      ['otpauth:', secret, 'Gatewright'],
    )
    assert.equal(secret.length, 32)
    const code = toCode(secret, NOW)
    assert.equal(await confirm(store, { user, challenge, code: '000000' }), undefined)
    assert.equal(await confirm(store, { user, challenge: 'x', code }), undefined)
    assert.equal(await confirm(store, { user: await create(store, 'ben'), challenge, code }), undefined)
    assert.equal(await confirm(store, { user, challenge, code }, NOW + 300_000), undefined)
    assert.equal((await store.read((db) => findUser(db, user)))?.hasTotp, false)
    assert.equal((await confirm(store, { user, challenge, code }))?.length, 10)
    assert.equal(await confirm(store, { user, challenge, code }), undefined)
    const found = await store.read((db) => findUser(db, user))
    assert.deepEqual([found?.hasTotp, found?.recoveryCodes], [true, 10])
    assert.ok(!JSON.stringify(await store.read((db) => db.selectFrom('users').selectAll().execute())).includes(secret))
  })

  it('by time takes each code once, and none before it', async () => {
    const store = await open()
    const { user, secret } = await begin(store)
    const at = (steps: number) => ({ user, code: toCode(secret, NOW + steps * STEP) })
    assert.equal(await use(store, at(0)), false)
    assert.equal(await use(store, at(1)), true)
    assert.equal(await use(store, at(1)), false)
    assert.equal(await use(store, at(0), { nowMs: NOW + STEP }), false)
    assert.equal(await use(store, at(2), { nowMs: NOW + STEP }), true)
  })

  for (const [steps, isRight] of [
    [-2, false],
    [-1, true],
    [1, true],
    [2, false],
  ] as const) {
    it(`by time is ${isRight ? 'right' : 'wrong'} where the clock is ${steps} steps away`, async () => {
      const store = await open()
      const { user, secret } = await begin(store)
      const nowMs = NOW + 10 * STEP
      assert.equal(await use(store, { user, code: toCode(secret, nowMs + steps * STEP) }, { nowMs }), isRight)
    })
  }

  it('by time may be typed with a space, and is nothing else', async () => {
    const store = await open()
    const { user, secret } = await begin(store)
    const code = toCode(secret, NOW + STEP)
    for (const other of ['', code.slice(1), `${code}0`, 'abcdef', '１２３４５６'])
      assert.equal(await use(store, { user, code: other }), false)
    assert.equal(await use(store, { user: 'nobody', code }), false)
    assert.equal(await use(store, { user, code: ` ${code.slice(0, 3)} ${code.slice(3)}` }), true)
  })

  it('by time is taken once also where two control planes are asked at the same moment', async () => {
    const store = await open()
    const { user, secret } = await begin(store)
    const given = { user, code: toCode(secret, NOW + STEP) }
    const results = await Promise.all([use(store, given), use(store, given), use(store, given)])
    assert.deepEqual(results.toSorted(), [false, false, true])
  })

  it('by time goes, and its recovery codes with it', async () => {
    const store = await open()
    const { user, secret, codes } = await begin(store)
    await store.write((change) => removeTotp(doing(change), user))
    assert.equal(await use(store, { user, code: toCode(secret, NOW + STEP) }), false)
    assert.equal(await recover(store, { user, code: codes[0] ?? '' }), false)
  })

  it('by time outlives another key of secrets, and needs the right one', async () => {
    const store = await open()
    const { user, secret } = await begin(store)
    const next = drawKey()
    await store.write((change) => rotateSecretKey(doing(change), KEY, next))
    const given = { user, code: toCode(secret, NOW + STEP) }
    await assert.rejects(use(store, given), SecretFault)
    assert.equal(await use(store, given, { key: next }), true)
  })

  it('on paper is good once a code, however it is typed', async () => {
    const store = await open()
    const { user, codes } = await begin(store)
    const [one = '', two = '', three = ''] = codes
    assert.match(one, /^(?:[0-9a-hjkmnp-tv-z]{4}-){3}[0-9a-hjkmnp-tv-z]{4}$/)
    assert.equal(new Set(codes).size, 10)
    assert.deepEqual(
      [await recover(store, { user, code: one }), await recover(store, { user, code: one })],
      [true, false],
    )
    const typed = ` ${two.replaceAll('-', '').toUpperCase().replaceAll('0', 'O').replaceAll('1', 'l')} `
    assert.equal(await recover(store, { user, code: typed }), true)
    for (const code of ['', three.slice(1), `${three}0`]) assert.equal(await recover(store, { user, code }), false)
    assert.equal(await recover(store, { user: await create(store, 'ben'), code: three }), false)
    assert.equal((await store.read((db) => findUser(db, user)))?.recoveryCodes, 8)
  })

  it('on paper is drawn anew, and the old paper is worth nothing', async () => {
    const store = await open()
    const { user, codes } = await begin(store)
    const next = await store.write((change) => drawRecoveryCodes(doing(change), user))
    assert.equal(await recover(store, { user, code: codes[0] ?? '' }), false)
    assert.equal(await recover(store, { user, code: next[0] ?? '' }), true)
    const kept = JSON.stringify(await store.read((db) => db.selectFrom('users').selectAll().execute()))
    for (const code of next) assert.ok(!kept.includes(code) && !kept.includes(code.replaceAll('-', '')))
  })
})
