import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { openControlStage } from '../control-stage.fixture.ts'

const stage = await openControlStage()

describe('APIs side by side, by a command', () => {
  before(async () => {
    for (const id of ['dev', 'prod'])
      await stage.client.ask('putEnvironment', { params: { id }, body: { pathPrefix: `/${id}` } })
  })

  it('are versions of a family, with what has become of each', async () => {
    assert.equal((await stage.run('apis')).stdout, 'There are none.')
    for (const [id, version] of [
      ['orders-10', 'v10'],
      ['orders-2', 'v2'],
      ['orders', 'v1'],
    ] as const) {
      const body = { basePath: `/${id}`, upstream: 'http://127.0.0.1:9001', family: 'orders', version }
      await stage.client.ask('putApi', { params: { team: 'main', id }, body })
    }
    await stage.client.ask('putApi', { params: { team: 'main', id: 'users' }, body: {} })
    for (const line of [
      'publish orders --to dev',
      'publish orders --to prod',
      'publish orders-2 --to dev',
      'lifecycle supersede orders --by orders-2 --in dev --since 2026-06-30T00:00:00Z --sunset 2099-01-31T00:00:00Z',
      'lifecycle retire orders --in prod',
    ]) {
      const { code, stderr } = await stage.run(line)
      assert.equal(code, 0, `${line}: ${stderr}`)
    }
    const { stdout } = await stage.run('apis orders')
    const lines = stdout.split('\n').map((line) => line.replace(/ +since \S+Z$/, ''))
    assert.deepEqual(
      lines.map((line) => line.split(/ {2,}/)),
      [
        [
          'main/orders',
          'v1',
          'family orders',
          'dev',
          'deprecated since 2026-06-30, until 2099-01-31; then /dev/orders-2',
        ],
        ['main/orders', 'v1', 'family orders', 'prod', 'retired'],
        ['main/orders-2', 'v2', 'family orders', 'dev', 'published'],
        ['main/orders-10', 'v10', 'family orders', '-', 'draft'],
      ],
    )
    assert.equal((await stage.run('apis')).stdout.split('\n').length, 5)
    assert.equal((await stage.run('apis --team none')).stdout, 'There are none.')
    const json = JSON.parse((await stage.run('apis orders --json')).stdout)
    assert.deepEqual([json.length, json[1].environments[0].state], [3, 'published'])
  })
})
