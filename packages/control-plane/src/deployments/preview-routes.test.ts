import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { it } from 'node:test'
import { composeFile } from '../publish/compose-file.ts'
import { PublicationReader } from '../publish/publication-reader.ts'
import { createResource } from '../resources/resource-store.ts'
import { AdminStage } from '../testing/admin-stage.ts'
import { describeOnStores } from '../testing/describe-on-stores.ts'

const AT = '/apis/main/orders'
const LIVE = `/environments/dev${AT}`

await describeOnStores('previews, and canaries of apps, by the admin API', (open) => {
  async function begin(): Promise<AdminStage> {
    const stage = new AdminStage(await open())
    stage.nowMs = Date.now()
    await stage.ask('PUT /environments/dev', { body: {} })
    await say(stage, 'one')
    return stage
  }
  const say = (stage: AdminStage, title: string, policies: readonly object[] = []) =>
    stage.ask(`PUT ${AT}`, { body: { title, basePath: '/orders', upstream: 'http://127.0.0.1:9001', policies } })
  const post = async (stage: AdminStage, verb: string, body: object = {}) => {
    const answer = await stage.ask(`POST ${LIVE}/${verb}`, { body })
    return { status: answer.statusCode, said: answer.json() }
  }
  /** As gateways get it at a time. */
  const compose = async (stage: AdminStage, nowMs = stage.nowMs) => {
    const { live } = await stage.services.store.read((db) => new PublicationReader({ nowMs: () => nowMs }).read(db))
    const file = composeFile(live.environments, live.terms)
    return file.apis?.[0]
  }

  it('are opened by a token that is shown once, and end', async () => {
    const stage = await begin()
    assert.equal((await post(stage, 'preview')).status, 409, 'beside nothing')
    await post(stage, 'publish')
    assert.equal((await post(stage, 'preview')).status, 409, 'what is live needs none')
    await say(stage, 'two')
    const { status, said } = await post(stage, 'preview')
    assert.equal(status, 200, JSON.stringify(said))
    const { token, revision, expires } = said.preview
    const hash = `sha256:${createHash('sha256').update(token).digest('hex')}`
    assert.deepEqual(said.releases, [
      { revision: 1, share: 100 },
      { revision: 2, preview: { hash, expires } },
    ])
    assert.deepEqual((await compose(stage))?.releases?.[1]?.preview, { hash, expires })
    assert.equal(revision, 2)
    assert.ok(!(await stage.ask(`GET ${LIVE}`)).body.includes(token))
    assert.equal((await compose(stage, Date.parse(expires)))?.releases, undefined)
    await say(stage, 'three')
    for (const at of [0, 91 * 24 * 3_600_000]) {
      const body = { expires: new Date(stage.nowMs + at).toISOString() }
      assert.equal((await post(stage, 'preview', body)).status, 400)
    }
    await say(stage, 'two')
    assert.equal((await post(stage, 'publish')).said.releases.length, 1, 'what is live needs no preview')
    assert.deepEqual(stage.mistakes, [])
  })

  it('stay when something else goes live, are no part of what comes back, and are taken away at once', async () => {
    const stage = await begin()
    await post(stage, 'publish')
    for (const title of ['two', 'three']) {
      await say(stage, title)
      await post(stage, 'preview')
    }
    const revisions = async (): Promise<string[]> =>
      (await stage.ask(`GET ${LIVE}`))
        .json()
        .releases.map(
          ({ revision, preview }: { revision: number; preview?: object }) => `${revision}${preview ? '?' : ''}`,
        )
    assert.deepEqual(await revisions(), ['1', '3?', '2?'])
    await post(stage, 'publish', { revision: 2 })
    assert.deepEqual(await revisions(), ['2', '3?'])
    await post(stage, 'rollback')
    assert.deepEqual(await revisions(), ['1', '3?'])
    assert.equal((await stage.ask(`DELETE ${LIVE}/preview?revision=2`)).statusCode, 404)
    assert.equal((await stage.ask(`DELETE ${LIVE}/preview`)).statusCode, 204)
    await post(stage, 'rollback')
    assert.deepEqual(await revisions(), ['2'], 'past what were only previews')
  })

  it('are brought from elsewhere, with the hashes of their tokens, beside what is live', async () => {
    const stage = await begin()
    await post(stage, 'publish')
    for (const title of ['two', 'three']) {
      await say(stage, title)
      await post(stage, 'preview')
    }
    const shown = (await stage.ask(`GET ${LIVE}`)).json().releases
    const other = new AdminStage(await open())
    other.nowMs = stage.nowMs
    await other.ask('PUT /environments/dev', { body: {} })
    for (const title of ['one', 'two', 'three']) {
      await say(other, title)
      await other.ask(`POST ${AT}/revisions`, { body: {} })
    }
    const { status, said } = await post(other, 'releases', { releases: shown })
    assert.equal(status, 200, JSON.stringify(said))
    assert.deepEqual([said.releases, said.why], [shown, 'publish'])
    assert.deepEqual(await compose(other), await compose(stage))
    const [live, preview] = shown
    const named = await post(other, 'releases', { releases: [live, preview] })
    assert.deepEqual(named.said.releases, shown, 'what is not named stays')
    const { hash } = preview.preview
    const late = new Date(stage.nowMs + 91 * 24 * 3_600_000).toISOString()
    for (const releases of [
      [preview],
      [live, { ...preview, share: 0 }],
      [live, { ...preview, preview: { hash: 'token', expires: preview.preview.expires } }],
      [live, { ...preview, preview: { hash, expires: late } }],
      [live, { ...preview, preview: { hash, expires: new Date(stage.nowMs).toISOString() } }],
      [{ ...live, apps: ['nobody'] }],
    ])
      assert.equal((await post(other, 'releases', { releases })).status, 400, JSON.stringify(releases))
    assert.deepEqual([stage.mistakes, other.mistakes], [[], []])
  })

  it('of a protected environment wait for others, and open nothing before', async () => {
    const stage = await begin()
    await post(stage, 'publish')
    await say(stage, 'two')
    await stage.ask('PUT /environments/dev', { body: { protection: { approvals: 1 } } })
    const { status, said } = await post(stage, 'preview')
    assert.deepEqual([status, said.change, typeof said.preview.token], [202, 1, 'string'])
    assert.equal((await compose(stage))?.releases, undefined)
    const kept = await stage.services.store.read((db) => db.selectFrom('changes').select('wish').execute())
    assert.ok(!JSON.stringify(kept).includes(said.preview.token))
  })

  it('of a protected environment end without others', async () => {
    const stage = await begin()
    await post(stage, 'publish')
    await say(stage, 'two')
    assert.equal((await post(stage, 'preview')).status, 200)
    await stage.ask('PUT /environments/dev', { body: { protection: { approvals: 1 } } })
    assert.equal((await stage.ask('DELETE /environments/dev/apis/main/orders/preview')).statusCode, 204)
    assert.equal((await compose(stage))?.releases, undefined)
  })

  it('may be of chosen apps', async () => {
    const stage = await begin()
    const auth = [{ policy: 'key-auth' }]
    await say(stage, 'one', auth)
    await post(stage, 'publish')
    await say(stage, 'two', auth)
    assert.equal((await post(stage, 'canary', { apps: ['web'] })).status, 400)
    for (const team of ['main', 'shop']) {
      await stage.services.store.write((change) =>
        createResource({ ...change, by: 'system', nowMs: 0 }, { kind: 'app', team, id: 'web' }, { title: 'Web' }),
      )
    }
    const { status, said } = await post(stage, 'canary', { apps: ['web', 'shop/web'], share: 5 })
    assert.equal(status, 200, JSON.stringify(said))
    assert.deepEqual(said.releases, [
      { revision: 1, share: 95 },
      { revision: 2, share: 5, apps: ['main/web', 'shop/web'] },
    ])
    const [, canary] = (await compose(stage))?.releases ?? []
    assert.deepEqual([canary?.share, canary?.apps], [5, ['web', 'shop.web']])
    const again = await post(stage, 'releases', {
      releases: [said.releases[0], { revision: 2, share: 5, apps: ['web'] }],
    })
    assert.deepEqual(again.said.releases[1].apps, ['main/web'])
    assert.equal((await post(stage, 'canary', { apps: ['web'], revision: 2 })).status, 200)
    assert.equal((await post(stage, 'canary', { apps: ['web'], share: 5, when: 'true' })).status, 400)
  })
})
