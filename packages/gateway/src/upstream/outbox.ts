/** Owns what is written to a target: heads and short requests as text, in one write for all that comes in a turn of the event loop. */
import type { Socket } from 'node:net'
import { atTurnEnd, type TurnEndListener } from '../timers/turn-end.ts'

export class Outbox implements TurnEndListener {
  readonly #socket: Socket
  #text = ''
  #isClosed = false

  constructor(socket: Socket) {
    this.#socket = socket
  }

  /** Latin1 text, at the end of this turn. */
  put(text: string): void {
    if (this.#text === '') atTurnEnd(this)
    this.#text += text
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
    if (!this.#isClosed) this.#socket.write(text, 'latin1')
  }
}
