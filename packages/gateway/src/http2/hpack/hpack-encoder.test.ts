import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ByteWriter } from '../byte-writer.ts'
import { APPENDIX_C } from './cases/appendix-c.ts'
import { HpackDecoder } from './hpack-decoder.ts'
import { HpackEncoder } from './hpack-encoder.ts'

type Field = readonly [name: string, value: string]

/** A block, in hexadecimal. */
function encode(encoder: HpackEncoder, ...fields: readonly Field[]): string {
  const out = new ByteWriter(1)
  encoder.begin(out)
  for (const [name, value] of fields) encoder.field(out, name, value)
  return out.view().toString('hex')
}

/** How many octets the field takes the first three times. */
function measure(name: string, value: string): number[] {
  const encoder = new HpackEncoder()
  return [1, 2, 3].map(() => encode(encoder, [name, value]).length / 2)
}

/** The first octet says how a literal is kept: 4–7 in the table, 0 without, 1 never. */
function kinds(encoder: HpackEncoder, ...fields: readonly Field[]): string {
  return fields.map((field) => encode(encoder, field)[0]).join('')
}

describe('HPACK encoder', () => {
  it('writes the requests of RFC 7541 C.4.1 and C.4.2 as they stand there', () => {
    const series = APPENDIX_C.find(({ title }) => title === 'requests with Huffman code')
    const encoder = new HpackEncoder()
    for (const { section, block, fields } of series?.examples.slice(0, 2) ?? []) {
      const pairs = fields.map((line): Field => {
        const at = line.indexOf(': ')
        return [line.slice(0, at), line.slice(at + 2)]
      })
      assert.equal(encode(encoder, ...pairs), block, section)
    }
  })

  it('takes an octet for a field of the static table', () => {
    assert.equal(
      encode(new HpackEncoder(), [':method', 'POST'], [':path', '/'], ['Accept-Encoding', 'gzip, deflate']),
      '838490',
    )
  })

  it('writes each status, those of the static table in an octet', () => {
    const encoder = new HpackEncoder()
    const out = new ByteWriter()
    encoder.begin(out)
    for (const status of [200, 204, 206, 304, 400, 404, 500]) encoder.status(out, status)
    assert.equal(out.view().toString('hex'), '88898a8b8c8d8e')
    out.reset()
    for (const status of [302, 302, 999]) encoder.status(out, status)
    assert.equal(out.view().toString('hex'), '48826402be4803393939')
  })

  it('writes names in lower case, and knows them in any', () => {
    const encoder = new HpackEncoder()
    const first = encode(encoder, ['Content-Type', 'text/html'])
    assert.ok(first.startsWith('5f'))
    for (const name of ['content-type', 'CONTENT-TYPE', 'Content-Type']) {
      assert.equal(encode(encoder, [name, 'text/html']), 'be')
    }
    assert.equal(encode(encoder, ['X-', '']), '0002782d00')
  })

  it('takes an octet for what repeats, from the second time on', () => {
    for (const [name, value] of [
      ['server', 'gatewright'],
      ['date', 'Mon, 21 Oct 2013 20:13:21 GMT'],
      ['vary', 'origin'],
      ['cache-control', 'no-store'],
      ['access-control-allow-origin', '*'],
      ['strict-transport-security', 'max-age=31536000'],
    ] as const) {
      assert.deepEqual(measure(name, value).slice(1), [1, 1], name)
    }
  })

  it('takes an octet for an unknown field from the third time on: only what came twice is kept', () => {
    const [first, second, third] = measure('x-powered-by', 'hand')
    assert.equal(first, second)
    assert.equal(third, 1)
    const encoder = new HpackEncoder()
    const values = Array.from({ length: 40 }, (_, i): Field => ['x-count', String(i)])
    assert.equal(kinds(encoder, ...values), '0'.repeat(40))
    assert.equal(kinds(encoder, ['x-long', 'v'.repeat(200)], ['x-long', 'v'.repeat(200)]), '00')
  })

  it('remembers of other connections nothing', () => {
    encode(new HpackEncoder(), ['x-plan', 'gold'])
    assert.equal(kinds(new HpackEncoder(), ['x-plan', 'gold']), '0')
  })

  it('keeps the name of what differs each time, and no more of its values than the first', () => {
    const encoder = new HpackEncoder()
    assert.equal(kinds(encoder, ['x-request-id', 'a1'], ['x-request-id', 'b2'], ['x-request-id', 'b2']), '400')
    assert.equal(
      kinds(encoder, ['content-length', '101'], ['content-length', '101'], ['etag', '"a"'], ['etag', '"a"']),
      '0000',
    )
    assert.equal(
      kinds(encoder, ['location', '/a'], ['age', '3'], ['expires', '0'], ['last-modified', 'a'], [':path', '/a']),
      '00000',
    )
    // The name is entry 62: 15, and 47 more.
    assert.equal(encode(encoder, ['x-request-id', '!']), '0f2f0121')
  })

  it('forbids every hop to keep what is secret (RFC 7541 §7.1.3)', () => {
    const encoder = new HpackEncoder()
    for (const name of ['authorization', 'Proxy-Authorization', 'set-cookie', 'cookie', 'X-Api-Key']) {
      assert.equal(kinds(encoder, [name, 'Bearer abcdefghijklmnop'], [name, 'Bearer abcdefghijklmnop']), '11', name)
    }
    const out = new ByteWriter()
    encoder.secretField(out, 'X-A', 'b')
    encoder.secretField(out, 'via', 'b')
    assert.equal(out.view().toString('hex'), '1003782d6101621f2d0162')
  })

  it('keeps nothing that would take more than half of its table', () => {
    const encoder = new HpackEncoder()
    const half = 2048 - 32 - 'server'.length
    assert.equal(kinds(encoder, ['server', 'x'.repeat(half)], ['server', 'y'.repeat(half + 1)]), '70')
  })

  it('drops the oldest entries, and finds those that stay', () => {
    const encoder = new HpackEncoder()
    // 100 octets each: 40 are kept.
    const entries = Array.from({ length: 60 }, (_, i): Field => ['server', String(i).padStart(100 - 32 - 6, '.')])
    for (const entry of entries) encode(encoder, entry)
    assert.equal(encode(encoder, entries[59]!), 'be')
    assert.equal(encode(encoder, entries[20]!), (0x80 | (62 + 39)).toString(16))
    assert.equal(kinds(encoder, entries[19]!), '7')
    assert.equal(kinds(encoder, entries[20]!), '7')
  })

  it('goes on after a flood of made-up names', () => {
    const encoder = new HpackEncoder()
    const decoder = new HpackDecoder({ tableBytes: 4096 })
    const fields = Array.from({ length: 5000 }, (_, i): Field => [`X-${i % 7 === 0 ? 'Same' : i}`, 'v'])
    const seen: Field[] = []
    const block = Buffer.from(encode(encoder, ...fields, ['N'.repeat(500), 'v'], ['', '']), 'hex')
    assert.equal(decoder.decode(block, { onField: ({ name, value }) => seen.push([name, value]) }), undefined)
    assert.deepEqual(seen, [
      ...fields.map(([name, value]) => [name.toLowerCase(), value]),
      ['n'.repeat(500), 'v'],
      ['', ''],
    ])
  })
})

describe("the peer's table", () => {
  for (const [what, sizes, begin] of [
    ['says nothing while it is as it was', [4096], ''],
    ['never uses more than 4096 octets', [65_536], ''],
    ['tells a smaller one', [100], '3f45'],
    ['tells that there is none', [0], '20'],
    ['tells the smallest in between too (RFC 7541 §4.2)', [0, 200, 100], '203f45'],
    ['tells it once where it is the last', [200, 100], '3f45'],
    ['tells a smaller one that is gone again', [100, 65_536], '3f453fe11f'],
  ] as const) {
    it(what, () => {
      const encoder = new HpackEncoder()
      for (const bytes of sizes) encoder.setPeerTableBytes(bytes)
      assert.equal(encode(encoder), begin)
      assert.equal(encode(encoder), '')
    })
  }

  it('tells a larger one again', () => {
    const encoder = new HpackEncoder()
    encoder.setPeerTableBytes(0)
    assert.equal(encode(encoder, ['server', 'a'], ['server', 'a']), '200f2701610f270161')
    encoder.setPeerTableBytes(4096)
    assert.equal(encode(encoder, ['server', 'a'], ['server', 'a']), '3fe11f760161be')
  })

  it('forgets what it no longer holds', () => {
    const encoder = new HpackEncoder()
    // 39 octets each.
    encode(encoder, ['server', 'a'], ['server', 'b'], ['server', 'c'])
    encoder.setPeerTableBytes(100)
    assert.equal(encode(encoder, ['server', 'c'], ['server', 'b']), '3f45bebf')
    assert.equal(kinds(encoder, ['server', 'a']), '7')
  })
})
