// Owns a service of gRPC that costs next to nothing: each call is answered with one message of 101 octets once it came whole.
import { HeaderList } from '@gatewright/policies'
import type { Http2Stream, StreamListener } from '../../packages/gateway/src/http2/http2-stream.ts'
import { OurServer } from '../../packages/gateway/src/http2/node-peers.fixture.ts'

const MESSAGE = Buffer.concat([Buffer.from([0, 0, 0, 0, 101]), Buffer.alloc(101, 'x')])
const TRAILERS = HeaderList.of([['grpc-status', '0']])

class Answering implements StreamListener {
  readonly #stream: Http2Stream

  constructor(stream: Http2Stream) {
    this.#stream = stream
  }

  onData(chunk: Buffer): void {
    this.#stream.consumed(chunk.length)
  }

  onEnd(): void {
    const stream = this.#stream
    stream.beginHead().status(200).field('content-type', 'application/grpc')
    stream.sendHead({ endsStream: false })
    stream.write(MESSAGE)
    stream.end(TRAILERS)
  }

  onWritable(): void {}
  onReset(): void {}

  onSent(): void {
    this.#stream.release()
  }
}

const server = await OurServer.start(
  (stream, _, endsStream) => {
    const answering = new Answering(stream)
    stream.listener = answering
    if (endsStream) answering.onEnd()
  },
  { concurrentStreams: 256 },
)
console.log(new URL(server.url).port)
