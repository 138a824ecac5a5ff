/**
 * Owns the warning of `anonymous` that does nothing: policies add up, and another use of the same one, at the API say, still
 * refuses who shows no credential.
 */
import type { PolicyUse } from '../gateway-model.ts'
import { toCanonicalJson } from '../hash.ts'
import type { PlacedUse } from './validate-order.ts'
import type { Validation } from './validation.ts'

/** `uses` is the whole list of one route, from the global one to its own. */
export function warnOfVainAnonymous(validation: Validation, uses: readonly PlacedUse[]): void {
  for (const { use, path } of uses) {
    if (!letsAnonymousPass(use)) continue
    const same = toOthers(use)
    const strict = uses.find(
      (other) =>
        other.use.policy === use.policy &&
        other.use.when === undefined &&
        !letsAnonymousPass(other.use) &&
        toOthers(other.use) === same,
    )
    if (strict === undefined) continue
    validation.warn([...path, 'options', 'anonymous'], {
      code: 'anonymous-in-vain',
      message: `"${use.policy}" also runs at ${validation.placeText(strict.path)}, and lets nobody pass there without a credential.`,
      suggestion: `Policies of the gateway, the API and the route add up. Take out this use, and give that one \`when: route.id != "…"\`.`,
    })
  }
}

export function letsAnonymousPass({ options }: PolicyUse): boolean {
  return typeof options === 'object' && options !== null && (options as { anonymous?: unknown }).anonymous === true
}

/** What a use asks for, whether or not it lets others pass. */
function toOthers({ options }: PolicyUse): string {
  const { anonymous: _, ...others } = (options ?? {}) as Record<string, unknown>
  return toCanonicalJson(others)
}
