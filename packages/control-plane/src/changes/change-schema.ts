/** Owns how changes that wait look to those who ask. */
import { z } from 'zod'
import { actorSchema } from '../access/actor.ts'
import { apiBodySchema } from '../apis/api-body.ts'
import { breakingChangeSchema } from '../breaking/breaking-change-schema.ts'
import { DEPLOY_REASONS } from '../deployments/deployment.ts'
import { presentRelease, releaseSchema } from '../deployments/deployment-answer.ts'
import type { DeploymentPlace } from '../deployments/deployment-place.ts'
import { acknowledgeSchema } from '../deployments/judge-wish.ts'
import type { EnvironmentBody } from '../environments/environment-body.ts'
import { timeSchema, toTime } from '../http/time.ts'
import type { Resource } from '../resources/resource.ts'
import type { AskedRequest } from './asked-change.ts'
import { CHANGE_STATES, type ChangeRequest } from './change-request.ts'

const nameSchema = z.string().exactOptional().meta({
  description: 'What people call who did it, as the audit log has it. Where changes are read.',
})
const stepShape = { by: actorSchema, byName: nameSchema, at: timeSchema, note: z.string() }

export const changeSchema = z.strictObject({
  environment: z.string(),
  environments: z
    .array(z.string())
    .exactOptional()
    .meta({ description: 'All that would run something else, where it is no change of what is live of an API.' }),
  team: z.string(),
  api: z.string().exactOptional().meta({ description: 'Of which something is to be live.' }),
  about: z
    .strictObject({ kind: z.string(), id: z.string(), action: z.string() })
    .exactOptional()
    .meta({ description: 'What is to change, where that is not what is live of an API; `action` is the operation.' }),
  number: z.int().meta({
    description: 'From 1, within what is live of an API in an environment; for all else, within the environment.',
  }),
  state: z.enum(CHANGE_STATES),
  why: z.enum(DEPLOY_REASONS).exactOptional(),
  releases: z.array(releaseSchema).exactOptional().meta({ description: 'What is to be live.' }),
  changes: z.array(z.string()).exactOptional().meta({ description: 'What would become of what, a line each.' }),
  breaking: z
    .array(breakingChangeSchema)
    .exactOptional()
    .meta({ description: 'What callers of what is live would notice.' }),
  of: z.int().meta({ description: 'The version of what was there when it was asked for: of another it is not done.' }),
  message: z.string(),
  acknowledge: acknowledgeSchema.exactOptional(),
  lifecycle: apiBodySchema.shape.lifecycle.meta({ description: 'How it is to be on its way out.' }),
  succession: z
    .strictObject({ to: z.string().meta({ description: 'Id.' }), movesSubscriptions: z.boolean() })
    .exactOptional()
    .meta({ description: 'The API that is to come after it.' }),
  askedBy: actorSchema,
  askedByName: nameSchema,
  askedAt: timeSchema,
  expiresAt: timeSchema,
  approvals: z.array(z.strictObject(stepShape)),
  needed: z.int().meta({ description: 'How many approvals the environment asks for now.' }),
  end: z.strictObject(stepShape).exactOptional().meta({ description: 'Who did, refused or withdrew it.' }),
  sequence: z.int(),
})

/** `environments`: those that it touches, as far as they are there. */
export function presentAsked(change: AskedRequest, environments: readonly Resource[]) {
  const { wish } = change
  const { kind, team, id } = wish.about
  const needed = environments.map(({ body }) => (body as EnvironmentBody).protection?.approvals ?? 0)
  return {
    environment: wish.environments[0] ?? '',
    environments: [...wish.environments],
    team,
    about: { kind, id, action: wish.route },
    changes: [...wish.lines],
    of: wish.input.ifMatch ?? 0,
    message: wish.override ?? '',
    ...presentSteps(change),
    needed: Math.max(0, ...needed),
  }
}

export function presentChange(
  change: ChangeRequest,
  { api, environment }: Pick<DeploymentPlace, 'api'> & { readonly environment: Resource },
) {
  const { wish } = change
  const { protection } = environment.body as DeploymentPlace['environment']['body']
  return {
    environment: environment.id,
    team: api.team,
    api: api.id,
    why: wish.why,
    releases: wish.releases.map(presentRelease),
    of: wish.version ?? 0,
    message: wish.message ?? '',
    ...(wish.acknowledge !== undefined && { acknowledge: wish.acknowledge }),
    ...(wish.lifecycle && { lifecycle: wish.lifecycle }),
    ...(wish.succession !== undefined && {
      succession: { to: wish.succession.id, movesSubscriptions: wish.succession.subscriptions !== undefined },
    }),
    ...presentSteps(change),
    needed: protection?.approvals ?? 0,
  }
}

function presentSteps({ number, state, approvals, end, sequence, ...asked }: ChangeRequest<object>) {
  return {
    number,
    state,
    askedBy: asked.askedBy,
    askedAt: toTime(asked.askedAtMs),
    expiresAt: toTime(asked.expiresAtMs),
    approvals: approvals.map(({ by, atMs, note }) => ({ by, at: toTime(atMs), note })),
    ...(end !== undefined && { end: { by: end.by, at: toTime(end.atMs), note: end.note } }),
    sequence,
  }
}
