/** Owns how changes that wait look to those who ask. */
import { z } from 'zod'
import { apiBodySchema } from '../apis/api-body.ts'
import { DEPLOY_REASONS } from '../deployments/deployment.ts'
import { presentRelease, releaseSchema } from '../deployments/deployment-answer.ts'
import type { DeploymentPlace } from '../deployments/deployment-place.ts'
import { acknowledgeSchema } from '../deployments/judge-wish.ts'
import { actorSchema, timeSchema, toTime } from '../resources/present-resource.ts'
import type { Resource } from '../resources/resource.ts'
import { CHANGE_STATES, type ChangeRequest } from './change-request.ts'

const stepShape = { by: actorSchema, at: timeSchema, note: z.string() }

export const changeSchema = z.strictObject({
  environment: z.string(),
  team: z.string(),
  api: z.string(),
  number: z.int().meta({ description: 'From 1, within what is live of an API in an environment.' }),
  state: z.enum(CHANGE_STATES),
  why: z.enum(DEPLOY_REASONS),
  releases: z.array(releaseSchema).meta({ description: 'What is to be live.' }),
  of: z.int().meta({ description: 'The version of what was live when it was asked for: of another it is not done.' }),
  message: z.string(),
  acknowledge: acknowledgeSchema.exactOptional(),
  lifecycle: apiBodySchema.shape.lifecycle.meta({ description: 'How it is to be on its way out.' }),
  succession: z
    .strictObject({ to: z.string().meta({ description: 'Id.' }), movesSubscriptions: z.boolean() })
    .exactOptional()
    .meta({ description: 'The API that is to come after it.' }),
  askedBy: actorSchema,
  askedAt: timeSchema,
  expiresAt: timeSchema,
  approvals: z.array(z.strictObject(stepShape)),
  needed: z.int().meta({ description: 'How many approvals the environment asks for now.' }),
  end: z.strictObject(stepShape).exactOptional().meta({ description: 'Who did, refused or withdrew it.' }),
  sequence: z.int(),
})

export function presentChange(
  change: ChangeRequest,
  { api, environment }: Pick<DeploymentPlace, 'api'> & { readonly environment: Resource },
) {
  const { number, state, wish, askedBy, approvals, end, sequence } = change
  const { protection } = environment.body as DeploymentPlace['environment']['body']
  return {
    environment: environment.id,
    team: api.team,
    api: api.id,
    number,
    state,
    why: wish.why,
    releases: wish.releases.map(presentRelease),
    of: wish.version ?? 0,
    message: wish.message ?? '',
    ...(wish.acknowledge !== undefined && { acknowledge: wish.acknowledge }),
    ...(wish.lifecycle && { lifecycle: wish.lifecycle }),
    ...(wish.succession !== undefined && {
      succession: { to: wish.succession.id, movesSubscriptions: wish.succession.subscriptions !== undefined },
    }),
    askedBy,
    askedAt: toTime(change.askedAtMs),
    expiresAt: toTime(change.expiresAtMs),
    approvals: approvals.map(({ by, atMs, note }) => ({ by, at: toTime(atMs), note })),
    needed: protection?.approvals ?? 0,
    ...(end !== undefined && { end: { by: end.by, at: toTime(end.atMs), note: end.note } }),
    sequence,
  }
}
