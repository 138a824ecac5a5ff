/** Owns an answer's body on its way into a stream of HTTP/2: its length, its pace, and a broken body that shows as broken. */
import { type Body, type BodyFlow, type BodySink, type HeaderList, Problem } from '@gatewright/policies'
import { ERROR_CODES } from '../http2/frame.ts'
import type { Http2Stream } from '../http2/http2-stream.ts'
import { toGrpcTrailers } from '../respond/grpc-problem.ts'

interface AnswerOwner {
  /** Its client reads in trailers how a call of gRPC ended. */
  readonly readsStatus: boolean
  /** The client does not take more for now. */
  onSlow(): void
  onReady(): void
  /** What the client has is not the whole answer, and its stream says so. */
  onBroken(): void
}

export class Http2Answer implements BodySink {
  writtenBytes = 0
  /** What ends it, if anything does. */
  trailers: HeaderList | undefined
  /** It is not whole, and its trailers say so. */
  isCutShort = false
  readonly #stream: Http2Stream
  readonly #owner: AnswerOwner
  #flow: BodyFlow | undefined
  /** What `content-length` said. */
  #promisedBytes: number | undefined
  #isEnded = false

  constructor(stream: Http2Stream, owner: AnswerOwner) {
    this.#stream = stream
    this.#owner = owner
  }

  /** What the client will have, if it breaks off now. */
  get sentBytes(): number {
    return Math.max(0, this.writtenBytes - this.#stream.queuedBytes)
  }

  /** What was written waits for it, if there is any. */
  waitForClient(): void {
    if (this.#stream.queuedBytes > 0) this.#owner.onSlow()
  }

  pipe(body: Body, promisedBytes: number | undefined): void {
    this.#promisedBytes = promisedBytes
    try {
      const flow = body.pipe(this)
      if (this.#isEnded) return
      this.#flow = flow
    } catch {
      // A policy has read this body already; its head is out, so breaking off is the only honest end.
      this.abort()
    }
  }

  write(chunk: Uint8Array): boolean {
    if (this.#isEnded || chunk.length === 0) return !this.#isEnded
    this.writtenBytes += chunk.length
    // RFC 9113 §8.1.1: a body that is not as long as it says is none.
    if (this.#promisedBytes !== undefined && this.writtenBytes > this.#promisedBytes) {
      this.writtenBytes -= chunk.length
      this.abort()
      return false
    }
    if (this.#stream.write(chunk)) return true
    this.#owner.onSlow()
    return false
  }

  get holdsNothing(): boolean {
    return this.#stream.holdsNothing
  }

  end(trailers?: HeaderList): void {
    if (this.#isEnded) return
    if (this.#promisedBytes !== undefined && this.writtenBytes < this.#promisedBytes) return this.abort()
    this.#isEnded = true
    this.#flow = undefined
    this.waitForClient()
    this.trailers = trailers
    this.#stream.end(trailers)
  }

  abort(reason?: unknown): void {
    if (this.#isEnded) return
    if (this.#owner.readsStatus && this.#promisedBytes === undefined) {
      // A client of gRPC counts its messages: it sees what is missing, and is told why, behind what it has not taken yet.
      this.isCutShort = true
      this.end(toGrpcTrailers(Problem.from(reason)))
      return
    }
    this.#isEnded = true
    this.#stream.reset(ERROR_CODES.internalError)
    this.#owner.onBroken()
  }

  onWritable(): void {
    this.#owner.onReady()
    this.#flow?.resume()
  }

  /** Nobody is there any more to take the rest. */
  cancel(): void {
    this.#isEnded = true
    this.#flow?.cancel()
    this.#flow = undefined
  }
}
