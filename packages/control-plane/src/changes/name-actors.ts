/** Owns the names of those who asked for a change, approved it, or ended it: actors are uids, which tell people nothing. */
import type { z } from 'zod'
import type { Actor } from '../access/actor.ts'
import { findActorNames } from '../audit/find-actor-names.ts'
import type { Moment } from '../store/store.ts'
import type { changeSchema } from './change-schema.ts'

type Shown = z.input<typeof changeSchema>

/** With the names that they have now. */
export async function nameActors(db: Moment, changes: readonly Shown[]): Promise<Shown[]> {
  const actors = changes.flatMap(({ askedBy, approvals, end }) => [
    askedBy,
    ...approvals.map(({ by }) => by),
    ...(end === undefined ? [] : [end.by]),
  ])
  const findName = await findActorNames(
    db,
    actors.map((by) => ({ by: by as Actor, personal: undefined })),
  )
  const toNamed = <Step extends { readonly by: string }>(step: Step) => {
    const byName = findName({ by: step.by as Actor, personal: undefined })
    return byName === undefined ? step : { ...step, byName }
  }
  return changes.map(({ approvals, end, ...change }) => {
    const { byName: askedByName } = toNamed({ by: change.askedBy }) as { readonly byName?: string }
    return {
      ...change,
      ...(askedByName !== undefined && { askedByName }),
      approvals: approvals.map(toNamed),
      ...(end !== undefined && { end: toNamed(end) }),
    }
  })
}
