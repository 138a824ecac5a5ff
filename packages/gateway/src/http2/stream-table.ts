/** Owns which streams of a session are open, which were, and how those ended that were open lately. */
import type { Http2Stream } from './http2-stream.ts'

/** What is known of a stream that is not open. */
export const WAS = {
  /** It has not been opened yet. */
  idle: 0,
  /** Both sides ended it. */
  ended: 1,
  resetByPeer: 2,
  /** What the peer sent before it heard of that may still come. */
  resetByUs: 3,
  /** Too long ago. */
  forgotten: 4,
  /** Never open: a later one was opened before it (RFC 9113 §5.1.1). */
  skipped: 5,
} as const

/** As many as a peer may have open with the usual limit: all of them may be reset at once. */
const REMEMBERED = 128

export class StreamTable {
  readonly #streams = new Map<number, Http2Stream>()
  /** A ring of ids, each with how it ended beside it. */
  readonly #closed: number[] = []
  #nextClosed = 0
  /** The last that the peer opened. */
  lastPeerId = 0
  /** The last that we opened. */
  lastOwnId: number
  readonly #isServer: boolean
  /** Of the peer's streams: open, or reset and not released. */
  counted = 0

  constructor(isServer: boolean) {
    this.#isServer = isServer
    this.lastOwnId = isServer ? 0 : -1
  }

  get size(): number {
    return this.#streams.size
  }

  find(id: number): Http2Stream | undefined {
    return this.#streams.get(id)
  }

  add(stream: Http2Stream): void {
    this.#streams.set(stream.id, stream)
  }

  /** It is over; `was` is one of `WAS`. */
  remove(id: number, was: number): void {
    this.#streams.delete(id)
    this.remember(id, was)
  }

  remember(id: number, was: number): void {
    const at = this.#nextClosed
    this.#closed[at] = id
    this.#closed[at + 1] = was
    this.#nextClosed = at + 2 === REMEMBERED * 2 ? 0 : at + 2
  }

  /** For what is not open: one of `WAS`. */
  findPast(id: number): number {
    const isOwn = (id & 1) === (this.#isServer ? 0 : 1)
    if (id > (isOwn ? this.lastOwnId : this.lastPeerId)) return WAS.idle
    const closed = this.#closed
    for (let at = 0; at < closed.length; at += 2) if (closed[at] === id) return closed[at + 1] ?? WAS.forgotten
    return closed.length < REMEMBERED * 2 ? WAS.skipped : WAS.forgotten
  }

  /** Open streams now; what is opened or closed meanwhile does not matter. */
  all(): Http2Stream[] {
    return [...this.#streams.values()]
  }
}
