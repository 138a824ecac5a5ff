/** That nobody is the second person of their own change, however many accounts they have come to. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { providerBodySchema } from '../identity-providers/provider-body.ts'
import { findProviderUser } from '../identity-providers/provider-login.ts'
import { getResource } from '../resources/resource-store.ts'
import type { Doing } from '../store/doing.ts'
import { NOBODY, signUp, toBrowser } from '../testing/account-stage.ts'
import type { AdminStage, Told } from '../testing/admin-stage.ts'
import { describeOnStores } from '../testing/describe-on-stores.ts'
import { dropOldTokens, issueToken } from '../tokens/token-store.ts'
import { areInOneHand } from './hands.ts'

const PASSWORD = 'seven green kettles'
const LIVE = '/environments/prod/apis/main/orders'
const PUBLISHER = { role: 'publisher', team: 'main' }
/** May invite publishers, and not take the protection off. */
const LEAD = { role: 'lead', team: '*' }
const SOMEBODY = { issuer: 'https://login.example.com', subject: 'somebody' }

interface Person {
  readonly told: Told
  readonly uid: string
  readonly facts: { readonly email: string; readonly name: string; readonly grants: readonly object[] }
}

await describeOnStores('approval by a second person', (open) => {
  async function begin(approvals = 1): Promise<{ readonly stage: AdminStage; readonly owner: Told }> {
    const { stage, browser: owner } = await signUp(await open())
    const done = async (line: string, body: object): Promise<void> => {
      const answer = await stage.ask(line, { ...owner, body })
      assert.ok(answer.statusCode < 300, answer.body)
    }
    await done('PUT /environments/prod', { protection: { approvals } })
    await done('PUT /apis/main/orders', { basePath: '/orders', upstream: 'http://127.0.0.1:9001' })
    const permissions = ['api:*', 'user:*', 'token:*', 'upstream:*', 'environment:read']
    const mine = ['plan:*', 'product:*', 'app:*', 'policy-list:*', 'certificate:*', 'secret:*', 'subscription:*']
    const read = ['team:read', 'role:read', 'node:read', 'rule:read', 'webhook:read', 'identity-provider:read']
    const rest = [...mine, ...read, 'setting:read', 'key:read']
    await done('PUT /roles/lead', { permissions: [...permissions, ...rest] })
    return { stage, owner }
  }

  async function become(
    stage: AdminStage,
    { user, link }: { user: { uid: string }; link: { url: string } },
    facts: Person['facts'],
  ) {
    const secret = link.url.split('#')[1]
    await stage.ask('POST /invitation', { ...NOBODY, body: { secret, password: PASSWORD } })
    const body = { email: facts.email, password: PASSWORD }
    return { told: toBrowser(await stage.ask('POST /login', { ...NOBODY, body })), uid: user.uid, facts }
  }

  async function invite(stage: AdminStage, by: Told, name: string, grant: object = PUBLISHER): Promise<Person> {
    const facts = { email: `${name}@example.com`, name, grants: [grant] }
    const answer = await stage.ask('POST /users', { ...by, body: facts })
    assert.equal(answer.statusCode, 201, answer.body)
    return await become(stage, answer.json(), facts)
  }

  let titles = 0
  /** What came of it when one asks and the others approve, one after the other. */
  async function pass(stage: AdminStage, asker: Told, ...approvers: readonly Told[]): Promise<string> {
    titles += 1
    const body = { title: String(titles), basePath: '/orders', upstream: 'http://127.0.0.1:9001' }
    const said = await stage.ask('PUT /apis/main/orders', { ...asker, body })
    assert.ok(said.statusCode < 300, said.body)
    const asked = await stage.ask(`POST ${LIVE}/publish`, { ...asker, body: {} })
    assert.equal(asked.statusCode, 202, asked.body)
    const at = `${LIVE}/changes/${asked.json().change}`
    let came = ''
    for (const approver of approvers) {
      const answer = await stage.ask(`POST ${at}/approve`, { ...approver, body: {} })
      came = answer.statusCode === 200 ? answer.json().change.state : `${answer.statusCode} ${answer.json().detail}`
    }
    if (came !== 'done') await stage.ask(`POST ${at}/withdraw`, { ...asker, body: {} })
    return came.replace(/:.*/, '')
  }

  const ONE = '403 One person could be both you and who asked for this'

  it('is none by an account that who asked has invited, nor the other way round', async () => {
    const { stage, owner } = await begin()
    const lead = await invite(stage, owner, 'lead', LEAD)
    const second = await invite(stage, lead.told, 'second')
    assert.equal(await pass(stage, lead.told, second.told), ONE)
    assert.equal(await pass(stage, second.told, lead.told), ONE)
    assert.deepEqual(stage.mistakes, [])
  })

  it('is one by whom an owner has invited, and the other way round, so that two are enough', async () => {
    const { stage, owner } = await begin()
    const lead = await invite(stage, owner, 'lead', LEAD)
    const second = await invite(stage, lead.told, 'second')
    assert.equal(await pass(stage, owner, lead.told), 'done')
    assert.equal(await pass(stage, lead.told, owner), 'done')
    assert.equal(await pass(stage, owner, second.told), 'done', 'through the hands of the lead')
    assert.equal(await pass(stage, owner, owner), '403 Who asks for a change does not approve it')
    const facts = { ...lead.facts, grants: [{ role: 'owner', team: '*' }] }
    assert.equal((await stage.ask(`PUT /users/${lead.uid}`, { ...owner, body: facts })).statusCode, 200)
    assert.equal(await pass(stage, lead.told, owner), 'done')
    assert.equal(await pass(stage, lead.told, second.told), ONE, 'invited before they were an owner')
  })

  it('is none between two accounts of one who invited both, unless they could take the protection off', async () => {
    const { stage, owner } = await begin()
    const lead = await invite(stage, owner, 'lead', LEAD)
    const [second, third] = [await invite(stage, lead.told, 'second'), await invite(stage, lead.told, 'third')]
    assert.equal(await pass(stage, second.told, third.told), ONE)
    const other = await invite(stage, owner, 'other')
    assert.equal(await pass(stage, second.told, other.told), 'done')
    assert.equal(await pass(stage, lead.told, other.told), 'done')
  })

  it('is none by an account that who asked has reset, by whatever token, or invited to a team', async () => {
    const { stage, owner } = await begin()
    const lead = await invite(stage, owner, 'lead', LEAD)
    const other = await invite(stage, owner, 'other')
    const token = (await stage.ask('POST /me/tokens', { ...lead.told, body: { name: 'a' } })).json().value
    const reset = await stage.ask(`POST /users/${other.uid}/reset`, { as: token, body: {} })
    const taken = await become(stage, reset.json(), other.facts)
    assert.equal(await pass(stage, lead.told, taken.told), ONE)
    const grants = [{ role: 'publisher' }]
    const body = { email: 'm@example.com', name: 'M', grants }
    const made = (await stage.ask('PUT /teams/main/members', { ...lead.told, body })).json()
    const member = await become(stage, { user: made.member, link: made.link }, { ...body, grants: [PUBLISHER] })
    assert.equal(await pass(stage, lead.told, member.told), ONE)
  })

  it('is none by an account that who asked has made somebody’s at the provider', async () => {
    const { stage, owner } = await begin()
    const lead = await invite(stage, owner, 'lead', LEAD)
    const other = await invite(stage, owner, 'other')
    const put = (by: Told, sso: object) =>
      stage.ask(`PUT /users/${other.uid}`, { ...by, body: { ...other.facts, sso } })
    assert.equal((await put(owner, SOMEBODY)).statusCode, 200)
    assert.equal((await put(lead.told, SOMEBODY)).statusCode, 200)
    assert.equal(await pass(stage, lead.told, other.told), 'done', 'it was so before')
    await put(lead.told, { ...SOMEBODY, subject: 'lead' })
    assert.equal(await pass(stage, lead.told, other.told), ONE)
  })

  it('is none by an account of a provider that who asked has put', async () => {
    const { stage, owner } = await begin()
    const permissions = ['api:*', 'user:*', 'identity-provider:*', 'environment:read']
    assert.equal((await stage.ask('PUT /roles/sso', { ...owner, body: { permissions } })).statusCode, 201)
    const grants = [{ role: 'sso', team: '*' }]
    const made = await invite(stage, owner, 'sso', { role: 'sso', team: '*' })
    const areOne = async (by: Told, id: string) => {
      const body = { issuer: `https://${id}.example.com`, clientId: 'gatewright', grants }
      const put = await stage.ask(`PUT /identity-providers/${id}`, { ...by, body })
      assert.equal(put.statusCode, 201, put.body)
      return await stage.services.store.write(async (change) => {
        const doing = { ...change, by: 'system' as const, nowMs: stage.nowMs }
        const found = await getResource(doing.db, { kind: 'identity-provider', team: '*', id })
        const provider = { uid: found.uid, body: providerBodySchema.parse(found.body) }
        const uids: string[] = []
        for (const sub of ['a', 'b']) {
          const verdict = await findProviderUser(doing, provider, { sub, email: `${sub}@${id}.example.com` })
          assert.equal(verdict.kind, 'right')
          uids.push(verdict.user?.uid ?? '')
        }
        const [one = '', other = ''] = uids
        return [await areInOneHand(doing.db, made.uid, one), await areInOneHand(doing.db, one, other)]
      })
    }
    assert.deepEqual(await areOne(made.told, 'own'), [true, true])
    assert.deepEqual(await areOne(owner, 'company'), [false, false])
  })

  it('is none by an account of a provider that who asked has put by a federation of theirs, also when its tokens are over, and it is gone itself', async () => {
    const { stage, owner } = await begin()
    const permissions = ['api:*', 'token:*', 'identity-provider:*', 'environment:read']
    assert.equal((await stage.ask('PUT /roles/sso', { ...owner, body: { permissions } })).statusCode, 201)
    const grants = [{ role: 'sso', team: '*' }]
    const made = await invite(stage, owner, 'sso', { role: 'sso', team: '*' })
    const conditions = [{ claim: 'repository', is: 'acme/shop' }]
    const terms = { issuer: 'https://ci.example.com', audience: 'gatewright', conditions, grants }
    const put = await stage.ask('PUT /federations/main/ci', { ...made.told, body: terms })
    assert.equal(put.statusCode, 201, put.body)
    const act = <Value>(doIt: (doing: Doing) => Promise<Value>, by: Doing['by'] = 'system') =>
      stage.services.store.write((change) => doIt({ ...change, by, nowMs: stage.nowMs }))
    const expiresAtMs = stage.nowMs + 60_000
    const issue = async (uid: string) => {
      const request = { kind: 'service', team: 'main', name: 'ci', grants, expiresAtMs } as const
      return (await act((doing) => issueToken(doing, request), `federation:${uid}`)).value
    }
    const next = await stage.ask('PUT /federations/main/next', { as: await issue(put.json().uid), body: terms })
    assert.equal(next.statusCode, 201, next.body)
    const body = { issuer: 'https://own.example.com', clientId: 'gatewright', grants }
    const by = await issue(next.json().uid)
    const provider = await stage.ask('PUT /identity-providers/own', { as: by, body })
    assert.equal(provider.statusCode, 201, provider.body)
    assert.equal((await stage.ask('DELETE /federations/main/next', { as: by })).statusCode, 204)
    stage.nowMs += 60_000
    await act((doing) => dropOldTokens(doing, 0))
    const areOne = await act(async (doing) => {
      const parsed = { uid: provider.json().uid, body: providerBodySchema.parse(body) }
      const { user } = await findProviderUser(doing, parsed, { sub: 'a', email: 'a@own.example.com' })
      return await areInOneHand(doing.db, made.uid, user?.uid ?? '')
    })
    assert.equal(areOne, true)
  })

  it('counts of two accounts of one person one', async () => {
    const { stage, owner } = await begin(2)
    const lead = await invite(stage, owner, 'lead', LEAD)
    const [second, third] = [await invite(stage, lead.told, 'second'), await invite(stage, lead.told, 'third')]
    const [asker, other] = [await invite(stage, owner, 'asker'), await invite(stage, owner, 'other')]
    assert.match(await pass(stage, asker.told, second.told, third.told), /^403 .* who approved it before$/)
    assert.equal(await pass(stage, asker.told, second.told, other.told), 'done')
  })
})
