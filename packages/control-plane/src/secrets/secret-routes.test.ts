import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { Principal } from '../access/decide-access.ts'
import { listAudit } from '../audit/audit-log.ts'
import { PublicationReader } from '../publish/publication-reader.ts'
import { Publisher } from '../publish/publisher.ts'
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
    const secrets = await store.read((db) => openSecrets(db, secretKey, { uid, team: '*' }))
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
    assert.deepEqual((await stage.ask('POST /secrets/rotate')).json(), { key: stage.services.secretKey?.id })
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

  it('stand in what is published, each environment with its own, and with none of others', async () => {
    const stage = await begin()
    const { store, secretKey } = stage.services
    const publish = async (environment: string) => {
      const answer = await stage.ask(`POST /environments/${environment}/apis/main/orders/publish`, { body: {} })
      return answer.statusCode === 200 ? 200 : [answer.statusCode, answer.json().detail, answer.body.includes(VALUE)]
    }
    const say = async (value: string) => {
      const policies = [{ policy: 'set-headers', options: { set: { 'x-token': value } } }]
      const body = {
        basePath: '/orders',
        upstream: 'http://127.0.0.1:9001',
        policies,
        routes: [{ id: 'all', path: '/**' }],
      }
      const put = await stage.ask('PUT /apis/main/orders', { body })
      assert.ok(put.statusCode < 300, put.body)
    }
    await say('Bearer ${secret:TOKEN}')
    assert.deepEqual(await publish('dev'), [
      422,
      'There is no secret "dev/TOKEN": put it into its environment first.',
      false,
    ])
    await stage.ask(`PUT ${PATH}/TOKEN`, { body: { value: VALUE } })
    await stage.ask('PUT /environments/prod/secrets/TOKEN', { body: { value: `${VALUE}-prod` } })
    await stage.ask('PUT /environments/prod/secrets/OTHER', { body: { value: `${VALUE}-other` } })
    assert.equal(await publish('dev'), 200)
    assert.equal(await publish('prod'), 200)
    const { pieces, secrets } = await store.read((db) => new PublicationReader({ secretKey }).read(db))
    const text = JSON.stringify(pieces)
    assert.deepEqual(Object.fromEntries(secrets), { 'dev/TOKEN': VALUE, 'prod/TOKEN': `${VALUE}-prod` })
    assert.ok(!text.includes(VALUE))
    const kept = await stage.ask(`DELETE ${PATH}/TOKEN`)
    assert.deepEqual([kept.statusCode, kept.json().type], [409, 'urn:gatewright:problem:in-use'])
    assert.match(kept.json().detail, /^The secret "dev\/TOKEN" is named by what is live: dev\.orders: .*policies/)
    for (const reach of ['${secret:prod/TOKEN}', '${secret:../prod/TOKEN}']) {
      await say(reach)
      assert.equal(((await publish('dev')) as unknown[])[0], 422, reach)
    }
    await say('$${secret:TOKEN}')
    assert.equal(await publish('dev'), 200, 'what is meant as text')
    assert.deepEqual(stage.mistakes, [])
  })

  it('are not told by findings about what they stand in', async () => {
    const stage = await begin()
    await stage.ask(`PUT ${PATH}/NET`, { body: { value: VALUE } })
    const policies = [{ policy: 'ip-filter', options: { allow: ['${secret:NET}'] } }]
    const refused = await stage.ask('PUT /environments/dev', { body: { policies } })
    // No API stands there yet.
    assert.equal(refused.statusCode, 200, refused.body)
    await stage.ask('PUT /apis/main/orders', {
      body: { upstream: 'http://127.0.0.1:9001', routes: [{ id: 'all', path: '/**' }] },
    })
    const published = await stage.ask('POST /environments/dev/apis/main/orders/publish', { body: {} })
    assert.equal(published.statusCode, 422, published.body)
    assert.ok(!published.body.includes(VALUE), published.body)
    const put = async (value: string) => {
      const answer = await stage.ask(`PUT ${PATH}/NET`, { body: { value } })
      return [answer.statusCode, answer.body.includes(VALUE)]
    }
    assert.deepEqual(await put('10.0.0.0/8'), [200, false])
    const again = await stage.ask('POST /environments/dev/apis/main/orders/publish', { body: {} })
    assert.equal(again.statusCode, 200, again.body)
    assert.deepEqual(await put(VALUE), [422, false], 'what is live goes on')
  })

  it('are published anew where one has another value', async () => {
    const stage = await begin()
    const { store, secretKey } = stage.services
    const told: string[] = []
    const publisher = new Publisher(store, {
      reader: new PublicationReader({ secretKey }),
      publish: ({ secrets }) => void told.push(secrets.get('dev/TOKEN') ?? ''),
      onFault: (fault) => assert.fail(String(fault)),
    })
    await stage.ask(`PUT ${PATH}/TOKEN`, { body: { value: 'one' } })
    const body = {
      upstream: 'http://127.0.0.1:9001',
      description: '${secret:TOKEN}',
      routes: [{ id: 'all', path: '/**' }],
    }
    await stage.ask('PUT /apis/main/orders', { body })
    await stage.ask('POST /environments/dev/apis/main/orders/publish', { body: {} })
    await publisher.look()
    await stage.ask(`PUT ${PATH}/TOKEN`, { body: { value: 'two' } })
    await publisher.look()
    await publisher.look()
    await publisher.close()
    assert.deepEqual(
      told.filter((value) => value !== ''),
      ['one', 'two'],
    )
  })
})
