import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { BytesBody, GatewayResponse, HeaderList, StreamBody } from '@gatewright/policies'
import { toStatusLine } from '../http1/serialize-head.ts'
import { HandBody, TestExchange } from '../upstream/loopback.fixture.ts'
import { serializeAnswerHead, toFraming } from './response-head.ts'

interface Given {
  readonly status?: number
  readonly fields?: readonly (readonly [string, string])[]
  /** A size, or `stream` for one that nobody knows. */
  readonly body?: number | 'stream'
  readonly method?: string
  readonly httpVersion?: '1.0' | '1.1'
  readonly keepsAlive?: boolean
  readonly answerWith?: readonly (readonly [string, string])[]
}

/** The lines of an answer's head, but for its id. */
function headOf(given: Given): string[] {
  const { status = 200, fields = [['Date', 'today']], body = 0, method = 'GET', httpVersion = '1.1' } = given
  const response = new GatewayResponse({
    status,
    headers: HeaderList.of(fields),
    body: body === 'stream' ? new StreamBody(new HandBody()) : new BytesBody(Buffer.alloc(body)),
  })
  const exchange = new TestExchange({ method })
  Object.assign(exchange.request, { httpVersion })
  for (const [name, value] of given.answerWith ?? []) exchange.answerWith(name, value)
  const framing = toFraming(response, method, httpVersion)
  const head = serializeAnswerHead(exchange, response, { framing, keepsAlive: given.keepsAlive ?? true, now: () => 0 })
  assert.ok(head.endsWith('\r\n\r\n'))
  const lines = head.slice(0, -4).split('\r\n')
  assert.equal(lines.filter((line) => line === `X-Request-Id: ${exchange.id}`).length, 1)
  return lines.filter((line) => !line.startsWith('X-Request-Id'))
}

describe('answer to a client', () => {
  for (const [what, given, expected] of [
    ['a length', { body: 5 }, ['HTTP/1.1 200 OK', 'Date: today', 'Content-Length: 5']],
    ['nothing', {}, ['HTTP/1.1 200 OK', 'Date: today', 'Content-Length: 0']],
    ['a stream', { body: 'stream' }, ['HTTP/1.1 200 OK', 'Date: today', 'Transfer-Encoding: chunked']],
    [
      'a stream to 1.0',
      { body: 'stream', httpVersion: '1.0', keepsAlive: false },
      ['HTTP/1.1 200 OK', 'Date: today', 'Connection: close'],
    ],
    [
      'a length to 1.0 that stays',
      { body: 5, httpVersion: '1.0' },
      ['HTTP/1.1 200 OK', 'Date: today', 'Content-Length: 5', 'Connection: keep-alive'],
    ],
    ['204', { status: 204, body: 5 }, ['HTTP/1.1 204 No Content', 'Date: today']],
    ['HEAD with bytes at hand', { method: 'HEAD', body: 5 }, ['HTTP/1.1 200 OK', 'Date: today', 'Content-Length: 5']],
    ['HEAD of a stream', { method: 'HEAD', body: 'stream' }, ['HTTP/1.1 200 OK', 'Date: today']],
    [
      'HEAD, with the length that a GET would have',
      { method: 'HEAD', fields: [['Content-Length', '99']] },
      ['HTTP/1.1 200 OK', 'Content-Length: 99', 'Date: Thu, 01 Jan 1970 00:00:00 GMT'],
    ],
    [
      '304, with the length that a 200 would have',
      {
        status: 304,
        fields: [
          ['Date', 'today'],
          ['Content-Length', '99'],
        ],
      },
      ['HTTP/1.1 304 Not Modified', 'Date: today', 'Content-Length: 99'],
    ],
    [
      'a length of its own, whatever the fields say',
      {
        body: 5,
        fields: [
          ['content-length', '99'],
          ['Date', 'today'],
          ['Transfer-Encoding', 'x'],
        ],
      },
      ['HTTP/1.1 200 OK', 'Date: today', 'Content-Length: 5'],
    ],
    [
      'the last of a connection',
      { keepsAlive: false },
      ['HTTP/1.1 200 OK', 'Date: today', 'Content-Length: 0', 'Connection: close'],
    ],
    ['a status without a phrase', { status: 299 }, ['HTTP/1.1 299 ', 'Date: today', 'Content-Length: 0']],
  ] as const satisfies readonly (readonly [string, Given, readonly string[]])[]) {
    it(`has its head: ${what}`, () => {
      assert.deepEqual(headOf(given), expected)
    })
  }

  it("has no field of the target's connection, and no id of the target's", () => {
    const dropped = [
      'Connection',
      'Keep-Alive',
      'Proxy-Connection',
      'Proxy-Authenticate',
      'TE',
      'Upgrade',
      'X-Request-Id',
    ]
    const lines = headOf({
      fields: [...dropped.map((name) => [name, 'x'] as const), ['Date', 'today'], ['X-Kept', '1']],
    })
    assert.deepEqual(lines, ['HTTP/1.1 200 OK', 'Date: today', 'X-Kept: 1', 'Content-Length: 0'])
  })

  it('keeps each Set-Cookie on a line of its own', () => {
    const fields = [
      ['Set-Cookie', 'a=b'],
      ['Date', 'today'],
      ['set-cookie', 'c=d'],
    ] as const
    assert.deepEqual(headOf({ fields }).slice(1, 4), ['Set-Cookie: a=b', 'Date: today', 'set-cookie: c=d'])
  })

  it('says one Date: that of a policy, of the target, or ours', () => {
    const dates = (given: Given): string[] => headOf(given).filter((line) => /^date:/i.test(line))
    assert.deepEqual(dates({ answerWith: [['date', 'tomorrow']] }), ['date: tomorrow'])
    assert.deepEqual(dates({ fields: [], answerWith: [['Date', 'tomorrow']] }), ['Date: tomorrow'])
    assert.deepEqual(dates({ fields: [], answerWith: [['X-Date', 'x']] }), ['Date: Thu, 01 Jan 1970 00:00:00 GMT'])
  })

  it('says what policies said, once, in the place of the same fields of the target', () => {
    const lines = headOf({
      fields: [
        ['Cache-Control', 'public'],
        ['Date', 'today'],
      ],
      answerWith: [
        ['cache-control', 'no-store'],
        ['X-Frame-Options', 'DENY'],
      ],
    })
    assert.deepEqual(lines, [
      'HTTP/1.1 200 OK',
      'Date: today',
      'cache-control: no-store',
      'X-Frame-Options: DENY',
      'Content-Length: 0',
    ])
  })

  it('frames what it sends itself, whatever a policy says', () => {
    const lines = headOf({
      body: 5,
      fields: [['Date', 'today']],
      answerWith: [
        ['Content-Length', '0'],
        ['transfer-encoding', 'chunked'],
        ['Connection', 'close'],
        ['Upgrade', 'h2c'],
        ['X-Request-Id', 'mine'],
        ['X-Kept', '1'],
      ],
    })
    assert.deepEqual(lines, ['HTTP/1.1 200 OK', 'Date: today', 'X-Kept: 1', 'Content-Length: 5'])
  })

  it('says the usual phrase where the one it was given could not stand in a line', () => {
    assert.equal(toStatusLine(200, 'Fine\r\nSet-Cookie: a=b'), 'HTTP/1.1 200 OK\r\n')
    assert.equal(toStatusLine(200, 'Fine'), 'HTTP/1.1 200 Fine\r\n')
  })
})
