/** Owns reading what apps have different of plans: there may be a million apps and a change each second, so only those that changed are read again. */
import type { AppBody } from '../apps/app-body.ts'
import { hasRemovals, listChangedResources } from '../resources/changed-resources.ts'
import type { Resource } from '../resources/resource.ts'
import { toResource } from '../resources/resource-store.ts'
import type { Moment } from '../store/store.ts'
import type { LiveOverrides } from './live-terms.ts'

export class OverridesReader {
  /** By the app's uid. */
  readonly #known = new Map<string, LiveOverrides>()
  /** The change up to which they are known. */
  #sequence: number | undefined

  /** `sequence`: of the moment. */
  async read(db: Moment, sequence: number): Promise<readonly LiveOverrides[]> {
    const since = this.#sequence
    if (since === undefined || (await hasRemovals(db, since))) await this.#readAll(db)
    else for (const app of await listChangedResources(db, { kind: 'app', since })) this.#put(app as Resource<AppBody>)
    this.#sequence = sequence
    return [...this.#known.values()]
  }

  /** The newest change that was read may be undone, and none of apps: the next one has its number. */
  rewind(): void {
    if (this.#sequence !== undefined) this.#sequence--
  }

  async #readAll(db: Moment): Promise<void> {
    this.#known.clear()
    const rows = await db
      .selectFrom('resources')
      .selectAll()
      .where('kind', '=', 'app')
      // Few have any: the others need not leave the database.
      .where('body', 'like', '%"overrides":%')
      .execute()
    for (const row of rows) this.#put(toResource(row) as Resource<AppBody>)
  }

  #put({ uid, team, id, body: { overrides = {} } }: Resource<AppBody>): void {
    if (Object.keys(overrides).length === 0) this.#known.delete(uid)
    else this.#known.set(uid, { team, id, overrides })
  }
}
