/** Owns reading the policy lists that are kept, and that each of them comes to an end. */
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
export async function assertListUsable(db: Moment, { ref: { team, id }, body }: Putting): Promise<void> {
  const others = (await readAll(db)).filter((list) => list.team !== team || list.id !== id)
  const fault = new PolicyLists([...others, { team, id, body: body as PolicyListBody }]).findFault(team, id)
  if (fault === undefined) return
  const message = `The policy list "${id}" ${fault}`
  throw new AdminProblem('request-invalid', message, { extensions: { errors: [{ at: 'body/policies', message }] } })
}

async function readAll(db: Moment): Promise<PolicyList[]> {
  return (await listAllResources(db, 'policy-list')).map(({ team, id, body }) => ({
    team,
    id,
    body: body as PolicyListBody,
  }))
}
