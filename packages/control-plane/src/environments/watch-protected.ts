/**
 * Owns whether a change makes a protected environment run something else, or protects it less. What counts is what comes of a change and
 * not what it was about: so nothing that is live has a way around, whatever is added to the API.
 */
import { isDeepStrictEqual } from 'node:util'
import type { LiveCheck } from '../publish/live-check.ts'
import { type Outcome, toOutcome } from '../publish/outcome.ts'
import type { EnvironmentState } from '../publish/publication-reader.ts'
import type { Moment } from '../store/store.ts'
import type { EnvironmentBody } from './environment-body.ts'

/** By id. */
export type Watched = ReadonlyMap<string, EnvironmentState>

export interface Touched {
  readonly id: string
  /** As it was before the change. */
  readonly body: EnvironmentBody
  /** It runs what it ran, and is protected less. */
  readonly stampStays: boolean
  /** What comes of it there. */
  readonly outcome: Outcome
}

/** `watched`: as it was before, in the same change of the store. */
export async function findTouched(liveCheck: LiveCheck, db: Moment, watched: Watched): Promise<readonly Touched[]> {
  if (watched.size === 0) return []
  const after = await liveCheck.watch(db, new Set(watched.keys()))
  return [...watched].flatMap(([id, { body, stamp, pieces }]) => {
    const now = after.get(id)
    const stampStays = now?.stamp === stamp
    return stampStays && !isLowered(body.protection, now.body.protection)
      ? []
      : [{ id, body, stampStays, outcome: toOutcome(pieces, now?.pieces ?? []) }]
  })
}

type Protection = EnvironmentBody['protection']

/** More approvals, and a freeze where there was none, only add to it. */
function isLowered(was: Protection = {}, is: Protection = {}): boolean {
  const isFrozenAsBefore = was.frozen === undefined || isDeepStrictEqual(was.frozen, is.frozen)
  const hasSameApprovers = isDeepStrictEqual(was.approvers, is.approvers)
  return !isFrozenAsBefore || !hasSameApprovers || (is.approvals ?? 0) < (was.approvals ?? 0)
}
