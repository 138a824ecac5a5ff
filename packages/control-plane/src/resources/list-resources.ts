/** Owns looking for resources: filters, sorting, and pages that nothing slips out of, whatever changes meanwhile. */
import { type RawBuilder, type SelectQueryBuilder, sql } from 'kysely'
import type { TeamPart } from '../access/decide-access.ts'
import { isReadable } from '../apis/select-readable.ts'
import { containsText } from '../store/contains-text.ts'
import { CursorFault, type Page, readCursor, toPage, writeCursor } from '../store/pages.ts'
import type { Moment } from '../store/store.ts'
import type { Tables } from '../store/tables.ts'
import type { Resource } from './resource.ts'
import { toResource } from './resource-store.ts'

export const SORTS = ['id', '-id', 'title', '-title', 'updatedAt', '-updatedAt'] as const
/** Of what ends: what has no end comes last of all, and turned round first. */
export const END_SORTS = ['notAfter', '-notAfter'] as const
export type Sort = (typeof SORTS)[number] | (typeof END_SORTS)[number]

export interface ResourceQuery {
  readonly kind: string
  /** Whose; all teams if absent. */
  readonly teams?: readonly string[]
  /** Single APIs of others, beside `teams`. */
  readonly parts?: readonly TeamPart[]
  /** These alone. */
  readonly ids?: readonly string[]
  readonly owner?: string
  /** Of APIs. */
  readonly family?: string
  /** Only what ends before: milliseconds since the epoch. */
  readonly endsBeforeMs?: number
  /** All of them. */
  readonly tags?: readonly string[]
  /** Text that stands somewhere in id, title, description, owner or tags, in any case. */
  readonly search?: string
  readonly sort?: Sort
  readonly limit: number
  /** Where the page before ended: its `next`. */
  readonly after?: string
}

export type NamedResource = Pick<Resource, 'uid' | 'team' | 'id'>

const MOST_OF_A_TITLE = 200

/** What a sorting is by; of those that are equal, the uid decides. */
const KEYS: Readonly<Record<'id' | 'title' | 'updatedAt' | 'notAfter', RawBuilder<string | number>>> = {
  id: sql<string>`id`,
  // Titles are as long as people like, and a cursor has to stand in a URL.
  title: sql<string>`substr(coalesce(title, id), 1, ${sql.lit(MOST_OF_A_TITLE)})`,
  updatedAt: sql<number>`updated_at`,
  notAfter: sql<number>`coalesce(ends, ${sql.lit(Number.MAX_SAFE_INTEGER)})`,
}

/** @rejects CursorFault */
export async function listResources(db: Moment, query: ResourceQuery): Promise<Page<Resource>> {
  const { sort = 'id', limit, after } = query
  const name = sort.replace('-', '') as keyof typeof KEYS
  const direction = sort.startsWith('-') ? 'desc' : 'asc'
  const key = KEYS[name]
  let found = filter(db, query).selectAll().select(key.as('sort_key'))
  if (after !== undefined) {
    const cursor = parseCursor(after, sort)
    found = found.where(
      direction === 'asc'
        ? sql<boolean>`(${key}, uid) > (${cursor.key}, ${cursor.uid})`
        : sql<boolean>`(${key}, uid) < (${cursor.key}, ${cursor.uid})`,
    )
  }
  const rows = await found
    .orderBy(key, direction)
    .orderBy('uid', direction)
    .limit(limit + 1)
    .execute()
  const { items, ...page } = toPage(rows, limit, (last) => writeCursor([sort, last.sort_key, last.uid]))
  return { items: items.map(toResource), ...page }
}

/** Of all teams, or of one, by team and id. */
export async function listAllResources(db: Moment, kind: string, team?: string): Promise<Resource[]> {
  let found = db.selectFrom('resources').selectAll().where('kind', '=', kind)
  if (team !== undefined) found = found.where('team', '=', team)
  return (await found.orderBy('team').orderBy('id').execute()).map(toResource)
}

/** Names of those that were made or changed since, by uid; and whose removal came since, of whatever kind. */
export async function listChangedNames(
  db: Moment,
  { kind, since }: { readonly kind: string; readonly since: number },
): Promise<{ readonly named: readonly NamedResource[]; readonly removed: readonly string[] }> {
  const changed = db.selectFrom('resources').select(['uid', 'team', 'id'])
  const named = await changed.where('kind', '=', kind).where('sequence', '>', since).execute()
  const versions = db.selectFrom('resource_versions').select('resource').where('sequence', '>', since)
  const removed = await versions.where('body', 'is', null).execute()
  return { named, removed: removed.map(({ resource }) => resource) }
}

/** How many there are without pages. */
export async function countResources(
  db: Moment,
  query: Omit<ResourceQuery, 'limit' | 'after' | 'sort'>,
): Promise<number> {
  const { count } = await filter(db, query).select(sql<number>`count(*)`.as('count')).executeTakeFirstOrThrow()
  return Number(count)
}

type Found = SelectQueryBuilder<Tables, 'resources', object>

function filter(
  db: Moment,
  { kind, teams, parts = [], ids, owner, family, endsBeforeMs, tags = [], search }: Omit<ResourceQuery, 'limit'>,
): Found {
  let found: Found = db.selectFrom('resources').where('kind', '=', kind)
  if (teams !== undefined) found = found.where((expressions) => isReadable(expressions, { teams, parts }))
  if (ids !== undefined) found = found.where('id', 'in', ids.length === 0 ? [''] : ids)
  if (owner !== undefined) found = found.where('owner', '=', owner)
  // One that names none is the first of its own: what comes after it names its id.
  if (family !== undefined)
    found = found.where((all) =>
      all.or([all('family', '=', family), all.and([all('family', 'is', null), all('id', '=', family)])]),
    )
  if (endsBeforeMs !== undefined) found = found.where('ends', '<', endsBeforeMs)
  for (const tag of tags) {
    const tagged = db.selectFrom('resource_tags').select('resource').where('tag', '=', tag)
    found = found.where('uid', 'in', tagged)
  }
  if (search !== undefined) found = found.where(containsText(search))
  return found
}

function parseCursor(text: string, sort: Sort): { readonly key: string | number; readonly uid: string } {
  const [of, key, uid, ...more] = readCursor(text)
  const isKey = /(?:updatedAt|notAfter)$/.test(sort) ? Number.isSafeInteger(key) : typeof key === 'string'
  if (of !== sort || !isKey || typeof uid !== 'string' || more.length > 0) throw new CursorFault()
  return { key: key as string | number, uid }
}
