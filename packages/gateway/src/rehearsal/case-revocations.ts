/** Owns what was revoked in a rehearsal: the gateway's own memory of it, begun anew for each case. */
import type { RevocationList, Revocations } from '@gatewright/policies'
import { createSharedRevocations, openRevocations } from '../state/revocations/shared-revocations.ts'
import type { RehearsalClock } from './rehearsal-clock.ts'

const CELLS = 1024

export class CaseRevocations implements Revocations {
  readonly #clock: RehearsalClock
  #revocations: Revocations | undefined

  constructor(clock: RehearsalClock) {
    this.#clock = clock
  }

  /** A new case: nothing was revoked yet. */
  restart(): void {
    this.#revocations = undefined
  }

  list(id: string): RevocationList {
    return {
      revoke: (key, atMs) => this.#get(id).revoke(key, atMs),
      isRevoked: (key, beganAtMs) => this.#get(id).isRevoked(key, beganAtMs),
    }
  }

  #get(id: string): RevocationList {
    this.#revocations ??= openRevocations(createSharedRevocations({ cells: CELLS, epochMs: this.#clock.now() }))
    return this.#revocations.list(id)
  }
}
