import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { HealthTable, openHealth } from './health-table.ts'

describe('health table', () => {
  it('shows every reader of its memory what one of them writes', () => {
    const table = new HealthTable()
    table.define('orders', 'http://a:1')
    table.define('orders', 'http://b:1')
    const writer = openHealth(structuredClone(table.descriptor()))('orders', 'http://b:1')
    const readers = openHealth(structuredClone(table.descriptor()))
    assert.equal(readers('orders', 'http://b:1')?.isOut, false)
    writer!.isOut = true
    assert.equal(readers('orders', 'http://b:1')?.isOut, true)
    assert.equal(readers('orders', 'http://a:1')?.isOut, false)
    writer!.isOut = false
    assert.equal(readers('orders', 'http://b:1')?.isOut, false)
  })

  it('tells targets of the same address in two upstreams apart', () => {
    const table = new HealthTable()
    table.define('orders', 'http://a:1')
    table.define('carts', 'http://a:1')
    const find = openHealth(table.descriptor())
    find('orders', 'http://a:1')!.isOut = true
    assert.equal(find('carts', 'http://a:1')?.isOut, false)
  })

  it('keeps cells where they are when more are defined, over many pages', () => {
    const table = new HealthTable()
    const urls = Array.from({ length: 3000 }, (_, i) => `http://host-${i}:1`)
    table.define('orders', urls[0]!)
    const early = openHealth(table.descriptor())('orders', urls[0]!)
    for (const url of urls) table.define('orders', url)
    const find = openHealth(table.descriptor())
    for (const [at, url] of urls.entries()) find('orders', url)!.isOut = at % 3 === 0
    assert.equal(early?.isOut, true)
    assert.ok(urls.every((url, at) => find('orders', url)?.isOut === (at % 3 === 0)))
  })

  it('gives the cells of targets that are gone to others, once their snapshot is', () => {
    const table = new HealthTable()
    const run = (urls: readonly string[]): void => {
      table.beginGeneration()
      for (const url of urls) table.define('orders', url)
      table.settleGeneration()
    }
    run(['http://stays:1', 'http://goes:1'])
    const stays = openHealth(table.descriptor())('orders', 'http://stays:1')
    stays!.isOut = true
    openHealth(table.descriptor())('orders', 'http://goes:1')!.isOut = true
    for (let i = 0; i < 5000; i++) run(['http://stays:1', `http://host-${i}:1`])
    const { pages, places } = table.descriptor()
    assert.equal(pages.length, 1)
    assert.deepEqual([...places.keys()], ['orders http://stays:1', 'orders http://host-4999:1'])
    assert.equal(openHealth(table.descriptor())('orders', 'http://stays:1')?.isOut, true)
    assert.equal(openHealth(table.descriptor())('orders', 'http://host-4999:1')?.isOut, false)
  })

  it('keeps the cells of what serves while a snapshot that comes to nothing is prepared', () => {
    const table = new HealthTable()
    table.beginGeneration()
    table.define('orders', 'http://a:1')
    table.settleGeneration()
    table.beginGeneration()
    table.define('orders', 'http://b:1')
    assert.notEqual(openHealth(table.descriptor())('orders', 'http://a:1'), undefined)
    table.beginGeneration()
    table.define('orders', 'http://a:1')
    table.settleGeneration()
    assert.deepEqual([...table.descriptor().places.keys()], ['orders http://a:1'])
  })

  it('has nothing for a target that nobody defined', () => {
    assert.equal(openHealth(new HealthTable().descriptor())('orders', 'http://a:1'), undefined)
  })
})
