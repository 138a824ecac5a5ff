/** Owns the routes of changes that wait because of what a protected environment would run: of itself, and of what is shared there. */
import { z } from 'zod'
import { partIdSchema } from '../apis/api-body.ts'
import type { EnvironmentBody } from '../environments/environment-body.ts'
import { AdminProblem } from '../http/admin-problem.ts'
import { assertAllowed } from '../http/assert-allowed.ts'
import { type Asking, defineChange, defineReading, type Route } from '../http/route.ts'
import { ENVIRONMENT } from '../kinds.ts'
import { toRef } from '../resources/kind.ts'
import type { Resource } from '../resources/resource.ts'
import { findResource, getResource } from '../resources/resource-store.ts'
import type { Doing } from '../store/doing.ts'
import type { Moment } from '../store/store.ts'
import { findPerson } from '../tokens/token-store.ts'
import type { AskedRequest } from './asked-change.ts'
import type { AskedChange } from './asked-input.ts'
import { ChangeFault } from './change-request.ts'
import { changeSchema, presentAsked } from './change-schema.ts'
import { approveChange, type ChangeRef, endChange, getChange, getWaitingChange, NO_API } from './change-store.ts'
import { mayStillApprove } from './may-still-approve.ts'
import { nameActors } from './name-actors.ts'

const params = z.strictObject({ environment: partIdSchema, number: z.coerce.number().int().min(1) })
type At = z.output<typeof params>

const noteBody = z.strictObject({ note: z.string().max(2000).default('') })
const PATH = '/environments/{environment}/changes/{number}'
const TAG = 'changes'

interface Found {
  readonly ref: ChangeRef
  readonly change: AskedRequest
  /** Those that it touches, as they are now. */
  readonly environments: readonly Environment[]
}

type Environment = Resource<EnvironmentBody>

/** @rejects AdminProblem, and faults of the domain */
async function find(asking: Asking, db: Moment, { environment, number }: At): Promise<Found> {
  const { uid } = await getResource(db, toRef(ENVIRONMENT, { id: environment }))
  const ref = { api: NO_API, environment: uid, number }
  const change = await getChange<AskedChange>(db, ref, asking.services.nowMs())
  if (asking.teams !== 'all' && !asking.teams.includes(change.wish.about.team))
    throw new ChangeFault('not-found', `There is no change ${number} here.`)
  const found = await Promise.all(change.wish.environments.map((id) => findResource(db, toRef(ENVIRONMENT, { id }))))
  return { ref, change, environments: found.filter((each) => each !== undefined) as Environment[] }
}

/** Who may look at it, and not let it through, hears what that needs; only who sees nothing there hears that there is none. @rejects AdminProblem, and faults of the domain */
async function findToApprove(asking: Asking, db: Moment, at: At): Promise<Found> {
  const found = await find({ ...asking, teams: 'all' }, db, at)
  await assertMayApprove(asking, db, found)
  return found
}

function toPlaces({ change, environments }: Found) {
  const { team } = change.wish.about
  return environments.map(({ id, body }) => ({
    id,
    demand: { permission: 'api:approve', team, environment: id } as const,
    approvers: body.protection?.approvers,
  }))
}

/** In all of the environments that it touches. @rejects AdminProblem, ChangeFault */
async function assertMayApprove(asking: Asking, db: Moment, found: Found): Promise<void> {
  for (const { id, demand, approvers } of toPlaces(found)) {
    await assertAllowed(asking, db, demand)
    if (approvers !== undefined && !approvers.includes(asking.principal?.user ?? ''))
      throw new ChangeFault('no-approver', `"${id}" names who approves what is live there: you are none of them.`)
  }
}

function toNote({ wish, number, askedBy }: AskedRequest, action: string, note: string) {
  const { kind, target, team, id } = wish.about
  const details = { id, environments: wish.environments, change: number, askedBy, note }
  return { action, kind, target, team, details }
}

const GET = defineReading({
  name: 'getAskedChange',
  path: PATH,
  summary:
    'A change that waits, or waited, because of what protected environments run: who asked, for what, who has approved it.',
  tag: TAG,
  access: { kind: 'some-team', permission: 'api:read' },
  params,
  answer: changeSchema,
  async read(asking, db, { params: at }) {
    const { change, environments } = await find(asking, db, at)
    const shown = presentAsked(change, environments)
    const [named = shown] = await nameActors(db, [shown])
    return { body: named }
  },
})

const APPROVE = defineChange({
  name: 'approveAskedChange',
  method: 'POST',
  path: `${PATH}/approve`,
  summary:
    'Lets a change through. With the last approval that it needs it is checked again, and done; else it goes on waiting.',
  tag: TAG,
  access: { kind: 'some-team', permission: 'api:approve' },
  watches: 'itself',
  params,
  body: noteBody,
  answer: z.strictObject({ change: changeSchema }),
  async change(asking, doing, { params: at, body: { note } }) {
    const { principal } = asking
    if (principal === undefined) throw new AdminProblem('not-signed-in', 'A change is approved by somebody.')
    const found = await findToApprove(asking, doing.db, at)
    const { ref, environments } = found
    const change = await approveChange<AskedChange>(doing, ref, {
      principal,
      approvers: undefined,
      note,
      mayStill: (person) => mayStillApprove(asking, doing.db, { person, places: toPlaces(found) }),
    })
    const approved = toNote(change, 'approve-change', note)
    const shown = presentAsked(change, environments)
    if (change.approvals.length < shown.needed) return { body: { change: shown }, notes: [approved] }
    const done = await asking.redo(doing, change)
    const told = { change: change.number, askedBy: change.askedBy, approvedBy: change.approvals.map(({ by }) => by) }
    const ended = await endChange<AskedChange>(doing, ref, { state: 'done', note })
    return {
      body: { change: presentAsked(ended, environments) },
      notes: [approved, ...done.notes.map((one) => ({ ...one, details: { ...(one.details as object), ...told } }))],
      ...(done.changes !== undefined && { changes: done.changes }),
    }
  },
})

const REFUSE = defineChange({
  name: 'refuseAskedChange',
  method: 'POST',
  path: `${PATH}/refuse`,
  summary: 'Keeps a change from being done.',
  tag: TAG,
  access: { kind: 'some-team', permission: 'api:approve' },
  params,
  body: noteBody,
  answer: changeSchema,
  async change(asking, doing, { params: at, body: { note } }) {
    const found = await findToApprove(asking, doing.db, at)
    return await end(doing, found, { state: 'refused', note })
  },
})

const WITHDRAW = defineChange({
  name: 'withdrawAskedChange',
  method: 'POST',
  path: `${PATH}/withdraw`,
  summary: 'Takes a change back that you have asked for.',
  tag: TAG,
  access: { kind: 'known' },
  params,
  body: noteBody,
  answer: changeSchema,
  async change(asking, doing, { params: at, body: { note } }) {
    const found = await find(asking, doing.db, at)
    const { person } = await getWaitingChange(doing, found.ref)
    if (asking.principal === undefined || person !== (await findPerson(doing.db, asking.principal)))
      throw new ChangeFault('others', 'A change is withdrawn by who asked for it: refuse it instead.')
    return await end(doing, found, { state: 'withdrawn', note })
  },
})

async function end(
  doing: Doing,
  { ref, environments }: Found,
  { state, note }: { readonly state: 'refused' | 'withdrawn'; readonly note: string },
) {
  const change = await endChange<AskedChange>(doing, ref, { state, note })
  const verb = state === 'refused' ? 'refuse-change' : 'withdraw-change'
  return { body: presentAsked(change, environments), notes: [toNote(change, verb, note)] }
}

export const ASKED_CHANGE_ROUTES: readonly Route[] = [GET, APPROVE, REFUSE, WITHDRAW]
