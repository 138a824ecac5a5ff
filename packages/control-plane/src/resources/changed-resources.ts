/** Owns what has happened to resources since a change of the store, for readers that know what was before. */
import type { Moment } from '../store/store.ts'
import type { Resource } from './resource.ts'
import { toResource } from './resource-store.ts'

/** Made or changed after this change, as they are now. */
export async function listChangedResources(
  db: Moment,
  { kind, since }: { readonly kind: string; readonly since: number },
): Promise<Resource[]> {
  const found = db.selectFrom('resources').selectAll().where('kind', '=', kind).where('sequence', '>', since)
  return (await found.orderBy('sequence').orderBy('uid').execute()).map(toResource)
}

/** Was anything removed after this change? Of whatever kind: versions do not say theirs. */
export async function hasRemovals(db: Moment, since: number): Promise<boolean> {
  const found = db.selectFrom('resource_versions').select('resource').where('sequence', '>', since)
  return (await found.where('body', 'is', null).limit(1).executeTakeFirst()) !== undefined
}
