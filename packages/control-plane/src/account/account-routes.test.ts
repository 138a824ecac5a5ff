import assert from 'node:assert/strict'
import { it } from 'node:test'
import { listAudit } from '../audit/audit-log.ts'
import { ANN, beginAccounts, signUp, toBrowser } from '../testing/account-stage.ts'
import type { Told } from '../testing/admin-stage.ts'
import { describeOnStores } from '../testing/describe-on-stores.ts'

await describeOnStores('accounts, by the admin API', (open) => {
  const begin = async () => await beginAccounts(await open())
  const signIn = async () => await signUp(await open())

  it('begin with the one that the link makes, once', async () => {
    const { stage, secret } = await begin()
    const setUp = (given: object) => stage.ask('POST /set-up', { as: '', body: { ...ANN, secret, ...given } })
    assert.equal((await setUp({ secret: 'x'.repeat(43) })).statusCode, 409)
    assert.equal((await setUp({ password: 'short' })).statusCode, 400)
    const done = await setUp({})
    assert.equal(done.statusCode, 201)
    assert.match(
      String(done.headers['set-cookie']),
      /^gatewright-session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/,
    )
    assert.equal((await setUp({ email: 'bob@example.com' })).statusCode, 409)
    const me = await stage.ask('GET /me', toBrowser(done))
    assert.deepEqual([me.json().name, me.json().grants], ['Ann', [{ role: 'owner', team: '*' }]])
  })

  it('are logged in to with the right password, and slowed for those who guess', async () => {
    const { stage } = await signIn()
    const logIn = (given: object) =>
      stage.ask('POST /login', { as: '', body: { email: ANN.email, password: ANN.password, ...given } })
    assert.equal((await logIn({})).statusCode, 200)
    assert.equal((await logIn({ email: 'ANN@example.com' })).statusCode, 200)
    assert.equal((await logIn({ password: 'wrong horse battery' })).statusCode, 401)
    assert.equal((await logIn({ email: 'nobody@example.com' })).statusCode, 401)
    for (let i = 0; i < 5; i++) await logIn({ password: `wrong horse ${i}` })
    const slowed = await logIn({})
    assert.deepEqual([slowed.statusCode, Number(slowed.headers['retry-after']) > 0], [429, true])
    stage.nowMs += 60_000
    assert.equal((await logIn({})).statusCode, 200)
    const told = await stage.services.store.read((db) => listAudit(db, { limit: 10, action: 'log-in' }))
    assert.equal(told.length, 3)
  })

  it('change nothing for a page of another site', async () => {
    const { stage, browser } = await signIn()
    const body = { name: 'ci' }
    const { 'x-csrf-token': token = '', ...cookie } = browser.headers ?? {}
    for (const headers of [
      cookie,
      { ...cookie, 'x-csrf-token': `${token}x` },
      { ...browser.headers, 'sec-fetch-site': 'cross-site' },
    ]) {
      const forged = await stage.ask('POST /me/tokens', { as: '', body, headers: headers as Record<string, string> })
      assert.equal(forged.statusCode, 403, forged.body)
    }
    const own = await stage.ask('POST /me/tokens', { ...browser, body })
    assert.equal(own.statusCode, 201)
  })

  it('have tokens for programs, of no more than one has oneself', async () => {
    const { stage, browser } = await signIn()
    const issue = async (told: Told, body: object) => await stage.ask('POST /me/tokens', { ...told, body })
    const all = (await issue(browser, { name: 'all' })).json()
    const few = (await issue(browser, { name: 'few', scopes: ['api:read', 'team:read'] })).json()
    assert.match(all.value, /^gwp_/)
    assert.equal((await stage.ask('PUT /teams/shop', { as: all.value, body: {} })).statusCode, 201)
    assert.equal((await stage.ask('PUT /teams/other', { as: few.value, body: {} })).statusCode, 403)
    assert.equal((await stage.ask('GET /teams/shop', { as: few.value })).statusCode, 200)
    assert.equal((await issue({ as: few.value }, { name: 'more' })).statusCode, 403)
    assert.equal((await issue({ as: all.value }, { name: 'same', scopes: ['api:read'] })).statusCode, 201)
    const listed = (await stage.ask('GET /me/tokens', browser)).json().items
    assert.deepEqual(listed.map(({ name, hint }: { name: string; hint: string }) => [name, hint !== '']).toSorted(), [
      ['all', true],
      ['few', true],
      ['same', true],
    ])
    assert.ok(!JSON.stringify(listed).includes(all.value))
    assert.equal((await stage.ask(`DELETE /me/tokens/${all.uid}`, browser)).statusCode, 204)
    assert.equal((await stage.ask('GET /teams', { as: all.value })).statusCode, 401)
  })

  it('are nothing for a token with scopes, nor for one of a team', async () => {
    const { stage, browser } = await signIn()
    const issue = async (line: string, body: object): Promise<Told> => ({
      as: (await stage.ask(line, { ...browser, body })).json().value,
    })
    const all = await issue('POST /me/tokens', { name: 'all' })
    const { items } = (await stage.ask('GET /me/tokens', browser)).json()
    const few = await issue('POST /me/tokens', { name: 'few', scopes: ['api:read', 'token:edit', 'session:end'] })
    const team = await issue('POST /tokens/main', { name: 'team', grants: [{ role: 'owner', team: '*' }] })
    const [session] = (await stage.ask('GET /me/sessions', browser)).json().items
    const lines: readonly [string, object?][] = [
      ['GET /me/tokens'],
      ['POST /me/tokens', { name: 'more', scopes: ['api:read'] }],
      [`DELETE /me/tokens/${items[0].uid}`],
      ['GET /me/sessions'],
      [`DELETE /me/sessions/${session.uid}`],
      ['DELETE /me/sessions'],
      ['GET /me/factors'],
      ['PUT /me/password', { new: 'four yellow candles' }],
      ['POST /me/totp'],
      ['DELETE /me/totp'],
      ['POST /me/recovery-codes'],
      ['POST /me/passkeys/options'],
      ['DELETE /me/passkeys/x'],
    ]
    for (const [line, body] of lines) {
      for (const told of [few, team]) {
        const answer = await stage.ask(line, { ...told, ...(body && { body }) })
        assert.deepEqual([answer.statusCode, answer.json().type], [403, 'urn:gatewright:problem:not-allowed'], line)
        assert.match(answer.json().detail, told === few ? /token with scopes/ : /for people/, line)
      }
    }
    assert.equal((await stage.ask('GET /me', few)).json().scopes.length, 3, 'who one is may be asked')
    assert.equal((await stage.ask('GET /me/sessions', all)).json().items.length, 1)
    assert.deepEqual(stage.mistakes, [])
  })

  it('are logged out of', async () => {
    const { stage, browser } = await signIn()
    const out = await stage.ask('POST /logout', browser)
    assert.equal(out.statusCode, 204)
    assert.match(String(out.headers['set-cookie']), /Max-Age=0/)
    assert.equal((await stage.ask('GET /me', browser)).statusCode, 401)
    assert.deepEqual(stage.mistakes, [])
  })
})
