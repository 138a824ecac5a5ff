import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { Principal } from '../access/decide-access.ts'
import { signUp } from '../testing/account-stage.ts'
import { AdminStage } from '../testing/admin-stage.ts'
import { describeOnStores } from '../testing/describe-on-stores.ts'

const people = new Map<string, Principal>([
  ['auditor', { actor: 'user:a', name: 'A', user: 'a', grants: [{ role: 'auditor', team: 'other' }] }],
])
type Named = { readonly action: string; readonly kind: string; readonly byName?: string }
type Entry = {
  readonly number: number
  readonly kind: string
  readonly action: string
  readonly hash: string
  readonly isErased: boolean
}

await describeOnStores('the audit log, by the admin API', (open) => {
  async function begin(): Promise<AdminStage> {
    const stage = new AdminStage(await open(), { people })
    await stage.ask('PUT /roles/auditor', { body: { permissions: ['audit:read'] } })
    await stage.ask('PUT /teams/other', { body: {} })
    await stage.ask('PUT /apis/other/theirs', { body: {} })
    stage.nowMs += 60_000
    await stage.ask('PUT /apis/main/orders', { as: 'editor', body: {} })
    await stage.ask('PUT /apis/main/orders', { as: 'editor', body: { title: 'O' } })
    return stage
  }
  const numbers = async (stage: AdminStage, query = '', as = 'owner') => {
    const answer = await stage.ask(`GET /audit${query}`, { as })
    assert.equal(answer.statusCode, 200, answer.body)
    return answer.json().items.map(({ number }: Entry) => number)
  }

  it('is looked through by environment: what was done in it, to it, and asked for there', async () => {
    const stage = await begin()
    const body = { basePath: '/orders', upstream: 'http://127.0.0.1:9001' }
    await stage.ask('PUT /apis/main/orders', { body })
    for (const id of ['dev', 'prod', 'pr_d'])
      await stage.ask(`PUT /environments/${id}`, { body: { pathPrefix: `/${id}` } })
    const publish = (id: string, message: string) =>
      stage.ask(`POST /environments/${id}/apis/main/orders/publish`, { body: { message } })
    await publish('dev', 'not yet for "prod"')
    await publish('prod', 'first')
    await stage.ask('PUT /environments/prod/secrets/TOKEN', { body: { value: 'x' } })
    const done = async (query: string) =>
      (await stage.ask(`GET /audit?${query}`)).json().items.map(({ kind, action }: Entry) => `${kind} ${action}`)
    assert.deepEqual(await done('environment=prod'), ['secret create', 'api publish', 'environment create'])
    assert.deepEqual(await done('environment=dev'), ['api publish', 'environment create'])
    assert.deepEqual(await done('environment=pr_d'), ['environment create'])
    assert.deepEqual(await done('environment=prod&kind=api'), ['api publish'])
    assert.deepEqual(await done('environment=nowhere'), [])
    const first = (await stage.ask('GET /audit?environment=prod&limit=1')).json()
    assert.deepEqual(await numbers(stage, `?environment=prod&limit=1&below=${first.next}`), [
      (await numbers(stage, '?environment=prod'))[1],
    ])
    const held = { pathPrefix: '/prod', protection: { approvals: 1 } }
    await stage.ask('PUT /environments/prod', { body: held })
    await stage.ask('PUT /environments/prod', { body: { ...held, variables: { a: 'b' } } })
    assert.deepEqual((await done('environment=prod')).slice(0, 2), [
      'environment ask-for-change',
      'environment replace',
    ])
  })

  it('is looked through, by what was done, by whom and when', async () => {
    const stage = await begin()
    assert.deepEqual(await numbers(stage), [5, 4, 3, 2, 1])
    assert.deepEqual(await numbers(stage, '?action=replace'), [5])
    assert.deepEqual(await numbers(stage, '?kind=api'), [5, 4, 3])
    assert.deepEqual(await numbers(stage, '?by=user:editor'), [5, 4])
    assert.deepEqual(await numbers(stage, '?team=other'), [3])
    assert.deepEqual(await numbers(stage, '?team=*'), [2, 1])
    const later = new Date(stage.nowMs).toISOString()
    assert.deepEqual(await numbers(stage, `?from=${later}`), [5, 4])
    const { items, next } = (await stage.ask('GET /audit?limit=2')).json()
    assert.deepEqual([items.length, next], [2, 4])
    assert.deepEqual(await numbers(stage, `?limit=2&below=${next}`), [3, 2])
    // Of other teams nothing is told, whatever is asked for.
    assert.deepEqual(await numbers(stage, '', 'auditor'), [3])
    assert.deepEqual(await numbers(stage, '?team=main', 'auditor'), [])
    assert.equal((await stage.ask('GET /audit', { as: 'editor' })).statusCode, 403)
    assert.equal((await stage.ask('GET /audit/verify', { as: 'auditor' })).statusCode, 404)
  })

  it('is exported line by line', async () => {
    const stage = await begin()
    const lines = async (query: string, as = 'owner'): Promise<Entry[]> => {
      const answer = await stage.ask(`GET /audit/export${query}`, { as })
      assert.equal(answer.headers['content-type'], 'application/x-ndjson')
      return answer.body
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line))
    }
    assert.deepEqual(
      (await lines('?limit=3')).map(({ number }) => number),
      [1, 2, 3],
    )
    assert.deepEqual(
      (await lines('?limit=3&after=3')).map(({ number }) => number),
      [4, 5],
    )
    assert.deepEqual(await lines('?after=5'), [])
    assert.deepEqual(
      (await lines('', 'auditor')).map(({ number }) => number),
      [3],
    )
  })

  it('is checked, also when a person was erased from it', async () => {
    const stage = await begin()
    const { isWhole, entries, hash } = (await stage.ask('GET /audit/verify')).json()
    assert.deepEqual([isWhole, entries], [true, 5])
    assert.equal((await stage.ask('POST /audit/erase', { as: 'editor', body: { person: 'editor' } })).statusCode, 404)
    assert.deepEqual((await stage.ask('POST /audit/erase', { body: { person: 'editor' } })).json(), { entries: 2 })
    const { items } = (await stage.ask('GET /audit?by=user:editor')).json()
    assert.ok(items.every((entry: Entry) => entry.isErased))
    assert.ok(!JSON.stringify(items).includes('"Ed"'))
    assert.equal((await stage.ask(`GET /audit/verify?number=5&hash=${hash}`)).json().isWhole, true)
    assert.deepEqual((await stage.ask(`GET /audit/verify?number=7&hash=${hash}`)).json(), {
      isWhole: false,
      firstBroken: 7,
    })
    assert.equal((await stage.ask('GET /audit/verify?number=5')).statusCode, 400)
    await stage.services.store.write(({ db }) =>
      db.updateTable('audit').set({ by: 'user:x' }).where('number', '=', 2).execute(),
    )
    assert.deepEqual((await stage.ask('GET /audit/verify')).json(), { isWhole: false, firstBroken: 2 })
    assert.deepEqual(stage.mistakes, [])
  })
  it('names who did it, also a token that has ended, until a person is erased', async () => {
    const { stage, browser } = await signUp(await open())
    await stage.ask('PUT /teams/shop', { ...browser, body: {} })
    const grants = [{ role: 'editor', team: 'shop' }]
    const ci = (await stage.ask('POST /tokens/shop', { ...browser, body: { name: 'ci', grants } })).json()
    const own = (await stage.ask('POST /me/tokens', { ...browser, body: { name: 'lap\ntop' } })).json()
    await stage.ask('PUT /apis/shop/carts', { as: ci.value, body: {} })
    await stage.ask('PUT /apis/shop/orders', { as: own.value, body: {} })
    assert.equal((await stage.ask(`DELETE /tokens/shop/${ci.uid}`, browser)).statusCode, 204)
    const readNames = async () => {
      const { items } = (await stage.ask('GET /audit?team=shop', browser)).json()
      return items.map(({ action, kind, byName }: Named) => `${action} ${kind}: ${byName}`)
    }
    assert.deepEqual(await readNames(), [
      'end token: Ann',
      'create api: token "lap\\u000atop" of Ann',
      'create api: token "ci" of team shop',
      'issue token: Ann',
    ])
    const lines = (await stage.ask('GET /audit/export', browser)).body
    assert.ok(lines.includes('"byName":"token \\"ci\\" of team shop"'), lines)
    const { actor } = (await stage.ask('GET /me', browser)).json()
    await stage.ask('POST /audit/erase', { ...browser, body: { person: actor.replace('user:', '') } })
    assert.deepEqual((await readNames()).slice(1, 3), ['create api: undefined', 'create api: token "ci" of team shop'])
    assert.deepEqual(stage.mistakes, [])
  })
})
