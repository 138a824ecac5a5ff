import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, describe, it } from 'node:test'
import { openControlStage } from '../control-stage.fixture.ts'
import { createFolder } from '../run-command.fixture.ts'

const stage = await openControlStage()
const empty = await openControlStage()
const main = (id: string) => ({ team: 'main', id })

describe('the end of an API, by a command', () => {
  before(async () => {
    for (const id of ['dev', 'prod'])
      await stage.client.ask('putEnvironment', { params: { id }, body: { pathPrefix: `/${id}` } })
    for (const id of ['orders', 'orders-2']) {
      const body = { basePath: `/${id}`, upstream: 'http://127.0.0.1:9001', policies: [{ policy: 'key-auth' }] }
      await stage.client.ask('putApi', { params: main(id), body })
      for (const environment of ['dev', 'prod']) await stage.run(`publish ${id} --to ${environment}`)
    }
    await stage.client.ask('putPlan', { params: main('all'), body: {} })
    await stage.client.ask('putPlan', { params: main('new'), body: { apis: [{ api: 'orders-2' }] } })
    await stage.client.ask('putPlan', { params: main('old'), body: { apis: [{ api: 'orders' }] } })
    for (const [app, plan] of [
      ['web', 'all'],
      ['phone', 'old'],
    ] as const) {
      await stage.client.ask('putApp', { params: main(app), body: {} })
      await stage.run(`subscriptions request ${app} --api orders --plan ${plan}`)
    }
  })

  it('is told with its dates, comes, and is taken back', async () => {
    const since = '--since 2026-06-30T00:00:00Z --sunset 2099-01-31T00:00:00Z --successor /v2'
    const told = await stage.run(`lifecycle deprecate orders --in dev ${since} -m why`)
    assert.deepEqual(
      [told.code, told.stdout.split('\n').slice(0, 2)],
      [0, ['orders is live in dev: revision 1 (version 2)', 'deprecated since 2026-06-30, until 2099-01-31; then /v2']],
      told.stderr,
    )
    assert.match(
      (await stage.run('lifecycle retire orders --in dev')).stdout,
      /^retired, until 2099-01-31; then \/v2$/m,
    )
    const revived = await stage.run('lifecycle revive orders --in dev')
    assert.doesNotMatch(revived.stdout, /retired|deprecated/)
    assert.equal((await stage.run('lifecycle revive orders --in dev')).code, 1)
  })

  it('stands in the folder, and is set, changed and taken away by it', async () => {
    const cwd = createFolder()
    await stage.run('lifecycle deprecate orders --in dev --since 2026-06-30T00:00:00Z --successor /v2')
    await stage.run('lifecycle retire orders --in prod --link /why')
    assert.equal((await stage.run('pull f', { cwd })).code, 0)
    const file = join(cwd, 'f/live.yaml')
    const live = readFileSync(file, 'utf8')
    assert.match(live, /dev:\n {2}main\/orders:\n {4}releases: draft\n {4}lifecycle:\n {6}state: deprecated\n/)
    const there = await empty.run('apply f', { cwd })
    assert.equal(there.code, 0, there.stderr)
    assert.equal(JSON.stringify(empty.published()), JSON.stringify(stage.published()))
    assert.equal((await empty.run('diff f', { cwd })).stdout, 'No difference.')
    assert.match((await empty.run('pull f --dry-run', { cwd })).stdout, /^No difference/)
    writeFileSync(file, live.replace('successor: /v2', 'successor: /v3'))
    const changed = await empty.run('apply f', { cwd })
    assert.match(
      changed.stdout,
      /^ {2}deprecated since 2026-06-30; then \/v2 → deprecated since 2026-06-30; then \/v3$/m,
    )
    writeFileSync(file, live.replace(/\n {4}releases: draft\n {4}lifecycle:\n(?: {6}.*\n)+/g, ' draft\n'))
    const revived = await empty.run('apply f', { cwd })
    assert.match(revived.stdout, /^ {2}retired → \(no end\)$/m)
    assert.doesNotMatch(JSON.stringify(empty.published()), /lifecycle/)
    writeFileSync(file, live.replace('state: retired', 'state: over'))
    assert.match((await empty.run('diff f', { cwd })).stderr, /live\.yaml: prod: main\/orders: lifecycle: state: /)
    for (const environment of ['dev', 'prod']) await stage.run(`lifecycle revive orders --in ${environment}`)
  })

  it('leads to the next one, with subscriptions where these are wanted', async () => {
    const line = 'lifecycle supersede orders --by orders-2 --in dev --move-subscriptions'
    const refused = await stage.run(line)
    assert.deepEqual([refused.code, /The plan "old" does not open "orders-2"/.test(refused.stderr)], [1, true])
    const dry = await stage.run(`${line} --plan new --dry-run`)
    assert.match(dry.stdout, /^orders would be live in dev/)
    const done = await stage.run(`${line} --plan new`)
    assert.match(done.stdout, /^deprecated since \d{4}-\d\d-\d\d; then \/dev\/orders-2$/m)
    assert.match(done.stdout, /^subscription \S+ of main\/web: moves, on the plan all$/m)
    assert.match(done.stdout, /^subscription \S+ of main\/phone: moves, on the plan new$/m)
    assert.match(done.stderr, /^Subscription \S+ of "main\/phone": Its app is refused by "orders" from now on/)
    const json = JSON.parse((await stage.run(`${line} --json`)).stdout)
    assert.deepEqual([json.why, json.succession.moves], ['supersede', []])
    assert.match(
      (await stage.run('live dev')).stdout,
      /^dev +main\/orders +revision 1 +\S+Z +deprecated since [-\d]+.*; then \S+ +supersede$/m,
    )
    assert.match((await stage.run('live dev')).stdout, /^dev +main\/orders-2 +revision 1 +\S+Z +published +publish$/m)
  })

  it('waits where others have to approve it, and says so', async () => {
    const body = { pathPrefix: '/prod', protection: { approvals: 1 } }
    await stage.client.ask('putEnvironment', { params: { id: 'prod' }, body })
    const { code, stdout } = await stage.run('lifecycle retire orders --in prod')
    assert.deepEqual(
      [code, stdout.split('\n')],
      [
        3,
        [
          'orders would be live in prod: revision 1',
          'retired',
          'It waits until others have approved it: change prod/main/orders/1. They say `gatewright changes approve prod/main/orders/1`.',
        ],
      ],
    )
  })

  it('is refused in words', async () => {
    for (const line of [
      'lifecycle end orders --in dev',
      'lifecycle retire orders',
      'lifecycle retire orders --in dev --since 2026-06-30T00:00:00Z',
      'lifecycle revive orders --in dev --link /why',
      'lifecycle deprecate orders --in dev --move-subscriptions',
      'lifecycle supersede orders --in dev',
      'lifecycle supersede orders --by orders-2 --in dev --plan new',
    ]) {
      assert.equal((await stage.run(line)).code, 2, line)
    }
    const soon = await stage.run('lifecycle deprecate orders --in dev --sunset soon')
    assert.deepEqual([soon.code, /--sunset: "soon" is no time/.test(soon.stderr)], [2, true], soon.stderr)
    const day = await stage.run('lifecycle deprecate orders-2 --in dev --sunset 2099-01-31 --dry-run')
    assert.deepEqual([day.code, /until 2099-01-31/.test(day.stdout)], [0, true], day.stderr)
  })
})
