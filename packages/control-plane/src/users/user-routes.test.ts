import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { Principal } from '../access/decide-access.ts'
import { listAudit, verifyAudit } from '../audit/audit-log.ts'
import { ANN, addPasskey, NOBODY, signUp, toBrowser } from '../testing/account-stage.ts'
import { AdminStage, type Told } from '../testing/admin-stage.ts'
import { describeOnStores } from '../testing/describe-on-stores.ts'

const OWNER = { role: 'owner', team: '*' }
const BEN = { email: 'ben@example.com', name: 'Ben' }
const PASSWORD = 'seven green kettles'
const VIEWER = { role: 'viewer', team: 'main' }

const toSecret = (url: string) => url.split('#')[1] ?? ''

async function invite(stage: AdminStage, told: Told, body: object = { ...BEN, grants: [VIEWER] }) {
  const answer = await stage.ask('POST /users', { ...told, body })
  assert.equal(answer.statusCode, 201, answer.body)
  return answer.json()
}

const accept = (stage: AdminStage, url: string, password = PASSWORD) =>
  stage.ask('POST /invitation', { ...NOBODY, body: { secret: toSecret(url), password } })
const logIn = (stage: AdminStage, { email, password }: { email: string; password: string }) =>
  stage.ask('POST /login', { ...NOBODY, body: { email, password } })

await describeOnStores('people, by the admin API', (open) => {
  it('are invited by a link, with which they set a password once', async () => {
    const { stage, browser } = await signUp(await open())
    const { user, link } = await invite(stage, browser)
    assert.match(link.url, /^http:\/\/localhost:9081\/invite#[\w-]{43}$/)
    assert.deepEqual([user.hasPassword, user.grants], [false, [VIEWER]])
    assert.equal((await accept(stage, link.url, 'short')).statusCode, 400)
    assert.deepEqual((await accept(stage, link.url)).json(), { email: BEN.email })
    assert.equal((await accept(stage, link.url)).statusCode, 409)
    const there = toBrowser(await logIn(stage, { ...BEN, password: PASSWORD }))
    assert.deepEqual((await stage.ask('GET /me', there)).json().grants, [VIEWER])
    const { items } = (await stage.ask('GET /users?search=BEN', browser)).json()
    assert.deepEqual(
      items.map(({ email }: { email: string }) => email),
      [BEN.email],
    )
  })

  it('have no use of a link that is three days old, or of one before a newer one', async () => {
    const { stage, browser } = await signUp(await open())
    const { user, link } = await invite(stage, browser)
    const reset = async () =>
      (await stage.ask(`POST /users/${user.uid}/reset`, { ...browser, body: {} })).json().link.url
    const newer = await reset()
    assert.equal((await accept(stage, link.url)).statusCode, 409)
    assert.equal((await accept(stage, newer)).statusCode, 200)
    const last = await reset()
    assert.equal((await logIn(stage, { ...BEN, password: PASSWORD })).statusCode, 401)
    stage.nowMs += 3 * 86_400_000
    assert.equal((await accept(stage, last)).statusCode, 409)
  })

  it('who have lost everything are reset', async () => {
    const { stage, browser } = await signUp(await open())
    const { user, link } = await invite(stage, browser)
    await accept(stage, link.url)
    const there = toBrowser(await logIn(stage, { ...BEN, password: PASSWORD }))
    await addPasskey(stage, there)
    const body = { secondFactors: true }
    const done = (await stage.ask(`POST /users/${user.uid}/reset`, { ...browser, body })).json()
    assert.deepEqual([done.user.passkeys, done.user.recoveryCodes, done.user.hasPassword], [0, 0, false])
    assert.equal((await stage.ask('GET /me', there)).statusCode, 401)
    await accept(stage, done.link.url)
    assert.ok('csrfToken' in (await logIn(stage, { ...BEN, password: PASSWORD })).json())
  })

  it('are changed, suspended, resumed and erased; the last owner is not', async () => {
    const { stage, browser } = await signUp(await open())
    const { user, link } = await invite(stage, browser)
    await accept(stage, link.url)
    const there = toBrowser(await logIn(stage, { ...BEN, password: PASSWORD }))
    const put = (ifMatch: string, grants: object[]) =>
      stage.ask(`PUT /users/${user.uid}`, {
        as: '',
        headers: { ...browser.headers, 'if-match': ifMatch },
        body: { ...BEN, grants },
      })
    assert.equal((await put('"1"', [])).statusCode, 412)
    const { headers } = await stage.ask(`GET /users/${user.uid}`, browser)
    assert.equal((await put(String(headers.etag), [])).statusCode, 200)
    const nothing = await put('*', [{ role: 'nothing', team: 'main' }])
    assert.deepEqual([nothing.statusCode, /"nothing"\. There are: .*viewer/.test(nothing.json().detail)], [400, true])
    assert.equal((await put('*', [{ role: 'viewer', team: 'nowhere' }])).statusCode, 400)
    assert.equal((await stage.ask(`POST /users/${user.uid}/suspend`, browser)).json().state, 'suspended')
    assert.equal((await stage.ask('GET /me', there)).statusCode, 401)
    assert.equal((await logIn(stage, { ...BEN, password: PASSWORD })).statusCode, 401)
    await stage.ask(`POST /users/${user.uid}/resume`, browser)
    assert.equal((await logIn(stage, { ...BEN, password: PASSWORD })).statusCode, 200)
    assert.equal((await stage.ask(`DELETE /users/${user.uid}`, browser)).statusCode, 204)
    const { store } = stage.services
    const told = JSON.stringify(await store.read((db) => listAudit(db, { limit: 50 })))
    assert.ok(told.includes(ANN.email) && !told.includes(BEN.email))
    assert.equal((await store.read((db) => verifyAudit(db))).kind, 'whole')
    const ann = (await stage.ask('GET /me', browser)).json().actor.slice('user:'.length)
    for (const line of [`POST /users/${ann}/suspend`, `DELETE /users/${ann}`])
      assert.equal((await stage.ask(line, browser)).statusCode, 409, line)
    assert.deepEqual(stage.mistakes, [])
  })
})

await describeOnStores('who looks after people', (open) => {
  /** An owner, and who may change people and read everything, and nothing else. */
  async function begin() {
    const people = new Map<string, Principal>()
    const stage = new AdminStage(await open(), { people })
    const permissions = ['user:edit', 'user:read', 'session:end']
    await stage.ask('PUT /roles/clerk', { body: { permissions } })
    await stage.ask('PUT /teams/shop', { body: {} })
    people.set('clerk', { actor: 'user:clerk', name: 'C', user: 'clerk', grants: [{ role: 'clerk', team: '*' }] })
    people.set('lead', { actor: 'user:lead', name: 'L', user: 'lead', grants: [{ role: 'owner', team: 'shop' }] })
    return { stage, as: (name: string): Told => ({ as: name }) }
  }

  it('becomes nothing by it: neither gives more, nor takes over who has more', async () => {
    const { stage, as } = await begin()
    const { user: owner } = await invite(stage, as('owner'), { ...BEN, grants: [OWNER] })
    const refused: readonly [string, object?][] = [
      ['POST /users', { email: 'x@example.com', name: 'X', grants: [OWNER] }],
      [`PUT /users/${owner.uid}`, { ...BEN, email: 'clerk@example.com', grants: [OWNER] }],
      [`PUT /users/${owner.uid}`, { ...BEN, grants: [] }],
      [`POST /users/${owner.uid}/reset`, {}],
      [`POST /users/${owner.uid}/suspend`],
      [`DELETE /users/${owner.uid}`],
    ]
    for (const [line, body] of refused) {
      const answer = await stage.ask(line, { ...as('clerk'), ...(body && { body }) })
      assert.equal(answer.statusCode, 403, `${line}: ${answer.body}`)
    }
    const { user } = await invite(stage, as('clerk'), { email: 'c@example.com', name: 'C', grants: [] })
    const more = { email: 'c@example.com', name: 'C', grants: [VIEWER] }
    assert.equal((await stage.ask(`PUT /users/${user.uid}`, { ...as('clerk'), body: more })).statusCode, 403)
    assert.equal((await stage.ask(`POST /users/${user.uid}/reset`, { ...as('clerk'), body: {} })).statusCode, 200)
  })

  it('clears away grants whose role is gone', async () => {
    const { stage, as } = await begin()
    await stage.ask('PUT /roles/old', { body: { permissions: ['api:read'] } })
    const { user } = await invite(stage, as('owner'), { ...BEN, grants: [{ role: 'old', team: 'main' }] })
    await stage.ask('DELETE /roles/old')
    const answer = await stage.ask(`PUT /users/${user.uid}`, { ...as('clerk'), body: { ...BEN, grants: [] } })
    assert.equal(answer.statusCode, 200, answer.body)
  })

  it('of a team gives access to it, and to nothing else', async () => {
    const { stage, as } = await begin()
    const put = (body: object, team = 'shop') => stage.ask(`PUT /teams/${team}/members`, { ...as('lead'), body })
    assert.equal((await put({ email: BEN.email, grants: [{ role: 'editor' }] })).statusCode, 400)
    const made = await put({ ...BEN, grants: [{ role: 'editor' }] })
    assert.deepEqual([made.statusCode, made.json().member.grants], [201, [{ role: 'editor' }]])
    const { uid } = made.json().member
    await stage.ask(`PUT /users/${uid}`, { body: { ...BEN, grants: [VIEWER, { role: 'editor', team: 'shop' }] } })
    const changed = await put({ email: BEN.email, grants: [{ role: 'owner' }] })
    assert.deepEqual([changed.statusCode, changed.json().link], [200, undefined])
    const listed = (await stage.ask('GET /teams/shop/members', as('lead'))).json().items
    assert.deepEqual(listed[0].grants, [{ role: 'owner' }])
    assert.equal((await put({ ...BEN, grants: [] }, 'main')).statusCode, 404)
    await put({ email: BEN.email, grants: [] })
    assert.deepEqual((await stage.ask(`GET /users/${uid}`)).json().grants, [VIEWER])
    for (const line of ['GET /users', `POST /users/${uid}/suspend`, `POST /users/${uid}/reset`])
      assert.ok([403, 404].includes((await stage.ask(line, as('lead'))).statusCode), line)
  })
})

await describeOnStores('tokens of teams, by the admin API', (open) => {
  it('are issued with no more than one has, listed, and ended', async () => {
    const { stage, browser } = await signUp(await open())
    await stage.ask('PUT /teams/shop', { ...browser, body: {} })
    const grants = [{ role: 'editor', team: 'shop' }]
    const issue = (told: Told, body: object) => stage.ask('POST /tokens/shop', { ...told, body })
    const made = await issue(browser, { name: 'ci', grants })
    assert.equal(made.statusCode, 201, made.body)
    const { value, uid } = made.json()
    assert.match(value, /^gws_/)
    assert.deepEqual((await stage.ask('GET /me', { as: value })).json().grants, grants)
    const lead = (await issue(browser, { name: 'lead', grants: [{ role: 'owner', team: 'shop' }] })).json()
    assert.equal((await issue({ as: lead.value }, { name: 'up', grants: [OWNER] })).statusCode, 403)
    assert.equal((await issue({ as: lead.value }, { name: 'same', grants })).statusCode, 201)
    await stage.ask('POST /me/tokens', { ...browser, body: { name: 'own' } })
    const first = (await stage.ask('GET /tokens?limit=2', browser)).json()
    const rest = (await stage.ask(`GET /tokens?limit=2&after=${first.next}`, browser)).json()
    assert.deepEqual([...first.items, ...rest.items].map(({ name }: { name: string }) => name).toSorted(), [
      'ci',
      'lead',
      'same',
    ])
    assert.ok(!JSON.stringify(first).includes(value))
    assert.equal((await stage.ask('GET /tokens?team=main', { as: lead.value })).json().items.length, 0)
    assert.equal((await stage.ask(`DELETE /tokens/main/${uid}`, browser)).statusCode, 404)
    assert.equal((await stage.ask(`DELETE /tokens/shop/${uid}`, { as: lead.value })).statusCode, 204)
    assert.equal((await stage.ask('GET /me', { as: value })).statusCode, 401)
    assert.deepEqual(stage.mistakes, [])
  })
})
