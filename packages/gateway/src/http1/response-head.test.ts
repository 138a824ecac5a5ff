import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { HeadParser } from './head-parser.ts'
import { Refusal } from './refusal.ts'
import { ResponseHead } from './response-head.ts'

const LIMITS = { firstLineBytes: 8192, headerBytes: 65_536, headerFields: 256 }
const [NO_BODY, CHUNKED, UNTIL_CLOSE] = [0, -1, -2]

function read(line: string, lines: readonly string[] = [], method = 'GET'): ResponseHead | string {
  const head = new ResponseHead()
  const parser = new HeadParser(LIMITS, head.scanLine, { skipsEmptyLine: false })
  const fields = parser.push(Buffer.from([line, ...lines, '', ''].join('\r\n'), 'latin1'))
  if (fields instanceof Refusal) return fields.reason
  assert.ok(fields !== undefined)
  return head.readFields(fields, method)?.reason ?? head
}

describe('answer head', () => {
  for (const [line, expected] of [
    ['HTTP/1.1 200 OK', '200 "OK" 1'],
    ['HTTP/1.0 404 Not Found', '404 "Not Found" 0'],
    ['HTTP/1.1 200 ', '200 "" 1'],
    ['HTTP/1.1 200', '200 "" 1'],
    ['HTTP/1.1 599 \xfcber', '599 "\xfcber" 1'],
    ['HTTP/1.1 099 X', 'status-line'],
    ['HTTP/1.1 600 X', 'status-line'],
    ['HTTP/1.1 20 OK', 'status-line'],
    ['HTTP/1.1 2000 OK', 'status-line'],
    ['HTTP/1.1  200 OK', 'status-line'],
    ['HTTP/1.1\t200 OK', 'status-line'],
    ['HTTP/1.1 200\tOK', 'status-line'],
    ['HTTP/1.1 200 O\0K', 'status-line'],
    ['HTTP/2.0 200 OK', 'status-line'],
    ['HTTP/1.2 200 OK', 'status-line'],
    ['http/1.1 200 OK', 'status-line'],
    ['ICY 200 OK', 'status-line'],
    ['\0\0\x12\x04\0\0\0\0\0', 'http2'],
    ['\x15\x03\x01\0\x02\x02\x46', 'tls'],
  ] as const) {
    it(`reads the line ${JSON.stringify(line)} as ${expected}`, () => {
      const head = read(line)
      assert.equal(typeof head === 'string' ? head : `${head.status} "${head.reason}" ${head.minorVersion}`, expected)
    })
  }

  for (const [what, line, lines, method, body] of [
    ['a length', 'HTTP/1.1 200 OK', ['Content-Length: 7'], 'GET', 7],
    ['a length of none', 'HTTP/1.1 200 OK', ['Content-Length: 0'], 'GET', NO_BODY],
    ['chunks', 'HTTP/1.1 200 OK', ['Transfer-Encoding: Chunked'], 'GET', CHUNKED],
    ['neither', 'HTTP/1.1 200 OK', [], 'GET', UNTIL_CLOSE],
    ['an answer to HEAD', 'HTTP/1.1 200 OK', ['Content-Length: 7'], 'HEAD', NO_BODY],
    ['an answer to HEAD in chunks', 'HTTP/1.1 200 OK', ['Transfer-Encoding: chunked'], 'HEAD', NO_BODY],
    ['204', 'HTTP/1.1 204 X', ['Content-Length: 7'], 'GET', NO_BODY],
    ['304', 'HTTP/1.1 304 X', ['Content-Length: 7'], 'GET', NO_BODY],
    ['103', 'HTTP/1.1 103 X', [], 'GET', NO_BODY],
  ] as const) {
    it(`frames the body of ${what}`, () => {
      const head = read(line, lines, method)
      assert.equal(typeof head === 'string' ? head : head.body, body)
    })
  }

  for (const [what, line, lines, expected] of [
    ['two lengths', 'HTTP/1.1 200 OK', ['Content-Length: 7', 'Content-Length: 7'], 'content-length-twice'],
    ['a bad length', 'HTTP/1.1 200 OK', ['Content-Length: 7a'], 'content-length'],
    ['a bad length of an answer without a body', 'HTTP/1.1 304 X', ['Content-Length: x'], 'content-length'],
    [
      'a length and a coding',
      'HTTP/1.1 200 OK',
      ['Transfer-Encoding: chunked', 'Content-Length: 7'],
      'length-and-coding',
    ],
    ['two codings', 'HTTP/1.1 200 OK', ['Transfer-Encoding: chunked', 'Transfer-Encoding: x'], 'transfer-encoding'],
    ['an unknown coding', 'HTTP/1.1 200 OK', ['Transfer-Encoding: gzip'], 'transfer-encoding'],
    ['a coding in 1.0', 'HTTP/1.0 200 OK', ['Transfer-Encoding: chunked'], 'coding-on-1.0'],
    ['a coding of a 204', 'HTTP/1.1 204 X', ['Transfer-Encoding: chunked'], 'coding-without-body'],
    ['a coding of a 1xx', 'HTTP/1.1 103 X', ['Transfer-Encoding: chunked'], 'coding-without-body'],
    ['a Connection that is no list', 'HTTP/1.1 200 OK', ['Connection: a b'], 'connection'],
  ] as const) {
    it(`refuses ${what}`, () => {
      assert.equal(read(line, lines), expected)
    })
  }

  for (const [line, lines, keeps] of [
    ['HTTP/1.1 200 OK', ['Content-Length: 0'], true],
    ['HTTP/1.1 200 OK', ['Content-Length: 0', 'Connection: close'], false],
    ['HTTP/1.1 200 OK', [], false],
    ['HTTP/1.1 304 X', [], true],
    ['HTTP/1.0 200 OK', ['Content-Length: 0'], false],
    ['HTTP/1.0 200 OK', ['Content-Length: 0', 'Connection: Keep-Alive'], true],
  ] as const) {
    it(`${keeps ? 'keeps' : 'does not keep'} the connection after ${[line, ...lines].join(' · ')}`, () => {
      const head = read(line, lines)
      assert.equal(typeof head === 'string' ? head : head.keepsAlive, keeps)
    })
  }

  it('knows how long the connection may wait', () => {
    const seconds = ['timeout=5, max=100', 'max=100,timeout=7', 'TIMEOUT=3', 'max=1', 'x-timeout=5', 'timeout=abc'].map(
      (value) => (read('HTTP/1.1 200 OK', [`Keep-Alive: ${value}`]) as ResponseHead).keepAliveSeconds,
    )
    assert.deepEqual(seconds, [5, 7, 3, -1, -1, -1])
  })
})
