/** Owns the proof that a real gateway sends each client to one release of an API, by condition and by share, and says which. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { findField, findProblemCode } from './harness/answer.ts'
import { until } from './harness/deadline.ts'
import { get } from './harness/raw-client.ts'
import { stageGateway } from './harness/stage.ts'

const say = (body: string): string => `policies: [{ policy: respond, options: { status: 200, body: ${body} } }]`

const toYaml = (share: number): string => `gatewright: 1
accessLog: stdout
apis:
  - id: orders
    basePath: /orders
    releaseKey: request.headers["x-user"]
    releases:
      - revision: v1
        share: ${100 - share}
        routes:
          - { id: get, path: "/{id}", ${say('one')} }
      - revision: v2
        share: ${share}
        routes:
          - { id: get, path: "/{id}", ${say('two')} }
          - { id: more, path: "/{id}/more", ${say('more')} }
      - revision: preview
        when: '"x-preview" in request.headers && request.headers["x-preview"] == "1"'
        routes:
          - { id: get, path: "/{id}", ${say('preview')} }
`

describe('releases', () => {
  const stage = stageGateway(() => ({ yaml: toYaml(10), threads: 2 }))
  const ask = async (user: string, path = '/orders/7', fields: readonly string[] = []) =>
    await get(stage.gateway.port, path, [`X-User: ${user}`, ...fields])
  const releaseOf = async (user: string): Promise<string> => (await ask(user)).body.toString()
  const users = Array.from({ length: 200 }, (_, index) => `user-${index}`)

  it('are each for some clients, who stay with theirs on every thread and connection', async () => {
    const before = new Map<string, string>()
    for (const user of users) before.set(user, await releaseOf(user))
    const canaries = users.filter((user) => before.get(user) === 'two')
    // 200 of 10 %: five standard deviations.
    assert.ok(canaries.length > 0 && canaries.length < 42, `${canaries.length}`)
    for (const user of users) assert.equal(await releaseOf(user), before.get(user))

    await stage.gateway.rewrite(toYaml(60))
    await until(async () => {
      let moved = 0
      for (const user of users.slice(0, 60)) if ((await releaseOf(user)) === 'two') moved++
      return moved > 20 || undefined
    }, 'the other shares')
    for (const user of canaries) assert.equal(await releaseOf(user), 'two', 'who had the new one keeps it')
  })

  it('have routes of their own: what one lacks is not found there', async () => {
    const seen = new Set<string>()
    for (const user of users) {
      const release = await releaseOf(user)
      const answer = await ask(user, '/orders/7/more')
      if (release === 'two') assert.equal(answer.body.toString(), 'more')
      else assert.deepEqual([answer.status, findProblemCode(answer)], [404, 'route-not-found'])
      seen.add(release)
    }
    assert.deepEqual([...seen].sort(), ['one', 'two'])
  })

  it('are chosen by a condition before any share', async () => {
    const { body } = await ask('user-1', '/orders/7', ['X-Preview: 1'])
    assert.equal(body.toString(), 'preview')
    assert.notEqual((await ask('user-1', '/orders/7', ['X-Preview: 2'])).body.toString(), 'preview')
  })

  it('stand in the record of each request', async () => {
    const answer = await ask('user-1', '/orders/recorded', ['X-Preview: 1'])
    const id = findField(answer, 'x-request-id') ?? ''
    const { api, route, release } = JSON.parse(await stage.gateway.awaitLine(id))
    assert.deepEqual({ api, route, release }, { api: 'orders', route: 'get', release: 'preview' })
  })
})
