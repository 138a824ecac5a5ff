/** Owns who loads a value for all threads of a process, and the newest that was loaded. Main holds it; it calls nobody by itself. */
import {
  isRecent,
  type Loaded,
  type LoadFailure,
  type SharedValueAnswer,
  type SharedValueRequest,
} from './shared-value-messages.ts'

/** More keys than configurations have; of those that nobody loads, the one that nobody asked for longest makes room. */
const MOST_KEYS = 4096
/** At once. A thread makes no more calls than that; some values are of one session of somebody's, and there may be many of those. */
const MOST_LOADS = 1024
const TOO_MANY: LoadFailure = { reason: 'too-many-calls', message: 'too many values are being loaded' }

interface Entry {
  loaded: Loaded | undefined
  failure: LoadFailure | undefined
  triedAtMs: number
  /** Who loads it. */
  leader: number | undefined
  /** Who waits for that, the leader among them. */
  readonly waiting: Set<number>
}

interface BrokerParts {
  send(thread: number, answer: SharedValueAnswer): void
  /** Milliseconds since the epoch. */
  now(): number
}

export class SharedValueBroker {
  readonly #parts: BrokerParts
  readonly #entries = new Map<string, Entry>()
  /** Keys of what somebody loads. */
  readonly #led = new Set<string>()

  constructor(parts: BrokerParts) {
    this.#parts = parts
  }

  onRequest(thread: number, request: SharedValueRequest): void {
    switch (request.kind) {
      case 'value-wanted':
        this.#onWanted(thread, request)
        break
      case 'value-loaded':
        this.#settle(thread, request.key, { loaded: request.loaded })
        break
      case 'value-failed':
        this.#settle(thread, request.key, { failure: request.failure })
        break
      case 'value-left':
        this.#leave(thread, request.key)
        break
    }
  }

  onThreadGone(thread: number): void {
    for (const key of this.#entries.keys()) this.#leave(thread, key)
  }

  /** What it was to load, another loads that waits for it. */
  #leave(thread: number, key: string): void {
    const entry = this.#entries.get(key)
    entry?.waiting.delete(thread)
    if (entry === undefined || entry.leader !== thread) return
    const [next] = entry.waiting
    if (next !== undefined) return this.#lead(next, key, entry)
    entry.leader = undefined
    this.#led.delete(key)
  }

  #onWanted(
    thread: number,
    { key, knownUntilMs, retryMs }: Extract<SharedValueRequest, { kind: 'value-wanted' }>,
  ): void {
    const entry = this.#touch(key)
    const { loaded } = entry
    const nowMs = this.#parts.now()
    const isNewer = loaded !== undefined && loaded.freshUntilMs > knownUntilMs
    if (entry.leader !== undefined) {
      entry.waiting.add(thread)
      // It is told again once there is another one: who can do with this does not wait for that.
      if (isNewer && loaded.usableUntilMs > nowMs) this.#tell(thread, key, { loaded, failure: undefined })
      return
    }
    if (isNewer || isRecent(entry.triedAtMs, nowMs, retryMs)) return this.#tell(thread, key, entry)
    // Not tried, and so not to be waited for: whoever looks next may find room.
    if (this.#led.size >= MOST_LOADS) return this.#tell(thread, key, { loaded, failure: TOO_MANY })
    entry.waiting.add(thread)
    this.#lead(thread, key, entry)
  }

  #lead(thread: number, key: string, entry: Entry): void {
    entry.leader = thread
    this.#led.add(key)
    this.#parts.send(thread, { kind: 'value-load', key })
  }

  #settle(thread: number, key: string, outcome: { loaded: Loaded } | { failure: LoadFailure }): void {
    const entry = this.#entries.get(key)
    // Another leads since: what this one found came too late.
    if (entry === undefined || entry.leader !== thread) return
    entry.leader = undefined
    this.#led.delete(key)
    entry.triedAtMs = this.#parts.now()
    if ('loaded' in outcome) entry.loaded = outcome.loaded
    entry.failure = 'failure' in outcome ? outcome.failure : undefined
    const waiting = [...entry.waiting]
    entry.waiting.clear()
    for (const each of waiting) this.#tell(each, key, entry)
  }

  #tell(thread: number, key: string, { loaded, failure }: Pick<Entry, 'loaded' | 'failure'>): void {
    this.#parts.send(thread, { kind: 'value', key, loaded, ...(failure && { failure }) })
  }

  /** The newest stands last. */
  #touch(key: string): Entry {
    const entry = this.#entries.get(key) ?? {
      loaded: undefined,
      failure: undefined,
      triedAtMs: Number.NEGATIVE_INFINITY,
      leader: undefined,
      waiting: new Set<number>(),
    }
    this.#entries.delete(key)
    this.#entries.set(key, entry)
    if (this.#entries.size > MOST_KEYS) this.#makeRoom(key)
    return entry
  }

  /** Who waits for a value that is loaded would never hear of it: those stay. */
  #makeRoom(asked: string): void {
    for (const [key, { leader }] of this.#entries) {
      if (leader !== undefined || key === asked) continue
      this.#entries.delete(key)
      return
    }
  }
}
