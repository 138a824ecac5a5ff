import assert from 'node:assert/strict'
import { it } from 'node:test'
import { AdminStage } from '../testing/admin-stage.ts'
import { describeOnStores } from '../testing/describe-on-stores.ts'

const AT = '/apis/main/orders'
const toEnvironment = (id: string) => ({
  pathPrefix: `/${id}`,
  variables: { tier: id },
  upstreams: ['backend', 'unused'].map((name) => ({ id: name, targets: [`http://${id}.example.com`] })),
})

await describeOnStores('what is another, by the admin API', (open) => {
  async function begin(): Promise<AdminStage> {
    const stage = new AdminStage(await open())
    for (const id of ['dev', 'prod']) {
      const answer = await stage.ask(`PUT /environments/${id}`, { body: toEnvironment(id) })
      assert.equal(answer.statusCode, 201, answer.body)
    }
    for (const [title, environment] of [
      ['one', 'prod'],
      ['two', 'dev'],
    ] as const) {
      const routes =
        title === 'one'
          ? [
              { id: 'a', path: '/a' },
              { id: 'b', path: '/b' },
            ]
          : [{ id: 'a', path: '/a' }]
      await stage.ask(`PUT ${AT}`, { body: { title, basePath: '/orders', upstream: 'backend', routes } })
      const answer = await stage.ask(`POST /environments/${environment}${AT}/publish`, { body: {} })
      assert.equal(answer.statusCode, 200, answer.body)
    }
    return stage
  }
  const read = async (stage: AdminStage, query: string) => {
    const answer = await stage.ask(`GET ${AT}/diff?${query}`)
    assert.equal(answer.statusCode, 200, answer.body)
    return answer.json() as { changes: { text: string }[]; breaking: { code: string }[] }
  }

  it('is told in lines, and so is what callers would notice', async () => {
    const stage = await begin()
    for (const query of ['from=1&to=2', 'from=1']) {
      const { changes, breaking } = await read(stage, query)
      assert.deepEqual(
        changes.map(({ text }) => text),
        ['API: title one → two', 'route b: removed'],
      )
      assert.deepEqual(
        breaking.map(({ code }) => code),
        ['route-removed'],
      )
    }
    assert.deepEqual(await read(stage, 'from=environment:dev&to=draft'), { changes: [], breaking: [] })
    for (const [query, status] of [
      ['from=7', 404],
      ['from=x', 400],
      ['from=environment:none', 404],
    ] as const)
      assert.equal((await stage.ask(`GET ${AT}/diff?${query}`)).statusCode, status)
  })

  it('between environments is also what these bring, and a promotion that is tried shows it', async () => {
    const stage = await begin()
    const { changes } = await read(stage, 'from=environment:dev&to=environment:prod')
    const said = changes.map(({ text }) => text).join('\n')
    assert.match(said, /^environment: .*\/dev.*\/prod/m)
    assert.match(said, /^environment: variables\.tier dev → prod$/m)
    assert.match(said, /^environment: upstream backend: /m)
    assert.doesNotMatch(said, /unused/)
    const body = { from: 'dev', acknowledge: { codes: ['all'], reason: 'known' } }
    const tried = await stage.ask(`POST /environments/prod${AT}/promote?dryRun=true`, { body })
    const shown = tried.json().changes.join('\n')
    for (const line of ['API: title one → two', 'environment: variables.tier dev → prod'])
      assert.ok(shown.includes(line))
    assert.deepEqual(stage.mistakes, [])
  })
})
