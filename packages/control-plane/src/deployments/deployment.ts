/** Owns what a deployment is: which revisions of an API are live in an environment, and which requests each of them gets. */
import type { Actor } from '../access/actor.ts'
import type { ApiBody } from '../apis/api-body.ts'

export type Lifecycle = NonNullable<ApiBody['lifecycle']>

export interface DeployedRelease {
  /** The number of the revision. */
  readonly revision: number
  /** Percent of what no condition claims. */
  readonly share?: number
  /** CEL. */
  readonly when?: string
  /** `team/id`: gets each request of these, whatever shares and conditions say. */
  readonly apps?: readonly string[]
  /** It is not live: only who brings the token gets it. `hash` is that of the token. */
  readonly preview?: { readonly hash: string; readonly expires: string }
}

/** Without previews. */
export function listLiveReleases(deployment: Pick<Deployment, 'releases'> | undefined): readonly DeployedRelease[] {
  return deployment?.releases.filter(({ preview }) => preview === undefined) ?? []
}

/** Why a deployment changed; `undeploy` leaves it without releases. */
export const DEPLOY_REASONS = [
  'publish',
  'promote',
  'rollback',
  'canary',
  'preview',
  'end-preview',
  'undeploy',
  'deprecate',
  'supersede',
  'retire',
  'revive',
] as const
export type DeployReason = (typeof DEPLOY_REASONS)[number]

export interface Deployment {
  /** Uids. */
  readonly api: string
  readonly environment: string
  /** From 1; one more with each change. */
  readonly version: number
  readonly releases: readonly DeployedRelease[]
  /** It is on its way out here, or over; what the API says itself if absent. */
  readonly lifecycle?: Lifecycle
  readonly why: DeployReason
  readonly message: string
  readonly sequence: number
  /** Milliseconds since the epoch. */
  readonly atMs: number
  readonly by: Actor
}

export type DeploymentFaultReason = 'changed' | 'unknown-revision' | 'shares' | 'nothing-before'

/** What was asked for cannot be live. */
export class DeploymentFault extends Error {
  override readonly name = 'DeploymentFault'
  readonly reason: DeploymentFaultReason
  /** What is live, where something is. */
  readonly current: Deployment | undefined

  constructor(reason: DeploymentFaultReason, message: string, current?: Deployment) {
    super(message)
    this.reason = reason
    this.current = current
  }
}
