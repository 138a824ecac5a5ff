/** Owns a request's body as a stream of HTTP/2 brings it: limited, and rid of trailers that nobody may send. */
import type { BodyFlow, BodySink, HeaderList } from '@gatewright/policies'
import type { Http2Stream } from '../http2/http2-stream.ts'
import type { HeldReader } from '../sockets/held-source.ts'
import type { ReadBuffer } from '../sockets/read-buffer.ts'
import { WindowedBody } from '../sockets/windowed-body.ts'
import { dropTrailers, toBodyTooLarge } from './request-body.ts'

interface BodyReader extends HeldReader {
  /** Somebody wants the body. */
  onBodyWanted(): void
}

export class Http2Body extends WindowedBody {
  readBytes = 0
  /** Largest size accepted; the route's, once it is known. */
  limitBytes = Number.POSITIVE_INFINITY
  readonly #reader: BodyReader
  #droppedTrailers: ReadonlySet<string> | undefined
  #trailers: HeaderList | undefined

  constructor(reader: BodyReader, stream: Http2Stream, buffer: ReadBuffer) {
    super(reader, stream, buffer)
    this.#reader = reader
  }

  override start(sink: BodySink): BodyFlow {
    this.#reader.onBodyWanted()
    return super.start(sink)
  }

  override take(chunk: Buffer): void {
    if (this.isCancelled) return
    this.readBytes += chunk.length
    if (this.readBytes > this.limitBytes) return this.breakOff(toBodyTooLarge(this.limitBytes))
    super.take(chunk)
  }

  end(trailers: HeaderList | undefined): void {
    this.#trailers = trailers
    dropTrailers(trailers, this.#droppedTrailers)
    this.finish(trailers)
  }

  /** Lower-case names, `-` for `_`, that only the gateway may say. */
  dropTrailers(names: ReadonlySet<string>): void {
    this.#droppedTrailers = names
    // A short body may have come with its head, before anybody knew which names these are.
    dropTrailers(this.#trailers, names)
  }
}
