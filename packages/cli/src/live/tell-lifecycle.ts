/** Owns how it is told that something live is on its way out, and what became of its subscriptions. */
import type { Operations } from '@gatewright/client'

type Answer = Operations['supersede']['answer']
type Lifecycle = NonNullable<Answer['lifecycle']>

/** `deprecated since 2026-06-30, until 2027-01-31; then /v2/orders` */
export function toLifecycleText({ state, deprecatedAt, sunsetAt, successor }: Lifecycle): string {
  const parts = [
    state === 'deprecated' && deprecatedAt !== undefined ? `deprecated since ${toDay(deprecatedAt)}` : state,
    ...(sunsetAt === undefined ? [] : [`until ${toDay(sunsetAt)}`]),
  ]
  return `${parts.join(', ')}${successor === undefined ? '' : `; then ${successor}`}`
}

function toDay(time: string): string {
  return time.slice(0, '2026-06-30'.length)
}

/** What becomes of each subscription, and of products. */
export function toSuccessionLines({ moves, products, to }: NonNullable<Answer['succession']>): readonly string[] {
  return [
    ...moves.map(({ subscription, app, outcome, plan }) => {
      const on = outcome === 'stays' || plan === undefined ? '' : `, on the plan ${plan}`
      return `subscription ${subscription} of ${app}: ${outcome}${on}`
    }),
    ...products.map((id) => `product ${id} sells ${to} too`),
  ]
}
