/** Owns what things are called in a snapshot. */
import { MAIN_TEAM } from '../teams/main-team.ts'

interface Named {
  readonly team: string
  readonly id: string
}

/** Of what is another one in each environment: `prod.orders`, and `prod.shop.orders` of the team `shop`. */
export function toSnapshotId(environment: string, named: Named): string {
  return `${environment}.${toSharedId(named)}`
}

/**
 * Of plans and apps, which no environment stands before: `gold`, `shop.gold`. What an API asks of its callers (`caller.plan == "gold"`,
 * `access` with `plans`) stands in its revisions, and they say the same in every environment; and a key has one app, wherever it calls.
 * So what a plan counts, it counts over all environments of a gateway: too strict where several share one, never too lax.
 */
export function toSharedId({ team, id }: Named): string {
  return team === MAIN_TEAM ? id : `${team}.${id}`
}

/** By code units, as everybody sorts who has no language. */
export function compareIds(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0
}
