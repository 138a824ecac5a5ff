import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { it } from 'node:test'
import type { Principal } from '../access/decide-access.ts'
import { listAudit } from '../audit/audit-log.ts'
import { CredentialsReader } from '../credentials/credentials-reader.ts'
import { AdminStage } from '../testing/admin-stage.ts'
import { describeOnStores } from '../testing/describe-on-stores.ts'

const DEVELOPER = [{ role: 'app-developer', team: 'main' }]
const people = new Map<string, Principal>([
  ['dora', { actor: 'user:dora', name: 'D', user: 'dora', grants: DEVELOPER }],
  ['dave', { actor: 'user:dave', name: 'D', user: 'dave', grants: DEVELOPER }],
])
const KEYS = '/apps/main/phone/keys'
const STRONG = 'c2Vjb25kLWtleS10aGF0LWlzLWxvbmc-8f31'

await describeOnStores('keys of an app, by the admin API', (open) => {
  async function begin(): Promise<AdminStage> {
    const stage = new AdminStage(await open(), { people })
    await stage.ask('PUT /apps/main/phone', { as: 'dora', body: { title: 'Phone', owner: 'user:dora' } })
    await stage.ask('PUT /plans/main/gold', { body: {} })
    return stage
  }
  /** Hashes of the keys that gateways know. */
  const known = (stage: AdminStage) =>
    stage.services.store.read(async (db) => {
      const hashes: string[] = []
      for await (const page of (await new CredentialsReader().read(db)).pages) {
        for (const each of page) if ('keys' in each) hashes.push(...each.keys.map(({ hash }) => hash))
      }
      return hashes
    })
  const toHash = (text: string) => createHash('sha256').update(text).digest('hex')

  it('are issued once, rotated with an overlap, and ended', async () => {
    const stage = await begin()
    const issued = await stage.ask(`POST ${KEYS}`, {
      as: 'dora',
      body: { name: 'web', expiresAt: '2030-01-01T00:00:00Z' },
    })
    assert.equal(issued.statusCode, 201, issued.body)
    const { uid, value } = issued.json()
    assert.deepEqual(await known(stage), [toHash(value)])
    const rotated = await stage.ask(`POST ${KEYS}/${uid}/rotate`, { as: 'dora', body: { overlapMs: 60_000 } })
    assert.equal(rotated.statusCode, 201, rotated.body)
    assert.equal(rotated.json().old.expiresAt, new Date(stage.nowMs + 60_000).toISOString())
    assert.deepEqual([rotated.json().name, rotated.json().expiresAt], ['web', '2030-01-01T00:00:00.000Z'])
    assert.equal((await known(stage)).length, 2)
    assert.equal((await stage.ask(`DELETE ${KEYS}/${uid}`, { as: 'dora' })).statusCode, 204)
    assert.deepEqual(await known(stage), [toHash(rotated.json().value)])
    assert.equal((await stage.ask(`DELETE ${KEYS}/${uid}`)).statusCode, 409)
    const listed = await stage.ask(`GET ${KEYS}`, { as: 'viewer' })
    assert.equal(listed.json().items.length, 2)
    const told = await stage.services.store.read((db) => listAudit(db, { limit: 100 }))
    for (const text of [listed.body, JSON.stringify(told)]) {
      for (const secret of [value, rotated.json().value]) assert.ok(!text.includes(secret))
    }
    assert.deepEqual(
      told
        .slice(0, 4)
        .map(({ action }) => action)
        .toSorted(),
      ['end', 'issue', 'issue', 'rotate'],
    )
    assert.deepEqual(stage.mistakes, [])
  })

  it('are not shown again to who repeats, nor made by who only tries', async () => {
    const stage = await begin()
    const ask = () => stage.ask(`POST ${KEYS}`, { body: {}, headers: { 'idempotency-key': 'key-12345678' } })
    assert.equal((await ask()).statusCode, 201)
    assert.equal((await ask()).statusCode, 409)
    const tried = await stage.ask(`POST ${KEYS}?dryRun=true`, { body: {} })
    assert.deepEqual([tried.statusCode, tried.json().result], [200, undefined])
    assert.equal((await known(stage)).length, 1)
  })

  it('are named anew, and given another end', async () => {
    const stage = await begin()
    const { uid } = (await stage.ask(`POST ${KEYS}`, { body: { name: 'a' } })).json()
    const change = async (body: object) => {
      const { name, expiresAt, plan } = (await stage.ask(`PATCH ${KEYS}/${uid}`, { body })).json()
      return [name, expiresAt, plan]
    }
    const end = '2031-01-01T00:00:00.000Z'
    assert.deepEqual(await change({ expiresAt: end }), ['a', end, undefined])
    assert.deepEqual(await change({ name: 'b', plan: 'gold' }), ['b', end, 'gold'])
    assert.deepEqual(await change({ name: null, expiresAt: null }), [undefined, undefined, 'gold'])
    assert.deepEqual(await change({ plan: null }), [undefined, undefined, undefined])
    assert.equal((await stage.ask(`PATCH ${KEYS}/${uid}`, { body: { plan: 'nobody' } })).statusCode, 400)
  })

  it('are brought along, all or none', async () => {
    const stage = await begin()
    const bring = (keys: readonly object[]) => stage.ask(`POST ${KEYS}/bring`, { as: 'dora', body: { keys } })
    assert.equal((await bring([{ value: STRONG }, { value: '1234' }])).statusCode, 400)
    assert.equal((await bring([{ hash: 'no' }])).statusCode, 400)
    assert.deepEqual(await known(stage), [])
    const brought = await bring([{ value: STRONG, name: 'old' }, { hash: `sha256:${toHash('x')}` }])
    assert.equal(brought.statusCode, 201, brought.body)
    assert.deepEqual((await known(stage)).toSorted(), [toHash(STRONG), toHash('x')].toSorted())
    assert.equal((await bring([{ value: STRONG }])).statusCode, 409)
  })

  it('are for whose app it is, and their plans for who edits plans', async () => {
    const stage = await begin()
    const { uid } = (await stage.ask(`POST ${KEYS}`, { body: {} })).json()
    await stage.ask('PUT /apps/main/other', { body: { owner: 'user:dave' } })
    const bring = { keys: [{ value: STRONG, plan: 'gold' }] }
    for (const [as, line, body, status] of [
      ['dave', `POST ${KEYS}`, {}, 403],
      ['dave', `POST ${KEYS}/${uid}/rotate`, {}, 403],
      ['dave', `PATCH ${KEYS}/${uid}`, {}, 403],
      ['dave', `DELETE ${KEYS}/${uid}`, undefined, 403],
      // One's own app does not open another's keys.
      ['dave', `POST /apps/main/other/keys/${uid}/rotate`, {}, 404],
      ['dave', `DELETE /apps/main/other/keys/${uid}`, undefined, 404],
      ['dora', `POST ${KEYS}`, { plan: 'gold' }, 403],
      ['dora', `POST ${KEYS}/bring`, bring, 403],
      ['dora', `PATCH ${KEYS}/${uid}`, { plan: 'gold' }, 403],
      ['owner', `POST ${KEYS}/bring`, bring, 201],
      ['dora', `POST ${KEYS}/${uid}/rotate`, {}, 201],
    ] as const) {
      const answer = await stage.ask(line, { as, ...(body !== undefined && { body }) })
      assert.equal(answer.statusCode, status, `${as} ${line} ${answer.body}`)
    }
  })

  it('are imported with their apps, or not at all', async () => {
    const stage = await begin()
    const text = `name,key\nPhone,${STRONG}\nShop,${STRONG}2\nShop,1234\n`
    const ask = (query: string, more: object) =>
      stage.ask(`POST /apps/main/import${query}`, { body: { format: 'aws-csv', text, ...more } })
    const refused = await ask('', {})
    assert.equal(refused.statusCode, 400)
    assert.deepEqual(
      refused.json().findings.map(({ code, line }: { code: string; line: number }) => [code, line]),
      [['weak-key', 4]],
    )
    const tried = await ask('?dryRun=true', { leaveFaults: true })
    assert.deepEqual(tried.json().changes, ['new app "Phone": 1 more keys', 'new app "Shop": 1 more keys'])
    assert.deepEqual(await known(stage), [])
    assert.equal(
      (await stage.ask('POST /apps/main/import', { as: 'dora', body: { format: 'plain', text: STRONG } })).statusCode,
      403,
    )
    const taken = await ask('', { leaveFaults: true })
    assert.equal(taken.statusCode, 201, taken.body)
    assert.equal((await known(stage)).length, 2)
    const again = await ask('', { leaveFaults: true })
    assert.equal(again.statusCode, 409)
    for (const answer of [refused, tried, taken, again]) assert.ok(!answer.body.includes(STRONG))
    const more = await stage.ask('POST /apps/main/import', { body: { format: 'plain', text: `${STRONG}3 Shop` } })
    assert.deepEqual(more.json().apps, [{ id: 'Shop', title: 'Shop', isNew: false, keys: 1 }])
    assert.deepEqual(stage.mistakes, [])
  })
})
