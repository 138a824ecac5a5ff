/** Owns the bounds of a client connection that no configuration sets, and what is said to those who are over one. */
import { Refusal } from '../http1/refusal.ts'

export const CONNECTION_BOUNDS = {
  /** Pipelined bytes that may wait before the socket is not read any more. */
  backlogBytes: 65_536,
  /** The rest of a body that is skipped to keep the connection; what is longer closes it. */
  drainBytes: 65_536,
  /**
   * How long a closing connection waits for more, and how long it reads in all what nobody wants: a reset would destroy an
   * answer that its client has not read yet, and many clients send their whole body first (RFC 9112 §9.6).
   */
  lingerMs: 2_000,
  lingerMostMs: 30_000,
  /** How long a client may take nothing of an answer that waits for it. The kernel's own buffer hides readers below some 20 KB/s. */
  stalledClientMs: 60_000,
} as const

export const CONNECTION_REFUSALS = {
  crowd: new Refusal('too-many-connections', 'connections', 'There are too many connections. Try again later.'),
  timeout: new Refusal('request-timeout', 'head', 'The request head did not arrive in time.'),
} as const
