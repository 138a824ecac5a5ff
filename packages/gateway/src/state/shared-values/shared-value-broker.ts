/** Owns who loads a value for all threads of a process, and the newest that was loaded. Main holds it; it calls nobody by itself. */
import {
  isRecent,
  type Loaded,
  type LoadFailure,
  type SharedValueAnswer,
  type SharedValueRequest,
} from './shared-value-messages.ts'
import { type Entry, type RoomBounds, ValueRoom } from './value-room.ts'

/** More keys than configurations have, and more than their keys and tokens weigh. */
const OF_CONFIGURATION: RoomBounds = { mostKeys: 4096, mostBytes: 256 * 1024 * 1024 }
/** Sessions that were refreshed, mostly: some kilobytes each. Beyond, the oldest are forgotten before their time. */
const OF_PEOPLE: RoomBounds = { mostKeys: 65_536, mostBytes: 64 * 1024 * 1024 }
/** At once, of what may be as many as there are people: a thread makes no more calls than that. */
const MOST_LOADS = 1024
const TOO_MANY: LoadFailure = {
  reason: 'too-many-calls',
  message: 'too many values are being loaded',
  isAnswered: false,
}

interface BrokerParts {
  send(thread: number, answer: SharedValueAnswer): void
  /** Milliseconds since the epoch. */
  now(): number
}

export class SharedValueBroker {
  readonly #parts: BrokerParts
  /** Apart: no crowd of people pushes out what the configuration needs. */
  readonly #rooms = { configuration: new ValueRoom(OF_CONFIGURATION), people: new ValueRoom(OF_PEOPLE) }
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
    for (const room of Object.values(this.#rooms)) for (const key of room.keys()) this.#leave(thread, key)
  }

  /** What it was to load, another loads that waits for it. */
  #leave(thread: number, key: string): void {
    const entry = this.#find(key)
    entry?.waiting.delete(thread)
    if (entry === undefined || entry.leader !== thread) return
    const [next] = entry.waiting
    if (next !== undefined) return this.#lead(next, key, entry)
    entry.leader = undefined
    this.#led.delete(key)
  }

  #onWanted(
    thread: number,
    { key, knownUntilMs, retryMs, isOfOnePerson }: Extract<SharedValueRequest, { kind: 'value-wanted' }>,
  ): void {
    const nowMs = this.#parts.now()
    const entry = this.#rooms[isOfOnePerson ? 'people' : 'configuration'].touch(key, nowMs)
    const { loaded } = entry
    const isNewer = loaded !== undefined && loaded.freshUntilMs > knownUntilMs && loaded.usableUntilMs > nowMs
    if (entry.leader !== undefined) {
      entry.waiting.add(thread)
      // It is told again once there is another one: who can do with this does not wait for that.
      if (isNewer) this.#tell(thread, key, { loaded, failure: undefined })
      return
    }
    if (isNewer || isRecent(entry.triedAtMs, nowMs, retryMs)) return this.#tell(thread, key, entry)
    // Not tried, and so not to be waited for: whoever looks next may find room.
    if (isOfOnePerson && this.#led.size >= MOST_LOADS) return this.#tell(thread, key, { loaded, failure: TOO_MANY })
    entry.waiting.add(thread)
    this.#lead(thread, key, entry)
  }

  #lead(thread: number, key: string, entry: Entry): void {
    entry.leader = thread
    this.#led.add(key)
    this.#parts.send(thread, { kind: 'value-load', key })
  }

  #settle(thread: number, key: string, outcome: { loaded: Loaded } | { failure: LoadFailure }): void {
    const entry = this.#find(key)
    // Another leads since: what this one found came too late.
    if (entry === undefined || entry.leader !== thread) return
    entry.leader = undefined
    this.#led.delete(key)
    entry.triedAtMs = this.#parts.now()
    if ('loaded' in outcome) this.#roomOf(key).keep(key, outcome.loaded)
    entry.failure = 'failure' in outcome ? outcome.failure : undefined
    const waiting = [...entry.waiting]
    entry.waiting.clear()
    for (const each of waiting) this.#tell(each, key, entry)
  }

  #tell(thread: number, key: string, { loaded, failure }: Pick<Entry, 'loaded' | 'failure'>): void {
    this.#parts.send(thread, { kind: 'value', key, loaded, ...(failure && { failure }) })
  }

  #find(key: string): Entry | undefined {
    return this.#roomOf(key).get(key)
  }

  #roomOf(key: string): ValueRoom {
    const { configuration, people } = this.#rooms
    return configuration.get(key) === undefined ? people : configuration
  }
}
