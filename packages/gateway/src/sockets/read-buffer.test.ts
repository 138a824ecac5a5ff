import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ReadBuffer } from './read-buffer.ts'

/** One read as Node does it: into the memory it asked for after the read before. The chunk is kept unless it is given back. */
function read(buffer: ReadBuffer, into: Buffer, bytes: number, { isPassedOn = false } = {}): Read {
  into.fill(bytes % 251, 0, bytes)
  const chunk = buffer.own(buffer.take(bytes))
  if (isPassedOn) buffer.giveBack(chunk)
  return { chunk, next: buffer.next() }
}

interface Read {
  readonly chunk: Buffer
  readonly next: Buffer
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
    assert.equal(chunk.buffer, next.buffer)
    assert.notEqual(later, next, 'its reader keeps it')
    assert.equal(read(buffer, later, 100).next, shared, 'and goes back when reads are short')
  })

  it('reads into the same private memory again once what it held was passed on, and only then', () => {
    const buffer = new ReadBuffer()
    buffer.startStreaming()
    const first = read(buffer, buffer.next(), 65_536).next
    assert.equal(read(buffer, first, 65_536, { isPassedOn: true }).next, first)
    // Two looks at one read, of which one stays.
    const kept = buffer.own(buffer.take(65_536))
    const { next } = read(buffer, first, 65_536, { isPassedOn: true })
    assert.notEqual(next, first)
    buffer.giveBack(kept)
    assert.equal(read(buffer, next, 65_536, { isPassedOn: true }).next, next, 'what comes late counts for nothing')
  })

  it('copies a long read of the shared memory to where the next copy may go, once it was passed on', () => {
    const buffer = new ReadBuffer()
    const shared = buffer.next()
    buffer.startStreaming()
    const first = read(buffer, shared, 20_000, { isPassedOn: true })
    const kept = read(new ReadBuffer(), shared, 20_000)
    const third = read(new ReadBuffer(), shared, 30_000)
    assert.deepEqual(kept.chunk, Buffer.alloc(20_000, 20_000 % 251))
    assert.notEqual(kept.chunk.buffer, third.chunk.buffer, 'what is kept is nobody else’s')
    assert.notEqual(first.chunk.buffer, shared.buffer)
  })

  it('copies what is kept of the shared memory', () => {
    const buffer = new ReadBuffer()
    const shared = buffer.next()
    buffer.startStreaming()
    const { chunk } = read(buffer, shared, 40)
    shared.fill(0)
    assert.deepEqual(chunk, Buffer.alloc(40, 40))
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
