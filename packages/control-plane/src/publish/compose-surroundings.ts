/** Owns what decides beside its own files what clients of an environment get: what gateways ask or show before it, and which nodes run it. Pure. */
import type { NodeGroupBody } from '../nodes/node-group-body.ts'
import { isInScope } from '../nodes/node-scope.ts'
import type { Resource } from '../resources/resource.ts'
import type { LiveEnvironment } from './live-api.ts'
import type { LiveMoment } from './live-reader.ts'
import type { OutcomePiece } from './outcome.ts'
import { listShadowing } from './shadowing-certificates.ts'
import { compareIds, toSnapshotId } from './snapshot-id.ts'
import { listStandingBefore, toAddressKey } from './standing-before.ts'

export interface Around extends Pick<LiveMoment, 'environments' | 'terms'> {
  readonly groups: readonly Resource<NodeGroupBody>[]
}

/** As a piece that no gateway gets: another text where clients get something else. */
export function composeSurroundings(own: LiveEnvironment, { environments, terms, groups }: Around): OutcomePiece {
  const before = listStandingBefore(own, environments).map(({ environment, api, address }) => ({
    id: `${toSnapshotId(environment, api)} ${toAddressKey(address)}`,
  }))
  const text = JSON.stringify({
    before: sort(before),
    certificates: sort(listShadowing(own, terms)),
    groups: sort(groups.flatMap((group) => toRunning(own, group))),
  })
  return { name: `${own.id}.~around.json`, text }
}

function toRunning(own: LiveEnvironment, { id, body: { environments, apis, nodes = [] } }: Resource<NodeGroupBody>) {
  const scope = { ...(environments && { environments }), ...(apis && { apis }) }
  // Nothing of it runs anywhere before something is live there.
  if (own.apis.length === 0 || !isInScope(own.id, scope)) return []
  const ids = own.apis.map((api) => toSnapshotId(own.id, api))
  return [
    {
      id,
      // What is published later is no other group.
      apis:
        apis === undefined ? 'all' : sort(ids.filter((each) => isInScope(each, scope)).map((each) => ({ id: each }))),
      nodes: sort(nodes.map((each) => ({ id: each }))),
    },
  ]
}

function sort<Item extends { readonly id: string }>(items: readonly Item[]): Item[] {
  return items.toSorted((a, b) => compareIds(a.id, b.id))
}
