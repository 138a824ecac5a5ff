import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { App } from '@gatewright/model/runtime'
import { PublishedApps } from './published-apps.ts'

const app = (id: string, hash: string): App => ({ id, keys: [{ app: id, hash }] }) as unknown as App

function create() {
  const indexed: (readonly App[])[] = []
  const apps = new PublishedApps((each) => {
    indexed.push(each)
  })
  return { apps, indexed }
}

describe('apps that are published', () => {
  it('have a version that moves when a key, a user or an app changes, and only then', () => {
    const { apps, indexed } = create()
    apps.replace([app('a', '1'), app('b', '2')])
    assert.equal(apps.version, 1)
    apps.replace([app('a', '1'), app('b', '2')])
    assert.deepEqual([apps.version, indexed.length], [1, 1])
    apps.replace([app('a', '1'), app('b', '3')])
    assert.equal(apps.version, 2)
    apps.replace([app('a', '1')])
    assert.deepEqual([apps.version, indexed.length], [3, 3])
  })

  it('are counted where there are none', () => {
    const { apps, indexed } = create()
    apps.replace([])
    apps.replace([])
    assert.deepEqual([apps.version, indexed.length], [1, 1])
  })

  it('have a hash that says whether two gateways know the same', () => {
    const [one, other] = [create().apps, create().apps]
    one.replace([app('a', '1')])
    other.replace([app('a', '0')])
    assert.notEqual(one.hash, other.hash)
    other.replace([app('a', '1')])
    assert.equal(one.hash, other.hash)
    assert.match(one.hash, /^[0-9a-f]{64}$/)
  })
})
