/** Owns what is live of APIs: each with its releases, in the environments where it is. */
import type { ApiBody } from '../apis/api-body.ts'
import type { DeployedRelease, Lifecycle } from '../deployments/deployment.ts'
import type { EnvironmentBody } from '../environments/environment-body.ts'

export interface LiveRelease extends DeployedRelease {
  /** Of the revision. */
  readonly body: ApiBody
}

/** At least one release. */
export interface LiveApi {
  readonly team: string
  readonly id: string
  readonly releases: readonly LiveRelease[]
  /** Instead of what the API says itself. */
  readonly lifecycle?: Lifecycle
}

export interface LiveEnvironment {
  readonly id: string
  readonly body: EnvironmentBody
  readonly apis: readonly LiveApi[]
}
