import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { Principal } from '../access/decide-access.ts'
import { listAudit } from '../audit/audit-log.ts'
import { AdminStage } from '../testing/admin-stage.ts'
import { describeOnStores } from '../testing/describe-on-stores.ts'
import { openSecrets } from './secret-store.ts'

const people = new Map<string, Principal>([
  ['keeper', { actor: 'user:k', name: 'K', user: 'k', grants: [{ role: 'editor', team: '*', environments: ['dev'] }] }],
])
const VALUE = 'a-value-that-nobody-reads'
const PATH = '/environments/dev/secrets'

await describeOnStores('secrets, by the admin API', (open) => {
  async function begin(parts: ConstructorParameters<typeof AdminStage>[1] = {}): Promise<AdminStage> {
    const stage = new AdminStage(await open(), { people, ...parts })
    for (const id of ['dev', 'prod']) await stage.ask(`PUT /environments/${id}`, { body: { pathPrefix: `/${id}` } })
    return stage
  }
  const opened = async (stage: AdminStage) => {
    const { uid } = (await stage.ask('GET /environments/dev')).json()
    const { secretKey, store } = stage.services
    assert.ok(secretKey)
    const secrets = await store.read((db) => openSecrets(db, secretKey, { environment: uid, team: '*' }))
    return Object.fromEntries([...secrets].map(([name, secret]) => [name, secret.reveal()]))
  }

  it('go in, and come out nowhere', async () => {
    const stage = await begin()
    const answers = [
      await stage.ask(`PUT ${PATH}/TOKEN`, { body: { value: VALUE } }),
      await stage.ask(`PUT ${PATH}/TOKEN?dryRun=true`, { body: { value: `${VALUE}2` } }),
      await stage.ask(`PUT ${PATH}/TOKEN`, { body: { value: `${VALUE}2` } }),
      await stage.ask(`GET ${PATH}`),
    ]
    assert.deepEqual(
      answers.map(({ statusCode }) => statusCode),
      [201, 200, 200, 200],
    )
    assert.deepEqual(
      answers[3]?.json().items.map(({ name, version }: { name: string; version: number }) => [name, version]),
      [['TOKEN', 2]],
    )
    assert.deepEqual(await opened(stage), { TOKEN: `${VALUE}2` })
    const told = JSON.stringify(await stage.services.store.read((db) => listAudit(db, { limit: 100 })))
    for (const text of [told, ...answers.map(({ body }) => body)]) assert.ok(!text.includes(VALUE))
    assert.ok(told.includes('TOKEN'))
    assert.equal((await stage.ask('POST /secrets/rotate')).statusCode, 204)
    assert.deepEqual(await opened(stage), { TOKEN: `${VALUE}2` })
    assert.equal((await stage.ask(`DELETE ${PATH}/TOKEN`)).statusCode, 204)
    assert.equal((await stage.ask(`DELETE ${PATH}/TOKEN`)).statusCode, 404)
    assert.equal((await stage.ask(`PUT ${PATH}/1`, { body: { value: 'x' } })).statusCode, 400)
    assert.equal((await stage.ask(`PUT ${PATH}/A`, { body: { value: '' } })).statusCode, 400)
    assert.deepEqual(stage.mistakes, [])
  })

  it('are for who edits those of the environment, and go with it', async () => {
    const stage = await begin()
    const put = async (environment: string, as: string) =>
      (await stage.ask(`PUT /environments/${environment}/secrets/A`, { as, body: { value: VALUE } })).statusCode
    assert.equal(await put('dev', 'keeper'), 201)
    assert.equal(await put('prod', 'keeper'), 404)
    assert.equal(await put('dev', 'viewer'), 404)
    assert.equal((await stage.ask('POST /secrets/rotate', { as: 'keeper' })).statusCode, 403)
    assert.equal((await stage.ask('DELETE /environments/dev')).statusCode, 204)
    await stage.ask('PUT /environments/dev', { body: {} })
    assert.deepEqual((await stage.ask(`GET ${PATH}`)).json().items, [])
  })

  it('cannot be kept without a key, and say so', async () => {
    const stage = await begin({ secretKey: undefined })
    const refused = await stage.ask(`PUT ${PATH}/A`, { body: { value: VALUE } })
    assert.equal(refused.statusCode, 503)
    assert.match(refused.json().detail, /GATEWRIGHT_SECRET_KEY/)
  })
})
