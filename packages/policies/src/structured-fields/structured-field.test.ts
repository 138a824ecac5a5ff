import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { parseDictionary, parseItem, parseList, StructuredFieldFault } from './parse-structured-field.ts'
import { PUBLISHED_CASES } from './published-cases.fixture.ts'
import { serializeDictionary, serializeList, serializeMember } from './serialize-structured-field.ts'
import type { BareItem, Dictionary } from './structured-field.ts'

const canonical = {
  item: (text: string) => serializeMember(parseItem(text)),
  list: (text: string) => serializeList(parseList(text)),
  dictionary: (text: string) => serializeDictionary(parseDictionary(text)),
}
const parse = { item: parseItem, list: parseList, dictionary: parseDictionary }
const item = (bare: BareItem) => ({ bare, parameters: new Map() })

describe('the published tests of structured fields (RFC 9651)', () => {
  it('are there', () => assert.ok(PUBLISHED_CASES.length > 200))

  for (const { type, name, text, canonical: expected } of PUBLISHED_CASES) {
    it(`${type}: ${name}, ${JSON.stringify(text.slice(0, 40))}`, () => {
      if (expected === null) assert.throws(() => parse[type](text), StructuredFieldFault)
      else assert.equal(canonical[type](text), expected)
    })
  }
})

describe('a structured field', () => {
  it('tells its types apart', () => {
    const texts = ['1', '1.0', '"1"', 'a1', ':MQ==:', '?1', '@1', '%"1"']
    assert.deepEqual(
      texts.map((text) => parseItem(text).bare.type),
      ['integer', 'decimal', 'string', 'token', 'bytes', 'boolean', 'date', 'display-string'],
    )
  })

  it('has values under names that objects inherit', () => {
    const dictionary = parseDictionary('constructor=1, valueof=2')
    assert.deepEqual([...dictionary.keys()], ['constructor', 'valueof'])
    assert.equal(parseDictionary('a=1').get('constructor'), undefined)
    assert.throws(() => parseDictionary('__proto__=1'), StructuredFieldFault)
  })

  it('is refused with two members of one name where that is asked for, and two parameters', () => {
    for (const text of ['a=1, a=2', 'a=1, b, a', 'a;x=1;x=2', 'a=(b;c;c)', 'a=();d=1;d=1']) {
      assert.doesNotThrow(() => parseDictionary(text))
      assert.throws(() => parseDictionary(text, { duplicates: 'refused' }), StructuredFieldFault)
    }
    assert.doesNotThrow(() => parseDictionary('a;x, b;x, c=(d;x e;x);x', { duplicates: 'refused' }))
  })

  it('says what it expected, and where', () => {
    assert.throws(() => parseDictionary('a=1, B=2'), /expected a key at character 5/)
    assert.throws(() => parseItem('"abc'), /at character 4/)
  })

  // What takes more than linear time with so many characters does not come back within a test's patience.
  for (const [what, text] of [
    ['open lists', '('.repeat(500_000)],
    ['a string without end', `"${'a'.repeat(500_000)}`],
    ['escapes', `"${'\\\\'.repeat(250_000)}`],
    ['parameters', `a${';a'.repeat(100_000)};`],
    ['base64 without end', `:${'A'.repeat(500_000)}`],
    ['equals signs', `:${'='.repeat(500_000)}:`],
    ['spaces', `a${' '.repeat(500_000)}b`],
    ['digits', '1'.repeat(500_000)],
    ['commas', ','.repeat(500_000)],
  ] as const) {
    it(`refuses half a million characters of ${what} in one pass`, () => {
      assert.throws(() => parseList(text), StructuredFieldFault)
      assert.throws(() => parseDictionary(text), StructuredFieldFault)
    })
  }

  it('is refused or canonical, whatever the text: writing what was read changes nothing any more', () => {
    const sign = fc.constantFrom(...'aA1-.,;=()"\\:?@%*/ \t\u0000é'.split(''))
    fc.assert(
      fc.property(fc.array(sign, { maxLength: 24 }), fc.constantFrom('item', 'list', 'dictionary'), (signs, type) => {
        let once: string
        try {
          once = canonical[type](signs.join(''))
        } catch (fault) {
          assert.ok(fault instanceof StructuredFieldFault)
          return
        }
        assert.equal(canonical[type](once), once)
      }),
      { numRuns: 2000 },
    )
  })
})

describe('the writing of a structured field', () => {
  it('refuses what cannot be written', () => {
    for (const bare of [
      { type: 'integer', value: 1e15 },
      { type: 'integer', value: 1.5 },
      { type: 'decimal', value: 1e12 },
      { type: 'decimal', value: Number.NaN },
      { type: 'string', value: 'a\nb' },
      { type: 'string', value: 'ü' },
      { type: 'token', value: 'a b' },
      { type: 'token', value: '1a' },
      { type: 'date', value: Number.POSITIVE_INFINITY },
      { type: 'display-string', value: '\ud800' },
    ] as const) {
      assert.throws(() => serializeMember(item(bare)), TypeError, JSON.stringify(bare))
    }
    const upper: Dictionary = new Map([['A', item({ type: 'boolean', value: true })]])
    assert.throws(() => serializeDictionary(upper), TypeError)
    assert.throws(
      () => serializeMember({ items: [], parameters: new Map([['a=b', { type: 'integer', value: 1 }]]) }),
      TypeError,
    )
  })

  it('rounds decimals to even (RFC 9651 §4.1.5)', () => {
    const write = (value: number) => serializeMember(item({ type: 'decimal', value }))
    assert.deepEqual([0.0625, 0.1875, -0.0625, 1, -1.5, 0.0004, 100].map(write), [
      ...['0.062', '0.188', '-0.062', '1.0', '-1.5', '0.0', '100.0'],
    ])
  })

  it('escapes quotes and backslashes, and nothing else', () => {
    assert.equal(serializeMember(item({ type: 'string', value: 'a"b\\c' })), '"a\\"b\\\\c"')
    assert.equal(serializeMember(item({ type: 'display-string', value: 'a"b%ü\n' })), '%"a%22b%25%c3%bc%0a"')
  })
})
