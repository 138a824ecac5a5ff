import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { it } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { type CredentialsLine, FEED_FORMATS, parseCredentialsLine } from '@gatewright/model'
import { createApp } from '../http/create-app.ts'
import { endKey, issueKey } from '../keys/key-store.ts'
import { UNSUBSCRIBED_PLAN } from '../publish/compose-plans.ts'
import { getResource } from '../resources/resource-store.ts'
import type { Doing } from '../store/doing.ts'
import type { Moment, Store } from '../store/store.ts'
import { requestSubscription } from '../subscriptions/subscription-store.ts'
import { AdminStage } from '../testing/admin-stage.ts'
import { describeOnStores } from '../testing/describe-on-stores.ts'
import { ConfigurationFeed } from './configuration-feed.ts'
import { NodeRegistry } from './node-registry.ts'
import { serveNodes } from './serve-nodes.ts'
import { SharedHeartbeats } from './shared-heartbeats.ts'

interface Told {
  readonly lines: readonly CredentialsLine[]
  /** As a node says it the next time. */
  readonly known: string
}

await describeOnStores('what nodes of a group are told of apps and keys', (open) => {
  async function begin({ toStore = (store: Store): Store => store } = {}) {
    const registry = new NodeRegistry(() => stage.nowMs)
    const stage: AdminStage = new AdminStage(await open(), { nodes: registry })
    const { store, nowMs } = stage.services
    const app = createApp(stage.services, [])
    const feed = new ConfigurationFeed()
    const asked = toStore(store)
    serveNodes(app, { store: asked, feed, heartbeats: new SharedHeartbeats({ store, feed, registry, nowMs }), nowMs })
    const ask = async (line: string, body: object = {}) => {
      const answer = await stage.ask(line, { body })
      assert.ok(answer.statusCode < 300, `${line}: ${answer.body}`)
      return answer.json()
    }
    const act = <Result>(verb: (doing: Doing) => Promise<Result>): Promise<Result> =>
      store.write((change) => verb({ ...change, by: 'user:ann', nowMs: 1 }))
    for (const id of ['dev', 'prod']) await ask(`PUT /environments/${id}`, { pathPrefix: `/${id}` })
    for (const id of ['orders', 'billing']) {
      const body = { basePath: `/${id}`, upstream: 'http://127.0.0.1:9001', policies: [{ policy: 'key-auth' }] }
      await ask(`PUT /apis/main/${id}`, body)
    }
    await ask('PUT /plans/main/gold', { policies: [] })
    await ask('PUT /products/main/shop', { apis: ['orders', 'billing'], plans: ['gold'] })
    await ask('PUT /apps/main/acme')
    for (const environment of ['dev', 'prod']) await ask(`POST /environments/${environment}/apis/main/orders/publish`)
    const uidOf = (kind: string, id: string) =>
      store.read(async (db) => (await getResource(db, { kind, team: 'main', id })).uid)
    const acme = await uidOf('app', 'acme')
    const target = { product: await uidOf('product', 'shop') }
    const plan = await uidOf('plan', 'gold')
    await act((doing) => requestSubscription(doing, { app: acme, target, plan }))
    const { key } = await act((doing) => issueKey(doing, acme))
    const join = async (group: string, body: object): Promise<string> => {
      await ask(`PUT /node-groups/${group}`, body)
      return (await ask(`POST /node-groups/${group}/tokens`, { name: 'a' })).value
    }
    const fetch = async (token: string, known = ''): Promise<Told> => {
      const url = `/node/v1/credentials?formats=${FEED_FORMATS.join(',')}${known}`
      const headers = { authorization: `Bearer ${token}`, 'gatewright-node': 'a' }
      const { statusCode, body } = await app.inject({ method: 'GET', url, headers })
      if (statusCode === 204) return { lines: [], known }
      assert.equal(statusCode, 200, body)
      const lines = body.trimEnd().split('\n').map(parseCredentialsLine)
      const [head] = lines
      assert.ok(head?.kind === 'whole' || head?.kind === 'since')
      return { lines, known: `&store=${head.store}&since=${head.sequence}` }
    }
    return { stage, app, ask, act, acme, key, join, fetch }
  }
  const toKinds = ({ lines }: Told) => lines.map(({ kind }) => kind)
  const listApps = ({ lines }: Told) => lines.flatMap((line) => (line.kind === 'apps' ? line.apps : []))

  it('is every key, and of plans those for what they run', async () => {
    const { stage, app, key, join, fetch } = await begin()
    const scopes = {
      all: [{}, { 'dev.orders': 'gold', 'prod.orders': 'gold' }],
      dev: [{ environments: ['dev'] }, { 'dev.orders': 'gold' }],
      billing: [{ apis: ['billing'] }, undefined],
    } as const
    for (const [group, [body, plans]] of Object.entries(scopes)) {
      const told = await fetch(await join(group, body))
      const choice = { plan: UNSUBSCRIBED_PLAN, ...(plans !== undefined && { plans }) }
      const known = { id: 'acme', ...choice, keys: [{ hash: key.hash, app: 'acme', ...choice }] }
      assert.deepEqual(listApps(told), [known], group)
    }
    assert.deepEqual(stage.mistakes, [])
    await app.close()
  })

  it('is nothing anew where something goes live elsewhere, and a key that ends for all of them', async () => {
    const { app, ask, act, key, join, fetch } = await begin()
    const [all, dev] = [await join('all', {}), await join('dev', { environments: ['dev'] })]
    const before = { all: await fetch(all), dev: await fetch(dev) }
    await ask('POST /environments/prod/apis/main/billing/publish')
    const now = { all: await fetch(all, before.all.known), dev: await fetch(dev, before.dev.known) }
    assert.deepEqual(toKinds(now.all), ['whole', 'apps', 'end'])
    assert.deepEqual(toKinds(now.dev), ['since', 'end'])
    await act((doing) => endKey(doing, key.uid))
    for (const [token, { known }] of [
      [all, now.all],
      [dev, now.dev],
    ] as const) {
      const { lines } = await fetch(token, known)
      assert.deepEqual(
        lines.flatMap((line) => (line.kind === 'changes' ? line.changes : [])),
        [{ kind: 'remove', hash: key.hash }],
      )
    }
    await app.close()
  })

  it('is all anew where they run something else than before, and not where that is said otherwise', async () => {
    const { stage, app, ask, join, fetch } = await begin()
    const token = await join('edge', { environments: ['dev', 'prod'], apis: ['orders'] })
    const { known } = await fetch(token)
    await ask('PUT /node-groups/edge', { title: 'Edge', environments: ['prod', 'dev'], apis: ['orders'] })
    assert.deepEqual(toKinds(await fetch(token, known)), ['since', 'end'])
    await ask('PUT /node-groups/edge', { environments: ['dev'] })
    const narrowed = await fetch(token, known)
    assert.deepEqual(
      [toKinds(narrowed), listApps(narrowed)[0]?.plans],
      [['whole', 'apps', 'end'], { 'dev.orders': 'gold' }],
    )
    await ask('PUT /node-groups/edge', {})
    const whole = await fetch(token, narrowed.known)
    assert.deepEqual(listApps(whole)[0]?.plans, { 'dev.orders': 'gold', 'prod.orders': 'gold' })
    stage.nowMs += 3_600_000
    assert.deepEqual(
      toKinds(await fetch(token, narrowed.known)),
      ['whole', 'apps', 'end'],
      'what was forgotten is made again',
    )
    await app.close()
  })

  it('is told to the end where it began before the end of the control plane, and nothing of it stays', async (context) => {
    const asked = Promise.withResolvers<void>()
    const go = Promise.withResolvers<void>()
    const { app, join } = await begin({
      toStore: (store) =>
        new Proxy(store, {
          get(target, name: keyof Store) {
            const value = target[name]
            if (typeof value !== 'function') return value
            if (name !== 'read') return value.bind(target)
            return async (act: (db: Moment) => Promise<unknown>) => {
              asked.resolve()
              await go.promise
              return await target.read(act)
            }
          },
        }),
    })
    const token = await join('all', {})
    const { TMPDIR = '/tmp' } = process.env
    const folder = mkdtempSync(path.join(tmpdir(), 'gatewright-spools-'))
    context.after(() => {
      process.env.TMPDIR = TMPDIR
      rmSync(folder, { recursive: true })
    })
    process.env.TMPDIR = folder
    const headers = { authorization: `Bearer ${token}`, 'gatewright-node': 'a', connection: 'close' }
    const url = await app.listen({ host: '127.0.0.1', port: 0 })
    const answer = fetch(`${url}/node/v1/credentials?formats=${FEED_FORMATS.join(',')}`, { headers })
    await asked.promise
    const closed = app.close()
    await setImmediate()
    go.resolve()
    const { status, text } = { status: (await answer).status, text: await (await answer).text() }
    assert.equal(status, 200, text)
    assert.match(text, /"kind":"end"/)
    await closed
    assert.deepEqual(readdirSync(folder), [])
  })
})
