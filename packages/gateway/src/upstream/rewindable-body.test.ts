import assert from 'node:assert/strict'
import { once } from 'node:events'
import { constants, createServer, type Http2Server, type ServerHttp2Stream } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { type BodySink, HeaderList, StreamBody } from '@gatewright/policies'
import { DeadlineWheel } from '../timers/deadline-wheel.ts'
import { assertAtRest, HandBody, sayResponse, TestExchange, toUpstream } from './loopback.fixture.ts'
import { RewindableBody } from './rewindable-body.ts'
import { UpstreamRuntime } from './upstream-runtime.ts'

class Recorder implements BodySink {
  text = ''
  isReady = true
  readonly holdsNothing = true

  write(chunk: Uint8Array): boolean {
    this.text += Buffer.from(chunk).toString('latin1')
    return this.isReady
  }

  end(trailers?: HeaderList): void {
    this.text += `.${trailers?.get('x-sum') ?? ''}`
  }

  abort(reason: unknown): void {
    this.text += `!${reason}`
  }
}

function begin() {
  const source = new HandBody()
  const body = new RewindableBody(new StreamBody(source))
  const first = new Recorder()
  body.pipe(first)
  const feed = source.sink
  assert.ok(feed)
  return { source, body, first, feed }
}

describe('a body that can be rewound', () => {
  it('is told from its beginning a second time, and goes on', () => {
    const { body, first, feed } = begin()
    feed.write(Buffer.from('one '))
    feed.write(Buffer.from('two '))
    body.rewind()
    const second = new Recorder()
    body.pipe(second)
    feed.write(Buffer.from('three'))
    feed.end(HeaderList.of([['X-Sum', '3']]))
    assert.deepEqual([first.text, second.text], ['one two ', 'one two three.3'])
  })

  it('keeps what comes while nobody reads it, and asks for no more', () => {
    const { body, feed } = begin()
    feed.write(Buffer.from('one '))
    body.rewind()
    assert.equal(feed.write(Buffer.from('two ')), false)
    feed.end()
    const second = new Recorder()
    body.pipe(second)
    assert.equal(second.text, 'one two .')
  })

  it('is broken for the second reader as well', () => {
    const { body, feed } = begin()
    feed.write(Buffer.from('one '))
    body.rewind()
    feed.abort('gone')
    const second = new Recorder()
    body.pipe(second)
    assert.equal(second.text, 'one !gone')
  })

  it('cannot be once it is long, and lets its memory be used again from then on', () => {
    const { body, feed } = begin()
    feed.write(Buffer.alloc(65_536))
    assert.deepEqual([body.canRewind, feed.holdsNothing], [true, false])
    feed.write(Buffer.alloc(1))
    assert.deepEqual([body.canRewind, feed.holdsNothing], [false, true])
  })

  it('cannot be once its reader has its answer', () => {
    const { body, feed } = begin()
    feed.write(Buffer.from('one'))
    body.forget()
    assert.deepEqual([body.canRewind, feed.holdsNothing], [false, true])
  })

  it('is cancelled with its source', () => {
    const { body, source, feed } = begin()
    feed.write(Buffer.from('one'))
    body.rewind()
    body.cancel()
    assert.equal(source.isCancelled, true)
  })
})

describe('an upload that its target refuses', () => {
  let server: Http2Server
  let upstream: UpstreamRuntime
  let onStream: (stream: ServerHttp2Stream, ordinal: number) => void = () => {}
  let streams = 0

  beforeEach(async () => {
    streams = 0
    server = createServer()
    server.on('stream', (stream: ServerHttp2Stream) => {
      stream.on('error', () => {})
      onStream(stream, ++streams)
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    upstream = new UpstreamRuntime(
      toUpstream({ targets: [`http://127.0.0.1:${port}`], protocol: 'h2c' }),
      new DeadlineWheel(),
    )
  })

  afterEach(async () => {
    upstream.retire()
    server.close()
    await assertAtRest(upstream)
  })

  const refuseFirst = (bytes: number): void => {
    onStream = (stream, ordinal) => {
      let text = ''
      stream.on('data', (chunk: Buffer) => {
        text += chunk
        if (ordinal === 1 && text.length >= bytes) stream.close(constants.NGHTTP2_REFUSED_STREAM)
      })
      stream.on('end', () => {
        if (stream.destroyed) return
        stream.respond({ ':status': 200 })
        stream.end(`${text.length} ${text.slice(0, 9)}`)
      })
    }
  }

  async function upload(pieces: readonly string[]): Promise<string> {
    const source = new HandBody()
    const exchange = new TestExchange({ method: 'POST', body: new StreamBody(source) })
    const answer = Promise.resolve(upstream.forward(exchange)).then(sayResponse)
    while (source.sink === undefined) await turn()
    for (const piece of pieces) {
      source.sink.write(Buffer.from(piece))
      for (let i = 0; i < 20; i++) await turn()
    }
    source.sink.end()
    return answer
  }

  it('goes again from its beginning, though half of it was sent', async () => {
    refuseFirst(6)
    assert.equal(await upload(['first ', 'second ', 'third']), '200 18 first sec')
    assert.equal(streams, 2)
  })

  it('fails where its beginning is gone', async () => {
    refuseFirst(70_000)
    assert.equal(await upload(['x'.repeat(70_000), 'y']), 'upstream-closed reset-refused-stream')
    assert.equal(streams, 1)
  })

  it('goes again three times, and not for ever', async () => {
    onStream = (stream) => stream.close(constants.NGHTTP2_REFUSED_STREAM)
    assert.equal(await upload(['first ', 'second']), 'upstream-closed reset-refused-stream')
    assert.equal(streams, 4)
  })
})
