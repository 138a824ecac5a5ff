/** Owns reading what is live out of the store: all of one moment, and of that only what changed since a moment that is known. */
import type { ApiBody } from '../apis/api-body.ts'
import type { CertificateBody } from '../certificates/certificate-body.ts'
import type { DeployedRelease, Deployment } from '../deployments/deployment.ts'
import { listChangedDeployments, listLive } from '../deployments/deployment-store.ts'
import type { EnvironmentBody } from '../environments/environment-body.ts'
import type { PlanBody } from '../plans/plan-body.ts'
import type { PolicyListBody } from '../policy-lists/policy-list-body.ts'
import type { ProductBody } from '../products/product-body.ts'
import { listAllResources, listChangedNames, type NamedResource } from '../resources/list-resources.ts'
import type { Described, Resource } from '../resources/resource.ts'
import { findRevisions, type RevisionRef } from '../revisions/revision-store.ts'
import { readSequence } from '../store/next-sequence.ts'
import type { Moment } from '../store/store.ts'
import type { UpstreamBody } from '../upstreams/upstream-body.ts'
import type { LiveApi, LiveEnvironment } from './live-api.ts'
import type { LiveTerms } from './live-terms.ts'
import { type KnownOverrides, NO_OVERRIDES, readOverrides } from './overrides-reader.ts'

export interface LiveMoment {
  /** Of the newest change that it holds. */
  readonly sequence: number
  /** Bodies and APIs that are as they were are the same objects as in the moment before. */
  readonly environments: readonly LiveEnvironment[]
  /** Its lists are the same ones while nothing of them changed. */
  readonly terms: LiveTerms
}

interface Live {
  readonly deployment: Deployment
  /** Undefined: the API has no name any more. */
  readonly api: LiveApi | undefined
}

/** Never changed: of a moment that comes to nothing, nothing is left. */
interface Known {
  readonly moment: LiveMoment
  /** Of APIs, by uid. */
  readonly names: ReadonlyMap<string, NamedResource>
  /** By uid. */
  readonly environments: ReadonlyMap<string, Resource<EnvironmentBody>>
  /** By uid of the environment, then of the API; those alone that have a release. */
  readonly live: ReadonlyMap<string, ReadonlyMap<string, Live>>
  /** By kind. */
  readonly shared: ReadonlyMap<string, SharedResources>
  readonly overrides: KnownOverrides
}

/** All of a kind, while none of them changed. */
interface SharedResources {
  /** Which of them there are, at which versions. */
  readonly stamp: string
  readonly list: readonly unknown[]
}

/** Before all changes. */
const START = -1

export class LiveReader {
  readonly #nowMs: () => number
  #known: Known | undefined

  /** Milliseconds since the epoch: previews end. */
  constructor(nowMs: () => number = Date.now) {
    this.#nowMs = nowMs
  }

  /** Of what is kept: what it finds is known from here on. */
  async read(db: Moment): Promise<LiveMoment> {
    this.#known = await advance(db, this.#known, this.#nowMs())
    return this.#known.moment
  }

  /** Of a change that may be undone yet. */
  async peek(db: Moment): Promise<LiveMoment> {
    return (await advance(db, this.#known, this.#nowMs())).moment
  }
}

async function advance(db: Moment, former: Known | undefined, nowMs: number): Promise<Known> {
  const sequence = await readSequence(db)
  if (former?.moment.sequence === sequence) return former
  // A store that was brought back from a copy may be older.
  const base = former !== undefined && former.moment.sequence < sequence ? former : undefined
  const since = base?.moment.sequence ?? START
  const names = await readNames(db, base?.names, since)
  const environments = await readEnvironments(db, base?.environments)
  const live = await readLive(db, { former: base?.live, since, environments, names, nowMs })
  const { shared, terms, overrides } = await readTerms(db, base, sequence)
  const moment = {
    sequence,
    environments: [...environments].map(([uid, each]) => toEnvironment(each, live.get(uid), names)),
    terms,
  }
  return { moment, names, environments, live, shared, overrides }
}

async function readNames(db: Moment, former: Known['names'] | undefined, since: number): Promise<Known['names']> {
  const { named, removed } = await listChangedNames(db, { kind: 'api', since })
  if (former !== undefined && named.length + removed.length === 0) return former
  const names = new Map(former)
  for (const uid of removed) names.delete(uid)
  for (const each of named) {
    const known = names.get(each.uid)
    // Who edits an API changes nothing that is live.
    if (known?.team !== each.team || known.id !== each.id) names.set(each.uid, each)
  }
  return names
}

/** There are few. */
async function readEnvironments(db: Moment, former: Known['environments'] | undefined): Promise<Known['environments']> {
  const all = (await listAllResources(db, 'environment')) as Resource<EnvironmentBody>[]
  return new Map(
    all.map((each) => {
      const known = former?.get(each.uid)
      return [each.uid, known?.version === each.version ? known : each]
    }),
  )
}

interface LiveBefore extends Pick<Known, 'environments' | 'names'> {
  readonly former: Known['live'] | undefined
  readonly since: number
  readonly nowMs: number
}

async function readLive(db: Moment, { former, since, environments, names, nowMs }: LiveBefore): Promise<Known['live']> {
  const changed = since === START ? [] : await listChangedDeployments(db, since)
  const live = new Map<string, Map<string, Live>>()
  for (const uid of environments.keys()) {
    const known = former?.get(uid)
    const news = known === undefined ? await listLive(db, uid) : changed.filter((each) => each.environment === uid)
    const now = new Map(known)
    for (const deployment of news) {
      if (deployment.releases.length === 0) now.delete(deployment.api)
      else now.set(deployment.api, { deployment, api: undefined })
    }
    live.set(uid, now)
  }
  await makeApis(db, live, { names, nowMs })
  return live
}

/** Of those that are new, have another name, or a preview that is over. */
async function makeApis(
  db: Moment,
  live: Map<string, Map<string, Live>>,
  { names, nowMs }: Pick<LiveBefore, 'names' | 'nowMs'>,
): Promise<void> {
  const due = [...live.values()].flatMap((within) =>
    [...within.values()].flatMap(({ deployment, api }) =>
      isDue(api, names.get(deployment.api), nowMs) ? [{ within, deployment }] : [],
    ),
  )
  const bodies = await findBodies(
    db,
    due.map(({ deployment }) => deployment),
  )
  for (const { within, deployment } of due) {
    const name = names.get(deployment.api)
    if (name === undefined) continue
    const releases = deployment.releases
      .filter((release) => !isOver(release, nowMs))
      .flatMap((release) => {
        const body = bodies.get(toKey({ api: deployment.api, number: release.revision }))
        return body === undefined ? [] : [{ ...release, body }]
      })
    if (releases.length === 0) within.delete(deployment.api)
    else
      within.set(deployment.api, {
        deployment,
        api: {
          team: name.team,
          id: name.id,
          releases,
          ...(deployment.lifecycle !== undefined && { lifecycle: deployment.lifecycle }),
        },
      })
  }
}

function isDue(api: LiveApi | undefined, name: NamedResource | undefined, nowMs: number): boolean {
  if (name === undefined) return false
  return api?.team !== name.team || api.id !== name.id || api.releases.some((release) => isOver(release, nowMs))
}

async function findBodies(db: Moment, due: readonly Deployment[]): Promise<ReadonlyMap<string, ApiBody>> {
  const wanted = new Map<string, RevisionRef>()
  for (const { api, releases } of due) {
    for (const { revision: number } of releases) wanted.set(toKey({ api, number }), { api, number })
  }
  const found = await findRevisions(db, [...wanted.values()])
  return new Map(found.map(({ api, number, body }) => [toKey({ api, number }), body as ApiBody]))
}

function toEnvironment(
  { id, body }: Resource<EnvironmentBody>,
  live: ReadonlyMap<string, Live> | undefined,
  names: Known['names'],
): LiveEnvironment {
  const apis = [...(live?.values() ?? [])].flatMap(({ deployment, api }) =>
    // Who removed an API has not taken it out of its environments first.
    api === undefined || !names.has(deployment.api) ? [] : [api],
  )
  return { id, body, apis }
}

async function readTerms(db: Moment, base: Known | undefined, sequence: number) {
  const shared = new Map<string, SharedResources>()
  const read = async <Body extends Described, Item>(kind: string, toItem: (resource: Resource<Body>) => Item) => {
    const all = (await listAllResources(db, kind)) as Resource<Body>[]
    const stamp = all.map(({ uid, version }) => `${uid} ${version}`).join()
    const known = base?.shared.get(kind)
    const list = known?.stamp === stamp ? (known.list as readonly Item[]) : all.map(toItem)
    shared.set(kind, { stamp, list })
    return list
  }
  const plans = await read('plan', ({ team, id, body }: Resource<PlanBody>) => ({ team, id, body }))
  const sold = await read('product', ({ team, body: { apis } }: Resource<ProductBody>) => ({ team, apis }))
  const upstreams = await read('upstream', ({ team, id, body }: Resource<UpstreamBody & Described>) => ({
    team,
    id,
    body,
  }))
  const certificates = await read('certificate', ({ id, body }: Resource<CertificateBody>) => ({ id, body }))
  const policyLists = await read('policy-list', ({ team, id, body }: Resource<PolicyListBody>) => ({ team, id, body }))
  // Without plans there is nobody to have anything different of one.
  const overrides =
    plans.length === 0 ? NO_OVERRIDES : await readOverrides(db, base?.overrides ?? NO_OVERRIDES, sequence)
  const terms = { plans, overrides: overrides.list, sold, upstreams, certificates, policyLists }
  return { shared, overrides, terms }
}

function toKey({ api, number }: RevisionRef): string {
  return `${api} ${number}`
}

function isOver({ preview }: DeployedRelease, nowMs: number): boolean {
  return preview !== undefined && Date.parse(preview.expires) <= nowMs
}
