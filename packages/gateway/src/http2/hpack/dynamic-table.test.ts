import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { DynamicTable, type TableEntry } from './dynamic-table.ts'

/** RFC 7541 §4 as plainly as it can be said: a list, the newest first. */
class PlainTable {
  entries: TableEntry[] = []
  mostBytes: number

  constructor(mostBytes: number) {
    this.mostBytes = mostBytes
  }

  add(entry: TableEntry): void {
    this.entries.unshift(entry)
    this.#evict()
  }

  resize(mostBytes: number): void {
    this.mostBytes = mostBytes
    this.#evict()
  }

  #evict(): void {
    while (this.entries.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) > this.mostBytes) this.entries.pop()
  }
}

const steps = fc.array(
  fc.oneof(
    { weight: 10, arbitrary: fc.integer({ min: 32, max: 200 }).map((sizeBytes) => ({ add: { sizeBytes } })) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 4096 }).map((resize) => ({ resize })) },
  ),
  { maxLength: 400 },
)

describe('dynamic table', () => {
  it('holds what a plain list would, after any additions and changes of size', () => {
    fc.assert(
      fc.property(steps, (steps) => {
        const table = new DynamicTable<TableEntry>(4096)
        const plain = new PlainTable(4096)
        for (const step of steps) {
          if ('add' in step) {
            table.add(step.add)
            plain.add(step.add)
          } else {
            table.resize(step.resize)
            plain.resize(step.resize)
          }
          assert.equal(table.count, plain.entries.length)
          assert.equal(table.find(table.count), undefined)
        }
        for (const [age, entry] of plain.entries.entries()) assert.equal(table.find(age), entry)
      }),
    )
  })

  it('is emptied by an entry that is larger than itself (RFC 7541 §4.4)', () => {
    const table = new DynamicTable<TableEntry>(100)
    table.add({ sizeBytes: 40 })
    table.add({ sizeBytes: 101 })
    assert.equal(table.count, 0)
    const last = { sizeBytes: 100 }
    table.add(last)
    assert.equal(table.find(0), last)
  })
})
