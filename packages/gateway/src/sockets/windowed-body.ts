/** Owns a body as a stream of HTTP/2 brings it: its window is given back as its reader takes what came. */
import type { Http2Stream } from '../http2/http2-stream.ts'
import { type HeldReader, HeldSource } from './held-source.ts'
import type { ReadBuffer } from './read-buffer.ts'

export class WindowedBody extends HeldSource {
  readonly #stream: Http2Stream
  readonly #buffer: ReadBuffer
  /** Octets that came and are not taken. */
  #owedBytes = 0

  /** As long as its stream promises. */
  constructor(reader: HeldReader, stream: Http2Stream, buffer: ReadBuffer) {
    super(reader, stream.promisedBytes < 0 ? undefined : stream.promisedBytes)
    this.#stream = stream
    this.#buffer = buffer
  }

  /** Its bytes are gone when this returns. */
  take(chunk: Buffer): void {
    if (this.isCancelled) return
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
}
