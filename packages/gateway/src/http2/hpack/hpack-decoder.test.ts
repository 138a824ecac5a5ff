import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { KNOWN_FIELDS, TWIN_FIELD } from '@gatewright/policies'
import fc from 'fast-check'
import { INCOMPLETE, scanField } from '../../http1/scan-fields.ts'
import { APPENDIX_C } from './cases/appendix-c.ts'
import { HpackDecoder, type HpackSink } from './hpack-decoder.ts'
import type { HpackField } from './hpack-field.ts'

const toText = ({ name, value }: HpackField): string => `${name}: ${value}`

/** Keeps what it is handed. */
class Taken implements HpackSink {
  readonly fields: HpackField[] = []

  onField(field: HpackField): void {
    this.fields.push(field)
  }
}

/** The fields of a block that is accepted. */
function decode(decoder: HpackDecoder, block: Uint8Array): HpackField[] {
  const taken = new Taken()
  assert.equal(decoder.decode(block, taken), undefined)
  return taken.fields
}

/** Hexadecimal, spaces between what belongs apart. */
const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex')

/** A literal without indexing whose name and value stand as they are. */
function literal(name: string, value: string, first = 0x00): Buffer {
  assert.ok(name.length < 127 && value.length < 127)
  const octets = Buffer.from(`${name}${String.fromCharCode(value.length)}${value}`, 'latin1')
  return Buffer.concat([Buffer.from([first, name.length]), octets])
}

/** More than 4096 octets of entries. */
const MANY = Buffer.concat(Array.from({ length: 300 }, (_, i) => literal(`n${i}`, '', 0x40)))

function decodeOne(block: Uint8Array): HpackField {
  const [field, ...more] = decode(new HpackDecoder({ tableBytes: 4096 }), block)
  assert.ok(field !== undefined && more.length === 0)
  return field
}

describe('HPACK decoder', () => {
  for (const { title, tableBytes, examples } of APPENDIX_C) {
    it(`reads the examples of RFC 7541 Appendix C: ${title} (${examples[0]?.section} …)`, () => {
      const decoder = new HpackDecoder({ tableBytes })
      for (const { section, block, fields, table } of examples) {
        assert.deepEqual(decode(decoder, hex(block)).map(toText), fields, section)
        const indexes = Uint8Array.from(table, (_, age) => 0x80 | (62 + age))
        assert.deepEqual(decode(decoder, indexes).map(toText), table, section)
      }
    })
  }

  for (const [what, block, reason] of [
    ['index 0', '80', 'hpack-index'],
    ['an index behind the static table while the dynamic one is empty', 'be', 'hpack-index'],
    ['an index behind the newest entry', '40 0161 0162 be bf', 'hpack-index'],
    ['a large index', 'ff ffff7f', 'hpack-index'],
    ['a name that is no entry', '7e 0162', 'hpack-index'],
    ['a name of a literal without indexing that is no entry', '0f2f 0162', 'hpack-index'],
    ['an index of more than four octets behind its prefix', 'ff 8080808001', 'hpack-integer'],
    ['an index of four octets behind its prefix that goes on', 'ff ffffffff', 'hpack-integer'],
    ['an index that does not end', 'ff 80', 'hpack-integer'],
    ['an index that does not begin', 'ff', 'hpack-integer'],
    ["a name's index that does not end", '7f', 'hpack-integer'],
    ['a length that does not end', '00 7f80', 'hpack-integer'],
    ['a length that wraps around 32 bits', '00 7f 81ffffff0f', 'hpack-integer'],
    ['a size that does not end', '3f', 'hpack-integer'],
    ['no name', '00', 'hpack-string'],
    ['no value', '00 0161', 'hpack-string'],
    ['no value behind a name of the table', '01', 'hpack-string'],
    ['a name longer than the block', '00 0261', 'hpack-string'],
    ['a value longer than the block', '00 0161 0262', 'hpack-string'],
    ['a value far longer than the block', '00 0161 7fffffff7f', 'hpack-string'],
    ['a Huffman value longer than the block', '00 0161 82ff', 'hpack-string'],
    ['a padding of eight ones', '00 0161 82f8ff', 'hpack-huffman'],
    ['a padding of zeros', '00 0161 8100', 'hpack-huffman'],
    ['the end of string in a value', '00 0161 84ffffffff', 'hpack-huffman'],
    ['the end of string in a name', '00 84ffffffff 0162', 'hpack-huffman'],
    ['a larger table than agreed', '3fe21f 82', 'hpack-size-update'],
    ['a size update behind a field', '82 20', 'hpack-size-update'],
    ['a size update behind a literal', '00 0161 0162 3e', 'hpack-size-update'],
    ['three size updates', '20 20 20', 'hpack-size-update'],
  ] as const) {
    it(`refuses ${what}`, () => {
      const fault = new HpackDecoder({ tableBytes: 4096 }).decode(hex(block), new Taken())
      assert.equal(fault?.reason, reason)
    })
  }

  it('hands on what stands before a fault, and the fault', () => {
    const taken = new Taken()
    assert.equal(new HpackDecoder({ tableBytes: 4096 }).decode(hex('82 87 80'), taken)?.reason, 'hpack-index')
    assert.deepEqual(taken.fields.map(toText), [':method: GET', ':scheme: https'])
  })

  it('takes numbers with up to four octets behind their prefix, also when they are longer than they need be', () => {
    const decoder = new HpackDecoder({ tableBytes: 4096 })
    assert.deepEqual(decode(decoder, hex('00 0161 7f80808000 '.concat('62'.repeat(127)))).map(toText), [
      `a: ${'b'.repeat(127)}`,
    ])
    assert.equal(decode(decoder, hex('3f818000 82')).length, 1)
  })

  it('takes an empty string, in Huffman code too', () => {
    assert.equal(decodeOne(hex('01 00')).value, '')
    assert.equal(decodeOne(hex('01 80')).value, '')
  })

  it('hands on the same object each time its entry is referred to', () => {
    const decoder = new HpackDecoder({ tableBytes: 4096 })
    const [first] = decode(decoder, literal('x-a', 'b', 0x40))
    assert.deepEqual([...new Set(decode(decoder, hex('be be be')))], [first])
    assert.deepEqual(decode(decoder, hex('82')), decode(new HpackDecoder({ tableBytes: 4096 }), hex('82')))
    assert.equal(decode(decoder, hex('82'))[0], decode(decoder, hex('82'))[0])
  })

  it('takes a name from an entry that its own field evicts', () => {
    const decoder = new HpackDecoder({ tableBytes: 64 })
    decode(decoder, literal('x-first-name', 'value', 0x40))
    assert.deepEqual(decode(decoder, hex('7e 0162 be')).map(toText), ['x-first-name: b', 'x-first-name: b'])
  })

  it('forgets everything at an entry larger than its table, and goes on', () => {
    const decoder = new HpackDecoder({ tableBytes: 40 })
    decode(decoder, literal('a', 'b', 0x40))
    assert.deepEqual(decode(decoder, literal('name', 'value', 0x40)).map(toText), ['name: value'])
    assert.equal(decoder.decode(hex('be'), new Taken())?.reason, 'hpack-index')
  })

  it('finds the oldest entry, and nothing behind it', () => {
    const decoder = new HpackDecoder({ tableBytes: 4096 })
    decode(decoder, MANY)
    assert.deepEqual(
      decode(
        decoder,
        Uint8Array.from({ length: 65 }, (_, age) => 0x80 | (62 + age)),
      ).map(({ name }) => name),
      Array.from({ length: 65 }, (_, age) => `n${299 - age}`),
    )
    // Entries of 36 octets: 113 of them are held, from index 62 to 174, which is 127 + 47.
    assert.equal(decode(decoder, hex('ff 2f'))[0]?.name, 'n187')
    assert.equal(decoder.decode(hex('ff 30'), new Taken())?.reason, 'hpack-index')
  })
})

describe('size of the table', () => {
  it('may be changed by the peer as it likes up to what was agreed, twice a block', () => {
    const decoder = new HpackDecoder({ tableBytes: 4096 })
    decode(decoder, literal('x-a', 'b', 0x40))
    assert.equal(decode(decoder, hex('20 3fe11f 82')).length, 1)
    assert.equal(decoder.decode(hex('be'), new Taken())?.reason, 'hpack-index')
  })

  it('is 4096 octets at first, also where more was agreed (RFC 9113 §6.5.2)', () => {
    const decoder = new HpackDecoder({ tableBytes: 8192 })
    decode(decoder, MANY)
    assert.equal(decoder.decode(hex('ff 30'), new Taken())?.reason, 'hpack-index')
    // 8192, and no more.
    decode(decoder, Buffer.concat([hex('3fe13f'), MANY]))
    assert.equal(decode(decoder, hex('ff 30'))[0]?.name, 'n186')
    assert.equal(decoder.decode(hex('3fe23f'), new Taken())?.reason, 'hpack-size-update')
  })

  for (const [what, agreed, block, reason] of [
    ['a smaller one is told', [1000], '3fc907 82', undefined],
    ['an even smaller one is told', [1000], '20 82', undefined],
    ['the smallest in between and the last are told', [100, 4096], '3f45 3fe11f 82', undefined],
    ['the smallest in between alone is told', [100, 4096], '3f45 82', undefined],
    ['only the last is told', [100, 4096], '3fe11f 82', 'hpack-size-update-missing'],
    ['the smallest in between is told last', [100, 4096], '3fe11f 3f45 82', 'hpack-size-update-missing'],
    ['nothing is told', [1000], '82', 'hpack-size-update-missing'],
    ['more is told', [1000], '3fca07 82', 'hpack-size-update'],
    ['it was raised and nothing is told', [8192], '82', undefined],
    ['it stayed and nothing is told', [4096], '82', undefined],
  ] as const) {
    it(`${reason === undefined ? 'is right' : 'is wrong'} after another was agreed and ${what}`, () => {
      const decoder = new HpackDecoder({ tableBytes: 4096 })
      for (const bytes of agreed) decoder.changeTableBytes(bytes)
      assert.equal(decoder.decode(hex(block), new Taken())?.reason, reason)
    })
  }

  it('need not be told twice, nor where the peer uses less anyway', () => {
    const decoder = new HpackDecoder({ tableBytes: 4096 })
    decode(decoder, hex('3f45 82'))
    decoder.changeTableBytes(200)
    decode(decoder, hex('82'))
    decoder.changeTableBytes(50)
    decode(decoder, hex('3f13 82'))
    decode(decoder, hex('82'))
  })
})

describe('a field off HPACK', () => {
  it('has what a list of fields needs', () => {
    assert.deepEqual(decodeOne(literal('content-type', 'text/plain')), {
      name: 'content-type',
      value: 'text/plain',
      line: 'content-type: text/plain\r\n',
      known: KNOWN_FIELDS['content-type'],
      isPseudo: false,
      fault: undefined,
      sizeBytes: 12 + 10 + 32,
      isNeverIndexed: false,
    })
    const path = decodeOne(hex('84'))
    assert.deepEqual([path.name, path.value, path.line, path.isPseudo], [':path', '/', '', true])
    assert.equal(decodeOne(literal(':made-up', '1')).isPseudo, true)
  })

  it('is known by its name, whether that came as an index or as text, and so are twins', () => {
    // Index 31 of the static table is content-type.
    assert.equal(decodeOne(hex('0f10 0161')).known, KNOWN_FIELDS['content-type'])
    assert.equal(decodeOne(literal('x-request-id', 'a')).known, KNOWN_FIELDS['x-request-id'])
    assert.equal(decodeOne(literal('x_request_id', 'a')).known, TWIN_FIELD)
    assert.equal(decodeOne(literal('x-other', 'a')).known, 0)
  })

  it('says that it may never be indexed', () => {
    assert.equal(decodeOne(literal('x', 'y', 0x10)).isNeverIndexed, true)
    assert.equal(decodeOne(hex('1f08 0161')).isNeverIndexed, true)
    assert.equal(decodeOne(literal('x', 'y', 0x40)).isNeverIndexed, false)
    assert.equal(decodeOne(literal('x', 'y', 0x00)).isNeverIndexed, false)
  })

  for (const [what, name, value, reason] of [
    ['no name', '', 'a', 'field-name'],
    ['a colon for a name', ':', 'a', 'field-name'],
    ['an upper-case letter', 'x-A', 'a', 'field-name'],
    ['an upper-case letter in a pseudo-field', ':Path', '/', 'field-name'],
    ['a space in the name', 'x a', 'a', 'field-name'],
    ['a colon in the name', 'x:a', 'a', 'field-name'],
    ['two colons', '::path', 'a', 'field-name'],
    ['CR in the name', 'x\r', 'a', 'field-name'],
    ['an octet above ASCII in the name', 'x\xe4', 'a', 'field-name'],
    ['NUL in the value', 'x', 'a\0', 'field-value'],
    ['CR in the value', 'x', 'a\rb', 'field-value'],
    ['LF in the value', 'x', 'a\nb', 'field-value'],
    ['LF in the value of a pseudo-field', ':path', '/\nb', 'field-value'],
    ['DEL in the value', 'x', '\x7f', 'field-value'],
    ['a space before the value', 'x', ' a', 'field-value-whitespace'],
    ['a tab behind the value', 'x', 'a\t', 'field-value-whitespace'],
    ['nothing but a space', 'x', ' ', 'field-value-whitespace'],
    ['whitespace within the value', 'x', 'a \t b', undefined],
    ['obs-text', 'x', '\x80\xff', undefined],
    ['nothing as its value', 'x', '', undefined],
  ] as const) {
    it(`${reason === undefined ? 'may hold' : 'is at fault with'} ${what} (RFC 9113 §8.2.1)`, () => {
      const field = decodeOne(literal(name, value))
      assert.equal(field.fault?.reason, reason)
      assert.equal(field.line, reason === undefined ? `${name}: ${value}\r\n` : '')
      assert.deepEqual([field.name, field.value], [name, value])
    })
  }

  it('stays at fault as an entry, and its name in others', () => {
    const decoder = new HpackDecoder({ tableBytes: 4096 })
    decode(decoder, literal('X-A', 'b', 0x40))
    assert.deepEqual(
      decode(decoder, hex('be 0f2f 0163')).map(({ fault }) => fault?.reason),
      ['field-name', 'field-name'],
    )
    decode(decoder, literal('x-b', 'b\r', 0x40))
    assert.deepEqual(
      decode(decoder, hex('be 0f2f 0163')).map(({ fault }) => fault?.reason),
      ['field-value', undefined],
    )
  })

  it('may hold in name and value what a line of HTTP/1.1 may', () => {
    for (let octet = 0; octet < 256; octet++) {
      const character = String.fromCharCode(octet)
      const isUpper = /[A-Z]/.test(character)
      for (const [name, value] of [
        [`x${character}x`, 'v'],
        ['x', `v${character}v`],
      ] as const) {
        const line = Buffer.from(`${name}: ${value}\r\n`, 'latin1')
        const marks: number[] = []
        const next = scanField(line, 0, line.length, marks)
        assert.notEqual(next, INCOMPLETE)
        // `x:x: v` is a line, but of another name.
        const isSame = next === line.length && marks[1] === name.length
        assert.equal(
          decodeOne(literal(name, value)).fault === undefined,
          isSame && !(isUpper && name.length > 1),
          line.toString(),
        )
      }
    }
  })
})

describe('what is more than the caller wants', () => {
  it('is decoded into the table, and not handed on', () => {
    const decoder = new HpackDecoder({ tableBytes: 4096 })
    const names: string[] = []
    const sink = {
      onField({ name }: HpackField): void {
        names.push(name)
        decoder.skipRest()
      },
    }
    const block = Buffer.concat([hex('82 82'), literal('x-a', 'b', 0x40), literal('x-b', 'b'), hex('be')])
    assert.equal(decoder.decode(block, sink), undefined)
    assert.deepEqual(names, [':method'])
    assert.deepEqual(decode(decoder, hex('be')).map(toText), ['x-a: b'])
  })

  it('is still looked at', () => {
    const decoder = new HpackDecoder({ tableBytes: 4096 })
    const sink = { onField: () => decoder.skipRest() }
    assert.equal(decoder.decode(hex('82 00 0161 8100'), sink)?.reason, 'hpack-huffman')
  })
})

describe('any octets', () => {
  it('are answered, and never with more than the table and the block hold', () => {
    const octets = fc.uint8Array({ maxLength: 400 })
    // Blocks of which much is well-formed reach further than noise.
    const pieces = fc.array(
      fc.oneof(
        fc.integer({ min: 0x80, max: 0xff }).map((index) => Uint8Array.of(index)),
        fc.integer({ min: 0x20, max: 0x3e }).map((size) => Uint8Array.of(size)),
        fc
          .tuple(fc.uint8Array({ maxLength: 20 }), fc.uint8Array({ maxLength: 60 }), fc.constantFrom(0x00, 0x10, 0x40))
          .map(([name, value, first]) => Uint8Array.from([first, name.length, ...name, value.length, ...value])),
        fc.uint8Array({ maxLength: 12 }),
      ),
      { maxLength: 40 },
    )
    const block = fc.oneof(
      octets,
      pieces.map((parts) => Uint8Array.from(parts.flatMap((part) => [...part]))),
    )
    fc.assert(
      fc.property(fc.array(block, { maxLength: 20 }), fc.constantFrom(0, 100, 4096), (blocks, tableBytes) => {
        const decoder = new HpackDecoder({ tableBytes })
        for (const octets of blocks) {
          const taken = new Taken()
          const fault = decoder.decode(octets, taken)
          assert.ok(taken.fields.length <= octets.length)
          for (const { name, value, line, sizeBytes, fault, isPseudo } of taken.fields) {
            assert.equal(sizeBytes, name.length + value.length + 32)
            assert.equal(line, isPseudo || fault !== undefined ? '' : `${name}: ${value}\r\n`)
          }
          if (fault !== undefined) return
        }
      }),
      { numRuns: 1000 },
    )
  })
})
