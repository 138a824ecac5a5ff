/** Owns how what is live looks to those who ask. */
import { z } from 'zod'
import { actorSchema } from '../access/actor.ts'
import { apiBodySchema } from '../apis/api-body.ts'
import { findingSchema } from '../documents/finding-schema.ts'
import { timeSchema, toTime } from '../http/time.ts'
import { DEPLOY_REASONS, type DeployedRelease, type Deployment } from './deployment.ts'
import { successionSchema } from './succession.ts'

export const releaseSchema = z.strictObject({
  revision: z.int().min(1),
  share: z.number().min(0).max(100).exactOptional().meta({ description: 'Percent of what no condition claims.' }),
  when: z.string().min(1).exactOptional().meta({ description: 'CEL: requests for which it is true get this release.' }),
  apps: z
    .array(z.string())
    .exactOptional()
    .meta({ description: 'Each request of these, `team/id`, whatever else is said.' }),
  preview: z
    .strictObject({
      hash: z.string().meta({ description: '`sha256:` and the SHA-256 of the token.' }),
      expires: timeSchema,
    })
    .exactOptional()
    .meta({ description: 'It is not live: only who brings its token gets it.' }),
})

const deploymentShape = {
  version: z.int().meta({ description: 'One more with each change of what is live; it is the `ETag`.' }),
  releases: z.array(releaseSchema).meta({ description: 'None: the API is not in this environment any more.' }),
  lifecycle: apiBodySchema.shape.lifecycle.meta({
    description: 'It is on its way out here, or over; what the API says itself if absent.',
  }),
  why: z.enum(DEPLOY_REASONS),
  message: z.string(),
  at: timeSchema,
  by: actorSchema,
}
export const deploymentSchema = z.strictObject(deploymentShape)

export const nodeSchema = z.strictObject({
  node: z.string(),
  state: z.enum(['serves', 'waits', 'failed', 'elsewhere']).meta({
    description: '`elsewhere`: its group does not run that API in that environment.',
  }),
  snapshot: z.strictObject({ version: z.int(), hash: z.string() }).exactOptional(),
  fault: z.string().exactOptional(),
})

const ruleFindingSchema = findingSchema.extend({ rule: z.string().meta({ description: 'Id of the rule.' }) })

export const rolloutSchema = z.strictObject({
  ...deploymentShape,
  warnings: z
    .array(ruleFindingSchema)
    .meta({ description: 'Of rules that are broken, and do not keep it from being live.' }),
  change: z.int().exactOptional().meta({
    description:
      'Its number, with the status 202: others have to approve it. Nothing is live yet; what is told is what would be.',
  }),
  preview: z
    .strictObject({ token: z.string(), revision: z.int(), expires: timeSchema })
    .exactOptional()
    .meta({ description: 'What opens the preview, as the field `Gatewright-Preview`. It is shown once.' }),
  succession: successionSchema.exactOptional(),
  nodes: z.array(nodeSchema).meta({ description: 'Who runs it now, who does not yet, and who cannot.' }),
})

export function presentDeployment({ version, releases, lifecycle, why, message, atMs, by }: Deployment) {
  return {
    version,
    releases: releases.map(presentRelease),
    ...(lifecycle && { lifecycle }),
    why,
    message,
    at: toTime(atMs),
    by,
  }
}

export function presentRelease({ preview, apps, ...release }: DeployedRelease) {
  return {
    ...release,
    ...(apps !== undefined && { apps: [...apps] }),
    ...(preview !== undefined && { preview }),
  }
}
