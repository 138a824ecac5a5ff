/** Owns the table of raw paths and what becomes of them. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { findQueryFault, type NormalPath, toNormalPath } from './normal-path.ts'

// Raw path, its normal form. `open`: readings that lead elsewhere exist.
const ACCEPTED: readonly [raw: string, normal: string, kind?: 'open'][] = [
  // Nothing to do.
  ['/', '/'],
  ['/a', '/a'],
  ['/a/', '/a/'],
  ['/orders/12/items', '/orders/12/items'],
  ["/-._~!$&'()*+,=:@", "/-._~!$&'()*+,=:@"],
  ['/a|b[c]"<d>^`{e}', '/a|b[c]"<d>^`{e}'],
  ['/A/b', '/A/b'],
  // Dots that are no dot segments.
  ['/.well-known/acme', '/.well-known/acme'],
  ['/...', '/...'],
  ['/..a/b', '/..a/b'],
  ['/a../b', '/a../b'],
  ['/a.b/c.', '/a.b/c.'],
  ['/.a./b', '/.a./b'],
  // Dot segments, RFC 3986 §5.2.4 and §5.4.
  ['/.', '/'],
  ['/./', '/'],
  ['/a/.', '/a/'],
  ['/a/./b', '/a/b'],
  ['/a/..', '/'],
  ['/a/../', '/'],
  ['/a/../b', '/b'],
  ['/a/b/c/./../../g', '/a/g'],
  ['/mid/content=5/../6', '/mid/6'],
  ['/a/b/..', '/a/'],
  ['/./.well-known', '/.well-known'],
  // Escaped dot segments.
  ['/%2e', '/'],
  ['/%2E/a', '/a'],
  ['/a/%2e%2e', '/'],
  ['/a/%2E%2e/b', '/b'],
  ['/a/.%2E/b', '/b'],
  ['/a/%2e./b', '/b'],
  ['/a/%2e%2e%2e/b', '/a/.../b'],
  // Escaped unreserved characters, RFC 3986 §6.2.2.2.
  ['/%7Ealice', '/~alice'],
  ['/%61%5A%30%39%2D%5F', '/aZ09-_'],
  ['/ord%65rs', '/orders'],
  ['/%41', '/A'],
  // Other escapes stay, in upper case, RFC 3986 §6.2.2.1.
  ['/a%20b', '/a%20b'],
  ['/%c3%a9', '/%C3%A9'],
  ['/%E9', '/%E9'],
  ['/a%23b%3f', '/a%23b%3F', 'open'],
  ['/%0d%0a', '/%0D%0A'],
  ['/%7f', '/%7F'],
  ['/%01', '/%01'],
  ['/100%25', '/100%25'],
  // Nothing is decoded twice.
  ['/%252e%252e/a', '/%252e%252e/a'],
  ['/a%252Fb', '/a%252Fb'],
  ['/%2500', '/%2500'],
  ['/%25%37%45', '/%257E'],
  // What others could read differently stays, and says so.
  ['//', '//', 'open'],
  ['//a', '//a', 'open'],
  ['/a//b', '/a//b', 'open'],
  ['/a//', '/a//', 'open'],
  ['/a/..//b', '//b', 'open'],
  ['/a//../b', '/a/b', 'open'],
  ['/a/.//b', '/a//b', 'open'],
  ['/a;x=1/b', '/a;x=1/b', 'open'],
  ['/a;', '/a;', 'open'],
  ['/;/a', '/;/a', 'open'],
  ['/a/..;/b', '/a/..;/b', 'open'],
  ['/a;x/../b', '/b'],
  ['/a%2fb', '/a%2Fb', 'open'],
  ['/a/..%2Fb', '/a/..%2Fb', 'open'],
  ['/a/b%2F..%2F../c', '/a/b%2F..%2F../c', 'open'],
  ['/a/%2e%2e%2fb', '/a/..%2Fb', 'open'],
  ['/a%5cb', '/a%5Cb', 'open'],
  ['/a/..%5Cb', '/a/..%5Cb', 'open'],
  ['/%40me', '/%40me', 'open'],
  ['/a%3ab', '/a%3Ab', 'open'],
  ['/a%7Cb', '/a%7Cb', 'open'],
  ['/a%3bx', '/a%3Bx', 'open'],
]

const REFUSED: readonly [raw: string, at: number, detail: RegExp][] = [
  ['', 0, /does not begin with a slash/],
  ['*', 0, /does not begin with a slash/],
  ['a/b', 0, /does not begin with a slash/],
  ['%2Fa', 0, /does not begin with a slash/],
  ['/a b', 2, /raw space\. Send it as %20/],
  ['/a\tb', 2, /control character\. Send it as %09/],
  ['/a\rb', 2, /control character/],
  ['/a\nb', 2, /control character/],
  ['/a\x00b', 2, /null byte/],
  ['/\x1f', 1, /control character/],
  ['/\x7f', 1, /control character\. Send it as %7F/],
  ['/\x80', 1, /byte outside ASCII\. Send it as %80/],
  ['/caf\xc3\xa9', 4, /byte outside ASCII\. Send it as %C3/],
  ['/\xff', 1, /byte outside ASCII/],
  ['/a\u0100', 2, /not one byte/],
  ['/a\u2f2f', 2, /not one byte/],
  ['/a#b', 2, /raw "#"\. Send it as %23/],
  ['/a?b', 2, /raw "\?"/],
  ['/a\\b', 2, /raw "\\"\. Send it as %5C/],
  ['/..\\a', 3, /raw "\\"/],
  ['/a%00b', 2, /%00/],
  ['/%', 1, /two hex digits/],
  ['/a%2', 2, /two hex digits/],
  ['/a%/b', 2, /two hex digits/],
  ['/a%zz', 2, /two hex digits/],
  ['/%u002e', 1, /two hex digits/],
  ['/%2', 1, /two hex digits/],
  ['/% 2', 1, /two hex digits/],
  ['/%+2', 1, /two hex digits/],
  ['/%%32e', 1, /two hex digits/],
  ['/..', 0, /climbs above the root/],
  ['/../a', 0, /climbs above the root/],
  ['/a/../../b', 0, /climbs above the root/],
  ['/%2e%2e/a', 0, /climbs above the root/],
  ['/./../a', 0, /climbs above the root/],
]

/** Those that climb above the root only for some reader: another problem, the same 400. */
const AMBIGUOUS: readonly string[] = [
  '/..%2Fa',
  '/a/..%2F..%2Fb',
  '/%2e%2e%2fa',
  '/..;/a',
  '/a/..;x/..;y/b',
  '/..%5Ca',
  '/a//../../b',
  '/a/%2e%2e/..;/b',
  `/${'a;'.repeat(200)}`,
  '/%2F'.repeat(2000),
]

function pathOf(result: NormalPath): string | undefined {
  if (typeof result === 'string') return result
  return result.kind === 'open' ? result.path : undefined
}

describe('toNormalPath', () => {
  for (const [raw, normal, kind] of ACCEPTED) {
    it(`${JSON.stringify(raw)} is ${normal}${kind === 'open' ? ', open to other readings' : ''}`, () => {
      const result = toNormalPath(raw)
      assert.equal(pathOf(result), normal)
      assert.equal(typeof result === 'string', kind === undefined)
    })
  }

  for (const [raw, at, detail] of REFUSED) {
    it(`refuses ${JSON.stringify(raw)}`, () => {
      const result = toNormalPath(raw)
      assert.ok(typeof result !== 'string' && result.kind === 'refused')
      assert.equal(result.problem, 'malformed-request')
      assert.equal(result.at, at)
      assert.match(result.detail, detail)
    })
  }

  for (const raw of AMBIGUOUS) {
    it(`refuses ${JSON.stringify(raw.slice(0, 40))} as ambiguous`, () => {
      const result = toNormalPath(raw)
      assert.ok(typeof result !== 'string' && result.kind === 'refused')
      assert.equal(result.problem, 'ambiguous-path')
    })
  }

  it('has a word for the record for each refusal', () => {
    for (const [raw, reason] of [
      ['t', 'path-slash'],
      ['/../t', 'path-climbs'],
      ['/t/%zz', 'path-escape'],
      ['/t/%00', 'path-null'],
      ['/t/\x00', 'path-null'],
      ['/t#', 'path-character'],
      ['/a%2F..%2F..%2Fb', 'path-climbs'],
      [`/${'a;'.repeat(200)}`, 'path-readings'],
    ] as const) {
      const result = toNormalPath(raw)
      assert.equal(typeof result === 'object' && result.kind === 'refused' && result.reason, reason)
    }
    assert.equal(findQueryFault('?a b')?.reason, 'query-character')
  })

  it('refuses each control, and DEL, and each byte outside ASCII, wherever it stands', () => {
    for (let code = 0; code < 0x100; code++) {
      if (code > 0x20 && code < 0x7f) continue
      for (const raw of [`/${String.fromCharCode(code)}`, `/a${String.fromCharCode(code)}b/%41`]) {
        const result = toNormalPath(raw)
        assert.ok(typeof result !== 'string' && result.kind === 'refused', JSON.stringify(raw))
      }
    }
  })

  it('changes nothing when done twice', () => {
    const piece = fc.constantFrom(
      '/',
      '.',
      '..',
      '%2e',
      '%2E',
      '%2F',
      '%2f',
      '%5C',
      '%25',
      '%41',
      '%c3',
      ';',
      'a',
      'B',
      '%40',
      '%',
      '~',
    )
    const raw = fc.array(piece, { maxLength: 24 }).map((pieces) => `/${pieces.join('')}`)
    fc.assert(
      fc.property(raw, (raw) => {
        const once = pathOf(toNormalPath(raw))
        fc.pre(once !== undefined)
        const twice = pathOf(toNormalPath(once))
        assert.equal(twice, once)
        assert.doesNotMatch(once, /\/\.{1,2}(?:\/|$)|%2E|%41|%[0-9A-F]?[a-f]/)
      }),
      { numRuns: 2000 },
    )
  })

  it('agrees with the WHATWG URL parser about dot segments', () => {
    const piece = fc.constantFrom('/', '/', '.', '..', '%2e', '%2E', 'a', 'b')
    const raw = fc.array(piece, { maxLength: 16 }).map((pieces) => `/${pieces.join('')}`)
    fc.assert(
      fc.property(raw, (raw) => {
        const normal = pathOf(toNormalPath(raw))
        fc.pre(normal !== undefined)
        // It decodes only those dots that make up a dot segment.
        assert.equal(normal, new URL(`http://h${raw}`).pathname.replace(/%2e/gi, '.'))
      }),
      { numRuns: 2000 },
    )
  })
})

describe('findQueryFault', () => {
  it('lets pass what browsers send, byte for byte', () => {
    for (const search of [
      '',
      '?',
      '?a=1&b',
      '?q=100%',
      '?a|b[]={}"<>\\^`',
      '?%zz%00',
      '?a=/../?b',
      '?caf\xc3\xa9\x80\xff',
      '?;a//',
    ]) {
      assert.equal(findQueryFault(search), undefined, search)
    }
  })

  it('refuses controls, spaces and #, and says where', () => {
    for (let code = 0; code < 0x100; code++) {
      const isRefused = code <= 0x20 || code === 0x7f || code === 0x23
      assert.equal(findQueryFault(`?a${String.fromCharCode(code)}b`)?.at, isRefused ? 2 : undefined, String(code))
    }
    assert.match(findQueryFault('?a b')?.detail ?? '', /The query contains a raw space\. Send it as %20\./)
  })
})
