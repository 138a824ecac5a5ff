/** Owns what an HTTP/2 session promises and bears: what its owner sets, and the defaults with their origin. */
import { DEFAULT_WINDOW_BYTES } from './frame.ts'

export interface Http2Settings {
  /** Octets of a header list, each field with 32 more (RFC 9113 §6.5.2): announced; beyond it a head is refused. */
  readonly headerListBytes: number
  readonly headerFields: number
  /** Streams that the peer may have open: announced, and enforced (RFC 9113 §5.1.2). */
  readonly concurrentStreams: number
  /** Of each stream at its beginning: announced. Below the protocol's default of 65 535 it is that. */
  readonly streamWindowBytes: number
  /** What a stream's window grows to while its reader keeps up; never more than half of the connection's, or one slow reader would stop all others. */
  readonly streamWindowMostBytes: number
  /** All that a connection may make us hold. */
  readonly connectionWindowBytes: number
  /** Server: RFC 8441 is announced, and `:protocol` taken. */
  readonly takesExtendedConnect: boolean
}

export const HTTP2_DEFAULTS: Http2Settings = {
  // Both as the listeners' defaults for HTTP/1.1 heads.
  headerListBytes: 65_536,
  headerFields: 256,
  // RFC 9113 §6.5.2 recommends 100 at least; nginx says 128.
  concurrentStreams: 128,
  // One read of a socket, so that a small upload never waits.
  streamWindowBytes: 65_536,
  // 1 MiB carries 80 Mbit/s over a line with 100 ms there and back.
  streamWindowMostBytes: 1_048_576,
  connectionWindowBytes: 1_048_576,
  takesExtendedConnect: false,
}

/** RFC 9113 §6.9.2: until the peer has read our SETTINGS it counts with the default, so no window is below it. */
export function toSafeSettings(settings: Http2Settings): Http2Settings {
  const connectionWindowBytes = Math.max(settings.connectionWindowBytes, DEFAULT_WINDOW_BYTES)
  const streamWindowBytes = Math.max(settings.streamWindowBytes, DEFAULT_WINDOW_BYTES)
  const most = Math.min(settings.streamWindowMostBytes, Math.floor(connectionWindowBytes / 2))
  return {
    ...settings,
    connectionWindowBytes,
    streamWindowBytes,
    streamWindowMostBytes: Math.max(most, streamWindowBytes),
  }
}
