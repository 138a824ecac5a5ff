import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { HeadParser } from './head-parser.ts'
import { Refusal } from './refusal.ts'
import { RequestHead } from './request-head.ts'

const LIMITS = { firstLineBytes: 8192, headerBytes: 65_536, headerFields: 256 }

/** The facts of a request, or why it is refused. */
function read(line: string, ...lines: readonly string[]): RequestHead | string {
  const head = new RequestHead()
  const parser = new HeadParser(LIMITS, head.scanLine, { skipsEmptyLine: true })
  const fields = parser.push(Buffer.from([line, ...lines, '', ''].join('\r\n'), 'latin1'))
  if (fields instanceof Refusal) return fields.reason
  assert.ok(fields !== undefined)
  return head.readFields(fields)?.reason ?? head
}

function facts(...lines: readonly string[]): RequestHead {
  const head = read('POST /a HTTP/1.1', 'Host: a', ...lines)
  assert.ok(head instanceof RequestHead, String(head))
  return head
}

describe('request head', () => {
  for (const [line, expected] of [
    ['GET / HTTP/1.1', 'GET / 1'],
    ['GET / HTTP/1.0', 'GET / 0'],
    ['get /a?b HTTP/1.1', 'get /a?b 1'],
    ["M-SEARCH!#$%&'*+.^_`|~ * HTTP/1.1", "M-SEARCH!#$%&'*+.^_`|~ * 1"],
    ['GET /\xff HTTP/1.1', 'GET /\xff 1'],
    ['GET / HTTP/1.2', 'version'],
    ['GET / HTTP/2.0', 'version'],
    ['GET / HTTP/2', 'version'],
    ['PRI * HTTP/2.0', 'http2-preface'],
    ['GET / HTTP/11.1', 'version'],
    ['GET / http/1.1', 'request-line'],
    ['GET / HTTP/1.1 ', 'request-line'],
    ['GET / HTTP/1.x', 'request-line'],
    ['GET / HTTP/', 'request-line'],
    ['GET /', 'request-line'],
    ['GET  / HTTP/1.1', 'request-line'],
    ['GET /  HTTP/1.1', 'request-line'],
    ['GET\t/ HTTP/1.1', 'request-line'],
    ['GET / a HTTP/1.1', 'request-line'],
    ['GET /\x7f HTTP/1.1', 'request-line'],
    ['G(T / HTTP/1.1', 'request-line'],
    ['GET', 'request-line'],
  ] as const) {
    it(`reads the line ${JSON.stringify(line)} as ${expected}`, () => {
      const head = read(line, 'Host: a')
      assert.equal(typeof head === 'string' ? head : `${head.method} ${head.target} ${head.minorVersion}`, expected)
    })
  }

  for (const [what, lines, expected] of [
    ['two lengths, though equal', ['Content-Length: 1', 'Content-Length: 1'], 'content-length-twice'],
    ['a list of lengths', ['Content-Length: 1, 1'], 'content-length'],
    ['a signed length', ['Content-Length: +1'], 'content-length'],
    ['a length that no double counts', ['Content-Length: 9007199254740993'], 'content-length'],
    ['a length and a coding', ['Content-Length: 1', 'Transfer-Encoding: chunked'], 'length-and-coding'],
    ['a length and an unknown coding', ['Transfer-Encoding: x', 'Content-Length: 1'], 'length-and-coding'],
    ['two codings', ['Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'], 'transfer-encoding'],
    ['a list of codings', ['Transfer-Encoding: gzip, chunked'], 'transfer-encoding'],
    ['a coding with a parameter', ['Transfer-Encoding: chunked;q=1'], 'transfer-encoding'],
    ['an empty coding', ['Transfer-Encoding:'], 'transfer-encoding'],
    ['two hosts', ['Host: a'], 'host-twice'],
    ['an unknown expectation', ['Expect: 200-ok'], 'expect'],
    ['a Connection that is no list', ['Connection: a b'], 'connection'],
  ] as const) {
    it(`refuses ${what}`, () => {
      assert.equal(read('POST / HTTP/1.1', 'Host: a', ...lines), expected)
    })
  }

  it('needs a host in 1.1 and not in 1.0', () => {
    assert.equal(read('GET / HTTP/1.1'), 'host-missing')
    assert.ok(read('GET / HTTP/1.0') instanceof RequestHead)
  })

  it('has no coding and no expectation in 1.0', () => {
    assert.equal(read('POST / HTTP/1.0', 'Transfer-Encoding: chunked'), 'coding-on-1.0')
    const head = read('POST / HTTP/1.0', 'Expect: 100-continue')
    assert.ok(head instanceof RequestHead && !head.expectsContinue)
  })

  it('frames a body by its length, in chunks, or not at all', () => {
    assert.equal(facts().body, 0)
    assert.equal(facts('Content-Length: 0').body, 0)
    assert.equal(facts('content-length: 17').body, 17)
    assert.equal(facts('Transfer-Encoding: ChunKed').body, -1)
  })

  it('knows whether its connection stays', () => {
    const closes = (version: string, ...lines: readonly string[]): boolean =>
      (read(`GET / HTTP/${version}`, 'Host: a', ...lines) as RequestHead).wantsClose
    assert.deepEqual(
      [
        closes('1.1'),
        closes('1.1', 'Connection: close'),
        closes('1.1', 'Connection: keep-alive', 'Connection: x, CLOSE'),
        closes('1.0'),
        closes('1.0', 'Connection: keep-alive'),
        closes('1.0', 'Connection: keep-alive, close'),
      ],
      [false, true, true, true, false, true],
    )
  })

  it('keeps nothing of the head before', () => {
    const head = new RequestHead()
    const parser = new HeadParser(LIMITS, head.scanLine, { skipsEmptyLine: true })
    const push = (text: string): void => {
      const fields = parser.push(Buffer.from(text, 'latin1'))
      assert.ok(fields !== undefined && !(fields instanceof Refusal))
      assert.equal(head.readFields(fields), undefined)
      parser.reset()
    }
    push(
      'POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\nUpgrade: websocket\r\nConnection: upgrade, close\r\n\r\n',
    )
    push('GET /b HTTP/1.0\r\n\r\n')
    const { scanLine: _, ...rest } = head
    assert.deepEqual(
      { ...rest },
      {
        method: 'GET',
        target: '/b',
        minorVersion: 0,
        hostAt: -1,
        body: 0,
        expectsContinue: false,
        upgradeAt: -1,
        connection: { close: false, keepAlive: false, upgrade: false, named: [] },
      },
    )
  })
})
