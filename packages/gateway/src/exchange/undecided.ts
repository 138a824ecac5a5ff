/** Owns what is still open of a request whose API has releases for chosen apps: until its caller is known, it may go on in any of them. */
import type { Problem } from '@gatewright/policies'
import type { RouteMatch } from '../route/router.ts'
import type { ApiRuntime, RouteRuntime } from '../snapshot/runtime.ts'

/** Where a request leads in one release: matched as it came, before any policy changed it. */
export type ReleaseMatch = RouteMatch<ApiRuntime, RouteRuntime> | Problem

export interface Undecided {
  /** Where it stays unless its app has a release. */
  readonly own: ReleaseMatch
  /** By revision, those of chosen apps. */
  readonly others: ReadonlyMap<string, ReleaseMatch>
  /** Holds the request to what the route allows where it goes on. undefined: it may. */
  settle(match: ReleaseMatch): Problem | undefined
}
