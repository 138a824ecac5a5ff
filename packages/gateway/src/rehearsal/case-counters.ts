/** Owns limits in a rehearsal: the gateway's own counters, begun anew for each case. */
import type { Counters, Limiter, LimiterSpec } from '@gatewright/policies'
import { createSharedCounters, openCounters, type SharedCounters } from '../state/counters/shared-counters.ts'
import type { RehearsalClock } from './rehearsal-clock.ts'

/** 4096 keys alive in one case; a table of them takes 130 KB and is made only where something is counted. */
const LEVELS = [{ buckets: 512, regions: 1 }]

export class CaseCounters implements Counters {
  readonly #clock: RehearsalClock
  readonly #judge = openCounters(createSharedCounters({ levels: [{ buckets: 1, regions: 1 }] }))
  #counters: SharedCounters | undefined
  #limiters = new Map<string, Limiter>()

  constructor(clock: RehearsalClock) {
    this.#clock = clock
  }

  /** A new case: nothing was counted yet. */
  restart(): void {
    this.#counters = undefined
    this.#limiters = new Map()
  }

  limiter(spec: LimiterSpec): Limiter {
    // What cannot be counted is refused here, as by the gateway, and not by the first request.
    this.#judge.limiter(spec)
    return {
      take: (key, cost) => this.#get(spec).take(key, cost),
      giveBack: (key, cost) => this.#get(spec).giveBack(key, cost),
    }
  }

  #get(spec: LimiterSpec): Limiter {
    const key = JSON.stringify(spec)
    let limiter = this.#limiters.get(key)
    if (limiter === undefined) {
      const now = (): number => this.#clock.now()
      this.#counters ??= openCounters(createSharedCounters({ levels: LEVELS, epochMs: now() }), { now })
      limiter = this.#counters.limiter(spec)
      this.#limiters.set(key, limiter)
    }
    return limiter
  }
}
