/** Owns what is written to a target: heads and short requests as text, in one write for all that comes in a turn of the event loop. */
import type { Socket } from 'node:net'
import { atTurnEnd, type TurnEndListener } from '../timers/turn-end.ts'

export class Outbox implements TurnEndListener {
  readonly #socket: Socket
  #text = ''
  /** How many of the requests that were put in last have not gone out yet. */
  requests = 0
  #isClosed = false

  constructor(socket: Socket) {
    this.#socket = socket
  }

  /** Latin1 text, at the end of this turn. */
  put(text: string): void {
    if (this.#text === '') atTurnEnd(this)
    this.#text += text
    this.requests++
  }

  /** At once, behind what waits. */
  send(text: string): void {
    this.#text += text
    this.#flush()
  }

  onTurnEnd(): void {
    if (this.#text !== '') this.#flush()
  }

  /** The socket is gone, or somebody else's: what waits is dropped. */
  close(): void {
    this.#isClosed = true
  }

  #flush(): void {
    const text = this.#text
    this.#text = ''
    this.requests = 0
    if (!this.#isClosed) this.#socket.write(text, 'latin1')
  }
}
