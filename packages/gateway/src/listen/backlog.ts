/** Owns what a pipelining client sent ahead: kept in order until the answer before it is written. */
export class Backlog {
  bytes = 0
  #chunks: Buffer[] = []

  get isEmpty(): boolean {
    return this.bytes === 0
  }

  /** The chunk is kept: it must be in memory that stays. */
  push(chunk: Buffer): void {
    this.#chunks.push(chunk)
    this.bytes += chunk.length
  }

  /** All of it, which is then gone from here. */
  take(): Buffer {
    const [only] = this.#chunks
    const all = this.#chunks.length === 1 && only !== undefined ? only : Buffer.concat(this.#chunks)
    this.#chunks = []
    this.bytes = 0
    return all
  }
}
