/** Owns the routes that list what is live: everything in an environment, and an API everywhere. */
import { z } from 'zod'
import { partIdSchema } from '../apis/api-body.ts'
import { listPartsIn } from '../apis/select-readable.ts'
import { PAGE_ANSWER, PAGE_QUERY } from '../http/page-query.ts'
import { defineReading, type Route } from '../http/route.ts'
import { API, ENVIRONMENT } from '../kinds.ts'
import { findResources } from '../resources/find-resources.ts'
import { toRef } from '../resources/kind.ts'
import { getResource } from '../resources/resource-store.ts'
import { toPage } from '../store/pages.ts'
import { deploymentSchema, presentDeployment } from './deployment-answer.ts'
import { listLiveOf, listLivePage } from './deployment-store.ts'

const apiParams = z.strictObject({ team: partIdSchema, id: partIdSchema })

export const LIVE_ROUTES: readonly Route[] = [
  defineReading({
    name: 'listLiveApis',
    path: '/environments/{environment}/live',
    summary: 'What is live in an environment, of the teams that you may see, in pages.',
    tag: 'deployments',
    access: { kind: 'some-team', permission: 'api:read' },
    params: z.strictObject({ environment: partIdSchema }),
    query: z.strictObject(PAGE_QUERY),
    answer: z.strictObject({
      items: z.array(deploymentSchema.extend({ team: z.string(), api: z.string() })),
      ...PAGE_ANSWER,
    }),
    async read({ teams, parts }, db, { params: { environment }, query: { limit, after } }) {
      const { uid } = await getResource(db, toRef(ENVIRONMENT, { id: environment }))
      const shown = { teams, parts: listPartsIn(parts, environment) }
      const found = await listLivePage(db, uid, { ...shown, limit: limit + 1, ...(after !== undefined && { after }) })
      const { items: live, ...page } = toPage(found, limit, ({ api }) => api)
      const apis = await findResources(
        db,
        live.map(({ api }) => api),
      )
      const items = live.flatMap((deployment) => {
        const api = apis.get(deployment.api)
        return api === undefined ? [] : [{ team: api.team, api: api.id, ...presentDeployment(deployment) }]
      })
      return { body: { items, ...page } }
    },
  }),
  defineReading({
    name: 'listLiveEnvironments',
    path: '/apis/{team}/{id}/live',
    summary: 'Where an API is live, and with which revisions.',
    tag: 'deployments',
    access: {
      kind: 'demand',
      toDemand: ({ team, id }: z.output<typeof apiParams>) => ({ permission: 'api:read', team, api: id }),
    },
    params: apiParams,
    answer: z.strictObject({ items: z.array(deploymentSchema.extend({ environment: z.string() })) }),
    async read(_, db, { params: at }) {
      const { uid } = await getResource(db, toRef(API, at))
      const found = await listLiveOf(db, uid)
      const named = await findResources(
        db,
        found.map(({ environment }) => environment),
      )
      const items = found.flatMap((deployment) => {
        const environment = named.get(deployment.environment)
        return environment === undefined ? [] : [{ environment: environment.id, ...presentDeployment(deployment) }]
      })
      return { body: { items: items.toSorted((a, b) => (a.environment < b.environment ? -1 : 1)) } }
    },
  }),
]
