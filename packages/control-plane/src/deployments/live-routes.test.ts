import assert from 'node:assert/strict'
import { it } from 'node:test'
import { AdminStage } from '../testing/admin-stage.ts'
import { describeOnStores } from '../testing/describe-on-stores.ts'

await describeOnStores('lists of what is live, by the admin API', (open) => {
  async function begin(): Promise<AdminStage> {
    const stage = new AdminStage(await open())
    for (const id of ['dev', 'prod']) await stage.ask(`PUT /environments/${id}`, { body: { pathPrefix: `/${id}` } })
    await stage.ask('PUT /teams/other', { body: {} })
    for (const at of ['main/a', 'main/b', 'main/c', 'other/d', 'main/e']) {
      const body = { basePath: `/${at}`, upstream: 'http://127.0.0.1:9001' }
      await stage.ask(`PUT /apis/${at}`, { body })
      await stage.ask(`POST /environments/dev/apis/${at}/publish`, { body: {} })
    }
    await stage.ask('POST /environments/prod/apis/main/a/promote', { body: { from: 'dev' } })
    await stage.ask('POST /environments/dev/apis/main/e/take-out', { body: {} })
    return stage
  }
  type Item = { readonly team: string; readonly api: string; readonly releases: readonly object[] }
  const read = async (stage: AdminStage, as: string) => {
    const pages: string[][] = []
    let after = ''
    do {
      const answer = await stage.ask(`GET /environments/dev/live?limit=2${after}`, { as })
      assert.equal(answer.statusCode, 200, answer.body)
      const { items, next } = answer.json() as { items: Item[]; next?: string }
      pages.push(items.map(({ team, api }) => `${team}/${api}`))
      after = next === undefined ? '' : `&after=${next}`
    } while (after !== '')
    return pages
  }

  it('have each API of an environment once, in pages, for those who may see it', async () => {
    const stage = await begin()
    const pages = await read(stage, 'owner')
    assert.deepEqual(
      pages.map(({ length }) => length),
      [2, 2],
    )
    assert.deepEqual(pages.flat().toSorted(), ['main/a', 'main/b', 'main/c', 'other/d'])
    assert.deepEqual((await read(stage, 'viewer')).flat().toSorted(), ['main/a', 'main/b', 'main/c'])
    assert.deepEqual((await read(stage, 'stranger')).flat(), ['other/d'])
    assert.equal((await stage.ask('GET /environments/none/live')).statusCode, 404)
  })

  it('have each environment of an API', async () => {
    const stage = await begin()
    const where = async (at: string) =>
      (await stage.ask(`GET /apis/${at}/live`))
        .json()
        .items.map(({ environment, why }: { environment: string; why: string }) => `${environment} ${why}`)
    assert.deepEqual(await where('main/a'), ['dev publish', 'prod promote'])
    assert.deepEqual(await where('main/e'), [])
  })
})
