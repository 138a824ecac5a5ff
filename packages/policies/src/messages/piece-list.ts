/**
 * Owns bytes that are kept as they come. Short pieces are joined: each costs some 110 bytes of heap by itself, so that who
 * sends one byte at a time would fill the memory with a hundred times what it sends.
 */

/** What is as long as this is kept as it is, and not copied. */
const LONG_BYTES = 1024
/** Short pieces are joined in memory that grows up to this, and then in other. */
const ROOM_BYTES = 16_384

export class PieceList {
  bytes = 0
  #pieces: Uint8Array[] = []
  /** The last piece, with room behind it for what is joined to it. */
  #room: Uint8Array | undefined
  #usedBytes = 0

  /** The piece is the list's from here on. */
  push(piece: Uint8Array): void {
    if (piece.length === 0) return
    this.bytes += piece.length
    if (!this.#join(piece)) {
      this.#trim()
      this.#pieces.push(piece)
      this.#room = piece.length < LONG_BYTES ? piece : undefined
      this.#usedBytes = piece.length
    }
  }

  /** All of it in order, which is then gone from here. */
  take(): Uint8Array[] {
    this.#trim()
    const pieces = this.#pieces
    this.#pieces = []
    this.bytes = 0
    return pieces
  }

  #join(piece: Uint8Array): boolean {
    const room = this.#room
    const bytes = this.#usedBytes + piece.length
    if (room === undefined || piece.length >= LONG_BYTES || bytes > ROOM_BYTES) return false
    if (bytes > room.length) {
      const roomier = new Uint8Array(Math.min(ROOM_BYTES, bytes * 2))
      roomier.set(room.subarray(0, this.#usedBytes))
      this.#pieces[this.#pieces.length - 1] = this.#room = roomier
    }
    this.#room?.set(piece, this.#usedBytes)
    this.#usedBytes = bytes
    return true
  }

  /** Nothing more is joined to the last piece. */
  #trim(): void {
    const room = this.#room
    if (room === undefined) return
    if (this.#usedBytes < room.length) this.#pieces[this.#pieces.length - 1] = room.subarray(0, this.#usedBytes)
    this.#room = undefined
  }
}
