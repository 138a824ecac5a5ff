import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ByteWriter } from './byte-writer.ts'

function write(writer: ByteWriter, text: string): void {
  writer.reserve(text.length)
  for (const octet of Buffer.from(text, 'latin1')) writer.bytes[writer.length++] = octet
}

describe('byte writer', () => {
  it('keeps what was written when it has to grow', () => {
    const writer = new ByteWriter(4)
    for (const part of ['abc', 'def', 'g'.repeat(100), 'h']) write(writer, part)
    assert.equal(writer.view().toString('latin1'), `abcdef${'g'.repeat(100)}h`)
  })

  it('starts anew in the same memory', () => {
    const writer = new ByteWriter(4)
    write(writer, 'abcdefgh')
    const { bytes } = writer
    writer.reset()
    write(writer, 'xyz')
    assert.equal(writer.view().toString('latin1'), 'xyz')
    assert.equal(writer.bytes, bytes)
  })
})
