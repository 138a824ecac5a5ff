// Owns a store full of APIs, as if they had been published one by one.
import type { LiveEnvironment, Store } from '@gatewright/control-plane'
import { deploy } from '@gatewright/control-plane'
import type { Described } from '../../packages/control-plane/src/resources/resource.ts'
import { createResource } from '../../packages/control-plane/src/resources/resource-store.ts'
import { makeRevision } from '../../packages/control-plane/src/revisions/revision-store.ts'
import type { Doing } from '../../packages/control-plane/src/store/doing.ts'

const APIS_AT_ONCE = 250

/** All environments have the same APIs. */
export async function fillStore(store: Store, environments: readonly LiveEnvironment[]): Promise<void> {
  const uids = await act(store, (doing) =>
    Promise.all(
      environments.map(
        async ({ id, body }) =>
          (await createResource(doing, { kind: 'environment', team: '*', id }, body as Described)).uid,
      ),
    ),
  )
  const apis = environments[0]?.apis ?? []
  await act(store, async (doing) => {
    for (const team of new Set(apis.map((api) => api.team)))
      await createResource(doing, { kind: 'team', team: '*', id: team }, {})
  })
  for (let at = 0; at < apis.length; at += APIS_AT_ONCE) {
    await act(store, async (doing) => {
      for (const { team, id, releases } of apis.slice(at, at + APIS_AT_ONCE)) {
        const body = (releases[0]?.body ?? {}) as Described
        const api = await createResource(doing, { kind: 'api', team, id }, body)
        const { revision } = await makeRevision(doing, api, '')
        for (const environment of uids) {
          const release = { revision: revision.number, share: 100 }
          await deploy(doing, { api: api.uid, environment }, { releases: [release], why: 'publish' })
        }
      }
    })
  }
}

export function act<Result>(store: Store, verb: (doing: Doing) => Promise<Result>): Promise<Result> {
  return store.write((change) => verb({ ...change, by: 'system', nowMs: Date.now() }))
}
