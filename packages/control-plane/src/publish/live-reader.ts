/** Owns reading what is live out of the store: all of one moment, and of what never changes, nothing twice. */
import type { ApiBody } from '../apis/api-body.ts'
import type { Deployment } from '../deployments/deployment.ts'
import { listLive } from '../deployments/deployment-store.ts'
import type { EnvironmentBody } from '../environments/environment-body.ts'
import type { PlanBody } from '../plans/plan-body.ts'
import type { ProductBody } from '../products/product-body.ts'
import { listAllResources } from '../resources/list-resources.ts'
import type { Described, Resource } from '../resources/resource.ts'
import { findRevisions, type RevisionRef } from '../revisions/revision-store.ts'
import { readSequence } from '../store/next-sequence.ts'
import type { Moment } from '../store/store.ts'
import type { UpstreamBody } from '../upstreams/upstream-body.ts'
import type { LiveApi, LiveEnvironment } from './live-api.ts'
import type { LiveTerms } from './live-terms.ts'
import { OverridesReader } from './overrides-reader.ts'

export interface LiveMoment {
  /** Of the newest change that it holds. */
  readonly sequence: number
  readonly environments: readonly LiveEnvironment[]
  readonly terms: LiveTerms
}

export class LiveReader {
  /** Revisions that are live somewhere, by API and number: they never change. */
  #bodies = new Map<string, ApiBody>()
  readonly #overrides = new OverridesReader()

  async read(db: Moment): Promise<LiveMoment> {
    const sequence = await readSequence(db)
    const apis = new Map((await listAllResources(db, 'api')).map((api) => [api.uid, api]))
    const environments = (await listAllResources(db, 'environment')) as Resource<EnvironmentBody>[]
    const deployed: { readonly environment: Resource<EnvironmentBody>; readonly live: readonly Deployment[] }[] = []
    for (const environment of environments) deployed.push({ environment, live: await listLive(db, environment.uid) })
    const wanted = deployed.flatMap(({ live }) =>
      live.flatMap(({ api, releases }) => releases.map(({ revision }) => ({ api, number: revision }))),
    )
    const bodies = await this.#find(db, wanted)
    return {
      sequence,
      terms: await this.#readTerms(db, sequence),
      environments: deployed.map(({ environment, live }) => ({
        id: environment.id,
        body: environment.body,
        apis: live.flatMap(({ api, releases }): LiveApi[] => {
          const resource = apis.get(api)
          if (resource === undefined) return []
          const { team, id } = resource
          const found = releases.flatMap((release) => {
            const body = bodies.get(toKey({ api, number: release.revision }))
            return body === undefined ? [] : [{ ...release, body }]
          })
          return [{ team, id, releases: found }]
        }),
      })),
    }
  }

  /** What was read was a change, none of apps, that may be undone: its number, and that of this API's newest revision, will be others'. */
  forget(api: string): void {
    this.#overrides.rewind()
    for (const key of this.#bodies.keys()) if (key.startsWith(`${api} `)) this.#bodies.delete(key)
  }

  async #readTerms(db: Moment, sequence: number): Promise<LiveTerms> {
    const plans = (await listAllResources(db, 'plan')) as Resource<PlanBody>[]
    const products = (await listAllResources(db, 'product')) as Resource<ProductBody>[]
    const upstreams = (await listAllResources(db, 'upstream')) as Resource<UpstreamBody & Described>[]
    return {
      plans: plans.map(({ team, id, body }) => ({ team, id, body })),
      // Without plans there is nobody to have anything different of one.
      overrides: plans.length === 0 ? [] : await this.#overrides.read(db, sequence),
      sold: products.map(({ team, body: { apis } }) => ({ team, apis })),
      upstreams: upstreams.map(({ team, id, body }) => ({ team, id, body })),
    }
  }

  async #find(db: Moment, wanted: readonly RevisionRef[]): Promise<ReadonlyMap<string, ApiBody>> {
    const missing = wanted.filter((ref) => !this.#bodies.has(toKey(ref)))
    const found = await findRevisions(db, missing)
    for (const { api, number, body } of found) this.#bodies.set(toKey({ api, number }), body as ApiBody)
    const keys = new Set(wanted.map(toKey))
    // What is live no more is read again when it comes back.
    this.#bodies = new Map([...this.#bodies].filter(([key]) => keys.has(key)))
    return this.#bodies
  }
}

function toKey({ api, number }: RevisionRef): string {
  return `${api} ${number}`
}
