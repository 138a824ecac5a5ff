import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { FLAGS, FRAME_TYPES, type Http2Fault } from './frame.ts'
import { FrameReader } from './frame-reader.ts'
import { data, frame } from './session-stage.fixture.ts'

/** What a reader makes of octets that come in these parts; the pieces of one DATA frame's data are joined. */
function readAll(parts: readonly Buffer[]): string[] {
  const events: string[] = []
  let body = ''
  const reader: FrameReader = new FrameReader({
    onFrameHead() {
      body = ''
      events.push(`head ${reader.type} ${reader.flags} ${reader.streamId} ${reader.bytes}`)
    },
    onFrame(octets, at, end) {
      events.push(`whole ${octets.toString('latin1', at, end)}`)
    },
    onData(octets, at, end) {
      assert.ok(end > at)
      body += octets.toString('latin1', at, end)
    },
    onDataEnd(paddingBytes) {
      events.push(`data ${body} and ${paddingBytes}`)
    },
    onFault({ reason }: Http2Fault) {
      reader.isStopped = true
      events.push(reason)
    },
  })
  // One buffer for all reads, as sockets have it: what is kept must have been copied.
  const shared = Buffer.alloc(70_000)
  for (const part of parts) {
    part.copy(shared)
    reader.read(shared.subarray(0, part.length))
    shared.fill(0x2a)
  }
  return events
}

function cut(octets: Buffer, places: readonly number[]): Buffer[] {
  const at = [0, ...places.map((place) => place % (octets.length + 1)).sort((a, b) => a - b), octets.length]
  return at.slice(1).map((end, index) => octets.subarray(at[index], end))
}

describe('FrameReader', () => {
  it('makes the same frames of the same octets however they are cut', () => {
    const anyFrame = fc
      .record({
        type: fc.constantFrom(0, 0, 1, 3, 4, 6, 9, 77),
        padding: fc.option(fc.nat(20), { nil: undefined }),
        payload: fc.uint8Array({ maxLength: 60 }),
        streamId: fc.nat(0x7fff_ffff),
      })
      .map(({ type, padding, payload, streamId }) => {
        if (padding === undefined) return frame(type, FLAGS.endStream, streamId, Buffer.from(payload))
        const padded = Buffer.concat([Buffer.from([padding]), payload, Buffer.alloc(padding)])
        return frame(type, FLAGS.padded, streamId, padded)
      })
    fc.assert(
      fc.property(fc.array(anyFrame, { maxLength: 8 }), fc.array(fc.nat(), { maxLength: 12 }), (frames, places) => {
        const octets = Buffer.concat(frames)
        const whole = readAll([octets])
        assert.deepEqual(readAll(cut(octets, places)), whole)
        assert.deepEqual(readAll([...octets].map((octet) => Buffer.from([octet]))), whole)
      }),
    )
  })

  it('hands on DATA as it comes, without its padding', () => {
    const padded = frame(FRAME_TYPES.data, FLAGS.padded, 1, '\x03hello\0\0\0')
    assert.deepEqual(readAll([padded]), ['head 0 8 1 9', 'data hello and 4'])
    assert.deepEqual(readAll([data(1, 'abc')]), ['head 0 0 1 3', 'data abc and 0'])
    assert.deepEqual(readAll([frame(FRAME_TYPES.data, FLAGS.padded, 1, '\0')]), ['head 0 8 1 1', 'data  and 1'])
  })

  it('ignores the reserved bit of a stream id', () => {
    const reserved = frame(FRAME_TYPES.ping, 0, 0x8000_0005, 'x')
    assert.deepEqual(readAll([reserved]), ['head 6 0 5 1', 'whole x'])
  })

  it('reads nothing behind a fault', () => {
    const faulty = frame(FRAME_TYPES.data, FLAGS.padded, 1, '\x05abcd')
    assert.deepEqual(readAll([Buffer.concat([faulty, data(3, 'x')])]), ['head 0 8 1 5', 'padding'])
  })
})
