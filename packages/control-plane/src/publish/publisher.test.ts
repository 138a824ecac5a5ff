import assert from 'node:assert/strict'
import { after, it } from 'node:test'
import type { GatewrightFileInput } from '@gatewright/model'
import type { ApiBody } from '../apis/api-body.ts'
import type { AppBody } from '../apps/app-body.ts'
import { deploy } from '../deployments/deployment-store.ts'
import { keepDocument } from '../documents/document-store.ts'
import type { PlanBody } from '../plans/plan-body.ts'
import { createResource, removeResource, replaceResource } from '../resources/resource-store.ts'
import { makeRevision } from '../revisions/revision-store.ts'
import type { Doing } from '../store/doing.ts'
import type { Change, Store } from '../store/store.ts'
import { describeOnStores } from '../testing/describe-on-stores.ts'
import { PublicationReader } from './publication-reader.ts'
import { type Publication, Publisher } from './publisher.ts'

const doing = (change: Change): Doing => ({ ...change, by: 'system', nowMs: 1 })
const API = { kind: 'api', team: 'main', id: 'orders' }
const DOCUMENT = 'openapi: 3.1.0'

/** An environment, an API that is live there, and somebody who publishes. */
async function prepare(store: Store) {
  const made = await store.write(async (change) => {
    const environment = await createResource(doing(change), { kind: 'environment', team: 'main', id: 'prod' }, {})
    const document = await keepDocument(change.db, DOCUMENT)
    const body: ApiBody = { title: 'one', document }
    const api = await createResource(doing(change), API, body)
    const { revision } = await makeRevision(doing(change), api, '')
    return { api, environment, revision }
  })
  const at = { api: made.api.uid, environment: made.environment.uid }
  const put = (revision: number) =>
    store.write((change) => deploy(doing(change), at, { releases: [{ revision, share: 100 }], why: 'publish' }))
  const edit = (body: ApiBody) =>
    store.write((change) => replaceResource(doing(change), API, { version: undefined, body }))
  const revise = (body: ApiBody) =>
    store.write(async (change) => {
      const api = await replaceResource(doing(change), API, { version: undefined, body })
      return (await makeRevision(doing(change), api, '')).revision.number
    })
  return { put, edit, revise }
}

/** All pieces together. */
function toFile(publication: Publication | undefined): GatewrightFileInput {
  const files = (publication?.pieces ?? []).map(({ text }) => JSON.parse(text) as GatewrightFileInput)
  return {
    gatewright: 1,
    apis: files.flatMap(({ apis = [] }) => apis),
    plans: files.flatMap(({ plans = [] }) => plans),
    upstreams: files.flatMap(({ upstreams = [] }) => upstreams),
  }
}

function collect(store: Store, publish: (publication: Publication) => Promise<void> | void = () => {}) {
  const publications: Publication[] = []
  const faults: unknown[] = []
  const publisher = new Publisher(store, {
    reader: new PublicationReader(),
    async publish(publication) {
      await publish(publication)
      publications.push(publication)
    },
    onFault: (fault) => faults.push(fault),
  })
  opened.push(publisher)
  const titles = (): (string | undefined)[] => publications.map((publication) => toFile(publication).apis?.[0]?.title)
  return { publisher, publications, faults, titles }
}

const opened: Publisher[] = []

await describeOnStores('publishing', (open) => {
  after(async () => {
    for (const publisher of opened.splice(0)) await publisher.close()
  })

  it('gives what is live, with its documents, and again after each change of it', async () => {
    const store = await open()
    const { put, revise } = await prepare(store)
    const { publisher, publications, titles } = collect(store)
    await publisher.look()
    assert.deepEqual(toFile(publications[0]).apis, [], 'nothing is live yet')
    await put(1)
    await publisher.look()
    const [, first] = publications
    assert.deepEqual([...(first?.documents.values() ?? [])], [DOCUMENT])
    assert.equal(toFile(first).apis?.[0]?.openapi, [...(first?.documents.keys() ?? [])][0])
    await put(await revise({ title: 'two' }))
    await publisher.look()
    await put(1)
    await publisher.look()
    assert.deepEqual(titles(), [undefined, 'one', 'two', 'one'])
    assert.ok((publications[3]?.sequence ?? 0) > (publications[2]?.sequence ?? 0))
  })

  it('gives plans, and what apps have different of them, as these come, change and go', async () => {
    const store = await open()
    const { put, revise } = await prepare(store)
    const ref = (kind: string, id: string) => ({ kind, team: 'main', id })
    const overridden = (limit: number): AppBody => ({ overrides: { gold: { 'rate-limit': { limit } } } })
    const plan: PlanBody = { policies: [{ policy: 'rate-limit', options: { limit: 5, windowSeconds: 60 } }] }
    await store.write((change) => createResource(doing(change), ref('plan', 'gold'), plan))
    await put(await revise({ policies: [{ policy: 'key-auth' }] }))
    const { publisher, publications } = collect(store)
    const look = async () => {
      await publisher.look()
      return toFile(publications.at(-1)).plans?.[0]?.overrides
    }
    assert.equal(await look(), undefined)
    await store.write((change) => createResource(doing(change), ref('app', 'acme'), overridden(7)))
    await store.write((change) => createResource(doing(change), ref('app', 'plain'), {}))
    assert.deepEqual(await look(), { acme: { 'rate-limit': { limit: 7 } } })
    const body = overridden(8)
    await store.write((change) => replaceResource(doing(change), ref('app', 'acme'), { version: undefined, body }))
    assert.deepEqual(await look(), { acme: { 'rate-limit': { limit: 8 } } })
    await store.write((change) => removeResource(doing(change), ref('app', 'acme'), undefined))
    assert.equal(await look(), undefined)
  })

  it('says which pieces changed and which are gone since the publication that was taken last', async () => {
    const store = await open()
    const { put, revise } = await prepare(store)
    let isBroken = false
    const { publisher, publications } = collect(store, () => {
      if (isBroken) throw new Error('no thread runs')
    })
    let seen = 0
    // Word of a change may come late, so that what was published before the last look is of the same news.
    const look = async () => {
      await publisher.look()
      const news = publications.slice(seen)
      seen = publications.length
      const changed = new Set(news.flatMap((each) => each.changed.map(({ name }) => name)))
      return [[...changed].sort(), [...new Set(news.flatMap(({ gone }) => gone))], news.at(-1)?.documents.size]
    }
    await put(1)
    assert.deepEqual(await look(), [['prod.json', 'prod.orders.json'], [], 1])
    isBroken = true
    await put(await revise({ title: 'two' }))
    await look()
    isBroken = false
    await put(await revise({ title: 'three' }))
    assert.deepEqual(await look(), [['prod.orders.json'], [], 0])
    await store.write((change) => removeResource(doing(change), API, undefined))
    assert.deepEqual(await look(), [[], ['prod.orders.json'], 0])
    const last = publications.at(-1)
    assert.deepEqual(
      last?.pieces.map(({ name }) => name),
      ['prod.json'],
    )
  })

  it('gives nothing for what changes nothing that is live', async () => {
    const store = await open()
    const { put, edit } = await prepare(store)
    await put(1)
    const { publisher, publications } = collect(store)
    await publisher.look()
    await edit({ title: 'a draft' })
    await publisher.look()
    assert.equal(publications.length, 1)
  })

  it('follows changes by itself, several of them together, and ends with what is live', {
    timeout: 20_000,
  }, async () => {
    const store = await open()
    const { put, revise } = await prepare(store)
    await put(1)
    const { promise: ended, resolve } = Promise.withResolvers<void>()
    const { titles } = collect(store, async (publication) => {
      // While this one is taken over, others are made.
      await new Promise((done) => setImmediate(done))
      if (toFile(publication).apis?.[0]?.title === 'last') resolve()
    })
    for (let i = 0; i < 10; i++) await put(await revise({ title: i === 9 ? 'last' : `t${i}` }))
    await ended
    await new Promise((done) => setImmediate(done))
    assert.equal(titles().at(-1), 'last')
  })

  it('tries again what could not be taken', async () => {
    const store = await open()
    const { put } = await prepare(store)
    await put(1)
    let isBroken = true
    const { publisher, titles, faults } = collect(store, () => {
      if (isBroken) throw new Error('no thread runs')
    })
    await publisher.look()
    assert.deepEqual([titles(), faults.length], [[], 1])
    isBroken = false
    await publisher.look()
    assert.deepEqual(titles(), ['one'])
  })

  it('tells once what goes on being wrong, and again after it was right', async () => {
    const store = await open()
    const { put, revise } = await prepare(store)
    await put(1)
    let why: string | undefined = 'another key'
    const { publisher, faults } = collect(store, () => {
      if (why !== undefined) throw new Error(why)
    })
    for (const [now, told] of [
      ['another key', 1],
      ['another key', 1],
      ['no thread runs', 2],
      [undefined, 2],
    ] as const) {
      why = now
      await publisher.look()
      assert.equal(faults.length, told, String(now))
    }
    why = 'no thread runs'
    await put(await revise({ title: 'two' }))
    await publisher.look()
    assert.equal(faults.length, 3)
  })
})
