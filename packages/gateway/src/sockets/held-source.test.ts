/** Owns the proof that a body from a socket loses nothing, waits for its reader, and ends once. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type BodySink, HeaderList, Problem } from '@gatewright/policies'
import { HeldSource } from './held-source.ts'

/** A body of a connection that notes what it is told, and a reader that takes so many chunks before it waits. */
function setUp() {
  const told: string[] = []
  const source = new HeldSource(
    {
      pauseReading: () => told.push('pause'),
      resumeReading: () => told.push('resume'),
      onBodyUnwanted: () => told.push('unwanted'),
    },
    undefined,
  )
  const emit = (text: string): void => source.emit(Buffer.from(text))
  const toSink = (takes = Number.POSITIVE_INFINITY): BodySink & { heard: string[] } => {
    const heard: string[] = []
    return {
      heard,
      write: (chunk) => heard.push(Buffer.from(chunk).toString()) < takes,
      end: (trailers) => heard.push(`end ${trailers?.get('x-sum') ?? ''}`),
      abort: (reason) => heard.push(`abort ${Problem.from(reason).code}`),
    }
  }
  return { source, told, emit, toSink }
}

describe('a held source', () => {
  it('holds what comes before its reader, and lets no more come', () => {
    const { source, told, emit, toSink } = setUp()
    emit('a')
    emit('b')
    assert.equal(source.isPaused, true)
    const sink = toSink()
    source.start(sink)
    emit('c')
    source.finish(HeaderList.of([['X-Sum', '1']]))
    assert.deepEqual(sink.heard, ['ab', 'c', 'end 1'])
    assert.deepEqual(told, ['pause', 'pause', 'resume', 'resume'])
  })

  it('lets no more come while its reader is slow', () => {
    const { source, told, emit, toSink } = setUp()
    const flow = source.start(toSink(2))
    emit('a')
    emit('b')
    assert.deepEqual(told, ['resume', 'pause'])
    flow.resume()
    assert.deepEqual(told, ['resume', 'pause', 'resume'])
  })

  it('lets no more come for a reader to whom what was held is enough', () => {
    const { source, told, emit, toSink } = setUp()
    emit('a')
    source.start(toSink(1))
    assert.deepEqual(told, ['pause', 'pause'])
    assert.equal(source.isPaused, true)
  })

  it('tells a late reader what came, and how it ended', () => {
    const whole = setUp()
    whole.emit('a')
    whole.source.finish(undefined)
    const broken = setUp()
    broken.emit('a')
    broken.source.breakOff(new Problem('upstream-closed'))
    const sinks = [whole.toSink(), broken.toSink()] as const
    whole.source.start(sinks[0])
    broken.source.start(sinks[1])
    assert.deepEqual(sinks[0].heard, ['a', 'end '])
    assert.deepEqual(sinks[1].heard, ['a', 'abort upstream-closed'])
  })

  it('holds what a late reader will be told, also when it broke off in the same read, and nothing that nobody wants', () => {
    const { source, emit } = setUp()
    emit('a')
    source.breakOff(new Problem('body-too-large'))
    assert.equal(source.holdsNothing, false)
    const unwanted = setUp()
    unwanted.emit('a')
    unwanted.source.cancel()
    unwanted.emit('b')
    assert.equal(unwanted.source.holdsNothing, true)
  })

  it('leaves its connection reading when it is whole', () => {
    const { source, told, emit } = setUp()
    emit('a')
    source.finish(undefined)
    assert.deepEqual(told, ['pause', 'resume'])
    assert.equal(source.isPaused, false)
  })

  it('says nothing to a reader that cancelled, and tells its connection once', () => {
    const { source, told, emit, toSink } = setUp()
    const sink = toSink()
    const flow = source.start(sink)
    flow.cancel()
    flow.cancel()
    emit('a')
    source.breakOff(new Problem('upstream-closed'))
    source.finish(undefined)
    flow.resume()
    assert.deepEqual(sink.heard, [])
    assert.deepEqual(told, ['resume', 'unwanted'])
  })

  it('is not unwanted any more once it is whole', () => {
    const { source, told, emit } = setUp()
    emit('a')
    source.finish(undefined)
    source.discard()
    assert.deepEqual(told, ['pause', 'resume'])
  })
})
