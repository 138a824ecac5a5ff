/** Owns `live.yaml`: which releases of which APIs are live in which environment. */
import { createHash } from 'node:crypto'
import { apiSchema, previewSchema } from '@gatewright/model'
import { stringify } from 'yaml'
import { z } from 'zod'

export const LIVE_FILE = 'live.yaml'

const revisionSchema = z.union([z.int().min(1), z.literal('draft')])
const releaseSchema = z.strictObject({
  revision: revisionSchema,
  share: z.number().min(0).max(100).exactOptional(),
  when: z.string().min(1).exactOptional(),
  apps: z.array(z.string().min(1)).min(1).readonly().exactOptional(),
  preview: previewSchema.exactOptional(),
})

/** `draft`: what the API's own file says gets everything; a number: that revision does. */
const releasesSchema = z.union([revisionSchema, z.array(releaseSchema).min(1)], {
  error: 'It is `draft`, the number of a revision, a list of releases, or `releases:` with `lifecycle:`.',
})
/** One that is not on its way out is written as its releases alone. */
const liveSchema = z.preprocess(
  (said) => (typeof said === 'object' && said !== null && !Array.isArray(said) ? said : { releases: said }),
  z.strictObject({ releases: releasesSchema, lifecycle: apiSchema.shape.lifecycle }),
)
export const liveFileSchema = z.record(
  z.string(),
  z.record(
    z.string().regex(/^[^/]+\/[^/]+$/, { error: 'An API is named by its team and its id: main/orders.' }),
    liveSchema,
  ),
)

export type Live = z.output<typeof liveSchema>
export type LiveRelease = z.output<typeof releaseSchema>
export type LiveFile = z.output<typeof liveFileSchema>

const HEAD = `# What is live, by environment. "draft" is what the file of the API says now;
# a number is a revision, whose file stands in revisions/.
`

export function toLiveText(live: LiveFile): string {
  const written = Object.entries(live).map(([environment, apis]) => [
    environment,
    Object.fromEntries(Object.entries(apis).map(([api, said]) => [api, toShort(said)])),
  ])
  return HEAD + toYaml(Object.fromEntries(written))
}

function toShort({ releases, lifecycle }: Live): unknown {
  return lifecycle === undefined ? releases : { releases, lifecycle }
}

export function toReleases({ releases }: Live): readonly LiveRelease[] {
  return Array.isArray(releases) ? releases : [{ revision: releases, share: 100 }]
}

export function toYaml(value: unknown): string {
  return stringify(value, { lineWidth: 0, aliasDuplicateObjects: false })
}

/** As the control plane names what a revision says. */
export function toBodyHash(body: unknown): string {
  return createHash('sha256').update(JSON.stringify(body)).digest('hex')
}

export function toRevisionPath(api: string, number: number): string {
  return `revisions/${api}/${number}.yaml`
}

export interface ApiPlace {
  readonly team: string
  readonly id: string
}

/** Of `shop/orders`; of `orders`, which is the first team's. */
export function toApiPlace(api: string): ApiPlace {
  const [id = '', team = 'main'] = api.split('/').reverse()
  return { team, id }
}
