import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { openPems, PemTable } from './pem-table.ts'

describe('table of PEM texts', () => {
  it('finds texts by their hash, whatever octets they hold', () => {
    const table = new PemTable()
    const get = openPems(
      table.define(
        new Map([
          ['a', 'first'],
          ['b', 'zweité'],
          ['c', ''],
        ]),
      ),
    )
    assert.deepEqual(['a', 'b', 'c'].map(get), ['first', 'zweité', ''])
  })

  it('holds what the snapshot before refers to until the next one is settled', () => {
    const table = new PemTable()
    table.define(new Map([['a', 'old']]))
    table.settle()
    const both = openPems(table.define(new Map([['b', 'new']])))
    assert.equal(both('a') + both('b'), 'oldnew')
    table.settle()
    assert.throws(() => openPems(table.descriptor)('a'), /a/)
  })

  it('forgets what was defined and never settled', () => {
    const table = new PemTable()
    table.define(new Map([['a', 'kept']]))
    table.settle()
    table.define(new Map([['b', 'abandoned']]))
    table.define(new Map([['a', 'kept']]))
    table.settle()
    assert.deepEqual([...table.descriptor.places.keys()], ['a'])
  })

  it('is the same memory where nothing changed', () => {
    const table = new PemTable()
    const { memory } = table.define(new Map([['a', 'x']]))
    table.settle()
    assert.equal(table.define(new Map([['a', 'x']])).memory, memory)
  })
})
