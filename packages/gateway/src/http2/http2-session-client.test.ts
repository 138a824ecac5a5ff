import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { DecodedHead } from './decoded-head.ts'
import { ERROR_CODES, FLAGS, FRAME_TYPES, PREFACE, SETTINGS } from './frame.ts'
import {
  data,
  frame,
  GET,
  headers,
  literals,
  POST,
  reset,
  SessionStage,
  settings,
  uint32,
} from './session-stage.fixture.ts'

const OK = [[':status', '200']] as const

function goaway(last: number, code = 0): Buffer {
  return frame(FRAME_TYPES.goaway, 0, 0, uint32(last, code))
}

describe('a client session', () => {
  it('says preface and SETTINGS first, and that it takes no push', () => {
    const { session, port } = new SessionStage({ role: 'client', isFresh: true })
    session.output.onTurnEnd()
    const octets = port.take()
    assert.deepEqual(octets.subarray(0, PREFACE.length), PREFACE)
    assert.equal(octets[PREFACE.length + 3], FRAME_TYPES.settings)
    assert.ok(octets.includes(Buffer.concat([Buffer.from([0, SETTINGS.enablePush]), uint32(0)])))
  })

  it('sends requests as odd streams, in the order of their heads', () => {
    const stage = new SessionStage({ role: 'client' })
    const late = stage.session.open({ onData() {}, onEnd() {}, onWritable() {}, onReset() {} })
    const first = stage.request(POST, { ends: false })
    first.writeLast('hi')
    late.beginHead().request({ method: 'GET', scheme: 'https', authority: 'b.test', path: '/x' }).field('X-A', '1')
    late.sendHead({ endsStream: true })
    assert.deepEqual(stage.said(), [
      '1 head :method=POST :scheme=http :path=/ :authority=a.test',
      '1 data 2 ends',
      '3 head :method=GET :scheme=https :path=/x :authority=b.test x-a=1 ends',
    ])
  })

  it('writes CONNECT as RFC 9113 §8.5 and RFC 8441 §4 want it', () => {
    const stage = new SessionStage({ role: 'client' })
    const line = { method: 'CONNECT', scheme: 'https', authority: 'a.test', path: '/chat' }
    for (const protocol of [undefined, 'websocket']) {
      const stream = stage.session.open({ onData() {}, onEnd() {}, onWritable() {}, onReset() {} })
      stream.beginHead().request(protocol === undefined ? line : { ...line, protocol })
      stream.sendHead({ endsStream: false })
    }
    assert.deepEqual(stage.said(), [
      '1 head :method=CONNECT :authority=a.test',
      '3 head :method=CONNECT :scheme=https :path=/chat :authority=a.test :protocol=websocket',
    ])
  })

  it('hears interim answers, the final one, its body and its trailers', () => {
    const stage = new SessionStage({ role: 'client' })
    stage.request()
    stage.send(
      headers(
        1,
        [
          [':status', '103'],
          ['link', '</a>'],
        ],
        { ends: false },
      ),
      headers(1, [...OK, ['content-length', '4']], { ends: false }),
      data(1, 'body'),
      headers(1, [['x-sum', '1']]),
    )
    assert.deepEqual(stage.notes, ['1 103', '1 200', '1 end'])
    assert.equal(stage.listener(1).body, 'body')
    assert.equal(stage.listener(1).trailers?.get('x-sum'), '1')
    stage.request()
    stage.send(headers(3, OK))
    assert.deepEqual(stage.notes.slice(3), ['3 200 ends'])
  })

  it('gives back what is read of an answer that has ended already', () => {
    const stage = new SessionStage({ role: 'client', settings: { connectionWindowBytes: 65_535 } })
    stage.request()
    stage.listener(1).takesData = false
    stage.send(headers(1, OK, { ends: false }), ...[0, 1, 2].map(() => data(1, Buffer.alloc(16_000))))
    stage.send(data(1, '', { ends: true }))
    stage.said()
    stage.stream(1).consumed(40_000)
    assert.deepEqual(stage.said(), ['0 window 40000'])
  })

  it('opens no more streams than its peer takes', () => {
    const stage = new SessionStage({ role: 'client', isFresh: true })
    // RFC 9113 §6.5.2 recommends no less; before SETTINGS nobody knows.
    for (let i = 0; i < 100; i++) {
      assert.equal(stage.session.canOpen, true)
      stage.request()
    }
    assert.equal(stage.session.canOpen, false)
    stage.send(settings([SETTINGS.maxConcurrentStreams, 101]))
    assert.equal(stage.session.canOpen, true)
    stage.request()
    assert.equal(stage.session.canOpen, false)
    stage.send(headers(5, OK))
    assert.equal(stage.session.canOpen, true)
    stage.send(settings([SETTINGS.maxConcurrentStreams, 0]))
    assert.equal(stage.session.canOpen, false)
    assert.equal(stage.session.isUsedUp, false)
  })

  it('is used up when its ids are', () => {
    const stage = new SessionStage({ role: 'client' })
    stage.session.table.lastOwnId = 0x7fff_fffd
    assert.equal(stage.session.canOpen, true)
    assert.equal(stage.request().id, 0x7fff_ffff)
    assert.equal(stage.session.canOpen, false)
    assert.equal(stage.session.isUsedUp, true)
  })

  it('tells which streams a leaving peer has not processed, and finishes the others', () => {
    const stage = new SessionStage({ role: 'client' })
    stage.request()
    stage.request()
    stage.send(goaway(0x7fff_ffff))
    assert.equal(stage.session.canOpen, false)
    assert.equal(stage.session.isUsedUp, true)
    stage.send(goaway(1), headers(1, OK))
    assert.deepEqual(stage.notes, ['goaway 2147483647 0', '3 peer goaway 0', 'goaway 1 0', '1 200 ends'])
    assert.equal(stage.listener(3).resets[0]?.isUnprocessed, true)
  })

  it('tells that a refused stream was not processed, and that any other reset one may have been', () => {
    const stage = new SessionStage({ role: 'client' })
    stage.request()
    stage.request()
    stage.send(reset(1, ERROR_CODES.refusedStream), reset(3, ERROR_CODES.internalError))
    assert.deepEqual(
      [1, 3].map((id) => stage.listener(id).resets[0]?.isUnprocessed),
      [true, false],
    )
  })

  it('stops a request whose answer came whole and whose rest is not wanted', () => {
    const stage = new SessionStage({ role: 'client' })
    const stream = stage.request(POST, { ends: false })
    stage.send(headers(1, OK), reset(1, ERROR_CODES.noError))
    assert.deepEqual(stage.notes, ['1 200 ends', '1 peer reset 0'])
    assert.equal(stream.write('more'), false)
  })

  it('resets what nobody waits for any more', () => {
    const stage = new SessionStage({ role: 'client' })
    stage.request().release()
    stage.send(headers(1, OK, { ends: false }), data(1, 'x', { ends: true }))
    assert.equal(stage.said().at(-1), `1 reset ${ERROR_CODES.cancel}`)
    assert.deepEqual(stage.notes, [])
  })

  it('goes away at once, and ends when its streams have', () => {
    const stage = new SessionStage({ role: 'client' })
    stage.request()
    stage.session.goAway()
    assert.equal(stage.session.canOpen, false)
    stage.send(headers(1, OK))
    assert.deepEqual(stage.notes, ['1 200 ends'])
    assert.equal(stage.said().at(-1), 'goaway 0 0')
    assert.equal(stage.idleTimes, 1)
  })

  it('sends a head longer than a frame in pieces', () => {
    const stage = new SessionStage({ role: 'client' })
    stage.request([...GET, ['x-long', '~'.repeat(40_000)]])
    const [first, second, third] = stage.taken()
    assert.deepEqual(
      [first!, second!, third!].map(({ type, flags, payload }) => [type, flags, payload.length === 16_384]),
      [
        [FRAME_TYPES.headers, FLAGS.endStream, true],
        [FRAME_TYPES.continuation, 0, true],
        [FRAME_TYPES.continuation, FLAGS.endHeaders, false],
      ],
    )
    assert.match(stage.decode(Buffer.concat([first!.payload, second!.payload, third!.payload])), / x-long=~{40000}$/)
  })

  it('hands over an answer as HTTP/1.1 would', () => {
    const stage = new SessionStage({ role: 'client' })
    const stream = stage.request()
    let status = 0
    stream.listener = {
      onHead(head: DecodedHead) {
        status = head.status
        assert.deepEqual(
          [...head.headers],
          [
            ['set-cookie', 'a=b'],
            ['set-cookie', 'c=d'],
          ],
        )
      },
      onData() {},
      onEnd() {},
      onWritable() {},
      onReset() {},
    }
    stage.send(headers(1, [...OK, ['set-cookie', 'a=b'], ['set-cookie', 'c=d']]))
    assert.equal(status, 200)
  })
})

describe('an answer that ends its stream', () => {
  const { protocolError } = ERROR_CODES
  // biome-ignore format: a table, one row a line
  const FAULTS: readonly (readonly [name: string, frames: readonly Buffer[], isHead?: boolean])[] = [
    ['has no status', [headers(1, [['x', 'y']])]],
    ['has a status that is no number', [headers(1, [[':status', '2oo']])]],
    ['has a status of four digits', [headers(1, [[':status', '1000']])]],
    ['is a 101 (§8.6)', [headers(1, [[':status', '101']], { ends: false })]],
    ['is an interim one that ends (§8.1.1)', [headers(1, [[':status', '100']])]],
    ['has a pseudo-field of a request', [headers(1, [...OK, [':path', '/']])]],
    ['has a field about its connection', [headers(1, [...OK, ['connection', 'close']])]],
    ['is shorter than its length', [headers(1, [...OK, ['content-length', '2']], { ends: false }), data(1, 'x', { ends: true })]],
    ['is longer than its length', [headers(1, [...OK, ['content-length', '2']], { ends: false }), data(1, 'xyz')]],
    ['has a length and nothing else', [headers(1, [...OK, ['content-length', '2']])]],
    ['has content where 204 has none', [headers(1, [[':status', '204']], { ends: false }), data(1, 'x')]],
    ['has content where HEAD gets none', [headers(1, OK, { ends: false }), data(1, 'x')], true],
    ['has DATA before its head', [data(1, 'x')]],
    ['has DATA behind an interim head', [headers(1, [[':status', '100']], { ends: false }), data(1, 'x')]],
  ]
  for (const [name, frames, isHead = false] of FAULTS) {
    it(`${name}`, () => {
      const stage = new SessionStage({ role: 'client' })
      const stream = stage.session.open({
        onData() {},
        onEnd() {},
        onWritable() {},
        onReset: ({ by }) => stage.notes.push(by),
      })
      stream.beginHead().request({ method: isHead ? 'HEAD' : 'GET', scheme: 'http', authority: 'a', path: '/' })
      stream.sendHead({ endsStream: true })
      stage.taken()
      stage.send(...frames)
      assert.deepEqual(stage.said(), [`1 reset ${protocolError}`])
      assert.equal(stage.notes.at(-1), 'engine')
    })
  }

  it('may have a length and no content for HEAD and 304', () => {
    const stage = new SessionStage({ role: 'client' })
    stage.request()
    stage.send(
      headers(1, [
        [':status', '304'],
        ['content-length', '2'],
      ]),
    )
    const stream = stage.session.open({ onData() {}, onEnd() {}, onWritable() {}, onReset() {} })
    stream.beginHead().request({ method: 'HEAD', scheme: 'http', authority: 'a', path: '/' })
    stream.sendHead({ endsStream: true })
    stage.send(headers(3, [...OK, ['content-length', '2']], { ends: false }), data(3, '', { ends: true }))
    assert.deepEqual(
      stage.said().filter((said) => said.includes('reset')),
      [],
    )
  })
})

describe('a server that a client session leaves', () => {
  // biome-ignore format: a table, one row a line
  const FAULTS: readonly (readonly [name: string, code: number, frames: readonly Buffer[]])[] = [
    ['pushes', ERROR_CODES.protocolError, [frame(FRAME_TYPES.pushPromise, FLAGS.endHeaders, 1, Buffer.concat([uint32(2), literals(GET)]))]],
    ['opens a stream', ERROR_CODES.protocolError, [headers(2, OK)]],
    ['answers what was not asked', ERROR_CODES.protocolError, [headers(3, OK)]],
    ['answers twice', ERROR_CODES.streamClosed, [headers(1, OK), headers(1, OK)]],
    ['sends DATA behind the end', ERROR_CODES.streamClosed, [headers(1, OK), data(1, 'x')]],
    ['sends what is no HPACK', ERROR_CODES.compressionError, [frame(FRAME_TYPES.headers, FLAGS.endHeaders, 1, '\x80')]],
  ]
  for (const [name, code, frames] of FAULTS) {
    it(`${name}`, () => {
      const stage = new SessionStage({ role: 'client' })
      stage.request()
      stage.send(...frames)
      assert.ok(
        stage.notes.some((note) => note.startsWith(`down ${code} `)),
        stage.notes.join(', '),
      )
    })
  }
})
