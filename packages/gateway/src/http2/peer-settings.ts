/** Owns what the peer has said in SETTINGS (RFC 9113 §6.5), and what it may not say. */
import {
  DEFAULT_WINDOW_BYTES,
  ERROR_CODES,
  FRAME_BYTES,
  type Http2Fault,
  MOST_FRAME_BYTES,
  MOST_WINDOW_BYTES,
  readUint32,
  SETTINGS,
} from './frame.ts'

/** RFC 9113 §6.5.2 sets no limit until the peer does, and recommends that no peer says less. */
const STREAMS_BEFORE_SETTINGS = 100

const FAULTS = {
  push: { code: ERROR_CODES.protocolError, reason: 'enable-push' },
  window: { code: ERROR_CODES.flowControlError, reason: 'initial-window-size' },
  frame: { code: ERROR_CODES.protocolError, reason: 'max-frame-size' },
  connect: { code: ERROR_CODES.protocolError, reason: 'enable-connect-protocol' },
} as const

export class PeerSettings {
  headerTableBytes = 4096
  concurrentStreams = STREAMS_BEFORE_SETTINGS
  windowBytes = DEFAULT_WINDOW_BYTES
  /** Without end where the peer does not say. */
  headerListBytes = Number.POSITIVE_INFINITY
  /** RFC 8441 §3. */
  takesExtendedConnect = false
  /** Its first SETTINGS came. */
  hasCome = false

  /** Takes what stands in `octets[at, end)`, in order. */
  read(octets: Uint8Array, at: number, end: number): Http2Fault | undefined {
    // RFC 9113 §6.5.2: who says nothing of it sets no limit.
    if (!this.hasCome) this.concurrentStreams = Number.POSITIVE_INFINITY
    this.hasCome = true
    for (let i = at; i < end; i += 6) {
      const id = ((octets[i] ?? 0) << 8) | (octets[i + 1] ?? 0)
      const fault = this.#take(id, readUint32(octets, i + 2))
      if (fault !== undefined) return fault
    }
    return undefined
  }

  #take(id: number, value: number): Http2Fault | undefined {
    switch (id) {
      case SETTINGS.headerTableSize:
        this.headerTableBytes = value
        break
      case SETTINGS.enablePush:
        // We never push.
        if (value > 1) return FAULTS.push
        break
      case SETTINGS.maxConcurrentStreams:
        this.concurrentStreams = value
        break
      case SETTINGS.initialWindowSize:
        if (value > MOST_WINDOW_BYTES) return FAULTS.window
        this.windowBytes = value
        break
      case SETTINGS.maxFrameSize:
        if (value < FRAME_BYTES || value > MOST_FRAME_BYTES) return FAULTS.frame
        // We send no frame longer than the least that it may say.
        break
      case SETTINGS.maxHeaderListSize:
        this.headerListBytes = value
        break
      case SETTINGS.enableConnectProtocol:
        // RFC 8441 §3: 0 or 1, and not taken back.
        if (value > 1 || (this.takesExtendedConnect && value === 0)) return FAULTS.connect
        this.takesExtendedConnect = value === 1
        break
    }
    return undefined
  }
}
