/** Owns a request's body as a stream of HTTP/2 brings it: limited, rid of trailers that nobody may send, its window given back as it is read. */
import type { HeaderList } from '@gatewright/policies'
import type { Http2Stream } from '../http2/http2-stream.ts'
import { type HeldReader, HeldSource } from '../sockets/held-source.ts'
import type { ReadBuffer } from '../sockets/read-buffer.ts'
import { dropTrailers, toBodyTooLarge } from './request-body.ts'

interface BodyReader extends HeldReader {
  /** Somebody wants the body. */
  onBodyWanted(): void
}

export class Http2Body extends HeldSource {
  readBytes = 0
  /** Largest size accepted; the route's, once it is known. */
  limitBytes = Number.POSITIVE_INFINITY
  readonly #stream: Http2Stream
  readonly #buffer: ReadBuffer
  readonly #reader: BodyReader
  #droppedTrailers: ReadonlySet<string> | undefined
  #trailers: HeaderList | undefined
  /** Octets that came and are not taken. */
  #owedBytes = 0

  constructor(
    reader: BodyReader,
    stream: Http2Stream,
    { sizeBytes, buffer }: { sizeBytes: number | undefined; buffer: ReadBuffer },
  ) {
    super(reader, sizeBytes)
    this.#reader = reader
    this.#stream = stream
    this.#buffer = buffer
  }

  override start(...given: Parameters<HeldSource['start']>): ReturnType<HeldSource['start']> {
    this.#reader.onBodyWanted()
    return super.start(...given)
  }

  /** Its bytes are gone when this returns. */
  take(chunk: Buffer): void {
    if (this.isCancelled) return
    this.readBytes += chunk.length
    if (this.readBytes > this.limitBytes) return this.breakOff(toBodyTooLarge(this.limitBytes))
    this.#owedBytes += chunk.length
    const own = this.#buffer.own(chunk)
    this.emit(own)
    if (this.holdsNothing) this.#buffer.giveBack(own)
    if (!this.isPaused) this.giveWindow()
  }

  /** What was read so far is held no longer. */
  giveWindow(): void {
    const owed = this.#owedBytes
    if (owed === 0) return
    this.#owedBytes = 0
    this.#stream.consumed(owed)
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
