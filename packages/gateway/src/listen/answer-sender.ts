/**
 * Owns the answering side of a client connection: one answer at a time, until the kernel has all of it.
 *
 *   begun ──short──▶ one write at the end of the turn ──────────┐
 *     └──long, or streamed──▶ as it comes, and as it is taken ──┴──▶ written ──the kernel has it──▶ flushed
 */
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { BytesBody, type GatewayResponse, PIECE_BYTES } from '@gatewright/policies'
import type { GatewayExchange } from '../exchange/gateway-exchange.ts'
import { type AnswerListener, AnswerWriter, writeWhole } from '../respond/answer-writer.ts'
import { type HeadFacts, serializeAnswerHead } from '../respond/response-head.ts'
import { atTurnEnd, type TurnEndListener } from '../timers/turn-end.ts'

export interface AnswerOwner {
  /** The client does not take more for now. */
  onClientSlow(): void
  /** It took what there was. */
  onClientReady(): void
  /** The kernel has the last byte. */
  onAnswerFlushed(): void
  /** What the client has is not the whole answer. */
  onAnswerBroken(): void
}

export class AnswerSender implements AnswerListener, TurnEndListener {
  /** From here on no other answer may come. */
  isBegun = false
  /** Every byte was given to the socket. */
  isWritten = false
  readonly #socket: Socket
  readonly #owner: AnswerOwner
  /** Whose answer is under way, and wanted. */
  #exchange: GatewayExchange | undefined
  #writer: AnswerWriter | undefined
  #flow: { resume(): void; cancel(): void } | undefined
  /** Whose last bytes the kernel has not taken. */
  #awaited: GatewayExchange | undefined
  readonly #isEncrypted: boolean
  /** An answer that is written at the end of this turn. */
  #unwritten = ''

  constructor(socket: Socket, owner: AnswerOwner) {
    this.#socket = socket
    this.#owner = owner
    this.#isEncrypted = socket instanceof TLSSocket
  }

  send(exchange: GatewayExchange, response: GatewayResponse, facts: HeadFacts): void {
    this.#exchange = exchange
    const head = serializeAnswerHead(exchange, response, facts)
    const { framing } = facts
    const { body } = response
    if (framing.kind === 'none' || body.sizeBytes === 0) {
      if (body.sizeBytes !== 0) body.discard()
      return this.#writeAtTurnEnd(head)
    }
    if (body instanceof BytesBody && body.sizeBytes <= PIECE_BYTES) {
      exchange.bytesOut = body.sizeBytes
      if (body.latin1 !== undefined) return this.#writeAtTurnEnd(head + body.latin1)
      writeWhole(this.#socket, head, body.held())
      return this.onBodyWritten()
    }
    this.#socket.write(head, 'latin1')
    const writer = new AnswerWriter(this.#socket, framing, this)
    this.#writer = writer
    try {
      const flow = body.pipe(writer)
      if (writer.isBroken) flow.cancel()
      else if (!writer.isEnded) this.#flow = flow
    } catch {
      // A policy has read this body already; its head is out, so breaking off is the only honest end.
      this.onBodyBroken()
    }
  }

  #writeAtTurnEnd(answer: string): void {
    this.#unwritten = answer
    atTurnEnd(this)
  }

  onTurnEnd(): void {
    const answer = this.#unwritten
    this.#unwritten = ''
    // The client may have left in this very turn.
    if (this.#exchange === undefined) return
    // TLS always hands over to the kernel a moment later: asking for that now spares asking behind it.
    if (this.#isEncrypted) this.#writeAndAwait(answer)
    else {
      this.#socket.write(answer, 'latin1')
      this.onBodyWritten()
    }
  }

  /** Every byte was given to the socket; once the kernel has them, the exchange is over. */
  onBodyWritten(): void {
    this.isWritten = true
    this.#flow = undefined
    if (this.#socket.writableLength === 0) return this.#onFlushed()
    // `drain` would not do: it only comes where a write was told to wait, and less than that may be queued.
    this.#writeAndAwait('')
  }

  #writeAndAwait(text: string): void {
    this.isWritten = true
    this.#owner.onClientSlow()
    this.#awaited = this.#exchange
    this.#socket.write(text, 'latin1', this.#onTaken)
  }

  /** One for all answers of the connection: they are written one after the other. */
  readonly #onTaken = (): void => {
    if (this.#exchange !== undefined && this.#exchange === this.#awaited) this.#onFlushed()
  }

  #onFlushed(): void {
    const exchange = this.#exchange
    if (exchange === undefined) return
    this.#noteBytes(exchange)
    this.#exchange = undefined
    this.#owner.onAnswerFlushed()
  }

  /** What waits here the client will not get, if the answer breaks off now. */
  #noteBytes(exchange: GatewayExchange): void {
    if (this.#writer === undefined) return
    exchange.bytesOut = Math.max(0, this.#writer.writtenBytes - this.#socket.writableLength)
  }

  onBodyBroken(): void {
    if (this.#exchange !== undefined) this.#noteBytes(this.#exchange)
    this.#owner.onAnswerBroken()
  }

  onClientSlow(): void {
    this.#owner.onClientSlow()
  }

  onDrain(): void {
    // What drained before an answer began were interim ones: the deadline is the body's then.
    if (!this.isBegun || this.isWritten) return
    this.#owner.onClientReady()
    this.#flow?.resume()
  }

  /** Nobody is there any more to take what is left of it. */
  drop(): void {
    if (this.#exchange !== undefined) this.#noteBytes(this.#exchange)
    this.#exchange = undefined
    this.#flow?.cancel()
  }

  /** Its exchange is over, and another may begin. */
  reset(): void {
    this.isBegun = false
    this.isWritten = false
    this.#writer = undefined
  }
}
