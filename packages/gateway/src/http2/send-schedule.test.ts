import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { FRAME_TYPES, SETTINGS } from './frame.ts'
import type { Http2Stream } from './http2-stream.ts'
import { GET, headers, SessionStage, settings, windowUpdate } from './session-stage.fixture.ts'

/** Streams whose heads are sent, with no window left for the connection unless given. */
function begun(count: number, { streamWindow = 0x4000_0000, connection = 0 } = {}): SessionStage {
  const stage = new SessionStage()
  stage.send(settings([SETTINGS.initialWindowSize, streamWindow]))
  for (let n = 0; n < count; n++) {
    stage.send(headers(n * 2 + 1, GET))
    const stream = stage.stream(n * 2 + 1)
    stream.beginHead().status(200)
    stream.sendHead({ endsStream: false })
  }
  // The first eats what every connection begins with.
  const eater = stage.stream(1)
  for (let left = 65_535; left > 0; left -= 16_383) eater.write(Buffer.alloc(Math.min(left, 16_383)))
  if (connection > 0) stage.send(windowUpdate(0, connection))
  stage.taken()
  return stage
}

function toData(stage: SessionStage): string[] {
  return stage
    .taken()
    .filter(({ type }) => type === FRAME_TYPES.data)
    .map((one) => stage.toWords(one))
}

describe('streams that wait', () => {
  it("take turns, a frame each, while the connection's window is short", () => {
    const stage = begun(3)
    for (const id of [1, 3, 5]) stage.stream(id).write(Buffer.alloc(40_000))
    stage.send(windowUpdate(0, 70_000))
    assert.deepEqual(toData(stage), ['1 data 16384', '3 data 16384', '5 data 16384', '1 data 16384', '3 data 4464'])
    stage.send(windowUpdate(0, 1_000_000))
    assert.deepEqual(toData(stage), ['5 data 16384', '1 data 7232', '3 data 16384', '5 data 7232', '3 data 2768'])
    assert.deepEqual(stage.notes.slice(3).sort(), ['1 writable', '3 writable', '5 writable'])
  })

  it('do not wait for one whose own window is used up', () => {
    const stage = begun(3, { streamWindow: 70_000, connection: 1_000_000 })
    for (const id of [1, 3]) stage.stream(id).write(Buffer.alloc(80_000))
    assert.equal(stage.stream(5).write('short'), true)
    const sent = toData(stage)
    assert.deepEqual(sent.slice(-1), ['5 data 5'])
    assert.equal(stage.stream(3).queuedBytes, 10_000)
    stage.send(windowUpdate(3, 10_000))
    assert.deepEqual(toData(stage), ['3 data 10000'])
  })

  it('keep to a window that settings bring below nothing', () => {
    const stage = begun(1, { streamWindow: 65_535 + 10, connection: 1000 })
    stage.send(settings([SETTINGS.initialWindowSize, 5]))
    const stream = stage.stream(1)
    assert.equal(stream.sendWindow, 5 - 65_535)
    assert.equal(stream.write('abc'), false)
    stage.send(windowUpdate(1, 65_530))
    assert.deepEqual(toData(stage), [])
    stage.send(windowUpdate(1, 2))
    assert.deepEqual(toData(stage), ['1 data 2'])
    stage.send(settings([SETTINGS.initialWindowSize, 10]))
    assert.deepEqual(toData(stage), ['1 data 1'])
  })

  it('end with their last frame, or with their trailers behind it', () => {
    const stage = begun(2)
    stage.stream(1).writeLast(Buffer.alloc(20_000))
    const trailers = stage.stream(3)
    trailers.write('abc')
    trailers.write('def')
    trailers.end()
    stage.send(windowUpdate(0, 100_000))
    assert.deepEqual(toData(stage), ['1 data 16384', '3 data 6 ends', '1 data 3616 ends'])
    assert.equal(stage.session.size, 0)
  })

  it('are forgotten when they are reset, and hold nothing', () => {
    const stage = begun(3)
    const waiting = [1, 3, 5].map((id): Http2Stream => stage.stream(id))
    for (const stream of waiting) stream.write(Buffer.alloc(40_000))
    waiting[1]?.reset()
    waiting[2]?.reset()
    assert.deepEqual(
      waiting.map(({ isScheduled, queuedBytes, next, previous }) => [isScheduled, queuedBytes, next, previous]),
      [
        [true, 40_000, undefined, undefined],
        [false, 0, undefined, undefined],
        [false, 0, undefined, undefined],
      ],
    )
    stage.send(windowUpdate(0, 100_000))
    assert.deepEqual(toData(stage), ['1 data 16384', '1 data 16384', '1 data 7232'])
  })

  it('give way to the rest of the thread when one writes without end', () => {
    const stage = begun(1, { connection: 0x4000_0000 })
    const stream = stage.stream(1)
    const chunk = Buffer.alloc(65_536)
    stage.listener(1).onWritable = () => stream.write(chunk)
    // The listener writes on as often as it is told to, and would for ever.
    for (let i = 0; i < 3; i++) stream.write(chunk)
    stream.write(Buffer.alloc(4_000_000))
    const sent = toData(stage).length * 16_384
    assert.ok(sent > 1_000_000 && sent < 6_000_000, `${sent} octets in one turn`)
  })
})
