/** Owns the proof that a body of HTTP/2 gives its window back as it is taken, and neither earlier nor never. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { FRAME_TYPES } from '../http2/frame.ts'
import { data, headers, parseFrames, SessionStage } from '../http2/session-stage.fixture.ts'
import { ReadBuffer } from './read-buffer.ts'
import { WindowedBody } from './windowed-body.ts'

/** An answer with a head on the first stream of a client, and its body; `given` says which windows were widened since. */
function setUp(length?: string) {
  const stage = new SessionStage({ role: 'client' })
  const stream = stage.request()
  const fields: [string, string][] = [[':status', '200']]
  if (length !== undefined) fields.push(['content-length', length])
  stage.send(headers(1, fields, { ends: false }))
  stage.port.take()
  const told: string[] = []
  const body: WindowedBody = new WindowedBody(
    {
      pauseReading: () => told.push('pause'),
      resumeReading: () => body.giveWindow(),
      onBodyUnwanted: () => told.push('unwanted'),
    },
    stream,
    new ReadBuffer(),
  )
  stream.listener = { onData: (chunk) => body.take(chunk), onEnd() {}, onWritable() {}, onReset() {} }
  const isGiven = (): boolean => {
    stage.session.output.flush()
    return parseFrames(stage.port.take()).some(({ type }) => type === FRAME_TYPES.windowUpdate)
  }
  const come = (): void => {
    for (let i = 0; i < 3; i++) stage.send(data(1, Buffer.alloc(16_384)))
  }
  return { body, told, come, isGiven, stream }
}

const sinkOf = (takes: boolean) => ({ write: () => takes, end() {}, abort() {} })

describe('a windowed body', () => {
  it('is as long as its stream promises', () => {
    assert.equal(setUp('7').body.sizeBytes, 7)
    assert.equal(setUp().body.sizeBytes, undefined)
  })

  it('gives the window back while its reader takes what comes', () => {
    const { body, come, isGiven, stream } = setUp()
    body.start(sinkOf(true))
    come()
    assert.equal(stream.window?.unreadBytes, 0)
    assert.equal(isGiven(), true)
  })

  it('keeps it while there is no reader, or one that waits, and gives all of it when that goes on', () => {
    const { body, come, isGiven, stream } = setUp()
    come()
    assert.equal(isGiven(), false)
    body.start(sinkOf(false))
    assert.equal(isGiven(), false)
    assert.equal(stream.window?.unreadBytes, 49_152)
    body.resume()
    assert.equal(stream.window?.unreadBytes, 0)
    assert.equal(isGiven(), true)
  })

  it('holds nothing of what comes when nobody wants it', () => {
    const { body, come, told, stream } = setUp()
    body.discard()
    assert.deepEqual(told, ['unwanted'])
    stream.release()
    come()
    assert.equal(stream.window?.unreadBytes ?? 0, 0)
  })
})
