/** Owns the checks of what apps have different of a plan: it names a use that is there, and the policy takes the options. */
import { suggestName } from '../closest.ts'
import type { Path } from '../finding.ts'
import type { App, Plan, PolicyUse } from '../gateway-model.ts'
import { findOverridden, mergeOptions } from '../plan-variant.ts'
import { checkOptions } from './validate-policies.ts'
import type { Validation } from './validation.ts'

export function validateOverrides(validation: Validation, plan: Plan, path: Path): void {
  if (plan.overrides === undefined) return
  const apps = new Map((validation.options.apps ?? []).map((app) => [app.id as string, app]))
  for (const [id, overrides] of Object.entries(plan.overrides)) {
    const at = [...path, 'overrides', id]
    for (const [name, options] of Object.entries(overrides)) {
      const use = findUse(validation, { plan, name, path: [...at, name] })
      if (use !== undefined) checkMerged(validation, { use, options, path: [...at, name] })
    }
    const app = apps.get(id)
    if (app !== undefined) warnOfUnused(validation, { plan, app, path: at })
  }
}

interface Named {
  readonly plan: Plan
  readonly name: string
  readonly path: Path
}

function findUse(validation: Validation, { plan, name, path }: Named): PolicyUse | undefined {
  const [use, ...others] = findOverridden(plan.policies, name)
  if (use === undefined) {
    if (validation.isLost(name)) return undefined
    const known = [...new Set(plan.policies.map(({ id, policy }) => id ?? policy))]
    validation.fault(path, {
      code: 'unknown-override',
      message: `The plan "${plan.id}" has no "${name}" that could be different for an app.`,
      suggestion: suggestName(name, known, 'It has') ?? 'Add it to the `policies` of the plan, or remove this.',
    })
    return undefined
  }
  if (others.length === 0) return use
  validation.fault(path, {
    code: 'ambiguous-override',
    message: `The plan "${plan.id}" has ${others.length + 1} uses of "${name}", and nothing says which of them is different.`,
    suggestion: 'Give each of them an `id`, and write that here.',
  })
  return undefined
}

interface Override {
  readonly use: PolicyUse
  readonly options: Readonly<Record<string, unknown>>
  readonly path: Path
}

/** What is wrong with the plan's own options is said there. */
function checkMerged(validation: Validation, { use, options, path }: Override): void {
  if (checkOptions(validation, use, () => path).length > 0) return
  const merged = { ...use, options: mergeOptions(use.options, options) }
  const findings = checkOptions(validation, merged, (inner) => [...path, ...toOwn(options, inner)])
  validation.add(findings.map((finding) => ({ ...finding, message: `${use.policy}: ${finding.message}` })))
}

/** As far as the app says it: what is missing, or wrong together with the plan's, is said where the app changes it. */
function toOwn(options: unknown, inner: Path): Path {
  let value = options
  for (const [depth, step] of inner.entries()) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return inner.slice(0, depth)
    value = (value as Record<string | number, unknown>)[step]
  }
  return inner
}

function warnOfUnused(
  validation: Validation,
  { plan, app, path }: { readonly plan: Plan; readonly app: App; readonly path: Path },
): void {
  if (hasPlan(app, plan.id) || isGivenByPolicy(validation, plan.id)) return
  validation.warn(path, {
    code: 'unused-override',
    message: `The app "${app.id}" does not have the plan "${plan.id}": what is different here is so for nobody.`,
    suggestion: `Give it the plan, by \`plan\` or for some APIs by \`plans\`, or remove this.`,
  })
}

function hasPlan(app: App, plan: string): boolean {
  return [app, ...app.keys, ...(app.users ?? [])].some(
    (each) => each.plan === plan || Object.values(each.plans ?? {}).some((other) => other === plan),
  )
}

/** Policies that keep credentials of their own say plans in their options, as `hmac-auth` does. */
function isGivenByPolicy({ model: { policies, apis } }: Validation, plan: string): boolean {
  const lists = apis.flatMap(({ policies: outer, releases }) => [
    outer,
    ...releases.flatMap((release) => [release.policies, ...release.routes.map((route) => route.policies)]),
  ])
  return [policies, ...lists].some((uses) => uses.some(({ options }) => isIn(options, plan)))
}

function isIn(value: unknown, text: string): boolean {
  if (typeof value !== 'object' || value === null) return value === text
  return Object.values(value).some((member) => isIn(member, text))
}
