import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { ByteWriter } from '../byte-writer.ts'
import { HpackDecoder } from './hpack-decoder.ts'
import { HpackEncoder } from './hpack-encoder.ts'

type Field = readonly [name: string, value: string]

const octets = (least: number, most: number) =>
  fc.integer({ min: least, max: most }).map((octet) => String.fromCharCode(octet))

const name = fc.oneof(
  fc.constantFrom(
    'Server',
    'date',
    'Content-Type',
    'content-length',
    'Set-Cookie',
    'cookie',
    'X-Request-Id',
    'etag',
    ':path',
    ':status',
  ),
  fc.string({ unit: fc.constantFrom('a', 'b', '-', 'X'), minLength: 1, maxLength: 3 }),
  fc.string({ unit: octets(0x61, 0x7a), minLength: 100, maxLength: 300 }),
)
const value = fc.oneof(
  fc.constantFrom('', '1', '200', 'text/html', 'gatewright', 'Mon, 21 Oct 2013 20:13:21 GMT'),
  fc.string({ unit: octets(0, 255), maxLength: 40 }),
  fc.string({ unit: octets(0x20, 0x7e), maxLength: 3000 }),
)
const block = fc.array(fc.tuple(name, value), { maxLength: 20 })
const tableSizes = fc.array(fc.oneof(fc.constantFrom(0, 64, 100, 4096), fc.integer({ min: 0, max: 10_000 })), {
  maxLength: 3,
})

describe('HPACK', () => {
  it('says the same at both ends, over many blocks and changes of the table', () => {
    fc.assert(
      fc.property(fc.array(fc.record({ block, tableSizes }), { maxLength: 30 }), (steps) => {
        const encoder = new HpackEncoder()
        const decoder = new HpackDecoder({ tableBytes: 4096 })
        const out = new ByteWriter()
        for (const { block, tableSizes } of steps) {
          for (const bytes of tableSizes) {
            encoder.setPeerTableBytes(bytes)
            decoder.changeTableBytes(bytes)
          }
          out.reset()
          encoder.begin(out)
          for (const [name, value] of block) encoder.field(out, name, value)
          const seen: Field[] = []
          assert.equal(
            decoder.decode(out.view(), { onField: ({ name, value }) => seen.push([name, value]) }),
            undefined,
          )
          assert.deepEqual(
            seen,
            block.map(([name, value]) => [name.toLowerCase(), value]),
          )
        }
      }),
      { numRuns: 200 },
    )
  })
})
