/** Owns the routes of what is live: an API in an environment, published, promoted, tried on a part of the traffic, rolled back, taken out. */
import { z } from 'zod'
import type { Demand } from '../access/decide-access.ts'
import { partIdSchema } from '../apis/api-body.ts'
import { AdminProblem } from '../http/admin-problem.ts'
import { type Asking, type Done, defineChange, defineReading, type Input, type Route } from '../http/route.ts'
import { API, ENVIRONMENT } from '../kinds.ts'
import { describeChanges } from '../resources/describe-changes.ts'
import { toRef } from '../resources/kind.ts'
import { actorSchema, timeSchema, toTime } from '../resources/present-resource.ts'
import type { Resource } from '../resources/resource.ts'
import { type Doing, getResource } from '../resources/resource-store.ts'
import { makeRevision } from '../revisions/revision-store.ts'
import type { Moment } from '../store/store.ts'
import type { DeployedRelease, Deployment } from './deployment.ts'
import { deploy, findDeployment, listDeploymentVersions, rollBack } from './deployment-store.ts'

const params = z.strictObject({ environment: partIdSchema, team: partIdSchema, id: partIdSchema })
type At = z.output<typeof params>
const PATH = '/environments/{environment}/apis/{team}/{id}'
const NO_QUERY = z.strictObject({})
const message = z.string().max(2000).default('').meta({ description: 'Why, for those who come later.' })

const releaseSchema = z.strictObject({
  revision: z.int().min(1),
  share: z.number().min(0).max(100).exactOptional().meta({ description: 'Percent of what no condition claims.' }),
  when: z.string().min(1).exactOptional().meta({ description: 'CEL: requests for which it is true get this release.' }),
})

const deploymentShape = {
  version: z.int().meta({ description: 'One more with each change of what is live; it is the `ETag`.' }),
  releases: z.array(releaseSchema).meta({ description: 'None: the API is not in this environment any more.' }),
  why: z.enum(['publish', 'promote', 'rollback', 'canary', 'undeploy']),
  message: z.string(),
  at: timeSchema,
  by: actorSchema,
}
const deploymentSchema = z.strictObject(deploymentShape)
const nodeSchema = z.strictObject({
  node: z.string(),
  state: z.enum(['serves', 'waits', 'failed']),
  snapshot: z.strictObject({ version: z.int(), hash: z.string() }).exactOptional(),
  fault: z.string().exactOptional(),
})
const rolloutSchema = z.strictObject({
  ...deploymentShape,
  nodes: z.array(nodeSchema).meta({ description: 'Who runs it now, who does not yet, and who cannot.' }),
})

function present({ version, releases, why, message: said, atMs, by }: Deployment) {
  return { version, releases: releases.map((release) => ({ ...release })), why, message: said, at: toTime(atMs), by }
}

const demandOf = (permission: 'api:read' | 'api:publish') => ({
  kind: 'demand' as const,
  toDemand: ({ team, id, environment }: At): Demand => ({ permission, team, api: id, environment }),
})

interface Place {
  readonly api: Resource
  readonly environment: Resource
  readonly ref: { readonly api: string; readonly environment: string }
}

/** @rejects ResourceFault */
async function findPlace(db: Moment, { environment, ...at }: At): Promise<Place> {
  const where = await getResource(db, toRef(ENVIRONMENT, { id: environment }))
  const api = await getResource(db, toRef(API, at))
  return { api, environment: where, ref: { api: api.uid, environment: where.uid } }
}

/** @throws AdminProblem */
async function getDeployment(db: Moment, { ref, api, environment }: Place): Promise<Deployment> {
  const found = await findDeployment(db, ref)
  if (found !== undefined) return found
  throw new AdminProblem('not-found', `"${api.id}" was never published to "${environment.id}".`)
}

interface DeployingParts<B extends z.ZodType> {
  readonly name: string
  readonly verb: string
  readonly summary: string
  readonly body: B
  act(doing: Doing, place: Place, input: Input<typeof params, typeof NO_QUERY, B>): Promise<Deployment>
}

/** What all changes of what is live have in common: they are checked, told, and waited for. */
function defineDeploying<B extends z.ZodType>({ name, verb, summary, body, act }: DeployingParts<B>): Route {
  return defineChange({
    name,
    method: 'POST',
    path: `${PATH}/${verb}`,
    summary,
    tag: 'deployments',
    access: demandOf('api:publish'),
    params,
    query: NO_QUERY,
    body,
    answer: rolloutSchema,
    async change(asking, doing, input) {
      const place = await findPlace(doing.db, input.params)
      const before = await findDeployment(doing.db, place.ref)
      const made = await act(doing, place, input)
      return await finish(asking, doing, { place, before, made })
    },
  })
}

interface Deployed {
  readonly place: Place
  readonly before: Deployment | undefined
  readonly made: Deployment
}

type RolloutAnswer = z.input<typeof rolloutSchema>

async function finish({ services }: Asking, { db }: Doing, deployed: Deployed): Promise<Done<RolloutAnswer>> {
  const { place, before, made } = deployed
  await services.liveCheck.assertRuns(db)
  const { uid, kind, team, id } = place.api
  const details = {
    id,
    environment: place.environment.id,
    before: before?.releases ?? [],
    after: made.releases,
    message: made.message,
  }
  return {
    body: { ...present(made), nodes: [] },
    version: made.version,
    notes: [{ action: made.why, kind, target: uid, team, details }],
    changes: describeChanges(before?.releases ?? [], made.releases),
    async afterwards() {
      return { ...present(made), nodes: [...(await services.rollout.settle())] }
    },
  }
}

/** Of the whole traffic. */
function toWhole(revision: number): readonly DeployedRelease[] {
  return [{ revision, share: 100 }]
}

/** It stands first, whatever its share: what a canary is tried beside. */
function findMain({ releases }: Deployment): DeployedRelease | undefined {
  return releases[0]
}

/** @throws AdminProblem */
function splitCanary({ releases: [main, canary] }: Deployment): {
  readonly main: DeployedRelease
  readonly canary: DeployedRelease
} {
  if (main === undefined || canary === undefined) throw new AdminProblem('conflict', 'There is no canary here now.')
  return { main, canary }
}

const canaryBody = z
  .strictObject({
    revision: z.int().min(1).optional().meta({ description: 'The draft as it is now, where none is said.' }),
    share: z.number().gt(0).lt(100).optional().meta({ description: 'Percent of the requests.' }),
    when: z.string().min(1).optional().meta({ description: 'CEL: requests for which it is true get it.' }),
    message,
  })
  .refine(({ share, when }) => (share === undefined) !== (when === undefined), {
    error: 'Say who gets it: a "share" of the requests, or "when".',
  })

export const DEPLOYMENT_ROUTES: readonly Route[] = [
  defineReading({
    name: 'getDeployment',
    path: PATH,
    summary: 'What is live of an API in an environment.',
    tag: 'deployments',
    access: demandOf('api:read'),
    params,
    query: NO_QUERY,
    answer: deploymentSchema,
    async read(_, db, input) {
      const found = await getDeployment(db, await findPlace(db, input.params))
      return { body: present(found), version: found.version }
    },
  }),
  defineReading({
    name: 'listDeploymentVersions',
    path: `${PATH}/versions`,
    summary: 'What was live, the newest first.',
    tag: 'deployments',
    access: demandOf('api:read'),
    params,
    query: z.strictObject({ limit: z.coerce.number().int().min(1).max(500).default(50) }),
    answer: z.strictObject({ items: z.array(deploymentSchema) }),
    async read(_, db, input) {
      const { ref } = await findPlace(db, input.params)
      return { body: { items: (await listDeploymentVersions(db, ref, input.query)).map(present) } }
    },
  }),
  defineDeploying({
    name: 'publish',
    verb: 'publish',
    summary:
      'Makes a revision of what the API says now, and gives it all of its traffic here. Answered when the gateway of this process serves it.',
    body: z.strictObject({
      message,
      revision: z.int().min(1).optional().meta({ description: 'Instead of what it says now.' }),
    }),
    async act(doing, { api, ref }, { body, ifMatch: version }) {
      const number = body.revision ?? (await makeRevision(doing, api, body.message)).revision.number
      return await deploy(doing, ref, { releases: toWhole(number), why: 'publish', message: body.message, version })
    },
  }),
  defineDeploying({
    name: 'promote',
    verb: 'promote',
    summary:
      'Gives all traffic here to the revision that is live in another environment; not to one that is only tried there.',
    body: z.strictObject({ from: partIdSchema.meta({ description: 'Id of that environment.' }), message }),
    async act(doing, { ref, api }, { params: at, body, ifMatch: version }) {
      const source = await findPlace(doing.db, { ...at, environment: body.from })
      const main = findMain(await getDeployment(doing.db, source))
      if (main === undefined) throw new AdminProblem('conflict', `"${api.id}" is not live in "${body.from}".`)
      return await deploy(doing, ref, {
        releases: toWhole(main.revision),
        why: 'promote',
        message: body.message,
        version,
      })
    },
  }),
  defineDeploying({
    name: 'rollBack',
    verb: 'rollback',
    summary: 'Brings back what was live before the last change, or at a version.',
    body: z.strictObject({
      to: z.int().min(1).optional().meta({ description: 'A version of what was live.' }),
      message,
    }),
    async act(doing, { ref }, { body: { to, message: said }, ifMatch: version }) {
      return await rollBack(doing, ref, {
        message: said,
        ...(to !== undefined && { to }),
        ...(version !== undefined && { version }),
      })
    },
  }),
  defineDeploying({
    name: 'startCanary',
    verb: 'canary',
    summary: 'Gives a part of the traffic to another revision. A second time it gives another part.',
    body: canaryBody,
    async act(doing, place, { body, ifMatch: version }) {
      const current = await getDeployment(doing.db, place)
      const main = findMain(current)
      if (main === undefined)
        throw new AdminProblem('conflict', 'Nothing is live that a canary could be tried beside: publish first.')
      const revision = body.revision ?? (await makeRevision(doing, place.api, body.message)).revision.number
      if (revision === main.revision)
        throw new AdminProblem('conflict', `Revision ${revision} has the traffic already.`)
      const { share, when } = body
      const releases =
        when === undefined
          ? [
              { revision: main.revision, share: 100 - (share ?? 0) },
              { revision, share: share ?? 0 },
            ]
          : [
              { revision: main.revision, share: 100 },
              { revision, when },
            ]
      return await deploy(doing, place.ref, { releases, why: 'canary', message: body.message, version })
    },
  }),
  defineDeploying({
    name: 'promoteCanary',
    verb: 'canary/promote',
    summary: 'Gives all traffic to the canary.',
    body: z.strictObject({ message }),
    async act(doing, place, { body, ifMatch: version }) {
      const { canary } = splitCanary(await getDeployment(doing.db, place))
      return await deploy(doing, place.ref, {
        releases: toWhole(canary.revision),
        why: 'canary',
        message: body.message,
        version,
      })
    },
  }),
  defineDeploying({
    name: 'abortCanary',
    verb: 'canary/abort',
    summary: 'Takes the traffic of the canary back.',
    body: z.strictObject({ message }),
    async act(doing, place, { body, ifMatch: version }) {
      const { main } = splitCanary(await getDeployment(doing.db, place))
      return await deploy(doing, place.ref, {
        releases: toWhole(main.revision),
        why: 'canary',
        message: body.message,
        version,
      })
    },
  }),
  defineDeploying({
    name: 'takeOut',
    verb: 'take-out',
    summary: 'Takes the API out of the environment. What was live stays in its versions.',
    body: z.strictObject({ message }),
    async act(doing, place, { body, ifMatch: version }) {
      return await deploy(doing, place.ref, { releases: [], why: 'undeploy', message: body.message, version })
    },
  }),
]
