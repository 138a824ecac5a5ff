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

  it('has nothing for a target that nobody defined', () => {
    assert.equal(openHealth(new HealthTable().descriptor())('orders', 'http://a:1'), undefined)
  })
})
