/** Owns finding resources by what is never given twice, and which ids a team has. */
import { inParts } from '../store/in-parts.ts'
import type { Moment } from '../store/store.ts'
import type { Resource } from './resource.ts'
import { toResource } from './resource-store.ts'

/** By uid; those that are gone are left out. */
export async function findResources(db: Moment, uids: readonly string[]): Promise<Map<string, Resource>> {
  const found = new Map<string, Resource>()
  for (const some of inParts(uids)) {
    const rows = await db.selectFrom('resources').selectAll().where('uid', 'in', some).execute()
    for (const row of rows) found.set(row.uid, toResource(row))
  }
  return found
}

/** Which of these ids a team has. */
export async function findIds(
  db: Moment,
  { kind, team, ids }: { readonly kind: string; readonly team: string; readonly ids: readonly string[] },
): Promise<Set<string>> {
  const found = new Set<string>()
  for (const some of inParts(ids)) {
    const rows = await db
      .selectFrom('resources')
      .select('id')
      .where('kind', '=', kind)
      .where('team', '=', team)
      .where('id', 'in', some)
      .execute()
    for (const { id } of rows) found.add(id)
  }
  return found
}
