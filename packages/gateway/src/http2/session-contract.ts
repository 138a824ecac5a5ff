/** Owns what a session and whoever holds its connection promise each other. */
import type { RequestTaker } from './message-intake.ts'
import type { PeerSettings } from './peer-settings.ts'
import type { SessionPort } from './session-output.ts'
import type { Http2Settings } from './session-settings.ts'

export interface SessionOwner {
  /** The peer's SETTINGS came, for the first time or again. */
  onSettings(peer: PeerSettings): void
  /** The peer takes no stream above this one, and opens none. Those above were told that they are unprocessed. */
  onGoaway(lastStreamId: number, code: number): void
  /** The last open stream is over, and all that was to be said is written: the socket may be ended. */
  onIdle(): void
  /** A connection error (RFC 9113 §5.4.1): the peer was told as far as it listens, and the owner closes the socket. Streams are told next. */
  onDown(code: number, reason: string): void
}

export type SessionParts = {
  readonly port: SessionPort
  readonly settings: Http2Settings
  /** Monotonic, in milliseconds. */
  readonly now: () => number
} & (
  | { readonly role: 'server'; readonly owner: SessionOwner & RequestTaker }
  | { readonly role: 'client'; readonly owner: SessionOwner }
)
