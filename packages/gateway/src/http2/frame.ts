/** Owns the numbers of HTTP/2 on the wire (RFC 9113 §6, §7): frame types, flags, settings, error codes, sizes. */

export const FRAME_TYPES = {
  data: 0,
  headers: 1,
  priority: 2,
  rstStream: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const

export const FLAGS = { endStream: 0x1, ack: 0x1, endHeaders: 0x4, padded: 0x8, priority: 0x20 } as const

/** RFC 9113 §6.5.2; the last is of RFC 8441 §3. */
export const SETTINGS = {
  headerTableSize: 1,
  enablePush: 2,
  maxConcurrentStreams: 3,
  initialWindowSize: 4,
  maxFrameSize: 5,
  maxHeaderListSize: 6,
  enableConnectProtocol: 8,
} as const

/** RFC 9113 §7. */
export const ERROR_CODES = {
  noError: 0x0,
  protocolError: 0x1,
  internalError: 0x2,
  flowControlError: 0x3,
  settingsTimeout: 0x4,
  streamClosed: 0x5,
  frameSizeError: 0x6,
  refusedStream: 0x7,
  cancel: 0x8,
  compressionError: 0x9,
  connectError: 0xa,
  enhanceYourCalm: 0xb,
  inadequateSecurity: 0xc,
  http11Required: 0xd,
} as const

/** RFC 9113 §4.1. */
export const FRAME_HEAD_BYTES = 9
/** RFC 9113 §6.5.2: what each side takes unless it says more. We never say more: longer frames only make others wait. */
export const FRAME_BYTES = 16_384
/** RFC 9113 §6.5.2: the largest that a peer may name. */
export const MOST_FRAME_BYTES = 16_777_215
/** RFC 9113 §6.9.2: of the connection, and of each stream until a SETTINGS says otherwise. */
export const DEFAULT_WINDOW_BYTES = 65_535
/** RFC 9113 §6.9.1: no window may become larger. */
export const MOST_WINDOW_BYTES = 0x7fff_ffff
/** RFC 9113 §5.1.1: 31 bits, and none is used twice. */
export const LAST_STREAM_ID = 0x7fff_ffff

/** RFC 9113 §3.4: what a client says first. */
export const PREFACE: Buffer = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1')

/** Why a connection, or one stream of it, cannot go on: the code for the peer, a word for the record. */
export interface Http2Fault {
  readonly code: number
  readonly reason: string
}

export function readUint32(octets: Uint8Array, at: number): number {
  return (readUint31(octets, at) | ((octets[at] ?? 0) & 0x80 ? 0x8000_0000 : 0)) >>> 0
}

/** RFC 9113 §4.1: the reserved bit is ignored when it comes. */
export function readUint31(octets: Uint8Array, at: number): number {
  const high = ((octets[at] ?? 0) & 0x7f) << 24
  return high | ((octets[at + 1] ?? 0) << 16) | ((octets[at + 2] ?? 0) << 8) | (octets[at + 3] ?? 0)
}
