/** Owns the routes of what is live: an API in an environment, published, promoted, rolled back, taken out. */
import { z } from 'zod'
import { apiBodySchema, partIdSchema } from '../apis/api-body.ts'
import { getWholeForm } from '../apis/find-form.ts'
import { listShownEnvironments } from '../environments/assert-readable.ts'
import { describePlaceChanges } from '../environments/describe-place-changes.ts'
import { AdminProblem } from '../http/admin-problem.ts'
import { assertAllowed } from '../http/assert-allowed.ts'
import { toLimit } from '../http/page-query.ts'
import { defineReading, type Route } from '../http/route.ts'
import { readPolicyLists } from '../policy-lists/read-policy-lists.ts'
import { makeRevision } from '../revisions/revision-store.ts'
import { CANARY_ROUTES } from './canary-routes.ts'
import { DEPLOYING_SHAPE, defineDeploying } from './define-deploying.ts'
import { type DeployedRelease, listLiveReleases } from './deployment.ts'
import { deploymentSchema, presentDeployment } from './deployment-answer.ts'
import { findMain, findPlace, getDeployment, PLACE_PATH, placeDemand, placeParams } from './deployment-place.ts'
import { getFormer, listDeploymentVersions, toWhole } from './deployment-store.ts'
import { acknowledgeSchema } from './judge-wish.ts'
import { saidReleaseSchema, toDeployedRelease } from './said-release.ts'

const acknowledge = acknowledgeSchema.optional()

export const DEPLOYMENT_ROUTES: readonly Route[] = [
  defineReading({
    name: 'getDeployment',
    path: PLACE_PATH,
    summary: 'What is live of an API in an environment.',
    tag: 'deployments',
    access: placeDemand('api:read'),
    params: placeParams,
    answer: deploymentSchema,
    async read(_, db, input) {
      const found = await getDeployment(db, await findPlace(db, input.params))
      return { body: presentDeployment(found), version: found.version }
    },
  }),
  defineReading({
    name: 'listDeploymentVersions',
    path: `${PLACE_PATH}/versions`,
    summary: 'What was live, the newest first.',
    tag: 'deployments',
    access: placeDemand('api:read'),
    params: placeParams,
    query: z.strictObject({ limit: toLimit() }),
    answer: z.strictObject({ items: z.array(deploymentSchema) }),
    async read(_, db, input) {
      const { ref } = await findPlace(db, input.params)
      return { body: { items: (await listDeploymentVersions(db, ref, input.query)).map(presentDeployment) } }
    },
  }),
  defineDeploying({
    name: 'publish',
    verb: 'publish',
    summary:
      'Makes a revision of what the API says now, and gives it all of its traffic here. Answered when the gateway of this process serves it.',
    body: z.strictObject({
      ...DEPLOYING_SHAPE,
      acknowledge,
      revision: z.int().min(1).optional().meta({ description: 'Instead of what it says now.' }),
    }),
    async wish(doing, { api }, { body }) {
      const number = body.revision ?? (await makeRevision(doing, api, body.message)).revision.number
      return { releases: toWhole(number), why: 'publish', acknowledge: body.acknowledge }
    },
  }),
  defineDeploying({
    name: 'promote',
    verb: 'promote',
    summary:
      'Gives all traffic here to the revision that is live in another environment; not to one that is only tried there. A dry run shows what is another here, in the environment too.',
    body: z.strictObject({
      from: partIdSchema.meta({ description: 'Id of that environment.' }),
      ...DEPLOYING_SHAPE,
      acknowledge,
    }),
    async wish({ db }, { api, environment }, { params: at, body, asking }) {
      if (body.from === at.environment)
        throw new AdminProblem(
          'request-invalid',
          `"${body.from}" is where it is to go: say in "from" where it is live.`,
        )
      const from = { ...at, environment: body.from }
      await assertAllowed(asking, db, placeDemand('api:read').toDemand(from))
      const source = await findPlace(db, from)
      const main = findMain(await getDeployment(db, source))
      if (main === undefined) throw new AdminProblem('conflict', `"${api.id}" is not live in "${body.from}".`)
      const form = await getWholeForm(db, api, main.revision)
      const shown = await listShownEnvironments(asking, db)
      const isShown = shown === 'all' || [source.environment, environment].every(({ id }) => shown.includes(id))
      const lists = await readPolicyLists(db)
      const [was, is] = [source.environment, environment].map(({ body }) => lists.expandEnvironment(body))
      const told = isShown ? describePlaceChanges(form, was ?? {}, is ?? {}) : []
      const changes = told.map(({ text }) => text)
      return { releases: toWhole(main.revision), why: 'promote', acknowledge: body.acknowledge, changes }
    },
  }),
  defineDeploying({
    name: 'rollBack',
    verb: 'rollback',
    summary:
      'Brings back what was live before the last change, or at a version. Rules and callers are not asked: it was live.',
    body: z.strictObject({
      to: z.int().min(1).optional().meta({ description: 'A version of what was live.' }),
      ...DEPLOYING_SHAPE,
    }),
    async wish(doing, { ref }, { body: { to } }) {
      const { releases, lifecycle = null } = await getFormer(doing.db, ref, to)
      return { releases, lifecycle, why: 'rollback', isOneBack: to === undefined }
    },
  }),
  defineDeploying({
    name: 'deploy',
    verb: 'releases',
    summary:
      'Makes exactly this live: revisions that are there, who gets each, and whether that is on its way out. Previews stay, and those that are said come to them.',
    body: z.strictObject({
      releases: z
        .array(saidReleaseSchema)
        .max(20)
        .refine((all) => all.some(({ preview }) => preview === undefined), {
          error: 'Say at least one that is live: a preview stands beside one. To take an API out, `take-out` is there.',
        }),
      lifecycle: apiBodySchema.shape.lifecycle.unwrap().nullable().optional().meta({
        description: 'It is on its way out here, or over. `null`: it is neither; absent: it stays as it was.',
      }),
      ...DEPLOYING_SHAPE,
      acknowledge,
    }),
    async wish(doing, { api }, { body: { releases: said, lifecycle, acknowledge: known } }) {
      const releases: DeployedRelease[] = []
      for (const each of said) releases.push(await toDeployedRelease(doing, api.team, each))
      const isWhole = listLiveReleases({ releases }).length === 1
      return { releases, lifecycle, why: isWhole ? 'publish' : 'canary', acknowledge: known }
    },
  }),
  ...CANARY_ROUTES,
  defineDeploying({
    name: 'takeOut',
    verb: 'take-out',
    summary: 'Takes the API out of the environment. What was live stays in its versions.',
    body: z.strictObject(DEPLOYING_SHAPE),
    async wish() {
      return { releases: [], why: 'undeploy' }
    },
  }),
]
