/** Owns what of all that is live a group of nodes runs. */
import type { NodeGroupBody } from './node-group-body.ts'

/** What a group runs. */
export type NodeScope = Pick<NodeGroupBody, 'environments' | 'apis'>

/** `prod.shop.orders`, or `prod`, `prod.~upstreams` and `prod.~certificates` of the environment: no id of an environment has a point in it. What is for all begins with `~`. */
export function isInScope(id: string, { environments, apis }: NodeScope): boolean {
  if (id.startsWith('~')) return true
  const [environment = '', ...api] = id.split('.')
  if (environments?.includes(environment) === false) return false
  return api.length === 0 || api[0]?.startsWith('~') === true || (apis?.includes(api.join('.')) ?? true)
}
