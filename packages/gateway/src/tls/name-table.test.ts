import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { NameTable } from './name-table.ts'

describe('the table of names', () => {
  const table = new NameTable<number>()
  table.add('*.Example.com', 1)
  table.add('Shop.example.COM', 2)
  table.add('shop.example.com', 3)
  table.add('127.0.0.1', 4)

  it('finds the own entry of a name before that of a wildcard, the first of several', () => {
    assert.equal(table.find('shop.example.com'), 2)
    assert.equal(table.find('api.example.com'), 1)
    assert.equal(table.find('127.0.0.1'), 4)
  })

  it('takes a wildcard for one label, no more and no less (RFC 6125 §6.4.3)', () => {
    for (const name of ['a.b.example.com', 'example.com', '.example.com', 'example', '']) {
      assert.equal(table.find(name), undefined, name)
    }
  })

  it('does not take the members of objects for names', () => {
    assert.equal(table.find('constructor'), undefined)
    assert.equal(table.find('__proto__.example.com'), 1)
  })
})
