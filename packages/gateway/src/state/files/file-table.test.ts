/** Proves which files threads are told of between two snapshots, and what whoever has one open sees of them. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { FileTable, type SharedFiles } from './file-table.ts'
import { ThreadFiles } from './thread-files.ts'

function toFiles(versions: Readonly<Record<string, number>>): SharedFiles {
  return new Map(
    Object.entries(versions).map(([path, version]) => {
      const bytes = new SharedArrayBuffer(1)
      new Uint8Array(bytes)[0] = version
      return [path, { version, bytes }]
    }),
  )
}

const versionsOf = (files: SharedFiles) => Object.fromEntries([...files].map(([path, { version }]) => [path, version]))

describe('the table of files', () => {
  it('has those of the snapshot that serves, and of the one that is prepared, until it is settled', () => {
    const table = new FileTable()
    table.define(toFiles({ a: 1 }))
    table.settle()
    table.define(toFiles({ b: 2 }))
    assert.deepEqual(versionsOf(table.files), { a: 1, b: 2 })
    table.settle()
    assert.deepEqual(versionsOf(table.files), { b: 2 })
  })

  it('still has those of the one that serves when another was prepared in vain', () => {
    const table = new FileTable()
    table.define(toFiles({ a: 1 }))
    table.settle()
    table.define(toFiles({ b: 2 }))
    table.define(toFiles({ c: 3 }))
    assert.deepEqual(versionsOf(table.files), { a: 1, c: 3 })
  })

  it('takes newer contents of what is used, and nothing else', () => {
    const table = new FileTable()
    table.define(toFiles({ a: 2 }))
    table.settle()
    assert.equal(table.replace(toFiles({ a: 2, b: 3 })), false)
    assert.equal(table.replace(toFiles({ a: 1 })), false, 'an older one comes too late')
    assert.equal(table.replace(toFiles({ a: 4 })), true)
    assert.deepEqual(versionsOf(table.files), { a: 4 })
    table.define(toFiles({ a: 3 }))
    assert.deepEqual(versionsOf(table.files), { a: 4 }, 'a snapshot that was read before is no way back')
  })
})

describe('the files of a thread', () => {
  it('are seen as they are by whoever has them open', () => {
    const files = new ThreadFiles(toFiles({ a: 1 }))
    const file = files.open('a')
    const { content } = file
    files.add(toFiles({ a: 1, b: 2 }))
    assert.equal(file.content, content, 'the same content is the same object')
    files.replace(toFiles({ a: 3 }))
    assert.notEqual(file.content, content)
    assert.deepEqual([file.content.bytes[0], content.bytes[0]], [3, 1])
    assert.equal(files.open('a'), file)
  })

  it('are those that were read, and no others', () => {
    const files = new ThreadFiles(toFiles({ a: 1, b: 1 }))
    files.replace(toFiles({ a: 1 }))
    for (const path of ['b', 'c', '__proto__']) assert.throws(() => files.open(path), /has to name it/)
  })
})
