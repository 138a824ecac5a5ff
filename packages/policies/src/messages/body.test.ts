import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Problem } from '../problem.ts'
import {
  type BodyFlow,
  type BodySink,
  type BodySource,
  BytesBody,
  EMPTY_BODY,
  PIECE_BYTES,
  StreamBody,
} from './body.ts'
import { HeaderList } from './header-list.ts'

/** A source that a test feeds by hand, and that holds it to the rules of flow. */
class HandFed implements BodySource {
  sink: BodySink | undefined
  isPaused = false
  isCancelled = false
  isDiscarded = false
  readonly sizeBytes: number | undefined

  constructor(sizeBytes?: number) {
    this.sizeBytes = sizeBytes
  }

  start(sink: BodySink): BodyFlow {
    assert.equal(this.sink, undefined, 'started once')
    this.sink = sink
    return {
      resume: () => {
        this.isPaused = false
      },
      cancel: () => {
        this.isCancelled = true
      },
    }
  }

  feed(text: string): void {
    assert.ok(!this.isPaused, 'fed only while it flows')
    this.isPaused = this.sink?.write(Buffer.from(text)) === false
  }

  discard(): void {
    this.isDiscarded = true
  }
}

class Collected implements BodySink {
  text = ''
  ended: 'no' | 'whole' | 'broken' = 'no'
  trailers: HeaderList | undefined
  isReady = true

  write(chunk: Uint8Array): boolean {
    this.text += Buffer.from(chunk).toString()
    return this.isReady
  }

  end(trailers?: HeaderList): void {
    this.ended = 'whole'
    this.trailers = trailers
  }

  abort(): void {
    this.ended = 'broken'
  }
}

describe('a body of bytes', () => {
  it('is the same as octets and as latin1 text', async () => {
    for (const body of [new BytesBody(Buffer.from([0x68, 0xfc])), new BytesBody({ latin1: 'hü' })]) {
      assert.equal(body.sizeBytes, 2)
      assert.deepEqual([...(await body.bytes({ limitBytes: 2 }))], [0x68, 0xfc])
    }
  })

  it('can be piped again and again', () => {
    const body = BytesBody.ofText('order')
    for (const sink of [new Collected(), new Collected()]) {
      body.pipe(sink)
      assert.deepEqual([sink.text, sink.ended], ['order', 'whole'])
    }
  })

  it('is written in pieces when it is large, as the sink takes them', () => {
    const text = `${'a'.repeat(PIECE_BYTES) + 'b'.repeat(PIECE_BYTES)}c`
    const sink = new Collected()
    sink.isReady = false
    const flow = BytesBody.ofText(text).pipe(sink)
    assert.equal(sink.text.length, PIECE_BYTES)
    flow.resume()
    assert.equal(sink.text.length, 2 * PIECE_BYTES)
    assert.equal(sink.ended, 'no')
    flow.resume()
    assert.equal(sink.text, text)
    assert.equal(sink.ended, 'whole')
  })

  it('is not written on to a sink that wants no more', () => {
    const sink = new Collected()
    sink.isReady = false
    const flow = new BytesBody(Buffer.alloc(3 * PIECE_BYTES)).pipe(sink)
    flow.cancel()
    flow.resume()
    assert.equal(sink.text.length, PIECE_BYTES)
    assert.equal(sink.ended, 'no')
  })

  it('is refused beyond the limit', async () => {
    await assert.rejects(
      BytesBody.ofText('order').bytes({ limitBytes: 4 }),
      (problem) => problem instanceof Problem && problem.code === 'body-too-large',
    )
  })

  it('writes nothing when there is nothing', () => {
    const sink = new Collected()
    EMPTY_BODY.pipe(sink)
    assert.deepEqual([sink.text, sink.ended, EMPTY_BODY.isEmpty], ['', 'whole', true])
  })
})

describe('a streaming body', () => {
  it('goes straight through when nobody holds it', () => {
    const source = new HandFed()
    const sink = new Collected()
    new StreamBody(source).pipe(sink)
    source.feed('or')
    source.feed('der')
    source.sink?.end()
    assert.deepEqual([sink.text, sink.ended], ['order', 'whole'])
  })

  it('can be piped once', () => {
    const body = new StreamBody(new HandFed())
    body.pipe(new Collected())
    assert.throws(() => body.pipe(new Collected()), /read once/)
    assert.throws(() => body.hold(10), /read once/)
  })

  it('is replayable once it is held, trailers too', async () => {
    const source = new HandFed()
    const body = new StreamBody(source)
    const held = body.hold(10)
    source.feed('or')
    source.feed('der')
    source.sink?.end(HeaderList.of([['Digest', 'x']]))
    assert.equal(await held, true)
    assert.ok(body.isReplayable)
    assert.equal(Buffer.from(body.held() ?? []).toString(), 'order')
    for (const sink of [new Collected(), new Collected()]) {
      body.pipe(sink)
      assert.deepEqual([sink.text, sink.ended, sink.trailers?.get('digest')], ['order', 'whole', 'x'])
    }
    assert.equal(body.hold(4), false)
  })

  it('is not even begun when its length says that it does not fit', () => {
    const source = new HandFed(11)
    const body = new StreamBody(source)
    assert.equal(body.hold(10), false)
    assert.equal(source.sink, undefined)
    const sink = new Collected()
    body.pipe(sink)
    source.feed('01234567890')
    assert.equal(sink.text, '01234567890')
  })

  it('flows on after it outgrew the limit, with nothing lost and nothing kept', async () => {
    const source = new HandFed()
    const body = new StreamBody(source)
    const held = body.hold(3)
    source.feed('or')
    source.feed('der')
    assert.equal(await held, false)
    assert.ok(source.isPaused, 'the source waits while nobody takes it')
    const sink = new Collected()
    body.pipe(sink)
    assert.ok(!source.isPaused)
    source.feed('s')
    source.sink?.end()
    assert.deepEqual([sink.text, sink.ended], ['orders', 'whole'])
    assert.ok(!body.isReplayable)
  })

  it('waits for a sink that is not ready for what was kept', async () => {
    const source = new HandFed()
    const body = new StreamBody(source)
    const held = body.hold(1)
    source.feed('or')
    await held
    const sink = new Collected()
    sink.isReady = false
    const flow = body.pipe(sink)
    assert.ok(source.isPaused)
    flow.resume()
    assert.ok(!source.isPaused)
  })

  it('keeps no piece for each byte of a client that sends one at a time', async () => {
    const source = new HandFed()
    const body = new StreamBody(source)
    const held = body.hold(1000)
    for (let at = 0; at < 1001; at++) source.feed('a')
    assert.equal(await held, false)
    let writes = 0
    body.pipe({ write: () => writes++ >= 0, end() {}, abort() {} })
    assert.equal(writes, 1)
  })

  it('gives what was kept piece by piece, and then what came meanwhile', async () => {
    for (const [end, ended] of [
      [(source: HandFed) => source.sink?.end(), 'whole'],
      [(source: HandFed) => source.sink?.abort(new Error('gone')), 'broken'],
    ] as const) {
      const source = new HandFed()
      const body = new StreamBody(source)
      const long = 'a'.repeat(1024)
      const held = body.hold(1024)
      source.feed(long)
      source.feed('def')
      assert.equal(await held, false)
      const sink = new Collected()
      sink.isReady = false
      const flow = body.pipe(sink)
      end(source)
      assert.deepEqual([sink.text, sink.ended], [long, 'no'])
      flow.resume()
      assert.deepEqual([sink.text, sink.ended], [`${long}def`, ended])
    }
  })

  it('says that it broke off, also when that happens between holding and piping', async () => {
    const source = new HandFed()
    const body = new StreamBody(source)
    const held = body.hold(1)
    source.feed('or')
    await held
    source.sink?.abort(new Error('gone'))
    const sink = new Collected()
    body.pipe(sink)
    assert.deepEqual([sink.text, sink.ended], ['or', 'broken'])
  })

  it('ends for the sink when it ended between holding and piping', async () => {
    const source = new HandFed()
    const body = new StreamBody(source)
    const held = body.hold(1)
    source.feed('or')
    source.sink?.end()
    await held
    const sink = new Collected()
    body.pipe(sink)
    assert.deepEqual([sink.text, sink.ended], ['or', 'whole'])
  })

  it('is a problem of the client when it breaks off while it is read', async () => {
    const source = new HandFed()
    const read = new StreamBody(source).bytes({ limitBytes: 10 })
    source.sink?.abort(new Error('connection reset'))
    await assert.rejects(read, (problem) => problem instanceof Problem && problem.code === 'malformed-request')
  })

  it('is held once, however many ask', async () => {
    const source = new HandFed()
    const body = new StreamBody(source)
    const both = [body.hold(10), body.hold(10)]
    source.feed('order')
    source.sink?.end()
    assert.deepEqual(await Promise.all(both), [true, true])
  })

  it('tells its source when nobody wants it', () => {
    const untouched = new HandFed()
    new StreamBody(untouched).discard()
    assert.ok(untouched.isDiscarded)
    const flowing = new HandFed()
    const body = new StreamBody(flowing)
    body.pipe(new Collected())
    body.discard()
    assert.ok(!flowing.isCancelled, 'a body that flows belongs to its sink')
  })
})
