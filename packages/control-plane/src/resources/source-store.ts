/** Owns keeping resources as people wrote them: YAML whose comments and order say more than the body. */
import type { Moment } from '../store/store.ts'
import { renderSource } from './render-source.ts'
import type { Resource } from './resource.ts'

/** Of the resource as it is now. */
export async function keepSource(
  db: Moment,
  { uid, version }: Pick<Resource, 'uid' | 'version'>,
  text: string,
): Promise<void> {
  await db
    .insertInto('sources')
    .values({ resource: uid, version, text })
    .onConflict((conflict) => conflict.column('resource').doUpdateSet({ version, text }))
    .execute()
}

export async function dropSource(db: Moment, uid: string): Promise<void> {
  await db.deleteFrom('sources').where('resource', '=', uid).execute()
}

/** What was written where it still says this; else that with what was changed since; else the body as YAML. */
export async function readSource(db: Moment, { uid, version, body }: Resource): Promise<string> {
  const row = await db.selectFrom('sources').selectAll().where('resource', '=', uid).executeTakeFirst()
  return row?.version === version ? row.text : renderSource(body, row?.text)
}
