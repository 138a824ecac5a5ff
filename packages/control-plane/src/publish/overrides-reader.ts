/** Owns reading what apps have different of plans: there may be a million apps and a change each second, so only those that changed are read again. */
import type { AppBody } from '../apps/app-body.ts'
import { hasRemovals, listChangedResources } from '../resources/changed-resources.ts'
import type { Resource } from '../resources/resource.ts'
import { toResource } from '../resources/resource-store.ts'
import type { Moment } from '../store/store.ts'
import type { LiveOverrides } from './live-terms.ts'

/** Never changed. */
export interface KnownOverrides {
  /** The change up to which they are known; undefined: nobody has asked. */
  readonly sequence: number | undefined
  /** By the app's uid. */
  readonly byApp: ReadonlyMap<string, LiveOverrides>
  /** The same one while nothing of it changed. */
  readonly list: readonly LiveOverrides[]
}

export const NO_OVERRIDES: KnownOverrides = { sequence: undefined, byApp: new Map(), list: [] }

/** `sequence`: of the moment. */
export async function readOverrides(db: Moment, former: KnownOverrides, sequence: number): Promise<KnownOverrides> {
  const since = former.sequence
  const isWhole = since === undefined || (await hasRemovals(db, since))
  const changed = isWhole ? await readAll(db) : await listChangedResources(db, { kind: 'app', since })
  if (!isWhole && changed.length === 0) return { ...former, sequence }
  const byApp = new Map(isWhole ? [] : former.byApp)
  for (const { uid, team, id, body } of changed as unknown as readonly Resource<AppBody>[]) {
    const { overrides = {} } = body
    if (Object.keys(overrides).length === 0) byApp.delete(uid)
    else byApp.set(uid, { team, id, overrides })
  }
  return { sequence, byApp, list: [...byApp.values()] }
}

async function readAll(db: Moment): Promise<Resource[]> {
  const rows = await db
    .selectFrom('resources')
    .selectAll()
    .where('kind', '=', 'app')
    // Few have any: the others need not leave the database.
    .where('body', 'like', '%"overrides":%')
    .execute()
  return rows.map(toResource)
}
