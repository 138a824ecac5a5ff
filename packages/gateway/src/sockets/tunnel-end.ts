/** Owns what a tunnel needs of each of its two connections. */
import type { Socket } from 'node:net'

export interface TunnelEnd {
  readonly socket: Socket
  /** What was read behind the request or the 101, and belongs to the other side. */
  readonly rest: Uint8Array
  /** Hands over what is read from here on, in memory that stays. */
  readWith(reader: (chunk: Buffer) => void): void
  /** The tunnel has ended. */
  release(): void
}
