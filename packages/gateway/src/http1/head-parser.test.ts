import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { HeadParser } from './head-parser.ts'
import { Refusal } from './refusal.ts'
import { RequestHead } from './request-head.ts'

const LIMITS = { firstLineBytes: 40, headerBytes: 100, headerFields: 4 }

function createParser(limits = LIMITS): HeadParser {
  return new HeadParser(limits, new RequestHead().scanLine, { skipsEmptyLine: true })
}

/** `fields` of a complete head, why it was refused, or `waits`. */
function parse(parts: Iterable<string>, limits = LIMITS): string {
  const parser = createParser(limits)
  for (const part of parts) {
    const result = parser.push(Buffer.from(part, 'latin1'))
    if (result instanceof Refusal) return result.reason
    if (result !== undefined) return [...result].map(([name, value]) => `${name}=${value}`).join(' ')
  }
  return 'waits'
}

/** A head whose field lines, CRLFs included, are so many bytes. */
const withHeaderBytes = (bytes: number): string => `GET / HTTP/1.1\r\nA: ${'x'.repeat(bytes - 5)}\r\n\r\n`

describe('head parser', () => {
  it('hands out the fields as they came, and where the body begins', () => {
    const parser = createParser()
    const octets = Buffer.from('GET / HTTP/1.1\r\nHost:a\r\nX-B:  two words \t\r\nx-b:\r\n\r\nbody', 'latin1')
    const fields = parser.push(octets)
    assert.ok(fields !== undefined && !(fields instanceof Refusal))
    assert.deepEqual(
      [...fields],
      [
        ['Host', 'a'],
        ['X-B', 'two words'],
        ['x-b', ''],
      ],
    )
    assert.equal(octets.toString('latin1', parser.bodyAt), 'body')
  })

  it('takes one empty line before a request line, and not two', () => {
    assert.equal(parse(['\r\nGET / HTTP/1.1\r\nA: b\r\n\r\n']), 'A=b')
    assert.equal(parse(['\r', '\n', 'GET / HTTP/1.1\r\nA: b\r\n\r\n']), 'A=b')
    assert.equal(parse(['\r\n\r\nGET / HTTP/1.1\r\n\r\n']), 'request-line')
    assert.equal(parse(['\rGET / HTTP/1.1\r\n\r\n']), 'line-end')
  })

  it('takes none where none is to be skipped', () => {
    const parser = new HeadParser(LIMITS, new RequestHead().scanLine, { skipsEmptyLine: false })
    assert.ok(parser.push(Buffer.from('\r\nGET / HTTP/1.1\r\n\r\n', 'latin1')) instanceof Refusal)
  })

  for (const [what, head, expected] of [
    ['a first line of the longest length', `GET /${'a'.repeat(26)} HTTP/1.1\r\n\r\n`, ''],
    ['a first line one byte longer', `GET /${'a'.repeat(27)} HTTP/1.1\r\n\r\n`, 'request-line'],
    ['a first line without an end', `GET /${'a'.repeat(100)}`, 'request-line'],
    ['fields of the largest size', withHeaderBytes(100), `A=${'x'.repeat(95)}`],
    ['fields one byte larger', withHeaderBytes(101), 'header-bytes'],
    ['fields without an end', `GET / HTTP/1.1\r\nA: ${'x'.repeat(200)}`, 'header-bytes'],
    ['as many fields as may be', `GET / HTTP/1.1\r\n${'A:\r\n'.repeat(4)}\r\n`, 'A= A= A= A='],
    ['one field more', `GET / HTTP/1.1\r\n${'A:\r\n'.repeat(5)}\r\n`, 'header-fields'],
    ['no fields', 'GET / HTTP/1.1\r\n\r\n', ''],
    ['half a first line', 'GET / HT', 'waits'],
    ['no end of the fields', 'GET / HTTP/1.1\r\nA: b\r\n', 'waits'],
    ['half an end of the fields', 'GET / HTTP/1.1\r\nA: b\r\n\r', 'waits'],
    ['a CR alone at the end of the fields', 'GET / HTTP/1.1\r\nA: b\r\n\rX', 'line-end'],
    ['a bare LF after the first line', 'GET / HTTP/1.1\nA: b\r\n\r\n', 'line-end'],
    ['a bare LF after a field', 'GET / HTTP/1.1\r\nA: b\nB: c\r\n\r\n', 'line-end'],
    ['a bare CR in a value', 'GET / HTTP/1.1\r\nA: b\rc\r\n\r\n', 'line-end'],
    ['a folded line', 'GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n', 'obs-fold'],
    ['a blank before the first field', 'GET / HTTP/1.1\r\n A: b\r\n\r\n', 'obs-fold'],
    ['a blank before the colon', 'GET / HTTP/1.1\r\nA : b\r\n\r\n', 'field-name'],
    ['no name', 'GET / HTTP/1.1\r\n: b\r\n\r\n', 'field-name'],
    ['no colon', 'GET / HTTP/1.1\r\nA\r\n\r\n', 'field-name'],
    ['a NUL in a value', 'GET / HTTP/1.1\r\nA: b\0\r\n\r\n', 'field-value'],
    ['octets above ASCII in a value', 'GET / HTTP/1.1\r\nA: \xff\x80\r\n\r\n', 'A=\xff\x80'],
    ['octets above ASCII in a name', 'GET / HTTP/1.1\r\n\xc4: b\r\n\r\n', 'field-name'],
    ['bytes of TLS', '\x16\x03\x01\x02\x00', 'request-line'],
  ] as const) {
    it(`says of ${what}: ${expected.slice(0, 20)}`, () => {
      assert.equal(parse([head]), expected)
      assert.equal(parse(head), expected, 'byte by byte')
      for (let at = 1; at < head.length; at++) {
        assert.equal(parse([head.slice(0, at), head.slice(at)]), expected, `cut at ${at}`)
      }
    })
  }

  it('holds no field of one message in the next', () => {
    const parser = createParser()
    const first = parser.push(Buffer.from('GET / HTTP/1.1\r\nA: b\r\n\r\n', 'latin1'))
    parser.reset()
    assert.equal(parser.hasBegun, false)
    const second = parser.push(Buffer.from('GET / HTTP/1.1\r\nC: d\r\n\r\n', 'latin1'))
    assert.ok(
      first !== undefined && !(first instanceof Refusal) && second !== undefined && !(second instanceof Refusal),
    )
    assert.deepEqual([[...first], [...second]], [[['A', 'b']], [['C', 'd']]])
  })

  it('says the same of any bytes however they are cut, at the limits too', () => {
    const piece = fc.constantFrom(
      'GET / HTTP/1.1',
      '\r\n',
      '\r',
      '\n',
      'A: b',
      ':',
      ' ',
      '\t',
      'x'.repeat(39),
      '\0',
      'H',
    )
    const heads = fc.array(piece, { maxLength: 16 }).map((pieces) => pieces.join(''))
    fc.assert(
      fc.property(heads, fc.array(fc.nat(400), { maxLength: 8 }), (head, places) => {
        const cuts = [...new Set([0, ...places.map((place) => place % (head.length + 1)), head.length])].sort(
          (a, b) => a - b,
        )
        const parts = cuts.slice(1).map((to, i) => head.slice(cuts[i], to))
        assert.equal(parse(parts), parse([head]))
      }),
      { numRuns: 3000 },
    )
  })
})
