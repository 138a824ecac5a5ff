/** Proves that nobody alone puts something in front of what a protected environment runs, or decides on which nodes it runs. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { Principal } from '../access/decide-access.ts'
import { AdminStage } from '../testing/admin-stage.ts'
import { describeOnStores } from '../testing/describe-on-stores.ts'

const toOwner = (name: string): [string, Principal] => [
  name,
  { actor: `user:${name}`, name, user: name, grants: [{ role: 'owner', team: '*' }] },
]
const PEOPLE = new Map([toOwner('ann'), toOwner('bob')])
const PROTECTION = { approvals: 1 }
const UPSTREAM = 'http://127.0.0.1:9001'

await describeOnStores('a protected environment', (open) => {
  /** `orders` is live in `prod`, which is protected and says what `said` says. */
  async function begin(said: object = {}) {
    const stage = new AdminStage(await open(), { people: PEOPLE })
    const ask = async (line: string, body?: object) => {
      const answer = await stage.ask(line, { as: 'ann', ...(body !== undefined && { body }) })
      const json = answer.body === '' ? {} : answer.json()
      return { status: answer.statusCode, json, code: String(json.type ?? '').replace(/^.*:/, '') }
    }
    const done = async (line: string, body?: object): Promise<void> => {
      const { status, json } = await ask(line, body)
      assert.ok(status < 300 && status !== 202, `${line}: ${JSON.stringify(json)}`)
    }
    const approve = async (number: number) => {
      const at = `/environments/prod/changes/${number}`
      const answer = await stage.ask(`POST ${at}/approve`, { as: 'bob', body: {} })
      return answer.statusCode === 200 ? answer.json().change.state : String(answer.json().type).replace(/^.*:/, '')
    }
    /** The number of the change that waits for those of `prod`. */
    const wait = async (line: string, body?: object): Promise<number> => {
      const { status, json } = await ask(line, body)
      assert.deepEqual([status, json.environments], [202, ['prod']], `${line}: ${JSON.stringify(json)}`)
      return json.number
    }
    const publish = async (environment: string, api: string, body: object) => {
      await done(`PUT /apis/main/${api}`, { upstream: UPSTREAM, ...body })
      const acknowledge = { codes: ['all'], reason: 'Nobody calls it.' }
      return (await ask(`POST /environments/${environment}/apis/main/${api}/publish`, { acknowledge })).code
    }
    await done('PUT /environments/prod', said)
    assert.equal(await publish('prod', 'orders', { basePath: '/orders' }), '')
    await done('PUT /environments/prod', { ...said, protection: PROTECTION })
    await done('PUT /environments/side', { pathPrefix: '/side' })
    return { stage, ask, done, approve, wait, publish }
  }

  it('has nothing before it because another one is moved, or turns to other names, before others approve it', async () => {
    const { stage, done, approve, wait, publish } = await begin({ pathPrefix: '/prod', hosts: ['*.example.com'] })
    assert.equal(await publish('side', 'pay', { basePath: '/orders/pay' }), '')
    await done('PUT /environments/side', { pathPrefix: '/aside' })
    await done('PUT /environments/side', { pathPrefix: '/prod' })
    for (const [said, isBefore] of [
      [{ pathPrefix: '/prod', hosts: ['api.example.com'] }, true],
      [{ pathPrefix: '/%70rod', hosts: ['API.example.com.'] }, true],
      [{ pathPrefix: '/prod', hosts: ['api.example.org'] }, false],
      [{ pathPrefix: '/prod', hosts: ['a.b.example.com'] }, false],
    ] as const) {
      if (isBefore) await wait('PUT /environments/side', said)
      else await done('PUT /environments/side', said)
    }
    assert.equal(await approve(1), 'changed-meanwhile', 'it was made of an older one')
    const number = await wait('PUT /environments/side', { pathPrefix: '/prod', hosts: ['api.example.com'] })
    // Beside what was shown to others, this one would stand there as well.
    assert.equal(await publish('side', 'all', { basePath: '/orders/all' }), '')
    assert.equal(await approve(number), 'changed-meanwhile')
    assert.deepEqual(stage.mistakes, [])
  })

  it('lets another one go there that others have approved, and away again only so', async () => {
    const { stage, ask, approve, wait, publish } = await begin({ pathPrefix: '/prod' })
    assert.equal(await publish('side', 'pay', { basePath: '/orders/pay' }), '')
    assert.equal(await approve(await wait('PUT /environments/side', { pathPrefix: '/prod' })), 'done')
    assert.equal(await publish('side', 'pay', { basePath: '/orders/pay', title: 'Two' }), '', 'it stands there')
    await wait('PUT /environments/side', { pathPrefix: '/side' })
    assert.equal((await ask('DELETE /environments/side/apis/main/pay')).status, 404)
    assert.deepEqual(stage.mistakes, [])
  })

  it('has nothing before it by another spelling of its path or name, nor all of a name that it has by a wildcard', async () => {
    const { stage, publish, done } = await begin({ pathPrefix: '/prod', hosts: ['*.example.com'] })
    await done('PUT /environments/side', {})
    const hosts = ['api.example.com']
    for (const [said, code] of [
      [{ basePath: '/prod/%6Frders', hosts }, 'environment-protected'],
      [{ basePath: '/prod/orders/', hosts }, 'environment-protected'],
      [{ basePath: '/prod/orders', hosts: ['api.example.com.'] }, 'environment-protected'],
      [{ basePath: '/prod/orders', hosts: ['api.example.com:8443'] }, 'environment-protected'],
      [{ basePath: '/prod', hosts }, 'environment-protected'],
      [{ basePath: '/', hosts }, 'environment-protected'],
      [{ basePath: '/prod', hosts: ['*.example.com'] }, ''],
      [{ basePath: '/prod/orders/pay' }, ''],
    ] as const)
      assert.equal(await publish('side', 'evil', said), code, JSON.stringify(said))
    assert.deepEqual(stage.mistakes, [])
  })

  it('has nothing before it by what is brought back in another one', async () => {
    const { stage, ask, done, publish } = await begin({ pathPrefix: '/prod' })
    assert.equal(await publish('side', 'pay', { basePath: '/orders/pay' }), '')
    await done('POST /environments/side/apis/main/pay/take-out', {})
    await done('PUT /environments/side', { pathPrefix: '/prod' })
    assert.equal((await ask('POST /environments/side/apis/main/pay/rollback', {})).code, 'environment-protected')
    assert.deepEqual(stage.mistakes, [])
  })

  it('is shown with no certificate of another one for a name below its wildcard, before others approve it', async () => {
    const { stage, done, approve, wait } = await begin({ hosts: ['*.example.com'] })
    const toPut = (host: string) =>
      [
        'PUT /certificates/other',
        { environment: 'side', acme: { hosts: [host], directory: 'https://ca.example.com/directory' } },
      ] as const
    await done(...toPut('api.example.org'))
    assert.equal(await approve(await wait(...toPut('API.example.com'))), 'done')
    await wait('DELETE /certificates/other')
    assert.deepEqual(stage.mistakes, [])
  })

  it('runs on other nodes, or on fewer, when others have approved it', async () => {
    const { stage, done, approve, wait } = await begin()
    await done('PUT /environments/empty', { pathPrefix: '/empty', protection: PROTECTION })
    await done('PUT /node-groups/edge', { environments: ['side', 'empty'] })
    await done('PUT /node-groups/edge', { environments: ['side'] })
    await done('PUT /apis/main/other', { basePath: '/other', upstream: UPSTREAM })
    const both = { environments: ['side', 'prod'], nodes: ['n1', 'n2'] }
    assert.equal(await approve(await wait('PUT /node-groups/edge', both)), 'done')
    for (const said of [{ environments: ['side'] }, { nodes: ['n1'] }, { apis: ['other'] }])
      await wait('PUT /node-groups/edge', { ...both, ...said })
    await done('PUT /node-groups/edge', { nodes: both.nodes, title: 'All of them, and so prod too' })
    await wait('PUT /node-groups/all', {})
    await wait('DELETE /node-groups/edge')
    assert.deepEqual(stage.mistakes, [])
  })
})
