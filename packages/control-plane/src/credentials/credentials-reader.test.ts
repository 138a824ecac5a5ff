import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { it } from 'node:test'
import { type App, type CredentialsChange, hasFaults, resolve, toFindingText, validate } from '@gatewright/model'
import { BUILT_IN_POLICIES } from '@gatewright/policies'
import { deploy } from '../deployments/deployment-store.ts'
import { endKey, issueKey, keepKeys } from '../keys/key-store.ts'
import type { PlanBody } from '../plans/plan-body.ts'
import { composeFile } from '../publish/compose-file.ts'
import { SUSPENDED_PLAN, UNSUBSCRIBED_PLAN } from '../publish/compose-plans.ts'
import { LiveReader } from '../publish/live-reader.ts'
import type { Described } from '../resources/resource.ts'
import { createResource, removeResource, replaceResource } from '../resources/resource-store.ts'
import { makeRevision } from '../revisions/revision-store.ts'
import type { Doing } from '../store/doing.ts'
import type { Change, Store } from '../store/store.ts'
import { requestSubscription, stepSubscription } from '../subscriptions/subscription-store.ts'
import { describeOnStores } from '../testing/describe-on-stores.ts'
import { CredentialsReader } from './credentials-reader.ts'

const doing = (change: Change): Doing => ({ ...change, by: 'user:ann', nowMs: 1_700_000_000_000 })
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
const ref = (kind: string, id: string) => ({ kind, team: 'main', id })

/** An API that is live in one of two environments, a product that sells it, a plan, and an app with a key and a subscription. */
async function prepare(store: Store) {
  const act = <Result>(verb: (doing: Doing) => Promise<Result>): Promise<Result> =>
    store.write((change) => verb(doing(change)))
  const create = (kind: string, id: string, body: object) =>
    act((change) => createResource(change, ref(kind, id), body as Described))
  const edit = (kind: string, id: string, body: object) =>
    act((change) => replaceResource(change, ref(kind, id), { version: undefined, body: body as Described }))
  const prod = await create('environment', 'prod', {})
  const dev = await create('environment', 'dev', { pathPrefix: '/dev' })
  const api = await create('api', 'orders', { policies: [{ policy: 'key-auth' }], upstream: 'http://127.0.0.1:9000' })
  await act((change) => makeRevision(change, api, ''))
  const put = (environment: { readonly uid: string }) =>
    act((change) =>
      deploy(
        change,
        { api: api.uid, environment: environment.uid },
        { releases: [{ revision: 1, share: 100 }], why: 'publish' },
      ),
    )
  await put(prod)
  const plan = await create('plan', 'gold', { policies: [] } satisfies PlanBody)
  const product = await create('product', 'shop', { apis: ['orders'], plans: ['gold'] })
  const app = await create('app', 'acme', { title: 'Acme' })
  const { key } = await act((change) => issueKey(change, app.uid))
  const request = (of: string) =>
    act((change) => requestSubscription(change, { app: of, target: { product: product.uid }, plan: plan.uid }))
  const subscription = await request(app.uid)
  return { act, create, edit, put, prod, dev, api, plan, product, app, key, request, subscription }
}

interface Told {
  readonly kind: 'whole' | 'changes'
  readonly sequence: number
  readonly apps: readonly App[]
  readonly changes: readonly CredentialsChange[]
  readonly pages: number
}

/** Reads, and all pages, in one moment. */
function tell(store: Store, reader: CredentialsReader, since?: number): Promise<Told> {
  return store.read(async (db) => {
    const reading = await reader.read(db, since)
    const apps: App[] = []
    const changes: CredentialsChange[] = []
    let pages = 0
    if (reading.kind === 'whole') for await (const page of reading.pages) pages += Math.sign(apps.push(...page))
    else for await (const page of reading.pages) pages += Math.sign(changes.push(...page))
    return { kind: reading.kind, sequence: reading.sequence, apps, changes, pages }
  })
}

await describeOnStores('what gateways are told of apps and keys', (open) => {
  it('is all of it at first, and nothing where nothing has happened since', async () => {
    const store = await open()
    const { key, create } = await prepare(store)
    await create('app', 'idle', {})
    const reader = new CredentialsReader()
    const { kind, apps, sequence } = await tell(store, reader)
    assert.equal(kind, 'whole')
    const choice = { plan: UNSUBSCRIBED_PLAN, plans: { 'prod.orders': 'gold' } }
    assert.deepEqual(
      apps.toSorted((a, b) => (a.id < b.id ? -1 : 1)),
      [
        { id: 'acme', title: 'Acme', ...choice, keys: [{ hash: key.hash, app: 'acme', ...choice }] },
        { id: 'idle', plan: UNSUBSCRIBED_PLAN, keys: [] },
      ],
    )
    assert.deepEqual(await tell(store, reader, sequence), {
      kind: 'changes',
      sequence,
      apps: [],
      changes: [],
      pages: 0,
    })
  })

  it('goes with the file that is composed at the same moment: nothing of both together is at fault', async () => {
    const store = await open()
    const { put, dev, create, request, act } = await prepare(store)
    await put(dev)
    const other = await create('app', 'other', { overrides: { gold: {} } })
    const { uid } = await request(other.uid)
    await act((change) => stepSubscription(change, uid, { step: 'suspend' }))
    await act((change) => issueKey(change, other.uid, { plan: 'gold' }))
    const { apps } = await tell(store, new CredentialsReader())
    const { environments, terms } = await store.read((db) => new LiveReader().read(db))
    const text = JSON.stringify(composeFile(environments, terms))
    const files = [{ path: '/snapshot.json', text, isForeign: true }]
    const { draft, sources, findings } = resolve({ files, env: () => undefined, readFile: () => undefined })
    const all = [...findings, ...validate(draft, BUILT_IN_POLICIES, { sources, apps: [...apps] })]
    assert.equal(hasFaults(all), false, all.map(toFindingText).join('\n'))
  })

  it('is one small change where a key is made or ended', async () => {
    const store = await open()
    const { act, app, key } = await prepare(store)
    const reader = new CredentialsReader()
    const { sequence } = await tell(store, reader)
    const made = await act((change) => issueKey(change, app.uid, { expiresAtMs: 5 }))
    const first = await tell(store, reader, sequence)
    const choice = { plan: UNSUBSCRIBED_PLAN, plans: { 'prod.orders': 'gold' } }
    const told = { hash: made.key.hash, app: 'acme', ...choice, expires: 5 }
    assert.deepEqual([first.kind, first.changes], ['changes', [{ kind: 'put', key: told }]])
    await act((change) => endKey(change, key.uid))
    const second = await tell(store, reader, first.sequence)
    assert.deepEqual([second.kind, second.changes], ['changes', [{ kind: 'remove', hash: key.hash }]])
    // Whoever missed the first hears both.
    assert.equal((await tell(store, reader, sequence)).changes.length, 2)
    const [whole] = (await tell(store, reader)).apps
    assert.deepEqual(whole?.keys, [told])
  })

  it('is the app and its keys where a subscription or the app itself changes', async () => {
    const store = await open()
    const { act, app, key, subscription, edit } = await prepare(store)
    const reader = new CredentialsReader()
    const { sequence } = await tell(store, reader)
    const step = (taken: 'suspend' | 'end') =>
      act((change) => stepSubscription(change, subscription.uid, { step: taken }))
    await step('suspend')
    const suspended = { plan: UNSUBSCRIBED_PLAN, plans: { 'prod.orders': SUSPENDED_PLAN } }
    const first = await tell(store, reader, sequence)
    assert.deepEqual(first.changes, [
      { kind: 'put-app', app: { id: 'acme', title: 'Acme', ...suspended } },
      { kind: 'put', key: { hash: key.hash, app: 'acme', ...suspended } },
    ])
    await step('end')
    await edit('app', 'acme', { enabled: false })
    await act((change) => endKey(change, key.uid))
    const made = await act((change) => issueKey(change, app.uid))
    const choice = { plan: UNSUBSCRIBED_PLAN, enabled: false }
    assert.deepEqual((await tell(store, reader, first.sequence)).changes, [
      { kind: 'put-app', app: { id: 'acme', ...choice } },
      { kind: 'put', key: { hash: made.key.hash, app: 'acme', ...choice } },
      { kind: 'remove', hash: key.hash },
    ])
  })

  it('is everything where what changed may be everybody’s, and where the number is not one of ours', async () => {
    const store = await open()
    const { act, put, dev, edit, create } = await prepare(store)
    const reader = new CredentialsReader()
    let { sequence } = await tell(store, reader)
    const kindAfter = async (what: Promise<unknown>): Promise<string> => {
      await what
      const told = await tell(store, reader, sequence)
      sequence = told.sequence
      return told.kind
    }
    assert.equal(await kindAfter(put(dev)), 'whole')
    assert.equal(await kindAfter(put(dev)), 'changes', 'it was live there already')
    assert.equal(await kindAfter(edit('api', 'orders', { title: 'a draft' })), 'changes')
    assert.equal(await kindAfter(edit('plan', 'gold', { price: 'free' })), 'changes')
    assert.equal(await kindAfter(edit('plan', 'gold', { apis: [] })), 'whole')
    assert.equal(await kindAfter(edit('product', 'shop', { apis: [], plans: ['gold'] })), 'whole')
    assert.equal(await kindAfter(create('api', 'more', {})), 'whole')
    await create('app', 'gone', {})
    assert.equal(await kindAfter(act((change) => removeResource(change, ref('app', 'gone'), undefined))), 'whole')
    assert.equal((await tell(store, reader, sequence + 1)).kind, 'whole')
    assert.equal((await tell(store, reader, 1)).kind, 'whole')
  })

  it('is what changed also for one who asks a control plane that has just started', async () => {
    const store = await open()
    const { act, app } = await prepare(store)
    const { sequence } = await tell(store, new CredentialsReader())
    await act((change) => issueKey(change, app.uid))
    assert.deepEqual(
      [
        (await tell(store, new CredentialsReader(), sequence)).kind,
        (await tell(store, new CredentialsReader(), 1)).kind,
      ],
      ['changes', 'whole'],
    )
  })

  it('comes in pages that hold each app and each key once', async () => {
    const store = await open()
    const { act, app } = await prepare(store)
    const reader = new CredentialsReader()
    const { sequence } = await tell(store, reader)
    const hashes = Array.from({ length: 12_000 }, (_, index) => sha256(`${index}`))
    await act((change) =>
      keepKeys(
        change,
        app.uid,
        hashes.slice(0, 11_000).map((hash) => ({ hash, hint: '' })),
      ),
    )
    await act(async (change) => {
      for (let i = 0; i < 600; i++) {
        const made = await createResource(change, ref('app', `a${i}`), {})
        if (i % 3 === 0)
          await keepKeys(
            change,
            made.uid,
            hashes.slice(11_000 + 5 * (i / 3), 11_005 + 5 * (i / 3)).map((hash) => ({ hash, hint: '' })),
          )
      }
    })
    const whole = await tell(store, reader)
    assert.deepEqual([whole.apps.length, new Set(whole.apps.map(({ id }) => id)).size, whole.pages], [601, 601, 2])
    const keys = whole.apps.flatMap((each) => each.keys.map(({ hash }) => hash))
    assert.deepEqual([keys.length, new Set(keys).size], [12_001, 12_001])
    const since = await tell(store, reader, sequence)
    const put = since.changes.flatMap((change) => (change.kind === 'put' ? [change.key.hash] : []))
    assert.deepEqual([since.kind, put.toSorted()], ['changes', hashes.toSorted()])
    assert.ok(since.pages >= 3)
  })
})
