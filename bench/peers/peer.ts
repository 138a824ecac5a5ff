// Owns what a contestant is: something that is found on this machine or not, and started in front of an upstream.
import type { Running } from '../processes.ts'

export interface PeerStart {
  upstreamPort: number
  port: number
  /** A temp folder of this contestant's own. */
  dir: string
  /** Worker processes or threads; the same number for everyone. */
  threads: number
  cores?: string | undefined
}

export interface Peer {
  name: string
  /** The version found on this machine; undefined: not installed, so the peer is skipped and said so. */
  findVersion(): string | undefined
  start(given: PeerStart): Running | Promise<Running>
  /** What a request must carry beside the common headers. */
  headers?: Record<string, string>
}
