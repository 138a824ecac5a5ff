/** Owns a connection without TLS of which nobody knows yet what it speaks: whoever knows that we speak HTTP/2 begins with it (RFC 9113 §3.3). */
import { PREFACE } from '../http2/frame.ts'
import type { AdoptedSocket } from '../sockets/adopt-socket.ts'
import type { DeadlineWheel, Timed } from '../timers/deadline-wheel.ts'

/** `PRI `: no request of HTTP/1.1 that is answered begins with it. */
const TELLING_BYTES = 4

export interface PrefaceOwner {
  readonly wheel: DeadlineWheel
  readonly limits: { readonly headTimeoutMs: number }
  /** `first` is gone when this returns. */
  onKnown(opening: PrefaceOpening, protocol: 'h2' | 'http/1.1', first: Buffer): void
  /** It ended before. */
  onFailed(opening: PrefaceOpening): void
}

export class PrefaceOpening implements Timed {
  deadlineAtMs = Number.POSITIVE_INFINITY
  slotAtMs = 0
  slotPlace = 0
  readonly adopted: AdoptedSocket
  readonly peer: { readonly address: string; readonly port: number } | undefined
  /** Whose it is, by which it is counted. */
  readonly address: string
  readonly #owner: PrefaceOwner
  #first: Buffer = Buffer.alloc(0)
  #isOver = false

  constructor(
    adopted: AdoptedSocket,
    owner: PrefaceOwner,
    { peer, address }: { readonly peer: PrefaceOpening['peer']; readonly address: string },
  ) {
    this.adopted = adopted
    this.peer = peer
    this.address = address
    this.#owner = owner
    owner.wheel.set(this, owner.limits.headTimeoutMs, owner.wheel.now())
    adopted.onData = (chunk) => this.onData(chunk)
    for (const event of EVENTS) adopted.socket.on(event, () => this.destroy())
  }

  onData(chunk: Buffer): void {
    if (this.#isOver) return
    const first = this.#first.length === 0 ? chunk : Buffer.concat([this.#first, chunk])
    const seen = Math.min(first.length, TELLING_BYTES)
    const isPreface = first.subarray(0, seen).equals(PREFACE.subarray(0, seen))
    if (isPreface && seen < TELLING_BYTES) {
      this.#first = Buffer.from(first)
      return
    }
    this.#end()
    for (const event of EVENTS) this.adopted.socket.removeAllListeners(event)
    this.#owner.onKnown(this, isPreface ? 'h2' : 'http/1.1', first)
  }

  onDeadline(): void {
    this.destroy()
  }

  destroy(): void {
    if (this.#isOver) return
    this.#end()
    this.adopted.socket.destroy()
    this.#owner.onFailed(this)
  }

  #end(): void {
    this.#isOver = true
    this.#owner.wheel.remove(this)
  }
}

const EVENTS = ['end', 'error', 'close']
