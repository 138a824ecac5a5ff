/** Owns what was used, in tests: exact, in one process, by the test's clock. */
import type { Clock, ReplayList, Replays } from '../services.ts'

export class MemoryReplays implements Replays {
  readonly #clock: Pick<Clock, 'now'>
  readonly #untilMs = new Map<string, number>()

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock
  }

  list(id: string): ReplayList {
    const toKey = (key: string): string => JSON.stringify([id, key])
    return {
      use: (key, untilMs) => {
        if ((this.#untilMs.get(toKey(key)) ?? 0) > this.#clock.now()) return false
        this.#untilMs.set(toKey(key), untilMs)
        return true
      },
      giveBack: (key) => void this.#untilMs.delete(toKey(key)),
    }
  }
}
