/** Owns what was used in a rehearsal: the gateway's own memory of it, begun anew for each case. */
import type { ReplayList, Replays } from '@gatewright/policies'
import { createSharedReplays, openReplays } from '../state/replays/shared-replays.ts'
import type { RehearsalClock } from './rehearsal-clock.ts'

const SLOTS = 1024

export class CaseReplays implements Replays {
  readonly #clock: RehearsalClock
  #replays: Replays | undefined

  constructor(clock: RehearsalClock) {
    this.#clock = clock
  }

  /** A new case: nothing was used yet. */
  restart(): void {
    this.#replays = undefined
  }

  list(id: string): ReplayList {
    return {
      use: (key, untilMs) => this.#get(id).use(key, untilMs),
      giveBack: (key) => this.#get(id).giveBack(key),
    }
  }

  #get(id: string): ReplayList {
    const now = (): number => this.#clock.now()
    this.#replays ??= openReplays(createSharedReplays({ slots: SLOTS, epochMs: now() }), now)
    return this.#replays.list(id)
  }
}
