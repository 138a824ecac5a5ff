/** Owns the listeners of one thread: what is new is bound beside what serves, what stays is changed in place, what goes ends by and by. */
import type { Listener } from '@gatewright/model'
import type { BrokenOffBy } from '../exchange/gateway-exchange.ts'
import { type ListenerParts, ListenerRuntime } from './listener.ts'

/** Bound already, accepting nothing that counts until they are settled. */
export type BoundListeners = ReadonlyMap<string, ListenerRuntime>

export class ListenerSet {
  readonly #parts: ListenerParts
  /** By address: `host:port` is what a socket is bound to, whatever its id. */
  readonly #open = new Map<string, ListenerRuntime>()
  /** Taken out of the configuration; their last connections may still be answered. */
  readonly #closing = new Set<ListenerRuntime>()

  constructor(parts: ListenerParts) {
    this.#parts = parts
  }

  /** Binds those of these that are new. @throws where one cannot be bound: then none stays bound */
  async bind(models: readonly Listener[]): Promise<BoundListeners> {
    const bound = new Map<string, ListenerRuntime>()
    try {
      for (const model of models) {
        const address = toAddress(model)
        if (model.enabled === false || this.#open.has(address)) continue
        const listener = new ListenerRuntime(model, this.#parts)
        // The first snapshot is served from the first connection on; later ones are bound while an older one answers.
        await listener.listen()
        bound.set(address, listener)
      }
    } catch (error) {
      for (const listener of bound.values()) listener.destroy()
      throw error
    }
    return bound
  }

  /** From here on these are what is listened on. A listener that stays is never closed: what changed of it is changed in place. Answers those that close. */
  settle(models: readonly Listener[], bound: BoundListeners): readonly ListenerRuntime[] {
    const left: ListenerRuntime[] = []
    for (const [address, listener] of bound) this.#open.set(address, listener)
    const wanted = new Map(models.filter((model) => model.enabled !== false).map((model) => [toAddress(model), model]))
    for (const [address, listener] of this.#open) {
      const model = wanted.get(address)
      if (model !== undefined) {
        listener.update(model)
      } else {
        listener.close()
        this.#open.delete(address)
        this.#closing.add(listener)
        left.push(listener)
      }
    }
    for (const listener of this.#closing) if (listener.isDone) this.#closing.delete(listener)
    return left
  }

  startDraining(): void {
    for (const listener of this.#open.values()) listener.startDraining()
  }

  /** Answers all that are not done, those that were closing among them. */
  close(): readonly ListenerRuntime[] {
    const all = this.#all()
    for (const listener of all) listener.close()
    return all
  }

  /** Whatever is still open ends now. `by` is for the record. */
  destroy(by: BrokenOffBy): void {
    for (const listener of this.#all()) listener.destroy(by)
  }

  #all(): readonly ListenerRuntime[] {
    return [...this.#open.values(), ...this.#closing]
  }
}

function toAddress({ host, port }: Listener): string {
  return `${host}:${port}`
}
