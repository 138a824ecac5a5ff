import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { ByteWriter } from '../byte-writer.ts'
import { decodeHuffman } from './decode-huffman.ts'
import { CODE_LENGTHS, CODES, END_OF_STRING } from './huffman-code.ts'
import { INDEXED, SIZE_UPDATE, writeInteger, writeString } from './string-literal.ts'

const ones = (count: number): string => '1'.repeat(count)
const toBits = (octet: number): string => CODES[octet]!.toString(2).padStart(CODE_LENGTHS[octet]!, '0')

function decode(bits: string): string | undefined {
  const octets = Uint8Array.from(bits.match(/.{8}/g) ?? [], (part) => Number.parseInt(part, 2))
  assert.equal(octets.length * 8, bits.length)
  const out = new ByteWriter(1)
  return decodeHuffman(octets, 0, octets.length, out) ? out.view().toString('latin1') : undefined
}

/** The text's code with the padding that §5.2 wants. */
function toCode(text: string): string {
  const bits = [...Buffer.from(text, 'latin1')].map(toBits).join('')
  return bits + ones((8 - (bits.length % 8)) % 8)
}

function written(write: (out: ByteWriter) => void): string {
  const out = new ByteWriter(1)
  write(out)
  return out.view().toString('hex')
}

describe('Huffman code', () => {
  it('is the one of RFC 7541 Appendix B', () => {
    // Of each length the first and the last, which in a canonical code leaves no room for others.
    for (const [octet, code, length] of [
      [0x30, 0x0, 5],
      [0x74, 0x9, 5],
      [0x20, 0x14, 6],
      [0x75, 0x2d, 6],
      [0x3a, 0x5c, 7],
      [0x7a, 0x7b, 7],
      [0x26, 0xf8, 8],
      [0x5a, 0xfd, 8],
      [0x21, 0x3f8, 10],
      [0x3f, 0x3fc, 10],
      [0x27, 0x7fa, 11],
      [0x7c, 0x7fc, 11],
      [0x23, 0xffa, 12],
      [0x3e, 0xffb, 12],
      [0x00, 0x1ff8, 13],
      [0x7e, 0x1ffd, 13],
      [0x5e, 0x3ffc, 14],
      [0x7d, 0x3ffd, 14],
      [0x3c, 0x7ffc, 15],
      [0x7b, 0x7ffe, 15],
      [0x5c, 0x7fff0, 19],
      [0xd0, 0x7fff2, 19],
      [0x80, 0xfffe6, 20],
      [0xe2, 0xfffed, 20],
      [0x99, 0x1fffdc, 21],
      [0xe6, 0x1fffe8, 21],
      [0x81, 0x3fffd2, 22],
      [0xe9, 0x3fffeb, 22],
      [0x01, 0x7fffd8, 23],
      [0xef, 0x7ffff4, 23],
      [0x09, 0xffffea, 24],
      [0xed, 0xfffff5, 24],
      [0xc7, 0x1ffffec, 25],
      [0xeb, 0x1ffffef, 25],
      [0xc0, 0x3ffffe0, 26],
      [0xff, 0x3ffffee, 26],
      [0xcb, 0x7ffffde, 27],
      [0xfe, 0x7fffff0, 27],
      [0x02, 0xfffffe2, 28],
      [0xf9, 0xffffffe, 28],
      [0x0a, 0x3ffffffc, 30],
      [END_OF_STRING, 0x3fffffff, 30],
    ] as const) {
      assert.deepEqual([CODES[octet], CODE_LENGTHS[octet]], [code, length], `octet ${octet}`)
    }
  })

  it('is read back for every octet, alone and beside every other', () => {
    const all = String.fromCharCode(...Array.from({ length: 256 }, (_, octet) => octet))
    for (const one of all) assert.equal(decode(toCode(one)), one)
    for (const one of all) for (const other of all) assert.equal(decode(toCode(one + other)), one + other)
  })

  for (const [what, bits, text] of [
    ['nothing', '', ''],
    ['no padding', toCode('0'.repeat(8)), '00000000'],
    ['seven ones', toBits(0x3f) + toBits(0x3f) + toBits(0x30) + ones(7), '??0'],
    ['eight ones', toBits(0x26) + ones(8), undefined],
    ['ones that go on', ones(16), undefined],
    ['a zero in the padding', `${toBits(0x30)}110`, undefined],
    ['a padding of zeros', `${toBits(0x3a)}0`, undefined],
    ['the end of string', `${toBits(END_OF_STRING)}11`, undefined],
    [
      'more behind the end of string',
      `${toBits(END_OF_STRING)}${toBits(0x30)}${toBits(0x30)}${toBits(0x30)}1${ones(2)}`,
      undefined,
    ],
  ] as const) {
    it(`${text === undefined ? 'refuses' : 'takes'} ${what}`, () => assert.equal(decode(bits), text))
  }
})

describe('string literal', () => {
  for (const [text, hex] of [
    ['www.example.com', '8cf1e3c2e5f23a6ba0ab90f4ff'],
    ['no-cache', '86a8eb10649cbf'],
    ['custom-key', '8825a849e95ba97d7f'],
    ['302', '826402'],
    ['private', '85aec3771a4b'],
    ['Mon, 21 Oct 2013 20:13:21 GMT', '96d07abe941054d444a8200595040b8166e082a62d1bff'],
    ['https://www.example.com', '919d29ad171863c78f0b97c8e9ae82ae43d3'],
    // Not shorter in code.
    ['', '00'],
    ['307', '03333037'],
    ['#', '0123'],
    ['\xff\xfe', '02fffe'],
  ] as const) {
    it(`writes ${JSON.stringify(text)} in its shortest form`, () => {
      assert.equal(
        written((out) => writeString(out, text)),
        hex,
      )
    })
  }

  it('is never longer than the text and its length, and means the text', () => {
    const latin1 = fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((octet) => String.fromCharCode(octet)) })
    fc.assert(
      fc.property(
        fc.oneof(latin1, fc.string({ maxLength: 300 }), fc.string({ unit: fc.constantFrom('a', '0', '~', '\xfe') })),
        (text) => {
          const out = new ByteWriter(1)
          writeString(out, text)
          const octets = out.view()
          const at = (octets[0]! & 0x7f) < 0x7f ? 1 : octets[1]! < 0x80 ? 2 : 3
          assert.ok(octets.length <= at + text.length)
          if (octets[0]! < 0x80) return assert.equal(octets.toString('latin1', at), text)
          const back = new ByteWriter(1)
          assert.ok(decodeHuffman(octets, at, octets.length, back))
          assert.equal(back.view().toString('latin1'), text)
        },
      ),
    )
  })
})

describe('integer', () => {
  for (const [what, prefix, value, hex] of [
    // RFC 7541 C.1, with the bits of a size update before five, and of an indexed field before seven.
    ['10 in five bits', SIZE_UPDATE, 10, '2a'],
    ['1337 in five bits', SIZE_UPDATE, 1337, '3f9a0a'],
    ['31, which five bits do not hold', SIZE_UPDATE, 31, '3f00'],
    ['30, which they do', SIZE_UPDATE, 30, '3e'],
    ['42 in eight bits', { pattern: 0, most: 255 }, 42, '2a'],
    ['127 in seven bits', INDEXED, 127, 'ff00'],
    ['the largest that is ever needed', SIZE_UPDATE, 0xffffffff, '3fe0ffffff0f'],
  ] as const) {
    it(`writes ${what}`, () => {
      assert.equal(
        written((out) => writeInteger(out, prefix, value)),
        hex,
      )
    })
  }
})
