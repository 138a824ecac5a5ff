import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { describe, it } from 'node:test'
import type { App, AppId, Key, PlanId } from '@gatewright/model'
import { CredentialsIndex, openCredentials } from './credentials-index.ts'
import { FedCredentials } from './fed-credentials.ts'

const toKey = (secret: string, app = 'acme'): Key => ({ hash: hash('sha256', secret), app: app as AppId })
const toApp = (id: string, ...secrets: string[]): App => ({
  id: id as AppId,
  plan: 'gold' as PlanId,
  keys: secrets.map((secret) => toKey(secret, id)),
})

function open(ownApps: readonly App[] = []) {
  const own = new CredentialsIndex()
  const index = new CredentialsIndex()
  own.replace(ownApps)
  const fed = new FedCredentials({ fed: index, own })
  fed.noteOwn(ownApps)
  const describe = () => ({ ...own.descriptor(), ...(fed.isUsed && { fed: index.descriptor() }) })
  const reader = openCredentials(describe())
  const feed = (...apps: App[]) => {
    fed.take({ kind: 'whole', store: 's', sequence: 1 })
    for (const app of apps) fed.take({ kind: 'apps', apps: [app] })
    const outcome = fed.take({ kind: 'end', sequence: 1 })
    reader.reopen(describe())
    return outcome
  }
  const whose = (secret: string) => {
    const lookup = reader.lookUp(secret, 'orders')
    return lookup.found ? lookup.key.app : lookup.why
  }
  return { own, fed, reader, feed, whose, reopen: () => reader.reopen(describe()), index }
}

describe('apps and keys that are fed', () => {
  it('count beside those of the own files, once they are whole', () => {
    const { fed, feed, whose, reader } = open([toApp('mine', 'a')])
    fed.take({ kind: 'whole', store: 's', sequence: 1 })
    fed.take({ kind: 'apps', apps: [toApp('torn', 'x')] })
    assert.deepEqual([whose('a'), whose('x'), fed.isUsed], ['mine', 'unknown', false])
    assert.equal(feed(toApp('acme', 'b'), toApp('other', 'c')), 'moved')
    assert.deepEqual([whose('a'), whose('b'), whose('c'), whose('x')], ['mine', 'acme', 'other', 'unknown'])
    assert.deepEqual([fed.size, fed.sequence], [2, undefined])
    fed.reach(1)
    assert.equal(fed.sequence, 1)
    assert.deepEqual(reader.findApp('acme', 'orders'), { plan: 'gold', isEnabled: true })
    assert.deepEqual(reader.findApp('mine', 'orders'), { plan: 'gold', isEnabled: true })
  })

  it('change one by one, seen by threads without another table', () => {
    const { fed, feed, whose, reader } = open()
    feed(toApp('acme', 'a', 'b'))
    assert.equal(fed.take({ kind: 'changes', changes: [{ kind: 'remove', hash: toKey('a').hash }] }), 'applied')
    assert.deepEqual([whose('a'), whose('b'), fed.size], ['unknown', 'acme', 1])
    const app = { id: 'new' as AppId, enabled: false }
    const changes = [{ kind: 'put-app', app } as const, { kind: 'put', key: toKey('c', 'new') } as const]
    assert.equal(fed.take({ kind: 'changes', changes }), 'applied')
    assert.equal(whose('c'), 'new')
    assert.deepEqual(reader.findApp('new', 'orders'), { plan: undefined, isEnabled: false })
    assert.equal(fed.size, 2)
  })

  it('that are gone from a whole are refused at once by threads that still have the table before', () => {
    const { fed, feed, whose } = open()
    feed(toApp('acme', 'a', 'b'))
    fed.take({ kind: 'whole', store: 's', sequence: 2 })
    fed.take({ kind: 'apps', apps: [toApp('acme', 'b')] })
    assert.equal(whose('a'), 'acme')
    fed.take({ kind: 'end', sequence: 2 })
    assert.deepEqual([whose('a'), whose('b')], ['unknown', 'acme'])
  })

  it('are the own files’ where both claim them, which is told until one lets go', () => {
    const { own, fed, feed, whose, reopen } = open([toApp('mine', 'a')])
    feed(toApp('acme', 'a', 'b'), toApp('mine'))
    const claimed = ['app mine', `key ${toKey('a').hash.slice(0, 16)}…`]
    assert.deepEqual([whose('a'), fed.claimed.toSorted()], ['mine', claimed])
    fed.take({ kind: 'changes', changes: [{ kind: 'remove', hash: toKey('a').hash }] })
    assert.deepEqual([whose('a'), fed.claimed], ['mine', ['app mine']])
    fed.take({ kind: 'changes', changes: [{ kind: 'put', key: toKey('a') }] })
    assert.deepEqual(fed.claimed.toSorted(), claimed)
    own.replace([])
    fed.noteOwn([])
    reopen()
    assert.deepEqual([whose('a'), fed.claimed], ['acme', []])
  })

  it('make no sense where two apps have the same key, or pages come without a beginning: what was known counts on', () => {
    const { fed, feed, whose } = open()
    feed(toApp('acme', 'a'))
    fed.take({ kind: 'whole', store: 's', sequence: 2 })
    fed.take({ kind: 'apps', apps: [toApp('one', 'b')] })
    assert.throws(() => fed.take({ kind: 'apps', apps: [toApp('two', 'b')] }), /of app two is one of app one already/)
    assert.throws(() => fed.take({ kind: 'apps', apps: [] }), /after `whole`/)
    assert.deepEqual([whose('a'), whose('b')], ['acme', 'unknown'])
  })

  it('come by the hundred thousand in pages', () => {
    const { fed, feed, whose, index } = open()
    const pages = Array.from({ length: 100 }, (_, page) =>
      toApp(`app${page}`, ...Array.from({ length: 1000 }, (_, key) => `${page} ${key}`)),
    )
    feed(...pages)
    assert.equal(fed.size, 100_000)
    assert.deepEqual([whose('7 999'), whose('99 0')], ['app7', 'app99'])
    assert.ok(index.descriptor().memory.byteLength / fed.size < 90)
  })
})
