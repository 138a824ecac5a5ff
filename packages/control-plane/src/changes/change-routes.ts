/** Owns the routes of changes that wait: to look at them, to let them through, to refuse and to withdraw them. */
import { z } from 'zod'
import { presentBreakingChange } from '../breaking/breaking-change-schema.ts'
import { compareWithLive } from '../deployments/compare-with-live.ts'
import { carryOut, toDone, waitQuery } from '../deployments/define-deploying.ts'
import { rolloutSchema } from '../deployments/deployment-answer.ts'
import {
  type DeploymentPlace,
  findPlace,
  PLACE_PATH,
  placeDemand,
  placeParams,
} from '../deployments/deployment-place.ts'
import { findDeployment } from '../deployments/deployment-store.ts'
import { mustWait } from '../environments/guard-environment.ts'
import { AdminProblem } from '../http/admin-problem.ts'
import { assertAdmitted } from '../http/assert-allowed.ts'
import { toLimit } from '../http/page-query.ts'
import { defineChange, defineReading, type Route } from '../http/route.ts'
import { findResources } from '../resources/find-resources.ts'
import { listAllResources } from '../resources/list-resources.ts'
import type { Doing } from '../store/doing.ts'
import { findPerson } from '../tokens/token-store.ts'
import { isAsked } from './asked-change.ts'
import { CHANGE_STATES, ChangeFault, type ChangeRequest } from './change-request.ts'
import { changeSchema, presentAsked, presentChange } from './change-schema.ts'
import { approveChange, endChange, getChange, getWaitingChange, listChanges } from './change-store.ts'
import { findAsker } from './find-asker.ts'
import { mayStillApprove } from './may-still-approve.ts'
import { nameActors } from './name-actors.ts'

const params = placeParams.extend({ number: z.coerce.number().int().min(1) })
const noteBody = z.strictObject({ note: z.string().max(2000).default('') })
const PATH = `${PLACE_PATH}/changes/{number}`
const TAG = 'changes'

function toNote(
  { api, environment }: DeploymentPlace,
  { number, askedBy }: ChangeRequest,
  { action, note }: { readonly action: string; readonly note: string },
) {
  const details = { id: api.id, environment: environment.id, change: number, askedBy, note }
  return { action, kind: api.kind, target: api.uid, team: api.team, details }
}

const LIST = defineReading({
  name: 'listChanges',
  path: '/changes',
  summary:
    'What waits, or waited, to become live in protected environments, of APIs and of all else; what something became of last stands first.',
  tag: TAG,
  access: { kind: 'some-team', permission: 'api:read' },
  query: z.strictObject({
    state: z.enum(CHANGE_STATES).optional(),
    limit: toLimit(),
    below: z.coerce
      .number()
      .int()
      .optional()
      .meta({ description: 'Of the last one of the page before: its `sequence`.' }),
  }),
  answer: z.strictObject({ items: z.array(changeSchema) }),
  async read({ services, teams, parts }, db, { query: { state, limit, below } }) {
    const query = {
      limit,
      ...(state && { state }),
      ...(below !== undefined && { below }),
      ...(teams !== 'all' && { shown: { teams, parts } }),
    }
    const changes = await listChanges(db, query, services.nowMs())
    const uids = changes.flatMap(({ api, environment }) => [api, environment])
    const named = await findResources(db, [...new Set(uids)])
    const environments = await listAllResources(db, 'environment')
    const items = changes.flatMap((change): z.input<typeof changeSchema>[] => {
      if (isAsked(change)) {
        return [
          presentAsked(
            change,
            environments.filter(({ id }) => change.wish.environments.includes(id)),
          ),
        ]
      }
      const [api, environment] = [named.get(change.api), named.get(change.environment)]
      return api === undefined || environment === undefined ? [] : [presentChange(change, { api, environment })]
    })
    return { body: { items: await nameActors(db, items) } }
  },
})

const GET = defineReading({
  name: 'getChange',
  path: PATH,
  summary:
    'A change that waits, or waited: who asked, for what, and who has approved it; while it waits also what would be another than what is live, and what callers would notice.',
  tag: TAG,
  access: placeDemand('api:read') as never,
  params,
  answer: changeSchema,
  async read({ services }, db, { params: { number, ...at } }) {
    const place = await findPlace(db, at)
    const change = await getChange(db, { ...place.ref, number }, services.nowMs())
    const shown = presentChange(change, place)
    const [named = shown] = await nameActors(db, [shown])
    if (change.state !== 'waiting') return { body: named }
    const before = await findDeployment(db, place.ref)
    const { changes, breaking } = await compareWithLive(db, place, { wish: change.wish, before })
    return { body: { ...named, changes: [...changes], breaking: breaking.map(presentBreakingChange) } }
  },
})

const APPROVE = defineChange({
  name: 'approveChange',
  method: 'POST',
  path: `${PATH}/approve`,
  summary:
    'Lets a change through. With the last approval that it needs it is judged and checked again, and done; else it goes on waiting.',
  tag: TAG,
  access: placeDemand('api:approve') as never,
  watches: 'itself',
  params,
  query: waitQuery,
  body: noteBody,
  answer: z.strictObject({ change: changeSchema, deployment: rolloutSchema.exactOptional() }),
  async change(asking, doing, { params: { number, ...at }, query: { wait }, body: { note } }) {
    const { principal } = asking
    if (principal === undefined) throw new AdminProblem('not-signed-in', 'A change is approved by somebody.')
    const place = await findPlace(doing.db, at)
    const { approvals = 0, approvers } = place.environment.body.protection ?? {}
    const ref = { ...place.ref, number }
    const places = [{ demand: placeDemand('api:approve').toDemand(at), approvers }]
    const mayStill = (person: string) => mayStillApprove(asking, doing.db, { person, places })
    const change = await approveChange(doing, ref, { principal, approvers, note, mayStill })
    const approved = toNote(place, change, { action: 'approve-change', note })
    if (change.approvals.length < approvals)
      return { body: { change: presentChange(change, place) }, notes: [approved] }
    await mustWait(asking, doing, { place, wish: change.wish })
    const told = { change: number, askedBy: change.askedBy, approvedBy: change.approvals.map(({ by }) => by) }
    const asker = { ...asking, principal: await findAsker(asking, doing, change.askedBy) }
    await assertAdmitted(asker, doing.db, { access: placeDemand('api:publish') as never, params: at })
    const deployed = await carryOut(asker, { ...doing, by: change.askedBy }, { place, wish: change.wish })
    const done = toDone(asking, place, { deployed, wait, told })
    const ended = presentChange(await endChange(doing, ref, { state: 'done', note }), place)
    return {
      ...done,
      body: { change: ended, deployment: done.body },
      notes: [approved, ...done.notes],
      async afterwards() {
        return { change: ended, deployment: (await done.afterwards?.()) ?? done.body }
      },
    }
  },
})

interface Ending {
  readonly name: string
  readonly verb: string
  readonly summary: string
  readonly permission: 'api:approve' | 'api:publish'
  readonly state: 'refused' | 'withdrawn'
}

function defineEnding({ name, verb, summary, permission, state }: Ending): Route {
  return defineChange({
    name,
    method: 'POST',
    path: `${PATH}/${verb}`,
    summary,
    tag: TAG,
    access: placeDemand(permission) as never,
    params,
    body: noteBody,
    answer: changeSchema,
    async change({ principal }, doing, { params: { number, ...at }, body: { note } }) {
      const place = await findPlace(doing.db, at)
      const ref = { ...place.ref, number }
      if (state === 'withdrawn') await assertOwn(doing, ref, principal && (await findPerson(doing.db, principal)))
      const change = await endChange(doing, ref, { state, note })
      return { body: presentChange(change, place), notes: [toNote(place, change, { action: `${verb}-change`, note })] }
    },
  })
}

/** @rejects ChangeFault */
async function assertOwn(doing: Doing, ref: Parameters<typeof getWaitingChange>[1], person: string | undefined) {
  const { person: asker } = await getWaitingChange(doing, ref)
  if (asker !== person) throw new ChangeFault('others', 'A change is withdrawn by who asked for it: refuse it instead.')
}

export const CHANGE_ROUTES: readonly Route[] = [
  LIST,
  GET,
  APPROVE,
  defineEnding({
    name: 'refuseChange',
    verb: 'refuse',
    summary: 'Keeps a change from being done.',
    permission: 'api:approve',
    state: 'refused',
  }),
  defineEnding({
    name: 'withdrawChange',
    verb: 'withdraw',
    summary: 'Takes a change back that you have asked for.',
    permission: 'api:publish',
    state: 'withdrawn',
  }),
]
