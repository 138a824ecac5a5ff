import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createFieldMask } from '../http1/serialize-head.ts'
import { ByteWriter } from './byte-writer.ts'
import { HeadReader } from './head-reader.ts'
import { HeadWriter } from './head-writer.ts'
import { HpackDecoder } from './hpack/hpack-decoder.ts'
import { HpackEncoder } from './hpack/hpack-encoder.ts'
import type { HpackField } from './hpack/hpack-field.ts'

const LIMITS = { headerListBytes: 8192, headerFields: 100, takesExtendedConnect: false }

/** What comes out for the next hop, of a head that an encoder of its own has written. */
function passOn(write: (encoder: HpackEncoder, out: ByteWriter) => void, change: (head: HeadReader['head']) => void) {
  const out = new ByteWriter()
  const encoder = new HpackEncoder()
  encoder.begin(out)
  encoder.status(out, 200)
  write(encoder, out)
  const reader = new HeadReader(LIMITS)
  reader.begin('response')
  assert.equal(new HpackDecoder({ tableBytes: 4096 }).decode(out.view(), reader), undefined)
  assert.equal(reader.finish(), undefined)
  change(reader.head)
  const next = new ByteWriter()
  const writer = new HeadWriter(new HpackEncoder())
  writer.begin(next)
  writer.fields(reader.head.headers, createFieldMask([]))
  const fields: HpackField[] = []
  new HpackDecoder({ tableBytes: 4096 }).decode(next.view(), { onField: (field) => fields.push(field) })
  return Object.fromEntries(fields.map(({ name, value, isNeverIndexed }) => [`${name}: ${value}`, isNeverIndexed]))
}

describe('a head on its way', () => {
  const write = (encoder: HpackEncoder, out: ByteWriter): void => {
    encoder.secretField(out, 'x-token', 'abc')
    encoder.field(out, 'x-plain', 'abc')
  }

  it('keeps for the next hop what its sender lets nobody index (RFC 7541 §6.2.3)', () => {
    assert.deepEqual(
      passOn(write, () => {}),
      { 'x-token: abc': true, 'x-plain: abc': false },
    )
  })

  it('keeps it where policies have changed the head, and in a copy', () => {
    assert.deepEqual(
      passOn(write, (head) => {
        head.headers = head.headers.clone()
        head.headers.set('X-Token', 'def')
        head.headers.set('x-more', 'ghi')
      }),
      { 'x-token: def': true, 'x-plain: abc': false, 'x-more: ghi': false },
    )
  })
})
