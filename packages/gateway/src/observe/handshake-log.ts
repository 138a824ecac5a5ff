/** Owns the telling of TLS handshakes that fail: counted all, told once a minute for each listener and reason, since anybody can make them fail. */
import type { Log } from '@gatewright/policies'

const TOLD_EVERY_MS = 60_000
/** A client can make OpenSSL say many things, but not that many. */
const MOST_REASONS = 64
/** Scanners and clients that changed their mind: nothing that anybody could mend. */
const USUAL = new Set(['closed', 'challenge', 'ECONNRESET', 'EPIPE'])

const ADVICE: Readonly<Record<string, string>> = {
  'no-certificate': 'the client asked for a name that no certificate has, or for none: see defaultCertificate',
  'no-tls': 'the client spoke without TLS',
  timeout: 'the handshake did not end in time: see limits.handshakeTimeoutMs',
}

export class HandshakeLog {
  readonly #log: Log
  readonly #now: () => number
  readonly #told = new Map<string, { atMs: number; since: number }>()

  constructor(log: Log, now: () => number) {
    this.#log = log
    this.#now = now
  }

  onFailed(why: string, listener: string): void {
    if (USUAL.has(why)) return
    const key = `${listener} ${why}`
    const nowMs = this.#now()
    const told = this.#told.get(key)
    if (told !== undefined && nowMs - told.atMs < TOLD_EVERY_MS) {
      told.since++
      return
    }
    if (this.#told.size >= MOST_REASONS) this.#told.clear()
    this.#told.set(key, { atMs: nowMs, since: 0 })
    this.#log.warn('a TLS handshake failed', {
      listener,
      reason: why,
      ...(ADVICE[why] !== undefined && { advice: ADVICE[why] }),
      ...(told !== undefined && told.since > 0 && { alsoSince: told.since }),
    })
  }
}
