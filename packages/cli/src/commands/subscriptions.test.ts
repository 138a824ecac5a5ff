import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { openControlStage } from '../control-stage.fixture.ts'

const stage = await openControlStage()
const main = (id: string) => ({ team: 'main', id })

describe('subscriptions, by commands', () => {
  before(async () => {
    for (const id of ['orders', 'orders-2', 'orders-3']) {
      const body = { basePath: `/${id}`, upstream: 'http://127.0.0.1:9001' }
      await stage.client.ask('putApi', { params: main(id), body })
    }
    await stage.client.ask('putPlan', { params: main('gold'), body: { approvalNeeded: true } })
    await stage.client.ask('putPlan', {
      params: main('free'),
      body: { apis: [{ api: 'orders' }, { api: 'orders-2' }] },
    })
    const body = { apis: ['orders'], plans: ['free', 'gold'] }
    await stage.client.ask('putProduct', { params: main('shop'), body })
    for (const id of ['acme', 'web']) await stage.client.ask('putApp', { params: main(id), body: {} })
  })

  it('are asked for, let through, held up and ended', async () => {
    assert.equal((await stage.run('subscriptions list')).stdout, 'There are none.')
    const dry = await stage.run('subscriptions request acme --product shop --plan gold --dry-run')
    assert.match(dry.stdout, /^\S+ would be requested$/)
    const asked = await stage.run('subscriptions request acme --product shop --plan gold --note please')
    assert.equal(asked.code, 0, asked.stderr)
    assert.match(asked.stderr, /waits until somebody who sells it approves it/)
    const uid = asked.stdout.split(' ')[0] ?? ''
    const listed = await stage.run('subscriptions list --state requested --app acme --product shop')
    assert.match(
      listed.stdout,
      new RegExp(`^${uid} +requested +main/acme +product main/shop +plan main/gold +since \\S+Z$`),
    )
    assert.match(
      (await stage.run(`subscriptions suspend ${uid}`)).stderr,
      /requested cannot suspend\. It can approve, end/,
    )
    for (const [verb, state] of [
      ['approve', 'approved'],
      ['activate', 'active'],
      ['suspend', 'suspended'],
      ['resume', 'active'],
      ['end', 'ended'],
    ]) {
      const done = await stage.run(`subscriptions ${verb} ${uid} --note ${verb}`)
      assert.deepEqual([done.code, done.stdout], [0, `${uid} is ${state}`], done.stderr)
    }
    const shown = (await stage.run(`subscriptions show ${uid}`)).stdout
    assert.match(shown, /^\S+Z +\S+ +request +→ requested +please$/m)
    assert.match(shown, /^\S+Z +\S+ +end +→ ended +end$/m)
    const all = JSON.parse((await stage.run('subscriptions list --json')).stdout)
    assert.deepEqual([all.length, all[0].state], [1, 'ended'])
  })

  it('are given up by whose app it is', async () => {
    const made = JSON.parse((await stage.run('subscriptions request acme --product shop --plan free --json')).stdout)
    assert.equal(made.state, 'active')
    const { stdout } = await stage.run(`subscriptions give-up ${made.uid}`)
    assert.equal(stdout, `${made.uid} has ended`)
    assert.equal((await stage.run(`subscriptions give-up ${made.uid}`)).code, 1)
  })

  it('move to the API that comes after', async () => {
    const { uid } = JSON.parse((await stage.run('subscriptions request web --api orders --plan free --json')).stdout)
    assert.match((await stage.run('subscriptions move orders --to orders-3')).stderr, /does not open "orders-3"/)
    const dry = await stage.run('subscriptions move orders --to orders-2 --dry-run')
    assert.match(dry.stdout, new RegExp(`^${uid} +main/web +moves +plan free$`))
    await stage.run('subscriptions move orders --to orders-2')
    assert.match((await stage.run(`subscriptions show ${uid}`)).stdout, /^moved from main\/orders, open still/m)
    const changed = await stage.run('subscriptions move orders-2 --to orders-3 --plan gold')
    assert.match(changed.stdout, /moves +plan gold$/)
    assert.match(
      (await stage.run('subscriptions move orders --to orders-2')).stdout,
      /^There are none to orders itself/,
    )
  })

  it('are refused in words', async () => {
    for (const line of [
      'subscriptions draw',
      'subscriptions list acme',
      'subscriptions list --plan gold',
      'subscriptions list --dry-run',
      'subscriptions list --state new',
      'subscriptions show',
      'subscriptions request acme --plan gold',
      'subscriptions request acme --product shop',
      'subscriptions request acme --product shop --api orders --plan gold',
      'subscriptions approve',
      'subscriptions approve x --app acme',
      'subscriptions move orders',
    ]) {
      assert.equal((await stage.run(line)).code, 2, line)
    }
    const gone = await stage.run('subscriptions approve x')
    assert.deepEqual([gone.code, gone.stderr], [1, 'There is no such subscription.'])
  })
})
