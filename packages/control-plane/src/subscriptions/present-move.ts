/** Owns how the moving of subscriptions is told: to who asked, in a dry run, and to the audit log. */
import { z } from 'zod'
import type { AuditNote } from '../audit/audit-log.ts'
import { NO_TEAM } from '../resources/kind.ts'
import type { Move, PlannedMove } from './move-subscriptions.ts'
import { stateSchema } from './present-subscription.ts'

export const moveSchema = z.strictObject({
  subscription: z.string().meta({ description: 'Uid.' }),
  app: z.string().meta({ description: 'Team and id.' }),
  state: stateSchema.meta({ description: 'As it was; one that moves stays so.' }),
  outcome: z.enum(['moves', 'ends', 'stays']).meta({
    description:
      '`ends`: the app has another one to the next API, which takes its place. `stays`: that other one gives less.',
  }),
  plan: z.string().exactOptional().meta({ description: 'Id of the plan that counts from now on.' }),
  other: z.string().exactOptional().meta({ description: 'Uid of the other one.' }),
  note: z.string().exactOptional().meta({ description: 'What callers would notice, or what has to be done first.' }),
})

export function presentMove(planned: PlannedMove) {
  const { before, outcome, plan, other, note } = planned
  return {
    subscription: before.uid,
    app: toAppName(planned),
    state: before.state,
    outcome,
    ...(plan !== undefined && { plan: plan.id }),
    ...(other !== undefined && { other: other.uid }),
    ...(note !== undefined && { note }),
  }
}

/** One for each that is not what it was. */
export function toMoveNotes(planned: readonly PlannedMove[], { from, to }: Move): AuditNote[] {
  return planned.flatMap(({ before, app, plan, outcome, other }) => {
    if (outcome === 'stays') return []
    const details = {
      app: app?.id,
      from: from.id,
      to: to.id,
      plan: plan?.id,
      before: { plan: before.plan, state: before.state },
      ...(other !== undefined && { replacedBy: other.uid }),
    }
    const action = outcome === 'moves' ? 'move' : 'end'
    return [{ action, kind: 'subscription', target: before.uid, team: app?.team ?? NO_TEAM, details }]
  })
}

/** Told in a dry run: a line for each, and how many of them move. */
export function toMoveLines(planned: readonly PlannedMove[], { from, to }: Move): string[] {
  const moving = planned.filter(({ outcome }) => outcome === 'moves').length
  const lines = planned.map((each) => {
    const { before, outcome, plan, note } = each
    const on = outcome === 'stays' ? '' : `, on the plan "${plan?.id}"`
    return `subscription ${before.uid} of "${toAppName(each)}" ${outcome}${on}${note === undefined ? '' : `: ${note}`}`
  })
  return [`${moving} subscriptions move from "${from.id}" to "${to.id}"`, ...lines]
}

/** Its uid where it is gone. */
export function toAppName({ app, before }: PlannedMove): string {
  return app === undefined ? before.app : `${app.team}/${app.id}`
}
