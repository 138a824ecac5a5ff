import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ReadBuffer } from './read-buffer.ts'

/** One read as Node does it: into the memory it asked for after the read before. */
function read(buffer: ReadBuffer, into: Buffer, bytes: number): { chunk: Buffer; next: Buffer } {
  into.fill(bytes % 251, 0, bytes)
  const chunk = buffer.take(bytes)
  return { chunk, next: buffer.next() }
}

describe('read buffer', () => {
  it('is one memory for all sockets while they read heads', () => {
    assert.equal(new ReadBuffer().next(), new ReadBuffer().next())
  })

  it('holds no memory for a stream of short reads: the next may be an hour away', () => {
    const buffer = new ReadBuffer()
    const shared = buffer.next()
    buffer.startStreaming()
    for (const bytes of [40, 1500, 16_383]) assert.equal(read(buffer, shared, bytes).next, shared)
  })

  it('reads what follows a long read of a stream into private memory, and needs no copy of it', () => {
    const buffer = new ReadBuffer()
    const shared = buffer.next()
    buffer.startStreaming()
    const { next } = read(buffer, shared, 65_536)
    assert.notEqual(next, shared)
    const { chunk, next: later } = read(buffer, next, 65_536)
    assert.equal(buffer.own(chunk), chunk)
    assert.notEqual(later, next, 'its reader keeps it')
    assert.equal(read(buffer, later, 100).next, shared, 'and goes back when reads are short')
  })

  it('copies what is kept of the shared memory', () => {
    const buffer = new ReadBuffer()
    const shared = buffer.next()
    buffer.startStreaming()
    const { chunk } = read(buffer, shared, 40)
    const own = buffer.own(chunk)
    shared.fill(0)
    assert.deepEqual(own, Buffer.alloc(40, 40))
  })

  it('reads the heads behind a stream into the shared memory again', () => {
    const buffer = new ReadBuffer()
    const shared = buffer.next()
    buffer.startStreaming()
    read(buffer, shared, 65_536)
    buffer.stopStreaming()
    assert.equal(buffer.next(), shared)
  })
})
