/** Owns reading the policy lists that are kept, and that none of them stands in itself. */
import { AdminProblem } from '../http/admin-problem.ts'
import type { Putting } from '../resources/kind.ts'
import { listAllResources } from '../resources/list-resources.ts'
import type { Moment } from '../store/store.ts'
import type { PolicyListBody } from './policy-list-body.ts'
import { type PolicyList, PolicyLists } from './policy-lists.ts'

/** There are few. */
export async function readPolicyLists(db: Moment): Promise<PolicyLists> {
  return new PolicyLists(await readAll(db))
}

/** @rejects AdminProblem */
export async function assertNoCycle(db: Moment, { ref: { team, id }, body }: Putting): Promise<void> {
  const others = (await readAll(db)).filter((list) => list.team !== team || list.id !== id)
  const cycle = new PolicyLists([...others, { team, id, body: body as PolicyListBody }]).findCycle(team, id)
  if (cycle === undefined) return
  const message = `The policy list "${id}" would stand in itself: ${cycle.join(' → ')}. Take one of these uses out.`
  throw new AdminProblem('request-invalid', message, { extensions: { errors: [{ at: 'body/policies', message }] } })
}

async function readAll(db: Moment): Promise<PolicyList[]> {
  return (await listAllResources(db, 'policy-list')).map(({ team, id, body }) => ({
    team,
    id,
    body: body as PolicyListBody,
  }))
}
