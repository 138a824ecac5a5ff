/** Owns change requests in the store: asked for, approved, done, refused, withdrawn. */
import type { Selectable } from 'kysely'
import type { Principal } from '../access/decide-access.ts'
import { listApiParts, type Readable, selectEnvironments, selectReadable } from '../apis/select-readable.ts'
import type { DeploymentRef } from '../deployments/deployment-store.ts'
import type { Doing } from '../store/doing.ts'
import type { Moment } from '../store/store.ts'
import type { ChangeTable } from '../store/tables.ts'
import { areInOneHand } from '../users/hands.ts'
import { type AnyChange, isAsked } from './asked-change.ts'
import { withoutBody } from './asked-input.ts'
import {
  type Approval,
  ChangeFault,
  type ChangeRequest,
  type ChangeState,
  type DeploymentWish,
} from './change-request.ts'

/** Two weeks: what nobody looked at by then was made of something else. */
const LIFE_MS = 14 * 24 * 3_600_000

/** In the place of an API's uid: what is to change is no deployment. */
export const NO_API = ''

export interface ChangeRef extends DeploymentRef {
  readonly number: number
}

export async function askForChange<Wanted extends object>(
  doing: Doing,
  { api, environment }: DeploymentRef,
  { wish, person, team }: Pick<ChangeRequest<Wanted>, 'wish' | 'person' | 'team'>,
): Promise<ChangeRequest<Wanted>> {
  const { db, nowMs, by, sequence } = doing
  await endExpired(doing)
  const newest = await db
    .selectFrom('changes')
    .select('number')
    .where('api', '=', api)
    .where('environment', '=', environment)
    .orderBy('number', 'desc')
    .limit(1)
    .executeTakeFirst()
  const made: ChangeRequest<Wanted> = {
    api,
    environment,
    number: (newest?.number ?? 0) + 1,
    state: 'waiting',
    wish,
    askedBy: by,
    person,
    askedAtMs: nowMs,
    expiresAtMs: nowMs + LIFE_MS,
    approvals: [],
    sequence,
    ...(team !== undefined && { team }),
  }
  await db.insertInto('changes').values(toRow(made)).execute()
  return made
}

interface Approving {
  readonly principal: Principal
  /** Uids; if undefined, everybody who may. */
  readonly approvers: readonly string[] | undefined
  readonly note: string
  /** Whether a person (uid) who approved it before could do so now: else that counts no more. */
  mayStill(person: string): Promise<boolean>
}

/** `Wanted`: what its ref says that it is. By a person, never by who asked, and by each once. @rejects ChangeFault */
export async function approveChange<Wanted extends object = DeploymentWish>(
  doing: Doing,
  ref: ChangeRef,
  given: Approving,
): Promise<ChangeRequest<Wanted>> {
  const { principal, approvers, note, mayStill } = given
  const current = await getWaitingChange<Wanted>(doing, ref)
  const person = principal.user
  if (person === undefined) throw new ChangeFault('no-person', 'What waits is approved by people, and not by services.')
  if (person === current.person)
    throw new ChangeFault('own', 'Who asks for a change does not approve it: ask somebody else.')
  if (approvers?.includes(person) === false)
    throw new ChangeFault('no-approver', 'The environment names who approves what is live there: you are none of them.')
  if (current.approvals.some((approval) => approval.person === person))
    throw new ChangeFault('approved', 'You have approved it already.')
  const approvals: Approval[] = []
  for (const approval of current.approvals) if (await mayStill(approval.person)) approvals.push(approval)
  await assertOtherHands(doing.db, person, { ...current, approvals })
  const approval: Approval = { person, by: doing.by, note, atMs: doing.nowMs }
  const made = { ...current, approvals: [...approvals, approval], sequence: doing.sequence }
  await replace(doing.db, made)
  return made
}

/** Of as many people as are asked for, no two may be one who has two accounts. @rejects ChangeFault */
async function assertOtherHands(
  db: Moment,
  person: string,
  { person: asker, approvals }: ChangeRequest<object>,
): Promise<void> {
  for (const other of [asker, ...approvals.map((approval) => approval.person)]) {
    if (!(await areInOneHand(db, person, other))) continue
    throw new ChangeFault(
      'one-hand',
      `One person could be both you and ${other === asker ? 'who asked for this' : 'who approved it before'}: the link of an invitation or a reset went from one of you to the other, or to both of you from somebody else. Ask somebody whose login went through other hands.`,
    )
  }
}

/** @rejects ChangeFault */
export async function endChange<Wanted extends object = DeploymentWish>(
  doing: Doing,
  ref: ChangeRef,
  { state, note }: { readonly state: 'done' | 'refused' | 'withdrawn'; readonly note: string },
): Promise<ChangeRequest<Wanted>> {
  const current = await getWaitingChange<Wanted>(doing, ref)
  const end = { by: doing.by, atMs: doing.nowMs, note }
  const made = { ...toEnded(current), state, end, sequence: doing.sequence }
  await replace(doing.db, made)
  return made
}

/** Nobody ends those that nobody looks at: whoever asks for something does. */
async function endExpired({ db, nowMs }: Doing): Promise<void> {
  const rows = await db
    .selectFrom('changes')
    .selectAll()
    .where('state', '=', 'waiting')
    .where('expires_at', '<=', nowMs)
    .execute()
  for (const row of rows) await replace(db, toEnded(fromRow(row, nowMs)))
}

function toEnded<Wanted extends object>(change: ChangeRequest<Wanted>): ChangeRequest<Wanted> {
  const any = change as ChangeRequest<object> as AnyChange
  return isAsked(any) ? { ...change, wish: withoutBody(any.wish) as object as Wanted } : change
}

/** @rejects ChangeFault */
export async function getWaitingChange<Wanted extends object = DeploymentWish>(
  { db, nowMs }: Doing,
  ref: ChangeRef,
): Promise<ChangeRequest<Wanted>> {
  const current = await getChange<Wanted>(db, ref, nowMs)
  if (current.state === 'waiting') return current
  throw new ChangeFault('ended', `Change ${ref.number} does not wait any more: it is ${current.state}.`)
}

/** @rejects ChangeFault */
export async function getChange<Wanted extends object = DeploymentWish>(
  db: Moment,
  { api, environment, number }: ChangeRef,
  nowMs: number,
): Promise<ChangeRequest<Wanted>> {
  const row = await db
    .selectFrom('changes')
    .selectAll()
    .where('api', '=', api)
    .where('environment', '=', environment)
    .where('number', '=', number)
    .executeTakeFirst()
  if (row === undefined) throw new ChangeFault('not-found', `There is no change ${number} here.`)
  return fromRow<Wanted>(row, nowMs)
}

export interface ChangeQuery {
  /** Of these alone; all if absent. */
  readonly shown?: Readable
  /** Uids. */
  readonly api?: string
  readonly environment?: string
  /** Who asked: uid, or the actor. */
  readonly person?: string
  readonly state?: ChangeState
  /** Only those whose last step was before this change of the store. */
  readonly below?: number
  readonly limit: number
}

/** Those that something became of last stand first. */
export async function listChanges(db: Moment, query: ChangeQuery, nowMs: number): Promise<AnyChange[]> {
  const { shown, api, environment, person, state, below, limit } = query
  let found = db.selectFrom('changes').selectAll()
  if (api !== undefined) found = found.where('api', '=', api)
  if (environment !== undefined) found = found.where('environment', '=', environment)
  if (person !== undefined) found = found.where('person', '=', person)
  if (below !== undefined) found = found.where('sequence', '<', below)
  if (shown !== undefined) {
    const { teams, parts } = shown
    const inSome = parts.flatMap(({ environments, ...part }) =>
      environments === undefined ? [] : { environments, part },
    )
    found = found.where(({ or, and, eb }) =>
      or([
        eb('api', 'in', selectReadable(db, { teams, parts: listApiParts(parts) })),
        ...(teams.length === 0 ? [] : [eb('team', 'in', teams)]),
        ...inSome.map(({ environments, part }) =>
          and([
            eb('api', 'in', selectReadable(db, { teams: [], parts: [part] })),
            eb('environment', 'in', selectEnvironments(db, environments)),
          ]),
        ),
      ]),
    )
  }
  if (state !== undefined) {
    const isOver = state === 'expired'
    found = found.where('state', 'in', isOver ? ['waiting', state] : [state])
    if (isOver) found = found.where('expires_at', '<=', nowMs)
    if (state === 'waiting') found = found.where('expires_at', '>', nowMs)
  }
  const rows = await found.orderBy('sequence', 'desc').limit(limit).execute()
  return rows.map((row) => fromRow<never>(row, nowMs))
}

async function replace(db: Moment, made: ChangeRequest<object>): Promise<void> {
  const { api, environment, number, ...row } = toRow(made)
  await db
    .updateTable('changes')
    .set(row)
    .where('api', '=', api)
    .where('environment', '=', environment)
    .where('number', '=', number)
    .execute()
}

function toRow({
  wish,
  approvals,
  end,
  askedBy,
  askedAtMs,
  expiresAtMs,
  team = null as never,
  ...rest
}: ChangeRequest<object>): Selectable<ChangeTable> {
  return {
    ...rest,
    team,
    wish: JSON.stringify(wish),
    approvals: JSON.stringify(approvals),
    end_json: end === undefined ? null : JSON.stringify(end),
    asked_by: askedBy,
    asked_at: askedAtMs,
    expires_at: expiresAtMs,
  }
}

function fromRow<Wanted extends object>(row: Selectable<ChangeTable>, nowMs: number): ChangeRequest<Wanted> {
  const { api, environment, number, person, sequence, expires_at: expiresAtMs } = row
  const isExpired = row.state === 'waiting' && expiresAtMs <= nowMs
  return {
    api,
    environment,
    number,
    state: isExpired ? 'expired' : (row.state as ChangeState),
    wish: JSON.parse(row.wish),
    askedBy: row.asked_by,
    person,
    askedAtMs: row.asked_at,
    expiresAtMs,
    approvals: JSON.parse(row.approvals),
    ...(row.end_json !== null && { end: JSON.parse(row.end_json) }),
    sequence,
    ...(row.team !== null && { team: row.team }),
  }
}
