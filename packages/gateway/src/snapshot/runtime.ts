/** Owns the shapes of what a thread runs, once parts are compiled. */
import type { Api, Route } from '@gatewright/model'
import type { Exchange, GatewayResponse, MaybePromise, Next, Problem, RouteFacts } from '@gatewright/policies'
import type { ApiMeter } from '../observe/meters.ts'
import type { Router } from '../route/router.ts'
import type { ReleaseChoice } from './choose-release.ts'
import type { CompiledLifecycle } from './compile-lifecycle.ts'
import type { HeldFields } from './held-fields.ts'

export interface CompiledErrorShape {
  readonly status: number | undefined
  readonly headers: readonly (readonly [name: string, value: (scope: object) => unknown])[]
  readonly body: ((scope: object) => unknown) | undefined
  /** What its expressions see: the exchange, and the problem as `error`. */
  readonly scopeOf: (exchange: Exchange, problem: Problem) => object
}

/** What a pipeline ends in. */
export interface UpstreamPort {
  /** One attempt. Never rejects: what fails is a response with its problem. */
  forward(exchange: Exchange): MaybePromise<GatewayResponse>
  /** No snapshot uses it any more. */
  retire(): void
}

export interface RouteRuntime {
  /** Policies folded around the upstream; the same for all routes whose uses and upstream are the same. */
  readonly run: Next
  /** The list up to the last `cors`, for a preflight that asks for this route; absent where there is no `cors`. */
  readonly runPreflight: Next | undefined
  readonly facts: RouteFacts
  readonly upgrades: readonly string[]
  readonly bodyBytes: number | undefined
  readonly model: Route
  /** What of `run` stands behind all that authenticates, for who is known already; undefined where nobody comes so. */
  readonly runKnown: Next | undefined
  /** By its own uses. */
  readonly heldFields: HeldFields
}

export interface ApiRuntime {
  readonly model: Api
  readonly errors: ReadonlyMap<string, CompiledErrorShape>
  readonly facts: RouteFacts
  readonly meter: ApiMeter | undefined
  /** Global and API uses of the phases observe and protect around a problem, for what no route answers. */
  readonly runUnmatched: (problem: unknown) => Next
  /** Undefined where there is one. */
  readonly chooseRelease: ReleaseChoice | undefined
  readonly appReleases: AppReleases | undefined
  /** Undefined while it is not on its way out. */
  readonly lifecycle: CompiledLifecycle | undefined
}

/** The releases of an API that have chosen apps. */
export interface AppReleases {
  /** App → revision. */
  readonly byApp: ReadonlyMap<string, string>
  /** With their places among the releases of the API. */
  readonly releases: readonly { readonly revision: string; readonly at: number }[]
}

/** What a thread answers requests with; replaced whole. */
export interface SnapshotRuntime {
  readonly version: number
  readonly hash: string
  readonly router: Router<ApiRuntime, RouteRuntime>
  /** Has any API several? */
  readonly hasReleases: boolean
  /** Has any API a release that is not live? */
  readonly hasPreviews: boolean
  /** What no client may say, whichever route it calls: upstreams may be the same. */
  readonly heldFields: HeldFields
  readonly problemBase: string | undefined
  /** For what no API matches. */
  readonly runUnmatched: (problem: unknown) => Next
}
