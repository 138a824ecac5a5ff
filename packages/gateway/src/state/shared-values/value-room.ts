/** Owns how much room the shared values of one kind have, and which of them makes room for another. */
import type { Loaded, LoadFailure } from './shared-value-messages.ts'

export interface Entry {
  loaded: Loaded | undefined
  failure: LoadFailure | undefined
  triedAtMs: number
  /** Who loads it. */
  leader: number | undefined
  /** Who waits for that, the leader among them. */
  readonly waiting: Set<number>
  /** Of what is loaded, about. */
  bytes: number
}

export interface RoomBounds {
  readonly mostKeys: number
  readonly mostBytes: number
}

/** What nobody asked for longest stands first. */
export class ValueRoom {
  readonly #bounds: RoomBounds
  readonly #entries = new Map<string, Entry>()
  #bytes = 0

  constructor(bounds: RoomBounds) {
    this.#bounds = bounds
  }

  get(key: string): Entry | undefined {
    return this.#entries.get(key)
  }

  keys(): Iterable<string> {
    return this.#entries.keys()
  }

  /** The entry, new where there was none, as the one that was asked for last. */
  touch(key: string, nowMs: number): Entry {
    const entry = this.#entries.get(key) ?? this.#create(nowMs)
    this.#entries.delete(key)
    this.#entries.set(key, entry)
    this.#shrink(key)
    return entry
  }

  keep(key: string, loaded: Loaded): void {
    const entry = this.#entries.get(key)
    if (entry === undefined) return
    const bytes = JSON.stringify(loaded.value)?.length ?? 0
    this.#bytes += bytes - entry.bytes
    entry.bytes = bytes
    entry.loaded = loaded
    this.#shrink(key)
  }

  #create(nowMs: number): Entry {
    this.#dropUseless(nowMs)
    return {
      ...{ loaded: undefined, failure: undefined, leader: undefined, bytes: 0 },
      triedAtMs: Number.NEGATIVE_INFINITY,
      waiting: new Set<number>(),
    }
  }

  /** From the front, as far as there is nothing else: whoever comes for those gets nothing of them any more. */
  #dropUseless(nowMs: number): void {
    for (const [key, { leader, loaded }] of this.#entries) {
      if (leader !== undefined || loaded === undefined || loaded.usableUntilMs > nowMs) return
      this.#drop(key)
    }
  }

  /** Who waits for a value that is loaded would never hear of it: those stay. */
  #shrink(asked: string): void {
    const { mostKeys, mostBytes } = this.#bounds
    if (this.#entries.size <= mostKeys && this.#bytes <= mostBytes) return
    for (const [key, { leader }] of this.#entries) {
      if (leader !== undefined || key === asked) continue
      this.#drop(key)
      if (this.#entries.size <= mostKeys && this.#bytes <= mostBytes) return
    }
  }

  #drop(key: string): void {
    this.#bytes -= this.#entries.get(key)?.bytes ?? 0
    this.#entries.delete(key)
  }
}
