import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { before, describe, it } from 'node:test'
import { openControlStage } from '../control-stage.fixture.ts'

const stage = await openControlStage()
const orders = { team: 'main', id: 'orders' }

describe('a revision for some', () => {
  before(async () => {
    await stage.client.ask('putEnvironment', { params: { id: 'prod' }, body: {} })
    for (const description of ['first', 'second']) {
      const policies = [{ policy: 'key-auth' }]
      const body = { description, basePath: '/orders', upstream: 'http://127.0.0.1:9001', policies }
      await stage.client.ask('putApi', { params: orders, body })
      if (description === 'first') await stage.run('publish orders --to prod')
    }
    for (const team of ['main', 'shop']) {
      if (team !== 'main') await stage.client.ask('putTeam', { params: { id: team }, body: {} })
      await stage.client.ask('putApp', { params: { team, id: 'web' }, body: {} })
    }
  })

  const readReleases = async () =>
    (await stage.client.ask('getDeployment', { params: { ...orders, environment: 'prod' } })).body.releases

  it('is previewed with a token that is shown once, and ended', async () => {
    const started = await stage.run('preview orders --in prod --expires 2099-01-01T00:00:00Z')
    assert.equal(started.code, 1)
    assert.match(started.stderr, /90 days/)
    const { code, stdout, stderr } = await stage.run('preview orders --in prod')
    assert.equal(code, 0, stderr)
    const token =
      /^until \S+ revision 2 answers to who sends this, which is not shown again:\n {2}Gatewright-Preview: (gwv_\S+)$/m.exec(
        stdout,
      )?.[1]
    assert.ok(token, stdout)
    const [live, tried] = await readReleases()
    assert.deepEqual([live?.revision, live?.share, tried?.revision], [1, 100, 2])
    assert.equal(tried?.preview?.hash, `sha256:${createHash('sha256').update(token).digest('hex')}`)
    assert.match(
      (await stage.run('preview end orders --in prod --revision 2 --dry-run')).stdout,
      /^would end in prod: the preview of revision 2 of orders$/m,
    )
    assert.match((await stage.run('preview end orders --in prod')).stdout, /^ended in prod: all previews of orders$/m)
    assert.equal((await readReleases()).length, 1)
    assert.equal((await stage.run('preview end orders --in prod')).code, 1)
    const told = JSON.parse((await stage.run('preview start orders --in prod --revision 2 --json')).stdout)
    assert.match(told.preview.token, /^gwv_/)
    await stage.run('preview end orders --in prod')
  })

  it('is given to apps, also beside a share', async () => {
    const { code, stderr } = await stage.run('canary orders --in prod --share 10 --app web --app shop/web')
    assert.equal(code, 0, stderr)
    assert.deepEqual((await readReleases()).at(-1), { revision: 2, share: 10, apps: ['main/web', 'shop/web'] })
    assert.equal((await stage.run('canary orders --in prod --app web')).code, 0)
    assert.deepEqual((await readReleases()).at(-1)?.apps, ['main/web'])
    assert.match((await stage.run('canary orders --in prod --app nobody')).stderr, /nobody/)
  })

  for (const line of [
    'preview orders',
    'preview show orders --in prod',
    'preview end orders --in prod --expires 2030-01-01T00:00:00Z',
    'preview end orders --in prod -m why',
  ])
    it(`is not what "${line}" says`, async () => {
      assert.equal((await stage.run(line)).code, 2)
    })
})
