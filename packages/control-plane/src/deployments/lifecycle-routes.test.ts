import assert from 'node:assert/strict'
import { it } from 'node:test'
import { composeFile } from '../publish/compose-file.ts'
import { PublicationReader } from '../publish/publication-reader.ts'
import { AdminStage } from '../testing/admin-stage.ts'
import { describeOnStores } from '../testing/describe-on-stores.ts'

const AT = '/apis/main/orders'
const LIVE = `/environments/dev${AT}`

await describeOnStores('the end of an API, by the admin API', (open) => {
  async function begin(): Promise<AdminStage> {
    const stage = new AdminStage(await open())
    await stage.ask('PUT /environments/dev', { body: {} })
    await stage.ask(`PUT ${AT}`, { body: { basePath: '/orders', upstream: 'http://127.0.0.1:9001' } })
    return stage
  }
  const post = async (stage: AdminStage, verb: string, body: object = {}) => {
    const answer = await stage.ask(`POST ${LIVE}/${verb}`, { body })
    return [answer.statusCode, answer.json().lifecycle]
  }
  const compose = async (stage: AdminStage) => {
    const { live } = await stage.services.store.read((db) => new PublicationReader().read(db))
    const file = composeFile(live.environments, live.terms)
    return file.apis?.[0]?.lifecycle
  }

  it('is told, comes, and is taken back, with the same revision', async () => {
    const stage = await begin()
    assert.equal((await post(stage, 'deprecate'))[0], 404)
    await post(stage, 'publish')
    const said = { sunsetAt: '2027-01-31T00:00:00Z', successor: '/v2/orders' }
    const deprecated = { state: 'deprecated', deprecatedAt: '2023-11-14T22:13:20.000Z', ...said }
    assert.deepEqual(await post(stage, 'deprecate', said), [200, deprecated])
    assert.deepEqual(await compose(stage), deprecated)
    await stage.ask(`PUT ${AT}`, { body: { title: 'x', basePath: '/orders', upstream: 'http://127.0.0.1:9001' } })
    assert.deepEqual(await post(stage, 'publish'), [200, deprecated], 'a newer revision is as deprecated')
    assert.deepEqual(await post(stage, 'retire'), [200, { ...deprecated, state: 'retired' }])
    assert.deepEqual(await post(stage, 'rollback'), [200, deprecated])
    assert.deepEqual(await post(stage, 'revive'), [200, undefined])
    assert.equal((await post(stage, 'revive'))[0], 409)
    assert.equal(await compose(stage), undefined)
    const { version, releases } = (await stage.ask(`GET ${LIVE}`)).json()
    assert.deepEqual([version, releases], [6, [{ revision: 2, share: 100 }]])
    await post(stage, 'retire')
    await post(stage, 'take-out')
    assert.deepEqual(await post(stage, 'publish'), [200, undefined], 'what comes again begins anew')
    assert.deepEqual(stage.mistakes, [])
  })

  it('is none that cannot be', async () => {
    const stage = await begin()
    await post(stage, 'publish')
    for (const body of [{ sunsetAt: 'soon' }, { successor: 'no url' }, { sunsetAt: '2001-01-01T00:00:00Z' }])
      assert.equal((await post(stage, 'deprecate', body))[0], 400)
  })
})
