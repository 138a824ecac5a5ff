/** Owns making revisions of APIs, and finding them. */
import { toTextHash } from '@gatewright/model'
import type { Selectable } from 'kysely'
import { type Resource, ResourceFault } from '../resources/resource.ts'
import type { Doing } from '../store/doing.ts'
import { inParts } from '../store/in-parts.ts'
import type { Moment } from '../store/store.ts'
import type { RevisionTable } from '../store/tables.ts'
import type { Revision } from './revision.ts'

export interface MadeRevision {
  readonly revision: Revision
  /** False: the newest one says the same already. */
  readonly isNew: boolean
}

/** Of what the API says now. Where nothing has changed since the newest revision, that is it. */
export async function makeRevision(doing: Doing, api: Resource, message: string): Promise<MadeRevision> {
  const { db, sequence, by, nowMs } = doing
  const body = JSON.stringify(api.body)
  const hash = toTextHash(body)
  const newest = await findNewestRevision(db, api.uid)
  if (newest?.hash === hash) return { revision: newest, isNew: false }
  const row = { api: api.uid, number: (newest?.number ?? 0) + 1, hash, body, message, sequence, at: nowMs, by }
  await db.insertInto('revisions').values(row).execute()
  return { revision: toRevision(row), isNew: true }
}

/** With this number, as it was made elsewhere: what is pulled from one control plane is so again on another. @rejects ResourceFault */
export async function restoreRevision(
  { db, sequence, by, nowMs }: Doing,
  api: Resource,
  { number, body: said, message }: Pick<Revision, 'number' | 'body' | 'message'>,
): Promise<MadeRevision> {
  const body = JSON.stringify(said)
  const hash = toTextHash(body)
  const there = await findRevision(db, api.uid, number)
  if (there?.hash === hash) return { revision: there, isNew: false }
  if (there !== undefined) throw new ResourceFault('taken', { kind: 'revision', team: api.team, id: String(number) })
  const row = { api: api.uid, number, hash, body, message, sequence, at: nowMs, by }
  await db.insertInto('revisions').values(row).execute()
  return { revision: toRevision(row), isNew: true }
}

export async function findRevision(db: Moment, api: string, number: number): Promise<Revision | undefined> {
  const row = await db
    .selectFrom('revisions')
    .selectAll()
    .where('api', '=', api)
    .where('number', '=', number)
    .executeTakeFirst()
  return row === undefined ? undefined : toRevision(row)
}

export interface RevisionRef {
  /** Uid. */
  readonly api: string
  readonly number: number
}

/** Those that are there, in no order. */
export async function findRevisions(db: Moment, refs: readonly RevisionRef[]): Promise<Revision[]> {
  const found: Revision[] = []
  for (const some of inParts(refs)) {
    const rows = await db
      .selectFrom('revisions')
      .selectAll()
      .where((expression) => expression.or(some.map(({ api, number }) => expression.and({ api, number }))))
      .execute()
    found.push(...rows.map(toRevision))
  }
  return found
}

export async function findNewestRevision(db: Moment, api: string): Promise<Revision | undefined> {
  return (await listRevisions(db, api, { limit: 1 }))[0]
}

/** The newest first; `below`: only those with a lower number. */
export async function listRevisions(
  db: Moment,
  api: string,
  { limit, below }: { readonly limit: number; readonly below?: number },
): Promise<Revision[]> {
  let found = db.selectFrom('revisions').selectAll().where('api', '=', api)
  if (below !== undefined) found = found.where('number', '<', below)
  const rows = await found.orderBy('number', 'desc').limit(limit).execute()
  return rows.map(toRevision)
}

function toRevision(row: Selectable<RevisionTable>): Revision {
  const { api, number, hash, message, sequence, at: atMs, by } = row
  return { api, number, hash, message, sequence, atMs, by, body: JSON.parse(row.body) }
}
