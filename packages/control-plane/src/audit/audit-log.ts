/**
 * Owns the audit log: who did what, when, and what it was before and after. Only added to, within the change that it tells of; each
 * entry is hashed together with the hash of the one before, so that none can be changed, taken out or put in between unnoticed.
 *
 *     hash(n) = SHA-256 of [hash(n-1), number, sequence, time, who, what, details, hash of what is personal]
 *
 * What tells of a person stands apart, and only its salted hash is part of the chain: it can be erased, and the chain still holds.
 */
import { randomBytes } from 'node:crypto'
import { toTextHash } from '@gatewright/model'
import type { Selectable } from 'kysely'
import type { Actor } from '../access/actor.ts'
import type { Doing } from '../store/doing.ts'
import type { Moment } from '../store/store.ts'
import type { AuditTable } from '../store/tables.ts'

/** What is said of one thing that was done. Neither `details` nor `personal` ever hold secrets. */
export interface AuditNote {
  /** `create`, `replace`, `remove`, `publish`, `deploy`, `log-in`… */
  readonly action: string
  /** Of what it was done to: `api`, `key`, `user`… */
  readonly kind: string
  /** Uid of what it was done to. */
  readonly target: string
  readonly team: string
  /** Plain data: mostly what was there before and after. */
  readonly details: unknown
  /** What tells of a person, and whose it is (a uid): it goes when that person is erased. */
  readonly personal?: { readonly person: string; readonly facts: unknown }
}

export interface AuditEntry extends Omit<AuditNote, 'personal'> {
  /** From 1, without gaps. */
  readonly number: number
  readonly sequence: number
  /** Milliseconds since the epoch. */
  readonly atMs: number
  readonly by: Actor
  /** Undefined where there was nothing; `erased` where it is no longer there. */
  readonly personal: { readonly person: string; readonly facts: unknown } | 'erased' | undefined
  readonly hash: string
}

/** Before the first entry. */
const BEGINNING = '0'.repeat(64)
const SALT_BYTES = 16
const ENTRIES_AT_ONCE = 1_000

export async function appendToAudit({ db, sequence, nowMs, by }: Doing, note: AuditNote): Promise<AuditEntry> {
  const last = await findLast(db)
  const { action, kind, target, team, personal } = note
  const salt = personal === undefined ? null : randomBytes(SALT_BYTES).toString('hex')
  const facts = personal === undefined ? null : JSON.stringify(personal.facts ?? null)
  const unsigned = {
    number: (last?.number ?? 0) + 1,
    sequence,
    at: nowMs,
    by,
    action,
    kind,
    target,
    team,
    details: JSON.stringify(note.details ?? null),
    person: personal?.person ?? null,
    personal: facts,
    salt,
    personal_hash: salt === null || facts === null ? null : toTextHash(salt + facts),
  }
  const row = { ...unsigned, hash: toEntryHash(last?.hash ?? BEGINNING, unsigned) }
  await db.insertInto('audit').values(row).execute()
  return toEntry(row)
}

export interface AuditQuery {
  /** The uid of what was changed. */
  readonly target?: string
  readonly by?: Actor
  readonly action?: string
  /** Of what was changed: `api`, `key`… */
  readonly kind?: string
  /** Id of one: what was done in it, or to it. */
  readonly environment?: string
  readonly teams?: readonly string[]
  /** Milliseconds since the epoch; from and to, both included. */
  readonly fromMs?: number
  readonly toMs?: number
  readonly limit: number
  /** Only entries with a lower number. */
  readonly below?: number
}

/** The newest first. */
export async function listAudit(db: Moment, query: AuditQuery): Promise<AuditEntry[]> {
  const { environment, limit } = query
  if (environment === undefined) return await listPage(db, query)
  const found: AuditEntry[] = []
  let { below } = query
  for (;;) {
    const page = await listPage(db, {
      ...query,
      ...(below !== undefined && { below }),
      limit: ENTRIES_AT_ONCE,
    })
    found.push(...page.filter((entry) => isIn(entry, environment)))
    below = page.at(-1)?.number
    if (found.length >= limit || page.length < ENTRIES_AT_ONCE) return found.slice(0, limit)
  }
}

/** Of an environment: all that have its name in their details, for whatever reason. */
async function listPage(db: Moment, query: AuditQuery): Promise<AuditEntry[]> {
  const { target, by, action, kind, environment, teams, fromMs, toMs, limit, below } = query
  let found = db.selectFrom('audit').selectAll()
  if (target !== undefined) found = found.where('target', '=', target)
  if (by !== undefined) found = found.where('by', '=', by)
  if (action !== undefined) found = found.where('action', '=', action)
  if (kind !== undefined) found = found.where('kind', '=', kind)
  if (environment !== undefined) found = found.where('details', 'like', `%${JSON.stringify(environment)}%`)
  if (teams !== undefined) found = found.where('team', 'in', teams.length === 0 ? [''] : teams)
  if (fromMs !== undefined) found = found.where('at', '>=', fromMs)
  if (toMs !== undefined) found = found.where('at', '<=', toMs)
  if (below !== undefined) found = found.where('number', '<', below)
  return (await found.orderBy('number', 'desc').limit(limit).execute()).map(toEntry)
}

/** What is named there, by whichever of the words that notes have for it: of a certificate, by what it was or became. */
function isIn({ kind, details }: AuditEntry, environment: string): boolean {
  const { id, before, after, ...said } = toRecord(details)
  if (kind === 'environment' && id === environment) return true
  return [said, toRecord(before), toRecord(after)].some(
    ({ environment: one, environments: several }) =>
      one === environment || (Array.isArray(several) && several.includes(environment)),
  )
}

function toRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {}
}

export async function findNewestAuditNumber(db: Moment): Promise<number> {
  return (await findLast(db))?.number ?? 0
}

/** The oldest first, after a number: what an export has not got yet. */
export async function listAuditAfter(
  db: Moment,
  { after, limit, teams }: { readonly after: number; readonly limit: number; readonly teams?: readonly string[] },
): Promise<AuditEntry[]> {
  let found = db.selectFrom('audit').selectAll().where('number', '>', after)
  if (teams !== undefined) found = found.where('team', 'in', teams.length === 0 ? [''] : teams)
  return (await found.orderBy('number').limit(limit).execute()).map(toEntry)
}

export type AuditVerdict =
  | { readonly kind: 'whole'; readonly entries: number; readonly hash: string }
  /** `number`: the first entry that is missing, or not what it was. */
  | { readonly kind: 'broken'; readonly number: number }

/** Looks at all of it. `expected`: number and hash that somebody noted elsewhere: without one, entries that were cut off at the end are not missed. */
export async function verifyAudit(
  db: Moment,
  expected?: { readonly number: number; readonly hash: string },
): Promise<AuditVerdict> {
  let hash = BEGINNING
  let number = 0
  for (;;) {
    const rows = await db
      .selectFrom('audit')
      .selectAll()
      .where('number', '>', number)
      .orderBy('number')
      .limit(ENTRIES_AT_ONCE)
      .execute()
    for (const row of rows) {
      if (row.number !== number + 1 || !isSound(row, hash)) return { kind: 'broken', number: number + 1 }
      hash = row.hash
      number = row.number
      if (expected?.number === number && expected.hash !== hash) return { kind: 'broken', number }
    }
    if (rows.length < ENTRIES_AT_ONCE) break
  }
  if (expected !== undefined && expected.number > number) return { kind: 'broken', number: number + 1 }
  return { kind: 'whole', entries: number, hash }
}

/** What tells of the person goes, from all entries; that something was done stays, by whom as a uid that leads nowhere. Gives how many there were. */
export async function eraseFromAudit({ db }: Doing, person: string): Promise<number> {
  const { numUpdatedRows } = await db
    .updateTable('audit')
    .set({ personal: null, salt: null, person: null })
    .where('person', '=', person)
    .executeTakeFirst()
  return Number(numUpdatedRows)
}

async function findLast(db: Moment): Promise<Pick<AuditTable, 'number' | 'hash'> | undefined> {
  return await db.selectFrom('audit').select(['number', 'hash']).orderBy('number', 'desc').limit(1).executeTakeFirst()
}

type Unsigned = Omit<Selectable<AuditTable>, 'hash'>

function isSound(row: Selectable<AuditTable>, previous: string): boolean {
  const { salt, personal, personal_hash: personalHash } = row
  const isErased = salt === null || personal === null
  if (!isErased && toTextHash(salt + personal) !== personalHash) return false
  return toEntryHash(previous, row) === row.hash
}

function toEntryHash(previous: string, row: Unsigned): string {
  const { number, sequence, at, by, action, kind, target, team, details, personal_hash: personal } = row
  return toTextHash(JSON.stringify([previous, number, sequence, at, by, action, kind, target, team, details, personal]))
}

function toEntry(row: Selectable<AuditTable>): AuditEntry {
  const { number, sequence, at: atMs, by, action, kind, target, team, details, person, personal, hash } = row
  const told =
    person !== null && personal !== null
      ? { person, facts: JSON.parse(personal) as unknown }
      : row.personal_hash === null
        ? undefined
        : 'erased'
  return { number, sequence, atMs, by, action, kind, target, team, details: JSON.parse(details), personal: told, hash }
}
