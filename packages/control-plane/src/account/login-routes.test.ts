import assert from 'node:assert/strict'
import { it } from 'node:test'
import { listAudit } from '../audit/audit-log.ts'
import {
  ANN,
  addPasskey,
  createAuthenticator,
  NOBODY,
  signUp,
  toBrowser,
  toTotpCode,
} from '../testing/account-stage.ts'
import type { AdminStage, Told } from '../testing/admin-stage.ts'
import { describeOnStores } from '../testing/describe-on-stores.ts'

const MINUTE = 60_000
const OTHER_PASSWORD = 'seven green kettles'

const logIn = (stage: AdminStage, password = ANN.password) =>
  stage.ask('POST /login', { ...NOBODY, body: { email: ANN.email, password } })
const second = (stage: AdminStage, body: object, query = '') =>
  stage.ask(`POST /login/second${query}`, { ...NOBODY, body })

async function addTotp(stage: AdminStage, browser: Told) {
  const { secret, uri, challenge } = (await stage.ask('POST /me/totp', browser)).json()
  assert.match(uri, /^otpauth:\/\/totp\/Gatewright:ann%40example\.com\?/)
  const wrong = await stage.ask('PUT /me/totp', { ...browser, body: { challenge, code: '000000' } })
  assert.equal(wrong.statusCode, 422)
  const body = { challenge, code: toTotpCode(secret, stage.nowMs) }
  const done = await stage.ask('PUT /me/totp', { ...browser, body })
  assert.equal(done.statusCode, 200, done.body)
  return { secret, codes: done.json().recoveryCodes as readonly string[] }
}

await describeOnStores('logins, by the admin API', (open) => {
  it('need the code of an app where there is one, each code once', async () => {
    const { stage, browser } = await signUp(await open())
    const { secret } = await addTotp(stage, browser)
    stage.nowMs += MINUTE
    const first = await logIn(stage)
    assert.equal(first.headers['set-cookie'], undefined)
    const { next, challenge } = first.json()
    assert.deepEqual(next, ['totp', 'recovery-code'])
    assert.equal((await second(stage, { factor: 'totp', challenge, code: '000000' })).statusCode, 401)
    const code = toTotpCode(secret, stage.nowMs)
    const done = await second(stage, { factor: 'totp', challenge, code })
    assert.equal((await stage.ask('GET /me', toBrowser(done))).json().name, 'Ann')
    assert.equal((await second(stage, { factor: 'totp', challenge, code })).statusCode, 401)
    const again = (await logIn(stage)).json().challenge
    assert.equal((await second(stage, { factor: 'totp', challenge: again, code })).statusCode, 401)
    const told = await stage.services.store.read((db) => listAudit(db, { limit: 10, action: 'refuse-log-in' }))
    assert.equal(told.length, 2)
  })

  it('slow down who guesses codes, also in dry runs', async () => {
    const { stage, browser } = await signUp(await open())
    const { secret } = await addTotp(stage, browser)
    stage.nowMs += MINUTE
    const { challenge } = (await logIn(stage)).json()
    const guess = { factor: 'totp', challenge, code: '000000' }
    for (let i = 0; i < 5; i++) assert.equal((await second(stage, guess, i < 3 ? '?dryRun=true' : '')).statusCode, 401)
    const slowed = await second(stage, { ...guess, code: toTotpCode(secret, stage.nowMs) })
    assert.deepEqual([slowed.statusCode, slowed.headers['retry-after']], [429, '1'])
  })

  it('take a code on paper for a lost phone, once', async () => {
    const { stage, browser } = await signUp(await open())
    const { codes } = await addTotp(stage, browser)
    const attempt = async () => {
      const { challenge } = (await logIn(stage)).json()
      return await second(stage, { factor: 'recovery-code', challenge, code: codes[0] })
    }
    const there = toBrowser(await attempt())
    assert.equal((await attempt()).statusCode, 401)
    assert.equal((await stage.ask('GET /me/factors', there)).json().recoveryCodes, 9)
    assert.equal((await stage.ask('DELETE /me/totp', there)).statusCode, 204)
    assert.ok('csrfToken' in (await logIn(stage)).json())
  })

  it('take a passkey after the password, and alone', async () => {
    const { stage, browser } = await signUp(await open())
    const authenticator = await addPasskey(stage, browser)
    const { user } = (await stage.ask('GET /me', browser)).json().actor.match(/user:(?<user>.*)/).groups
    const { next, challenge, passkey } = (await logIn(stage)).json()
    assert.deepEqual(next, ['passkey', 'recovery-code'])
    const given = { factor: 'passkey', challenge, response: authenticator.logIn(passkey.challenge, user) }
    assert.equal((await second(stage, given)).statusCode, 200)
    const alone = async (by: typeof authenticator) => {
      const options = (await stage.ask('POST /login/passkey/options', NOBODY)).json()
      const response = by.logIn(options.challenge, user)
      const answer = await stage.ask('POST /login/passkey', { ...NOBODY, body: { response } })
      return { answer, repeat: await stage.ask('POST /login/passkey', { ...NOBODY, body: { response } }) }
    }
    const right = await alone(authenticator)
    assert.equal((await stage.ask('GET /me', toBrowser(right.answer))).statusCode, 200)
    assert.equal(right.repeat.statusCode, 401)
    assert.equal((await alone(createAuthenticator())).answer.statusCode, 401)
    const nonsense = { response: { id: '%' } }
    assert.equal((await stage.ask('POST /login/passkey', { ...NOBODY, body: nonsense })).statusCode, 400)
  })

  it('are asked for by a stranger so often, whatever address it says it has', async () => {
    const { stage } = await signUp(await open())
    const ask = (index: number) =>
      stage.ask('POST /login/passkey/options', {
        as: '',
        headers: { 'x-forwarded-for': `192.0.2.${index}`, 'idempotency-key': `key-${index}-12345` },
      })
    for (let index = 0; index < 200; index++) assert.equal((await ask(index)).statusCode, 200)
    const more = await ask(200)
    assert.deepEqual([more.statusCode, more.headers['retry-after']], [429, '300'])
    const { store } = stage.services
    const kept = await store.read((db) => db.selectFrom('kept_answers').select('key').execute())
    assert.deepEqual(kept, [], 'nothing is kept for a day of who is not known')
    stage.nowMs += 300_000
    assert.equal((await ask(201)).statusCode, 200)
    const rows = await store.read((db) => db.selectFrom('challenges').select('hash').execute())
    assert.equal(rows.length, 1)
  })

  it('use up what a passkey was asked with, also where the answer is wrong', async () => {
    const { stage, browser } = await signUp(await open())
    const authenticator = await addPasskey(stage, browser)
    const user = (await stage.ask('GET /me', browser)).json().actor.slice('user:'.length)
    const { challenge } = (await stage.ask('POST /login/passkey/options', NOBODY)).json()
    for (const response of [
      authenticator.logIn(challenge, user, { origin: 'https://evil.example.com' }),
      authenticator.logIn(challenge, user),
    ]) {
      const refused = await stage.ask('POST /login/passkey', { ...NOBODY, body: { response } })
      assert.equal(refused.statusCode, 401)
    }
  })
})

await describeOnStores('what one logs in with, by the admin API', (open) => {
  it('changes only for who has just logged in, and for no token', async () => {
    const { stage, browser } = await signUp(await open())
    const token = (await stage.ask('POST /me/tokens', { ...browser, body: { name: 'ci' } })).json().value
    const lines = ['POST /me/totp', 'DELETE /me/totp', 'POST /me/recovery-codes', 'POST /me/passkeys/options']
    for (const line of lines) assert.equal((await stage.ask(line, { as: token })).statusCode, 403, line)
    stage.nowMs += 15 * MINUTE
    for (const line of lines) {
      const old = await stage.ask(line, browser)
      assert.match(old.body, /login-too-old/, line)
    }
  })

  it('is a password that changes with the old one, and logs out elsewhere', async () => {
    const { stage, browser } = await signUp(await open())
    const other = toBrowser(await logIn(stage))
    const token = (await stage.ask('POST /me/tokens', { ...browser, body: { name: 'ci' } })).json().value
    const change = (body: object) => stage.ask('PUT /me/password', { ...browser, body })
    stage.nowMs += 15 * MINUTE
    assert.equal((await change({ new: OTHER_PASSWORD })).statusCode, 403)
    assert.equal((await change({ old: 'wrong horse battery', new: OTHER_PASSWORD })).statusCode, 422)
    assert.equal((await change({ old: ANN.password, new: 'short' })).statusCode, 400)
    assert.equal((await change({ old: ANN.password, new: OTHER_PASSWORD })).statusCode, 204)
    assert.equal((await stage.ask('GET /me', browser)).statusCode, 200)
    assert.equal((await stage.ask('GET /me', other)).statusCode, 401)
    assert.equal((await stage.ask('GET /me', { as: token })).statusCode, 200)
    assert.equal((await logIn(stage)).statusCode, 401)
    const fresh = toBrowser(await logIn(stage, OTHER_PASSWORD))
    const body = { new: ANN.password, endTokens: true }
    assert.equal((await stage.ask('PUT /me/password', { ...fresh, body })).statusCode, 204)
    assert.equal((await stage.ask('GET /me', { as: token })).statusCode, 401)
  })

  it('keeps codes on paper as long as there is something that they stand in for', async () => {
    const { stage, browser } = await signUp(await open())
    const left = async () => (await stage.ask('GET /me/factors', browser)).json().recoveryCodes
    assert.equal((await stage.ask('POST /me/recovery-codes', browser)).statusCode, 409)
    const authenticator = await addPasskey(stage, browser)
    await addTotp(stage, browser)
    assert.equal((await stage.ask('DELETE /me/totp', browser)).statusCode, 204)
    assert.equal(await left(), 10)
    const path = `/me/passkeys/${authenticator.id.toString('base64url')}`
    assert.deepEqual(
      [
        (await stage.ask(`DELETE ${path}`, browser)).statusCode,
        (await stage.ask(`DELETE ${path}`, browser)).statusCode,
        await left(),
      ],
      [204, 404, 0],
    )
  })
})

await describeOnStores('sessions, by the admin API', (open) => {
  it('are listed and ended by whose they are', async () => {
    const { stage, browser } = await signUp(await open())
    stage.nowMs += 1
    const other = toBrowser(await logIn(stage))
    const third = toBrowser(await logIn(stage))
    const { items } = (await stage.ask('GET /me/sessions', browser)).json()
    assert.deepEqual([items.length, items.at(-1).isThis, items[0].isThis], [3, true, false])
    const [of] = (await stage.ask('GET /me/sessions', other))
      .json()
      .items.filter((each: { isThis: boolean }) => each.isThis)
    assert.equal((await stage.ask(`DELETE /me/sessions/${of.uid}`, browser)).statusCode, 204)
    assert.equal((await stage.ask('GET /me', other)).statusCode, 401)
    assert.equal((await stage.ask('DELETE /me/sessions', browser)).statusCode, 204)
    assert.equal((await stage.ask('GET /me', third)).statusCode, 401)
    assert.equal((await stage.ask('GET /me', browser)).statusCode, 200)
  })

  it('of others are ended by who may', async () => {
    const { stage, browser } = await signUp(await open())
    const user = (await stage.ask('GET /me', browser)).json().actor.slice('user:'.length)
    const token = (await stage.ask('POST /me/tokens', { ...browser, body: { name: 'ci' } })).json().value
    const { items } = (await stage.ask(`GET /users/${user}/sessions`, { as: token })).json()
    assert.equal(items.length, 1)
    assert.equal((await stage.ask(`DELETE /users/${user}/sessions/${items[0].uid}`, { as: token })).statusCode, 204)
    assert.equal((await stage.ask('GET /me', browser)).statusCode, 401)
    assert.equal((await stage.ask(`DELETE /users/${user}/sessions/${items[0].uid}`, { as: token })).statusCode, 404)
    assert.equal((await stage.ask('DELETE /users/nobody/sessions', { as: token })).statusCode, 404)
    assert.deepEqual(stage.mistakes, [])
  })
})
