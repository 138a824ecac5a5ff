/** Proves what the credentials index answers, how large it is, and that threads see its changes at once. */
import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { describe, it } from 'node:test'
import { Worker } from 'node:worker_threads'
import type { App, AppId, Key, PlanId } from '@gatewright/model'
import { CredentialsIndex, openCredentials } from './credentials-index.ts'

const NOW_MS = 1_800_000_000_000

function toKey(secret: string, facts: Partial<Key> = {}): Key {
  return { hash: hash('sha256', secret), app: 'acme' as AppId, ...facts }
}

function toApp(id: string, keys: Key[], facts: Partial<App> = {}): App {
  return { id: id as AppId, keys: keys.map((key) => ({ ...key, app: id as AppId })), ...facts }
}

function open(apps: readonly App[]) {
  const clock = { ms: NOW_MS }
  const index = new CredentialsIndex()
  index.replace(apps)
  return { clock, index, reader: openCredentials(index.descriptor(), { now: () => clock.ms }) }
}

describe('a look-up', () => {
  it('finds the app and plan of a key', () => {
    const { reader } = open([
      toApp('acme', [toKey('one'), toKey('two', { plan: 'gold' as PlanId })]),
      toApp('bürö', [toKey('three')], { plan: 'silver' as PlanId }),
    ])
    const found = ['one', 'two', 'three'].map((secret) => {
      const lookup = reader.lookUp(secret, 'any')
      return lookup.found ? [lookup.key.app, lookup.key.plan, lookup.key.hash] : lookup.why
    })
    assert.deepEqual(found, [
      ['acme', undefined, hash('sha256', 'one')],
      ['acme', 'gold', hash('sha256', 'two')],
      ['bürö', 'silver', hash('sha256', 'three')],
    ])
  })

  it('refuses what it does not know', () => {
    const { reader } = open([toApp('acme', [toKey('one')])])
    for (const secret of ['', 'two', 'one ', hash('sha256', 'one')]) {
      assert.deepEqual(reader.lookUp(secret, 'any'), { found: false, why: 'unknown' })
    }
    assert.deepEqual(open([]).reader.lookUp('one', 'any'), { found: false, why: 'unknown' })
  })

  it('says why a known key is refused', () => {
    const { reader } = open([
      toApp('acme', [toKey('disabled', { enabled: false }), toKey('expired', { expires: NOW_MS })]),
      toApp('late', [toKey('early', { notBefore: NOW_MS + 1 })]),
      toApp('gone', [toKey('of a disabled app')], { enabled: false }),
    ])
    const whys = ['disabled', 'expired', 'early', 'of a disabled app'].map((secret) => {
      const lookup = reader.lookUp(secret, 'any')
      return lookup.found ? 'found' : lookup.why
    })
    assert.deepEqual(whys, ['disabled', 'expired', 'not-yet-valid', 'disabled'])
  })

  it('holds a key valid from notBefore until just before expires', () => {
    const { clock, reader } = open([toApp('acme', [toKey('one', { notBefore: NOW_MS, expires: NOW_MS + 10 })])])
    for (const [ms, isFound] of [
      [-1, false],
      [0, true],
      [9, true],
      [10, false],
    ] as const) {
      clock.ms = NOW_MS + ms
      assert.equal(reader.lookUp('one', 'any').found, isFound)
      assert.equal(reader.getKeyEnd(hash('sha256', 'one')), isFound ? NOW_MS + 10 : 0)
    }
  })
})

describe('the feed', () => {
  it('shows each change to open readers at once, and the number it belongs to', () => {
    const { index, reader } = open([toApp('acme', [toKey('one'), toKey('two')])])
    const revision = reader.revision()
    const changed = { ...toKey('two'), app: 'other' as AppId, expires: NOW_MS + 5 }
    const outcome = index.apply({
      revision: revision + 1,
      changes: [
        { kind: 'remove', hash: hash('sha256', 'one') },
        { kind: 'put', key: changed },
        { kind: 'put', key: toKey('three', { enabled: false }) },
      ],
    })
    assert.equal(outcome, 'applied')
    assert.equal(reader.revision(), revision + 1)
    assert.deepEqual(reader.lookUp('one', 'any'), { found: false, why: 'unknown' })
    assert.equal(reader.getKeyEnd(hash('sha256', 'one')), 0)
    assert.equal(reader.getKeyEnd(hash('sha256', 'two')), NOW_MS + 5)
    const two = reader.lookUp('two', 'any')
    assert.equal(two.found && two.key.app, 'other')
    assert.deepEqual(reader.lookUp('three', 'any'), { found: false, why: 'disabled' })
    assert.equal(index.size, 2)
  })

  it('applies each number once and none after a gap', () => {
    const { index, reader } = open([toApp('acme', [toKey('one')])])
    const { revision } = index
    const changes = [{ kind: 'remove', hash: hash('sha256', 'one') }] as const
    assert.equal(index.apply({ revision, changes }), 'known')
    assert.equal(index.apply({ revision: revision + 2, changes }), 'gap')
    assert.equal(reader.lookUp('one', 'any').found, true)
    assert.equal(index.apply({ revision: revision + 1, changes }), 'applied')
    assert.equal(reader.lookUp('one', 'any').found, false)
  })

  it('applies nothing of a change that names no SHA-256', () => {
    const { index, reader } = open([toApp('acme', [toKey('one')])])
    const revision = index.revision + 1
    const changes = [{ kind: 'remove', hash: hash('sha256', 'one') } as const, { kind: 'remove', hash: 'AB' } as const]
    assert.throws(() => index.apply({ revision, changes }), /64 hexadecimal digits/)
    assert.equal(reader.lookUp('one', 'any').found, true)
    assert.equal(index.revision, revision - 1)
  })

  it('does not let two apps own one key', () => {
    const { index, reader } = open([toApp('acme', [toKey('one')])])
    const both = [toApp('a', [toKey('two')]), toApp('b', [toKey('two')])]
    assert.throws(() => index.replace(both), /belongs to app a and to app b/)
    assert.equal(reader.lookUp('one', 'any').found, true)
  })

  it('says when threads need a new table, and revokes in the old one until they have it', () => {
    const { index, reader } = open([toApp('acme', [toKey('one'), toKey('two'), toKey('three')])])
    const put = Array.from({ length: 2000 }, (_, i) => ({ kind: 'put', key: toKey(`new ${i}`) }) as const)
    assert.equal(index.apply({ revision: index.revision + 1, changes: put }), 'moved')
    const revoke = [
      { kind: 'remove', hash: hash('sha256', 'one') },
      { kind: 'put', key: toKey('two', { enabled: false }) },
    ] as const
    assert.equal(index.apply({ revision: index.revision + 1, changes: revoke }), 'applied')
    const readAll = () => ['one', 'two', 'three', 'new 1999'].map((secret) => reader.lookUp(secret, 'any').found)
    assert.deepEqual(readAll(), [false, false, true, false])
    assert.equal(reader.revision(), index.revision)
    reader.reopen(index.descriptor())
    assert.deepEqual(readAll(), [false, false, true, true])
  })

  it('revokes in the old table when all keys are replaced', () => {
    const { index, reader } = open([toApp('acme', [toKey('one'), toKey('two'), toKey('three')])])
    index.replace([toApp('acme', [toKey('two', { enabled: false }), toKey('three')])])
    assert.deepEqual(
      ['one', 'two', 'three'].map((secret) => reader.lookUp(secret, 'any').found),
      [false, false, true],
    )
  })

  it('stays bounded when one key changes for ever', () => {
    const { index } = open([toApp('acme', [toKey('one')])])
    for (let plan = 0; plan < 5000; plan++) {
      const key = toKey('one', { plan: `plan ${plan}` as PlanId })
      index.apply({ revision: index.revision + 1, changes: [{ kind: 'put', key }] })
    }
    const lookup = openCredentials(index.descriptor()).lookUp('one', 'any')
    assert.equal(lookup.found && lookup.key.plan, 'plan 4999')
    assert.equal(index.size, 1)
    assert.ok(index.descriptor().memory.byteLength < 10_000)
  })
})

describe('100 000 keys', () => {
  const keys = Array.from({ length: 100_000 }, (_, i) => toKey(`key ${i}`))
  const apps = Array.from({ length: 100 }, (_, app) => toApp(`app ${app}`, keys.slice(app * 1000, app * 1000 + 1000)))

  it('take no more than 64 bytes each and are all found', () => {
    const { index, reader } = open(apps)
    assert.ok(index.descriptor().memory.byteLength / keys.length <= 64)
    for (let i = 0; i < keys.length; i++) {
      const lookup = reader.lookUp(`key ${i}`, 'any')
      assert.equal(lookup.found && lookup.key.app, `app ${Math.floor(i / 1000)}`)
    }
    for (let i = 0; i < 1000; i++) assert.equal(reader.lookUp(`no key ${i}`, 'any').found, false)
  })

  it('take no more than 64 bytes each when they came one by one', () => {
    const { index } = open([])
    for (let at = 0; at < keys.length; at += 100) {
      const changes = keys.slice(at, at + 100).map((key) => ({ kind: 'put', key }) as const)
      index.apply({ revision: index.revision + 1, changes })
      if (at > 10_000) assert.ok(index.descriptor().memory.byteLength / index.size <= 64)
    }
    const reader = openCredentials(index.descriptor())
    assert.ok(keys.every((_, i) => reader.lookUp(`key ${i}`, 'any').found))
  })
})

describe('a thread that looks up while main writes', () => {
  it('always finds a key that is only altered, whole, and never one that was revoked', async () => {
    const secrets = Array.from({ length: 50 }, (_, i) => `key ${i}`)
    const { index } = open([
      toApp(
        'acme',
        secrets.map((secret) => toKey(secret)),
      ),
    ])
    const filler = Array.from({ length: 100_000 }, (_, i) => toKey(`filler ${i}`))
    index.replace([toApp('acme', [...secrets.map((secret) => toKey(secret)), ...filler])])
    const stop = new Int32Array(new SharedArrayBuffer(8))
    const worker = new Worker(new URL('./look-up-thread.ts', import.meta.url), {
      workerData: { descriptor: index.descriptor(), secrets, stop },
    })
    await Atomics.waitAsync(stop, 1, 0).value
    for (let round = 0; round < 400; round++) {
      const plan = `plan ${round % 7}` as PlanId
      const changes = secrets.map((secret) => ({ kind: 'put', key: toKey(secret, { plan }) }) as const)
      assert.equal(index.apply({ revision: index.revision + 1, changes }), 'applied')
    }
    const revoked = secrets.slice(0, 25)
    index.apply({
      revision: index.revision + 1,
      changes: revoked.map((secret) => ({ kind: 'remove', hash: hash('sha256', secret) }) as const),
    })
    Atomics.store(stop, 0, 1)
    const { misses, after } = await new Promise<{ misses: number; after: boolean[] }>((resolve) =>
      worker.once('message', resolve),
    )
    assert.equal(misses, 0)
    assert.deepEqual(
      after,
      secrets.map((secret) => !revoked.includes(secret)),
    )
  })
})
