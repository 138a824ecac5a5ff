/** Owns that a team goes only when nothing stands in it any more. */
import { AdminProblem } from '../http/admin-problem.ts'
import type { Resource } from '../resources/resource.ts'
import type { Moment } from '../store/store.ts'

/** How many are said one by one. */
const SAID = 20

/** @rejects AdminProblem */
export async function assertEmptyTeam(db: Moment, { id }: Resource): Promise<void> {
  const rows = await db
    .selectFrom('resources')
    .select(['kind', 'id'])
    .where('team', '=', id)
    .orderBy('kind')
    .orderBy('id')
    .limit(SAID)
    .execute()
  const tokens = await db
    .selectFrom('tokens')
    .select('uid')
    .where('team', '=', id)
    .where('ended_at', 'is', null)
    .orderBy('uid')
    .limit(SAID)
    .execute()
  const namers = [
    ...rows.map((row) => ({ kind: row.kind, id: row.id, path: 'team' })),
    ...tokens.map(({ uid }) => ({ kind: 'token', id: uid, path: 'team' })),
  ].slice(0, SAID)
  if (namers.length === 0) return
  const said = namers.map((namer) => `${namer.kind} "${namer.id}"`).join(', ')
  throw new AdminProblem('in-use', `The team "${id}" has these still: ${said}. Remove them first.`, {
    extensions: { namers },
  })
}
