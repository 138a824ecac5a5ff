/** Owns what an app makes of a plan: the same policies, some with other options. */
import type { Plan, PolicyUse } from './gateway-model.ts'

/** Which of a plan's uses an app means by this name: the one with this id, else those of this policy. One is right; more are not told apart. */
export function findOverridden(policies: readonly PolicyUse[], name: string): readonly PolicyUse[] {
  const identified = policies.filter(({ id }) => id === name)
  return identified.length > 0 ? identified : policies.filter(({ policy }) => policy === name)
}

/** The plan's list as this app has it: what it leaves alone are the same objects. */
export function toPlanVariant({ policies, overrides }: Plan, app: string): readonly PolicyUse[] {
  const own = overrides !== undefined && Object.hasOwn(overrides, app) ? overrides[app] : undefined
  if (own === undefined) return policies
  const changed = new Map<PolicyUse, PolicyUse>()
  for (const [name, options] of Object.entries(own)) {
    for (const use of findOverridden(policies, name)) {
      const before = changed.get(use) ?? use
      changed.set(use, { ...before, options: mergeOptions(before.options, options), ...toOwnId(use, app) })
    }
  }
  return policies.map((use) => changed.get(use) ?? use)
}

/** As an overlay merges (RFC 7396): maps by their members, everything else as a whole; `null` removes. */
export function mergeOptions(base: unknown, change: unknown): unknown {
  if (!isMap(change)) return change
  // No members are assigned: one may be called `__proto__`.
  const merged = new Map(Object.entries(isMap(base) ? base : {}))
  for (const [name, value] of Object.entries(change)) {
    if (value === null) merged.delete(name)
    else merged.set(name, mergeOptions(merged.get(name), value))
  }
  return Object.fromEntries(merged)
}

/** What it counts belongs to the app. No id that is written has a space in it. */
function toOwnId({ id }: PolicyUse, app: string): Pick<PolicyUse, 'id'> {
  return id === undefined ? {} : { id: `${id} of ${app}` }
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
