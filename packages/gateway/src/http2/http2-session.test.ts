import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ERROR_CODES, FLAGS, FRAME_TYPES, PREFACE, SETTINGS } from './frame.ts'
import type { Http2Stream } from './http2-stream.ts'
import {
  answerOk,
  data,
  type Fields,
  frame,
  GET,
  headers,
  literals,
  POST,
  reset,
  SessionStage,
  settings,
  uint32,
  windowUpdate,
} from './session-stage.fixture.ts'

const { headers: HEADERS, data: DATA, continuation: CONTINUATION, priority: PRIORITY, ping: PING } = FRAME_TYPES
const PADDING = frame(DATA, FLAGS.padded, 1, Buffer.alloc(8, 7))
const ack = frame(FRAME_TYPES.settings, FLAGS.ack, 0)

/** A session that answers every request at once. */
function answering(body = ''): SessionStage {
  return new SessionStage({ onRequest: (stream) => answerOk(stream, body) })
}

describe('a server session', () => {
  it("says its SETTINGS first, and acknowledges the client's", () => {
    const stage = new SessionStage({ isFresh: true, settings: { takesExtendedConnect: true } })
    const [first, second] = stage.taken()
    assert.equal(stage.toWords(first!), 'settings')
    assert.deepEqual(
      [...Array(first!.payload.length / 6).keys()].map((i) => [
        first!.payload.readUInt16BE(i * 6),
        first!.payload.readUInt32BE(i * 6 + 2),
      ]),
      [
        [SETTINGS.initialWindowSize, 65_536],
        [SETTINGS.maxHeaderListSize, 65_536],
        [SETTINGS.maxConcurrentStreams, 128],
        [SETTINGS.enableConnectProtocol, 1],
      ],
    )
    assert.equal(stage.toWords(second!), `0 window ${1_048_576 - 65_535}`)
    stage.send(PREFACE, settings(), ack)
    assert.deepEqual(stage.said(), ['settings ack'])
  })

  it('takes the preface in any cuts, and ends the connection where it is another', () => {
    const stage = new SessionStage({ isFresh: true })
    for (const octet of Buffer.concat([PREFACE, settings(), headers(1, GET)])) stage.send(Buffer.from([octet]))
    assert.deepEqual(stage.notes, ['1 GET / ends'])
    const other = new SessionStage({ isFresh: true }).send(Buffer.from('GET / HTTP/1.1\r\n'))
    assert.deepEqual(other.notes, [`down ${ERROR_CODES.protocolError} preface`])
  })

  it('ends the connection where anything but SETTINGS comes first', () => {
    for (const first of [headers(1, GET), ack, frame(PING, 0, 0, 'abcdefgh'), windowUpdate(0, 1)]) {
      const stage = new SessionStage({ isFresh: true }).send(PREFACE, first)
      assert.deepEqual(stage.notes, [`down ${ERROR_CODES.protocolError} settings-missing`])
    }
  })

  it('ignores unknown frames, settings and flags, and priorities', () => {
    const stage = answering('hi')
    stage.send(
      frame(0x16, 0xff, 0, 'abc'),
      frame(0x16, 0, 7, 'abc'),
      settings([0x99, 1]),
      frame(PRIORITY, 0, 5, Buffer.concat([uint32(0), Buffer.from([7])])),
      frame(PING, 0x16, 0, 'abcdefgh'),
      frame(HEADERS, FLAGS.endHeaders | FLAGS.endStream | 0x52, 1, literals(GET)),
      frame(FRAME_TYPES.goaway, 0, 0, uint32(0, 0xff)),
    )
    assert.deepEqual(stage.said(), ['settings ack', 'ping ack abcdefgh', '1 head :status=200', '1 data 2 ends'])
  })

  it('takes a block with padding, with a priority, and in nine pieces', () => {
    const stage = new SessionStage()
    const block = literals(GET)
    const { endHeaders, endStream, padded, priority } = FLAGS
    const before = Buffer.concat([Buffer.from([2]), uint32(0), Buffer.from([7])])
    const inside = Buffer.concat([before, block, Buffer.alloc(2)])
    stage.send(frame(HEADERS, endHeaders | endStream | padded | priority, 1, inside))
    const rest = [...block.subarray(7)].map((octet, i) => [Math.min(i, 7), octet] as const)
    const parts = Array.from({ length: 8 }, (_, n) => Buffer.from(rest.filter(([i]) => i === n).map(([, o]) => o)))
    stage.send(
      frame(HEADERS, endStream, 3, block.subarray(0, 7)),
      ...parts.map((part, n) => frame(CONTINUATION, n === 7 ? endHeaders : 0, 3, part)),
    )
    assert.deepEqual(stage.notes, ['1 GET / ends', '3 GET / ends'])
  })

  it('hands over a request with body and trailers, and sends an answer with both', () => {
    const stage = new SessionStage()
    stage.send(
      headers(1, [...POST, ['content-length', '10']], { ends: false }),
      data(1, 'hello'),
      frame(DATA, FLAGS.padded, 1, '\x02world\0\0'),
      headers(1, [
        ['x-sum', '7'],
        ['content-length', '3'],
        ['x_forwarded_for', '192.0.2.1'],
      ]),
    )
    assert.deepEqual(stage.notes, ['1 POST /', '1 end'])
    assert.equal(stage.listener(1).body, 'helloworld')
    // What frames, routes or speaks for the way has no place in trailers, as in HTTP/1.1.
    assert.deepEqual([...(stage.listener(1).trailers ?? [])], [['x-sum', '7']])
    const stream = stage.stream(1)
    stream.beginHead().status(200).field('Content-Type', 'text/plain')
    stream.sendHead({ endsStream: false })
    stream.write('abc')
    stream.end(stage.listener(1).trailers)
    assert.deepEqual(stage.said(), ['1 head :status=200 content-type=text/plain', '1 data 3', '1 head x-sum=7 ends'])
    assert.equal(stage.session.size, 0)
    assert.equal(stage.session.table.counted, 0)
  })

  it('gives a head as HTTP/1.1 would: fields in order, known ones by number, cookie crumbs as one', () => {
    let seen: unknown
    const stage = new SessionStage({
      onRequest: (_, { method, scheme, authority, path, headers, contentLength }) => {
        seen = { method, scheme, authority, path, contentLength, fields: [...headers] }
        assert.equal(headers.indexOfKnown(2), 1)
      },
    })
    const more: Fields = [
      ['x-one', '1'],
      ['content-length', '3'],
      ['cookie', 'a=b'],
      ['x-empty', ''],
      ['cookie', 'c=d'],
      ['te', 'trailers'],
    ]
    for (const id of [1, 3]) {
      stage.send(stage.encoded(id, [...POST, ...more], { ends: false }))
      assert.deepEqual(seen, {
        method: 'POST',
        scheme: 'http',
        authority: 'a.test',
        path: '/',
        contentLength: 3,
        fields: [
          ['x-one', '1'],
          ['content-length', '3'],
          ['x-empty', ''],
          ['te', 'trailers'],
          ['cookie', 'a=b; c=d'],
          ['host', 'a.test'],
        ],
      })
    }
  })

  it('takes OPTIONS *, CONNECT, and extended CONNECT where it was offered', () => {
    const stage = new SessionStage({ settings: { takesExtendedConnect: true } })
    stage.send(
      headers(1, [
        [':method', 'OPTIONS'],
        [':scheme', 'https'],
        [':path', '*'],
        ['host', 'a.test'],
      ]),
      headers(
        3,
        [
          [':method', 'CONNECT'],
          [':authority', 'a.test:443'],
        ],
        { ends: false },
      ),
      headers(5, [...GET.slice(1), [':method', 'CONNECT'], [':protocol', 'websocket']], { ends: false }),
    )
    assert.deepEqual(stage.notes, ['1 OPTIONS * ends', '3 CONNECT ', '5 CONNECT /'])
  })

  it('lets its owner answer what is malformed, and resets behind the answer', () => {
    const stage = new SessionStage({
      onMalformed: (stream) => {
        stream.beginHead().status(400)
        stream.sendHead({ endsStream: false })
        stream.writeLast('no')
        return true
      },
    })
    stage.send(headers(1, [...POST, ['upgrade', 'x']], { ends: false }), data(1, 'ignored', { ends: true }))
    assert.deepEqual(stage.notes, ['1 malformed connection-field'])
    assert.deepEqual(stage.said(), ['1 head :status=400', '1 data 2 ends', `1 reset ${ERROR_CODES.protocolError}`])
    assert.equal(stage.session.table.counted, 0)
    stage.send(headers(3, GET))
    assert.equal(stage.notes.at(-1), '3 GET / ends')
  })

  it('goes on after a list that is too long, with its tables in step', () => {
    const stage = new SessionStage({
      settings: { headerListBytes: 1000 },
      onMalformed: (stream) => {
        stream.beginHead().status(431)
        stream.sendHead({ endsStream: true })
        return true
      },
    })
    const field = ['user-agent', 'z'.repeat(400)] as const
    stage.send(stage.encoded(1, [...GET, field, field, field]), stage.encoded(3, [...GET, field]))
    assert.deepEqual(stage.notes, ['1 malformed header-list', '3 GET / ends'])
    assert.deepEqual(stage.said(), ['1 head :status=431 ends'])
    const many: Fields = Array.from({ length: 257 }, () => ['x', ''] as const)
    const other = new SessionStage().send(headers(1, [...GET, ...many]))
    assert.equal(other.notes[0], '1 malformed header-count')
  })

  it('refuses streams above the limit, as not processed', () => {
    const stage = new SessionStage({ settings: { concurrentStreams: 2 } })
    stage.send(headers(1, GET), headers(3, GET), headers(5, POST, { ends: false }), data(5, 'late'))
    assert.deepEqual(stage.said(), [`5 reset ${ERROR_CODES.refusedStream}`])
    answerOk(stage.stream(1))
    stage.send(headers(7, GET))
    assert.deepEqual(stage.notes.slice(0, 2), ['1 GET / ends', '3 GET / ends'])
    assert.equal(stage.notes.at(-1), '7 GET / ends')
  })

  it('counts a stream that was reset until its user releases it', () => {
    const stage = new SessionStage({ settings: { concurrentStreams: 2 } })
    stage.send(headers(1, GET), headers(3, GET), reset(1), reset(3), headers(5, GET))
    assert.deepEqual(stage.said(), [`5 reset ${ERROR_CODES.refusedStream}`])
    stage.stream(1).release()
    stage.stream(1).release()
    stage.send(headers(7, GET), headers(9, GET))
    assert.deepEqual(stage.said(), [`9 reset ${ERROR_CODES.refusedStream}`])
    assert.equal(stage.session.table.counted, 2)
  })

  it('tells its user of a reset, and takes nothing more for the stream', () => {
    const stage = new SessionStage()
    stage.send(headers(1, POST, { ends: false }), reset(1, 0xabcd))
    assert.deepEqual(stage.listener(1).resets, [{ code: 0xabcd, by: 'peer', reason: 'reset', isUnprocessed: false }])
    const stream = stage.stream(1)
    stream.beginHead().status(200).field('x-new', 'never sent')
    stream.sendHead({ endsStream: false })
    assert.equal(stream.write('x'), false)
    stream.end()
    stream.reset()
    assert.deepEqual(stage.said(), [])
    stage.send(headers(3, GET))
    answerOk(stage.stream(3))
    assert.deepEqual(stage.said(), ['3 head :status=200 ends'])
  })

  it('ignores what was on its way when it reset a stream', () => {
    const stage = new SessionStage()
    stage.send(headers(1, POST, { ends: false }))
    stage.stream(1).reset(ERROR_CODES.internalError)
    stage.send(data(1, 'x'), headers(1, [['x', 'y']]), reset(1), windowUpdate(1, 5), headers(3, GET))
    assert.deepEqual(stage.said(), ['1 reset 2'])
    assert.deepEqual(stage.notes, ['1 POST /', '3 GET / ends'])
  })

  it('cuts off the rest of a request whose answer is whole', () => {
    const stage = new SessionStage()
    stage.send(headers(1, POST, { ends: false }))
    answerOk(stage.stream(1), 'early')
    stage.stream(1).release()
    assert.deepEqual(stage.said(), ['1 head :status=200', '1 data 5 ends', `1 reset ${ERROR_CODES.noError}`])
    assert.equal(stage.session.table.counted, 0)
  })

  it('goes away in two steps: what was on its way is served, and what comes later is not', () => {
    const stage = new SessionStage()
    stage.send(headers(1, GET))
    stage.session.goAway()
    const [goaway, ping] = stage.taken()
    assert.deepEqual([stage.toWords(goaway!), ping!.type], ['goaway 2147483647 0', PING])
    stage.send(headers(3, GET), frame(PING, FLAGS.ack, 0, ping!.payload), headers(5, GET))
    assert.deepEqual(stage.said(), ['goaway 3 0'])
    assert.deepEqual(stage.notes, ['1 GET / ends', '3 GET / ends'])
    answerOk(stage.stream(1))
    answerOk(stage.stream(3))
    assert.equal(stage.idleTimes, 0)
    assert.deepEqual(stage.said(), ['1 head :status=200 ends', '3 head :status=200 ends'])
    assert.equal(stage.idleTimes, 1)
  })

  it('tells every open stream when the connection is over, after its owner', () => {
    const stage = new SessionStage().send(headers(1, GET), headers(3, POST, { ends: false }), data(0, 'x'))
    assert.deepEqual(stage.notes.slice(2), [
      'down 1 data-without-stream',
      '1 connection data-without-stream 1',
      '3 connection data-without-stream 1',
    ])
    const closed = new SessionStage().send(headers(1, GET))
    closed.session.close('client-left')
    assert.deepEqual(closed.notes.slice(1), ['1 connection client-left 8'])
    closed.send(headers(3, GET))
    assert.equal(closed.notes.length, 2)
  })
})

describe('what a server session gives back of its windows', () => {
  function uploading(own: { connectionWindowBytes?: number } = {}): SessionStage {
    const stage = new SessionStage({ settings: own })
    stage.send(headers(1, POST, { ends: false }))
    stage.listener(1).takesData = false
    return stage
  }

  it('is what its reader took, of the stream and of the connection, and not before half of it', () => {
    const stage = uploading({ connectionWindowBytes: 65_535 })
    stage.send(...Array.from({ length: 4 }, () => data(1, Buffer.alloc(16_000))))
    assert.deepEqual(stage.said(), [])
    stage.stream(1).consumed(32_767)
    assert.deepEqual(stage.said(), [])
    stage.stream(1).consumed(1)
    assert.deepEqual(stage.said(), ['1 window 32768', '0 window 32768'])
  })

  it('includes padding, which nobody reads', () => {
    const stage = uploading({ connectionWindowBytes: 65_535 })
    const padded = frame(DATA, FLAGS.padded, 1, Buffer.concat([Buffer.from([255, 0x78]), Buffer.alloc(255)]))
    stage.send(...Array.from({ length: 129 }, () => padded))
    assert.equal(stage.stream(1).window?.unreadBytes, 129)
    // Which is 257 octets a frame, less the one that is waiting.
    assert.deepEqual(stage.said(), ['1 window 32768', '0 window 32768'])
  })

  it('is nothing while nobody reads: more than the window ends the stream', () => {
    const stage = uploading()
    stage.send(...Array.from({ length: 4 }, () => data(1, Buffer.alloc(16_384))))
    assert.deepEqual(stage.said(), [])
    stage.send(data(1, 'x'))
    assert.deepEqual(stage.said(), [`1 reset ${ERROR_CODES.flowControlError}`])
  })

  it("is the connection's alone once the stream is over, and all that was left of it", () => {
    const stage = uploading({ connectionWindowBytes: 65_535 })
    stage.send(data(1, Buffer.alloc(16_384)), data(1, Buffer.alloc(16_384)), reset(1))
    assert.deepEqual(stage.said(), ['0 window 32768'])
    stage.stream(1).consumed(32_768)
    assert.deepEqual(stage.said(), [])
  })

  it("counts all streams together: the connection's window is never overrun", () => {
    const stage = new SessionStage({ settings: { connectionWindowBytes: 65_535 } })
    stage.send(headers(1, POST, { ends: false }), headers(3, POST, { ends: false }))
    for (const id of [1, 3]) stage.listener(id).takesData = false
    for (const id of [1, 3, 1, 3]) stage.send(data(id, Buffer.alloc(16_000)))
    assert.equal(stage.session.isDown, false)
    stage.send(data(1, Buffer.alloc(2000)))
    assert.equal(stage.notes.at(-3), `down ${ERROR_CODES.flowControlError} connection-window`)
  })

  it('grows for a reader that keeps up, so that long lines are filled', () => {
    const stage = uploading()
    stage.listener(1).takesData = true
    let given = 65_536
    let sent = 0
    for (let i = 0; i < 300; i++) {
      stage.send(data(1, Buffer.alloc(16_384)))
      sent += 16_384
      for (const { type, streamId, payload } of stage.taken()) {
        if (type === FRAME_TYPES.windowUpdate && streamId === 1) given += payload.readUInt32BE(0)
      }
    }
    assert.ok(given - sent > 200_000 && given - sent <= 524_288, `${given - sent} octets are open`)
  })

  it('is given at once for data that nobody wants', () => {
    const stage = uploading({ connectionWindowBytes: 65_535 })
    stage.stream(1).ignoreData()
    for (let i = 0; i < 100; i++) stage.send(data(1, Buffer.alloc(16_384)))
    assert.equal(stage.session.isDown, false)
  })
})

describe('a client that makes work for nothing', () => {
  const calm = `down ${ERROR_CODES.enhanceYourCalm} flood`

  /** Sends it again and again; how often until the connection ends. */
  function countUntilDown(stage: SessionStage, toFrames: (n: number) => Buffer[]): number {
    for (let n = 0; n < 20_000; n++) {
      stage.send(...toFrames(n))
      stage.taken()
      if (stage.session.isDown) return n
    }
    return Number.POSITIVE_INFINITY
  }

  function releasing(): SessionStage {
    const stage: SessionStage = new SessionStage({
      onRequest: (stream) => {
        stream.listener = { ...SILENT, onReset: () => stream.release() }
      },
    })
    return stage
  }

  const SILENT = { onData() {}, onEnd() {}, onWritable() {}, onReset() {} }

  const FLOODS: readonly (readonly [name: string, most: number, toFrames: (n: number) => Buffer[]])[] = [
    ['resets its streams (CVE-2023-44487)', 1100, (n) => [headers(n * 2 + 1, GET), reset(n * 2 + 1)]],
    ['makes us reset them (CVE-2025-8671)', 1100, (n) => [headers(n * 2 + 1, GET), windowUpdate(n * 2 + 1, 0)]],
    ['sends malformed requests', 1100, (n) => [headers(n * 2 + 1, [...GET, ['te', 'x']])]],
    ['sends PING (CVE-2019-9512)', 1100, () => [frame(PING, 0, 0, 'abcdefgh')]],
    ['sends SETTINGS (CVE-2019-9515)', 600, () => [settings()]],
    ['sends PRIORITY (CVE-2019-9513)', 2600, () => [frame(PRIORITY, 0, 1, '\0\0\0\0\x0f')]],
    ['sends WINDOW_UPDATE', 5100, () => [windowUpdate(0, 1)]],
    ['sends empty DATA (CVE-2019-9518)', 1100, (n) => (n === 0 ? [headers(1, POST, { ends: false })] : [data(1, '')])],
    ['sends DATA that is padding', 1100, (n) => (n === 0 ? [headers(1, POST, { ends: false })] : [PADDING])],
    ['sends unknown frames', 2600, () => [frame(0x70, 0, 0, 'x')]],
    ['resets what is closed', 2100, (n) => (n === 0 ? [headers(1, GET), reset(1)] : [reset(1)])],
    ['acknowledges PINGs that nobody sent', 2600, () => [frame(PING, FLAGS.ack, 0, 'abcdefgh')]],
  ]
  for (const [name, most, toFrames] of FLOODS) {
    it(`${name} is told to calm down`, () => {
      const stage = releasing()
      const n = countUntilDown(stage, toFrames)
      assert.ok(n > 400 && n < most, `after ${n}`)
      assert.ok(stage.notes.includes(calm))
    })
  }

  it('is told so too when it opens more and more streams', () => {
    const stage = new SessionStage({ settings: { concurrentStreams: 1 } })
    const n = countUntilDown(stage, (id) => [headers(id * 2 + 1, GET)])
    assert.ok(n > 1000 && n < 2100, `after ${n}`)
  })

  it('may give up one request of many for ever', () => {
    const stage = releasing()
    const n = countUntilDown(stage, (id) => {
      stage.nowMs += 40
      return [headers(id * 2 + 1, GET), reset(id * 2 + 1)]
    })
    assert.equal(n, Number.POSITIVE_INFINITY)
  })

  it('may send PINGs while it downloads', () => {
    const stage = new SessionStage()
    stage.send(headers(1, GET), windowUpdate(1, 0x4000_0000), windowUpdate(0, 0x4000_0000))
    const stream = stage.stream(1)
    stream.beginHead().status(200)
    stream.sendHead({ endsStream: false })
    const n = countUntilDown(stage, () => {
      stream.write('some data')
      return [frame(PING, 0, 0, 'abcdefgh'), windowUpdate(0, 9), windowUpdate(1, 9)]
    })
    assert.equal(n, Number.POSITIVE_INFINITY)
  })

  it('is not paid for crumbs that its windows make of an answer (CVE-2019-9511)', () => {
    const stage = new SessionStage()
    stage.send(settings([SETTINGS.initialWindowSize, 0]), headers(1, GET))
    answerOk(stage.stream(1), 'x'.repeat(60_000))
    const n = countUntilDown(stage, () => [windowUpdate(1, 1)])
    assert.ok(n < 5100, `after ${n}`)
  })
})

describe('a client that reads nothing', () => {
  it('is not read either, once a quarter of a mebibyte waits for it', () => {
    const stage = new SessionStage({ onRequest: (stream) => answerOk(stream, 'x'.repeat(10_000)) })
    stage.port.isStuck = true
    let id = 1
    for (; id < 100_000 && !stage.port.isPaused; id += 2) {
      stage.send(headers(id, GET), windowUpdate(0, 10_000))
      stage.session.output.onTurnEnd()
      stage.nowMs += 1000
    }
    const held = stage.port.writableLength + stage.session.output.gatheredBytes
    assert.ok(stage.port.isPaused && held < 400_000, `${held} octets are held after ${id}`)
    stage.port.isStuck = false
    stage.port.writableLength = 0
    stage.session.onDrain()
    assert.equal(stage.port.isPaused, false)
    assert.equal(stage.session.output.gatheredBytes, 0)
  })

  it('does not make its answers pile up: bodies wait with their sources', () => {
    const stage = new SessionStage()
    stage.send(windowUpdate(0, 0x4000_0000), settings([SETTINGS.initialWindowSize, 0x4000_0000]), headers(1, GET))
    stage.port.isStuck = true
    const stream: Http2Stream = stage.stream(1)
    stream.beginHead().status(200)
    stream.sendHead({ endsStream: false })
    let writes = 1
    while (stream.write(Buffer.alloc(65_536)) && writes < 100) writes++
    assert.ok(writes < 5, `${writes} writes were taken`)
    stage.port.isStuck = false
    stage.port.writableLength = 0
    stage.session.onDrain()
    assert.ok(stage.notes.includes('1 writable'))
  })
})
