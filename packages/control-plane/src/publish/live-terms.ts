/** Owns what is live beside APIs: on what terms they are called, and what they share. */
import type { AppBody } from '../apps/app-body.ts'
import type { CertificateBody } from '../certificates/certificate-body.ts'
import type { PlanBody } from '../plans/plan-body.ts'
import type { PolicyList } from '../policy-lists/policy-lists.ts'
import type { UpstreamBody } from '../upstreams/upstream-body.ts'

export interface LivePlan {
  readonly team: string
  readonly id: string
  readonly body: PlanBody
}

/** Of an app that has something different. */
export interface LiveOverrides {
  readonly team: string
  readonly id: string
  readonly overrides: NonNullable<AppBody['overrides']>
}

export interface LiveUpstream {
  readonly team: string
  readonly id: string
  readonly body: UpstreamBody
}

export interface LiveCertificate {
  readonly id: string
  readonly body: CertificateBody
}

export interface LiveTerms {
  readonly plans: readonly LivePlan[]
  readonly overrides: readonly LiveOverrides[]
  /** What products sell: ids of APIs of the product's team. */
  readonly sold: readonly { readonly team: string; readonly apis: readonly string[] }[]
  /** Shared by the APIs of a team. */
  readonly upstreams: readonly LiveUpstream[]
  /** Shown to clients, each by the gateways of its environment. */
  readonly certificates: readonly LiveCertificate[]
  /** Named by APIs, plans and lists of a team. */
  readonly policyLists: readonly PolicyList[]
}

export const NO_TERMS: LiveTerms = {
  plans: [],
  overrides: [],
  sold: [],
  upstreams: [],
  certificates: [],
  policyLists: [],
}

/** What is one of its kind in a team, as a key. */
export function toTeamKey(team: string, id: string): string {
  return `${team}/${id}`
}
