/** Owns how a call is sent: in pieces, so that an answer is heard in between, and how far it has come when its time is over. */
import type { ClientRequest, IncomingMessage } from 'node:http'
import { CallFault, type OutgoingCall } from '@gatewright/policies'

/** What Node writes of a file at once: so little that a socket takes it in one go, as a rule. */
const PIECE_BYTES = 64 * 1024

export class CallSending {
  readonly #request: ClientRequest
  #hasSocket = false
  #isConnected = false
  #isQueued = false
  #isStopped = false

  constructor(request: ClientRequest) {
    this.#request = request
    // A connection of its own, or one that is free, is there in this turn: else the call waits behind others of ours.
    request.on('socket', (socket) => {
      this.#hasSocket = true
      this.#isConnected = !socket.connecting
      if (this.#isConnected) return
      socket.once('encrypted' in socket ? 'secureConnect' : 'connect', () => {
        this.#isConnected = true
      })
    })
    setImmediate(() => {
      this.#isQueued = !this.#hasSocket
    })
  }

  begin(body: OutgoingCall['body']): void {
    if (body === undefined || body.length <= PIECE_BYTES) this.#request.end(body)
    else this.#sendFrom(typeof body === 'string' ? Buffer.from(body) : body, 0)
  }

  /**
   * RFC 9112 §9.5: who answers with an error may close without reading the rest. What it said is lost where a write meets the
   * closed connection before anybody has read, so each piece waits for a turn, in which Node reads first.
   */
  #sendFrom(body: Uint8Array, start: number): void {
    const request = this.#request
    if (this.#isStopped || request.destroyed) return
    const end = start + PIECE_BYTES
    const piece = body.subarray(start, end)
    if (end >= body.length) request.end(piece)
    else request.write(piece, () => setImmediate(() => this.#sendFrom(body, end)))
  }

  /** RFC 9112 §9.5: nothing more for who refused already. */
  heard({ statusCode = 0 }: IncomingMessage): void {
    this.#isStopped = statusCode >= 400
  }

  /** After the answer. A connection that lacks a part of the body is of no use to the next call. */
  end(): void {
    if (this.#isStopped && !this.#request.writableEnded) this.#request.destroy()
  }

  /** Too late: for want of an answer, or for what a client can bring about with a crowd or a long body? */
  toLateFault(cause: unknown): CallFault {
    if (this.#isQueued) return new CallFault('too-many-calls', 'others were before it', { cause })
    if (this.#isConnected && !this.#request.writableFinished) {
      return new CallFault('half-sent', 'the service has not taken all of it', { cause })
    }
    return new CallFault('timeout', 'there was no answer in time', { cause })
  }
}
