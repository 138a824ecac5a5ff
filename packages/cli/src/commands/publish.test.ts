import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { openControlStage } from '../control-stage.fixture.ts'

const stage = await openControlStage()
const say = (title: string) =>
  stage.client.ask('putApi', {
    params: { team: 'main', id: 'orders' },
    body: { title, basePath: '/orders', upstream: 'http://127.0.0.1:9001' },
  })

describe('what is live, by verbs', () => {
  before(async () => {
    for (const id of ['dev', 'prod'])
      await stage.client.ask('putEnvironment', { params: { id }, body: { pathPrefix: `/${id}` } })
    await say('one')
  })

  it('is tried without being kept', async () => {
    const { code, stdout, stderr } = await stage.run('publish orders --to dev --dry-run')
    assert.equal(code, 0, stderr)
    assert.equal(stdout, 'orders would be live in dev: revision 1 (version 1)')
    assert.equal((await stage.run('live')).stdout, 'Nothing is live.')
  })

  it('is published, promoted and rolled back, and it is said who serves it', async () => {
    const published = await stage.run('publish orders --to dev -m first')
    assert.deepEqual(
      [published.code, published.stdout],
      [0, 'orders is live in dev: revision 1 (version 1)\nserved by local'],
    )
    await say('two')
    await stage.run('publish main/orders --to dev')
    assert.match(
      (await stage.run('promote orders --from dev --to prod')).stdout,
      /^orders is live in prod: revision 2 /,
    )
    assert.match(
      (await stage.run('rollback orders --in dev')).stdout,
      /^orders is live in dev: revision 1 \(version 3\)/,
    )
    assert.match((await stage.run('rollback orders --in dev --to 2')).stdout, /^orders is live in dev: revision 2 /)
    assert.match((await stage.run('publish orders --to dev --revision 1')).stdout, /revision 1 /)
    assert.match(
      (await stage.run('live prod')).stdout,
      /^prod {2}main\/orders {2}revision 2 {2}\S+Z {2}published {2}promote$/,
    )
  })

  it('is tried on a part of the traffic', async () => {
    await say('three')
    const started = await stage.run('canary orders --in prod --share 10')
    assert.match(started.stdout, /^orders is live in prod: revision 2 \(90 %\), revision 3 \(10 %\) /)
    const json = JSON.parse(
      (await stage.run('canary start orders --in prod --when request.method=="GET" --json')).stdout,
    )
    assert.deepEqual(json.releases[1], { revision: 3, when: 'request.method=="GET"' })
    assert.match((await stage.run('canary abort orders --in prod')).stdout, /: revision 2 \(version/)
    assert.equal((await stage.run('canary promote orders --in prod')).code, 1)
    await stage.run('canary orders --in prod --share 0.5')
    assert.match((await stage.run('canary promote orders --in prod')).stdout, /: revision 3 \(version/)
  })

  it('is refused in words', async () => {
    for (const line of [
      'publish orders',
      'promote orders --to prod',
      'promote orders --from prod --to prod',
      'rollback orders',
      'canary orders --in prod',
      'canary orders --in prod --share 100',
      'canary orders --in prod --share 1 --when true',
      'canary end orders --in prod',
      'canary promote orders --in prod --share 10',
      'canary abort orders --in prod --acknowledge all',
    ]) {
      assert.equal((await stage.run(line)).code, 2, line)
    }
    const nobody = await stage.run('publish nobody --to dev')
    assert.match((await stage.run('publish order --to dev')).stderr, /"order"\. Did you mean "orders"\?$/)
    assert.deepEqual([nobody.code, nobody.stderr], [1, 'There is none of the kind "api" with the id "nobody".'])
  })

  it('is a failure where a gateway does not run it', async () => {
    stage.refuse('no room')
    const { code, stdout, stderr } = await stage.run('publish orders --to dev --revision 2')
    assert.equal(code, 1)
    assert.match(stdout, /^orders is live in dev: revision 2 /)
    assert.equal(stderr, 'node local does not run it: no room')
  })
})

describe('what is live on nodes', () => {
  it('is served by those whose group runs it alone, and where none does that is a fault', async () => {
    const { client, run, url } = await openControlStage({ isAlone: true })
    for (const id of ['dev', 'prod'])
      await client.ask('putEnvironment', { params: { id }, body: { pathPrefix: `/${id}` } })
    await client.ask('putApi', {
      params: { team: 'main', id: 'orders' },
      body: { basePath: '/orders', upstream: 'http://127.0.0.1:9001' },
    })
    const early = await run('publish orders --to dev')
    assert.deepEqual(
      [early.code, early.stderr],
      [0, 'nobody serves it yet: no node was heard from in the last minutes'],
    )
    await client.ask('putNodeGroup', { params: { id: 'edge' }, body: { environments: ['dev'] } })
    const issued = await client.ask('issueNodeToken', { params: { group: 'edge' }, body: { name: 'all' } })
    const beat = async () => {
      const headers = { authorization: `Bearer ${issued.body.value}`, 'gatewright-node': 'vm' }
      const told = await fetch(`${url}/node/v1/configuration?formats=1`, { headers })
      const { hash, sequence } = (await told.json()) as { readonly hash: string; readonly sequence: number }
      const { status } = await fetch(`${url}/node/v1/heartbeat`, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json' },
        body: JSON.stringify({
          node: 'vm',
          version: '1.0.0',
          configuration: { sequence, hash },
          credentials: { sequence: 1 },
          snapshot: { version: 1, hash: 's' },
          threads: [],
        }),
      })
      assert.equal(status, 204)
    }
    await beat()
    const elsewhere = await run('publish orders --to prod --wait 0')
    assert.deepEqual(
      [elsewhere.code, elsewhere.stdout, elsewhere.stderr],
      [
        1,
        'orders is live in prod: revision 1 (version 1)',
        'no node runs prod: the groups of all that were heard from run other things; see node groups',
      ],
    )
    await client.ask('putNodeGroup', { params: { id: 'edge' }, body: { environments: ['dev', 'prod'] } })
    await beat()
    const served = await run('publish orders --to prod')
    assert.deepEqual([served.code, served.stdout.split('\n').at(-1)], [0, 'served by vm'])
  })
})
