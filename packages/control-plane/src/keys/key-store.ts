/** Owns making, bringing along, changing and ending keys. A key is shown when it is made, and never again. */
import { randomUUID } from 'node:crypto'
import { toTextHash } from '@gatewright/model'
import { createIssuedKey, isWeakKey } from '@gatewright/policies'
import { type Selectable, sql } from 'kysely'
import type { Doing } from '../store/doing.ts'
import { inParts } from '../store/in-parts.ts'
import type { Moment } from '../store/store.ts'
import type { KeyTable } from '../store/tables.ts'
import { type Key, KeyFault, type KeyTerms } from './key.ts'
import type { WeakKeyHashes } from './weak-key-hashes.ts'

/** A key that somebody else has issued: itself, or its hash. */
export type BroughtKey = KeyTerms & ({ readonly value: string } | { readonly hash: string })

const HASH = /^(?:sha256:)?(?<sha256>[0-9a-f]{64})$|^sha384:[0-9a-f]{96}$|^sha512:[0-9a-f]{128}$/
/** Each takes some 20 ms. */
const MOST_WEAK = 1000
const TOO_MANY_WEAK = `No more than ${MOST_WEAK} keys that could be guessed are taken at once: bring the others in another request.`
const NO_PEPPER =
  'This key could be guessed, so it is not kept under a plain hash. Start all control planes and nodes with the same GATEWRIGHT_PEPPER (openssl rand -base64 32), and it is kept under a slow one; or give its app a new key.'
const HINT_START = 7
const HINT_END = 4

/** `value` is the key itself: nobody can ask for it later. */
export async function issueKey(
  doing: Doing,
  app: string,
  terms: KeyTerms = {},
): Promise<{ readonly key: Key; readonly value: string }> {
  const value = createIssuedKey()
  const [key] = await insertKeys(doing, [toKey(doing, app, { ...terms, hash: toTextHash(value), hint: toHint(value) })])
  if (key === undefined) throw new TypeError('one key was inserted')
  return { key, value }
}

/** A key that was brought along, without itself. */
export type HashedKey = KeyTerms & Pick<Key, 'hash' | 'hint'>

/** What takes long of many keys, and needs no change of the store. `weak`: without it, keys that could be guessed are refused. @rejects KeyFault `weak`, `malformed`, with the positions */
export async function hashKeys(brought: readonly BroughtKey[], weak?: WeakKeyHashes): Promise<readonly HashedKey[]> {
  const positions = [...brought.keys()].filter((position) => isWeak(brought[position]))
  if (positions.length > 0 && weak === undefined) throw new KeyFault('weak', NO_PEPPER, ...positions)
  if (positions.length > MOST_WEAK) throw new KeyFault('weak', TOO_MANY_WEAK, ...positions.slice(MOST_WEAK))
  const kept: HashedKey[] = []
  for (const [position, each] of brought.entries()) {
    if (weak !== undefined && 'value' in each && isWeak(each)) {
      const { value, ...terms } = each
      kept.push({ ...terms, hash: await weak.hash(value), hint: '' })
    } else kept.push(toKept(each, position))
  }
  return kept
}

/** All of them or none. @rejects KeyFault `taken`, with the position */
export async function keepKeys(doing: Doing, app: string, hashed: readonly HashedKey[]): Promise<readonly Key[]> {
  const positions = new Map<string, number>()
  const keys = hashed.map((each, position) => {
    const key = toKey(doing, app, each)
    if (positions.has(key.hash)) throw new KeyFault('taken', 'This key stands in the list twice.', position)
    positions.set(key.hash, position)
    return key
  })
  for (const some of inParts(keys)) {
    const hashes = some.map(({ hash }) => hash)
    const [taken] = await doing.db.selectFrom('keys').select('hash').where('hash', 'in', hashes).limit(1).execute()
    if (taken === undefined) continue
    // Of whose app it is, nothing is said: that may be another team's.
    const position = positions.get(taken.hash)
    throw new KeyFault('taken', 'This key is known already.', ...(position === undefined ? [] : [position]))
  }
  return await insertKeys(doing, keys)
}

/** Refused from now on, on every node as soon as it hears of it. @rejects KeyFault `not-found`, `ended` */
export async function endKey(doing: Doing, uid: string): Promise<Key> {
  const key = await getLivingKey(doing.db, uid)
  return await replaceKey(doing, { ...key, endedAtMs: doing.nowMs })
}

/** What may be said anew of a key; null takes it away, absent leaves it. */
export interface KeyChange {
  readonly name?: string | null
  /** Id. */
  readonly plan?: string | null
  readonly expiresAtMs?: number | null
}

/** @rejects KeyFault `not-found`, `ended` */
export async function changeKey(doing: Doing, uid: string, change: KeyChange): Promise<Key> {
  const { name, plan, expiresAtMs, ...rest } = await getLivingKey(doing.db, uid)
  const said = { name, plan, expiresAtMs, ...change }
  return await replaceKey(doing, {
    ...rest,
    ...(said.name != null && { name: said.name }),
    ...(said.plan != null && { plan: said.plan }),
    ...(said.expiresAtMs != null && { expiresAtMs: said.expiresAtMs }),
  })
}

/** All of an app that have not ended. */
export async function endKeysOf({ db, sequence, nowMs }: Doing, app: string): Promise<void> {
  const living = db.updateTable('keys').set({ ended_at: nowMs, sequence }).where('ended_at', 'is', null)
  await living.where('app', '=', app).execute()
}

/** Another one of the same app on the same terms; the old one goes on for the overlap, and no longer than it would have. @rejects KeyFault */
export async function rotateKey(
  doing: Doing,
  uid: string,
  overlapMs: number,
): Promise<{ readonly key: Key; readonly value: string; readonly old: Key }> {
  const { app, name, plan, expiresAtMs, ...rest } = await getLivingKey(doing.db, uid)
  const terms = { ...(name !== undefined && { name }), ...(plan !== undefined && { plan }) }
  const issued = await issueKey(doing, app, { ...terms, ...(expiresAtMs !== undefined && { expiresAtMs }) })
  const endMs = Math.min(doing.nowMs + overlapMs, expiresAtMs ?? Number.POSITIVE_INFINITY)
  const old = await replaceKey(doing, { ...rest, ...terms, app, expiresAtMs: endMs })
  return { ...issued, old }
}

/** Of an app, in the order of their uids; `after`: the last of the page before. */
export async function listKeys(
  db: Moment,
  app: string,
  { limit, after }: { readonly limit: number; readonly after?: string },
): Promise<Key[]> {
  let found = db.selectFrom('keys').selectAll().where('app', '=', app)
  if (after !== undefined) found = found.where('uid', '>', after)
  return (await found.orderBy('uid').limit(limit).execute()).map(fromRow)
}

/** Those that were made, changed or ended after this change of the store, in their order: what a node that knows it has to hear. */
export async function listChangedKeys(
  db: Moment,
  { since, limit, after }: { readonly since: number; readonly limit: number; readonly after?: Key },
): Promise<Key[]> {
  const all = db.selectFrom('keys').selectAll()
  const found =
    after === undefined
      ? all.where('sequence', '>', since)
      : // As a pair, so that the index leads there: one change may hold a million.
        all.where(sql<boolean>`(sequence, uid) > (${after.sequence}, ${after.uid})`)
  return (await found.orderBy('sequence').orderBy('uid').limit(limit).execute()).map(fromRow)
}

export async function findKey(db: Moment, uid: string): Promise<Key | undefined> {
  const row = await db.selectFrom('keys').selectAll().where('uid', '=', uid).executeTakeFirst()
  return row === undefined ? undefined : fromRow(row)
}

async function getLivingKey(db: Moment, uid: string): Promise<Key> {
  const key = await findKey(db, uid)
  if (key === undefined) throw new KeyFault('not-found', 'There is no such key.')
  if (key.endedAtMs !== undefined) throw new KeyFault('ended', 'This key has been ended: make a new one.')
  return key
}

async function replaceKey({ db, sequence }: Doing, given: Key): Promise<Key> {
  const key = { ...given, sequence }
  const { uid, ...row } = toRow(key)
  await db.updateTable('keys').set(row).where('uid', '=', uid).execute()
  return key
}

async function insertKeys({ db }: Doing, keys: readonly Key[]): Promise<readonly Key[]> {
  for (const some of inParts(keys)) await db.insertInto('keys').values(some.map(toRow)).execute()
  return keys
}

function isWeak(brought: BroughtKey | undefined): boolean {
  return brought !== undefined && 'value' in brought && isWeakKey(brought.value)
}

function toKept(brought: BroughtKey, position: number): HashedKey {
  if ('value' in brought) {
    const { value, ...terms } = brought
    return { ...terms, hash: toTextHash(value), hint: toHint(value) }
  }
  const { hash, ...terms } = brought
  const match = HASH.exec(hash)
  if (match !== null) return { ...terms, hash: match.groups?.sha256 ?? hash, hint: '' }
  const message = 'A hash is 64 hex digits of SHA-256, or "sha384:" or "sha512:" and theirs, in lower case.'
  throw new KeyFault('malformed', message, position)
}

function toKey({ sequence, nowMs, by }: Doing, app: string, kept: HashedKey): Key {
  return { uid: randomUUID(), app, ...kept, sequence, createdAtMs: nowMs, createdBy: by }
}

/** Of a long key so little that the rest is as hard to guess as before. */
function toHint(value: string): string {
  return value.length < 3 * (HINT_START + HINT_END) ? '' : `${value.slice(0, HINT_START)}…${value.slice(-HINT_END)}`
}

function toRow(key: Key): Selectable<KeyTable> {
  const { uid, app, hash, hint, sequence } = key
  return {
    uid,
    app,
    hash,
    hint,
    name: key.name ?? null,
    plan: key.plan ?? null,
    not_before: key.notBeforeMs ?? null,
    expires: key.expiresAtMs ?? null,
    ended_at: key.endedAtMs ?? null,
    sequence,
    created_at: key.createdAtMs,
    created_by: key.createdBy,
  }
}

/** Rows are also read where many of them are, by whoever composes what gateways know of keys. */
export function fromRow(row: Selectable<KeyTable>): Key {
  const { uid, app, hash, hint, name, plan, sequence } = row
  return {
    uid,
    app,
    hash,
    hint,
    ...(name !== null && { name }),
    ...(plan !== null && { plan }),
    ...(row.not_before !== null && { notBeforeMs: row.not_before }),
    ...(row.expires !== null && { expiresAtMs: row.expires }),
    ...(row.ended_at !== null && { endedAtMs: row.ended_at }),
    sequence,
    createdAtMs: row.created_at,
    createdBy: row.created_by,
  }
}
