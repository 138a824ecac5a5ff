/** Owns the route that shows APIs side by side: version by version, with what has become of each in each environment. */
import { z } from 'zod'
import { partIdSchema } from '../apis/api-body.ts'
import { PAGE_ANSWER, PAGE_QUERY, toLimit } from '../http/page-query.ts'
import { defineReading, type Route } from '../http/route.ts'
import { API } from '../kinds.ts'
import { listResources, type ResourceQuery } from '../resources/list-resources.ts'
import { toShownParts, toShownTeams } from '../resources/resource-routes.ts'
import { apiStateSchema, compareStates, readApiState } from './api-state.ts'

export const API_STATE_ROUTES: readonly Route[] = [
  defineReading({
    name: 'listApiStates',
    path: '/api-states',
    summary:
      'APIs side by side, in pages: what has become of each in each environment, and since when. On a page, versions of a family stand together, the lowest first.',
    tag: 'deployments',
    access: { kind: 'some-team', permission: 'api:read' },
    query: z.strictObject({
      team: partIdSchema.optional().meta({ description: 'Only of this team.' }),
      family: z
        .string()
        .optional()
        .meta({ description: 'Only versions of this one. An API that names none is called by its id.' }),
      ...PAGE_QUERY,
      limit: toLimit(200),
    }),
    answer: z.strictObject({
      items: z.array(apiStateSchema),
      ...PAGE_ANSWER,
    }),
    async read({ teams, parts }, db, { query: { team, family, limit, after } }) {
      const shown = toShownTeams(API, teams, team)
      const query: ResourceQuery = {
        kind: API.kind,
        limit,
        ...(shown !== undefined && { teams: shown, parts: toShownParts(API, parts, team) }),
        ...(family !== undefined && { family }),
        ...(after !== undefined && { after }),
      }
      const { items: apis, ...page } = await listResources(db, query)
      const items = []
      for (const api of apis) items.push(await readApiState(db, api))
      return { body: { items: items.toSorted(compareStates), ...page } }
    },
  }),
]
