import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { ResourceRef } from '../resources/resource.ts'
import { createResource } from '../resources/resource-store.ts'
import type { Store } from '../store/store.ts'
import { describeOnStores } from '../testing/describe-on-stores.ts'
import type { UpstreamBody } from '../upstreams/upstream-body.ts'
import { askRules } from './ask-rules.ts'
import type { RuleBody } from './rule.ts'

/** More than a page of any list. */
const MANY = 501

type Made = Pick<ResourceRef, 'kind' | 'team' | 'id'> & { readonly body: object }

const create = (store: Store, made: readonly Made[]) =>
  store.write(async (change) => {
    for (const { body, ...ref } of made) {
      await createResource({ ...change, by: 'user:ann', nowMs: 1 }, ref, body)
    }
  })

const toRule = (team: string, id: string, expression: string): Made => {
  const body: RuleBody = { expression, message: 'Mend it.' }
  return { kind: team === '*' ? 'rule' : 'team-rule', team, id, body }
}

const ask = (store: Store, upstream: string) =>
  store.read(async (db) => {
    const environment = { id: 'prod', body: {} }
    const found = await askRules(db, { team: 'main', id: 'orders', body: { upstream }, environment })
    return found.map(({ rule, code }) => [rule, code])
  })

await describeOnStores('rules of an API', (open) => {
  it('are those of everybody and of its team, all of them', async () => {
    const store = await open()
    await create(store, [
      toRule('*', 'everybody', 'false'),
      toRule('other', 'others', 'false'),
      ...Array.from({ length: MANY }, (_, index) => toRule('main', `rule-${index}`, 'true')),
      toRule('main', 'the-last-one', 'false'),
    ])
    assert.deepEqual(await ask(store, 'http://127.0.0.1:9'), [
      ['everybody', 'rule-broken'],
      ['the-last-one', 'rule-broken'],
    ])
  })

  it('see each upstream of its team, and none of others', async () => {
    const store = await open()
    const toUpstream = (team: string, id: string, target: string): Made => {
      const body: UpstreamBody = { targets: [target] }
      return { kind: 'upstream', team, id, body }
    }
    await create(store, [
      toRule('*', 'tls', 'api.upstreams.all(it, it.targets.size() == 1 && it.targets[0] == "https://b.example.com")'),
      ...Array.from({ length: MANY }, (_, index) => toUpstream('main', `upstream-${index}`, 'http://a.example.com')),
      toUpstream('main', 'zulu', 'https://b.example.com'),
      toUpstream('other', 'zulu', 'http://c.example.com'),
    ])
    assert.deepEqual(await ask(store, 'zulu'), [])
    assert.deepEqual(await ask(store, 'upstream-7'), [['tls', 'rule-broken']])
  })
})
