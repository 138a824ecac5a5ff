/** Owns the route that tells two forms of an API apart: its draft, revisions, and what is live somewhere. */
import { z } from 'zod'
import { partIdSchema } from '../apis/api-body.ts'
import { getWholeForm } from '../apis/find-form.ts'
import type { PublishedForm } from '../apis/published-form.ts'
import { breakingChangeSchema, presentBreakingChange } from '../breaking/breaking-change-schema.ts'
import { findBreakingChanges } from '../breaking/find-breaking-changes.ts'
import { findMain, findPlace, getDeployment } from '../deployments/deployment-place.ts'
import { assertShown } from '../environments/assert-readable.ts'
import { describePlaceChanges } from '../environments/describe-place-changes.ts'
import type { EnvironmentBody } from '../environments/environment-body.ts'
import { AdminProblem } from '../http/admin-problem.ts'
import { defineReading, type Route } from '../http/route.ts'
import { API } from '../kinds.ts'
import { readPolicyLists } from '../policy-lists/read-policy-lists.ts'
import { toRef } from '../resources/kind.ts'
import { getResource } from '../resources/resource-store.ts'
import type { Moment } from '../store/store.ts'
import { describeChanges } from './describe-changes.ts'
import { describedChangeSchema } from './described-change-schema.ts'

const params = z.strictObject({ team: partIdSchema, id: partIdSchema })
type At = z.output<typeof params>

const ENVIRONMENT_PREFIX = 'environment:'
const sideSchema = z
  .string()
  .regex(/^(?:draft|[1-9]\d{0,8}|environment:[\w-]+)$/, {
    error: 'Say "draft", the number of a revision, or "environment:" and an id.',
  })
  .meta({ description: '`draft`, the number of a revision, or what is live: `environment:prod`.' })

interface Side {
  readonly form: PublishedForm
  readonly environment?: EnvironmentBody
}

function toEnvironmentId(side: string): string {
  return side.slice(ENVIRONMENT_PREFIX.length)
}

async function readSide(db: Moment, at: At, said: string): Promise<Side> {
  if (!said.startsWith(ENVIRONMENT_PREFIX)) {
    const api = await getResource(db, toRef(API, at))
    return { form: await getWholeForm(db, api, said === 'draft' ? undefined : Number(said)) }
  }
  const id = toEnvironmentId(said)
  const place = await findPlace(db, { ...at, environment: id })
  const main = findMain(await getDeployment(db, place))
  if (main === undefined) throw new AdminProblem('not-found', `"${at.id}" is not live in "${id}".`)
  return {
    form: await getWholeForm(db, place.api, main.revision),
    environment: (await readPolicyLists(db)).expandEnvironment(place.environment.body),
  }
}

export const DIFF_ROUTES: readonly Route[] = [
  defineReading({
    name: 'diffApi',
    path: '/apis/{team}/{id}/diff',
    summary:
      'What is another in one form of an API than in the next, and what callers would notice. Between two environments also what these bring.',
    tag: 'revisions',
    access: {
      kind: 'demand',
      toDemand: ({ team, id }: At) => ({ permission: 'api:read', team, api: id }),
    },
    params,
    query: z.strictObject({ from: sideSchema, to: sideSchema.default('draft') }),
    answer: z.strictObject({
      changes: z.array(describedChangeSchema),
      breaking: z.array(breakingChangeSchema),
    }),
    async read(asking, db, { params: at, query: { from, to } }) {
      const places = [from, to].filter((side) => side.startsWith(ENVIRONMENT_PREFIX))
      // What these bring is told where both sides are environments.
      if (places.length === 2) await assertShown(asking, db, places.map(toEnvironmentId))
      const [before, after] = [await readSide(db, at, from), await readSide(db, at, to)]
      const ofPlaces =
        before.environment === undefined || after.environment === undefined
          ? []
          : describePlaceChanges(after.form, before.environment, after.environment)
      return {
        body: {
          changes: [...describeChanges(before.form, after.form), ...ofPlaces].map((change) => ({ ...change })),
          breaking: findBreakingChanges(before.form, after.form).map(presentBreakingChange),
        },
      }
    },
  }),
]
