/** Owns the difference between a TLS connection that its other side ended and one that was cut: Node tells of both alike. */
import type { Socket } from 'node:net'
import { getSystemErrorName } from 'node:util'

/** What every TLS socket has and the published types leave out. */
interface Handle {
  /** The TCP connection below. */
  readonly _parent?: { readStart?(): number }
}

/**
 * At its `end`: did it come in order? TLS ends with a `close_notify` (RFC 8446 §6.1), which is found in what was read, while
 * the TCP connection goes on being read. A FIN ends the reading of the TCP connection itself, and only then can it be begun
 * anew. While it is paused no FIN is seen, so that it was a `close_notify` in what had been read before.
 */
export function isCleanEnd(socket: Socket, { isPaused }: { readonly isPaused: boolean }): boolean {
  if (isPaused || !('encrypted' in socket)) return true
  const { _parent: below } = (socket as unknown as { readonly _handle: Handle | null })._handle ?? {}
  // Who cannot tell takes it for cut.
  if (below?.readStart === undefined) return false
  const result = below.readStart()
  return result < 0 && getSystemErrorName(result) === 'EALREADY'
}
