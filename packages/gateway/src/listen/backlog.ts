/** Owns what a pipelining client sent ahead: kept in order until the answer before it is written. */
import { PieceList } from '@gatewright/policies'

export class Backlog {
  readonly #chunks = new PieceList()

  get bytes(): number {
    return this.#chunks.bytes
  }

  get isEmpty(): boolean {
    return this.bytes === 0
  }

  /** The chunk is kept: it must be in memory that stays. */
  push(chunk: Buffer): void {
    this.#chunks.push(chunk)
  }

  /** All of it, which is then gone from here. */
  take(): Buffer {
    const chunks = this.#chunks.take()
    const [only] = chunks
    return chunks.length === 1 && only instanceof Buffer ? only : Buffer.concat(chunks)
  }
}
