/** Owns the options of policies as a comparison sees them: with what they leave to their defaults, so that it sees what runs, and without secrets. */
import type { Path } from '../finding.ts'
import type { GatewayModel, Plan, PolicyUse } from '../gateway-model.ts'
import { findOverridden, mergeOptions } from '../plan-variant.ts'
import { Secret } from '../secret.ts'
import { type Catalogue, type CatalogueEntry, findNestedLists } from '../validate/catalogue.ts'
import type { HiddenMarks } from './hidden.ts'

interface Comparison {
  readonly entries: ReadonlyMap<string, CatalogueEntry>
  readonly marks: HiddenMarks
}

/** Every use with all of its options. What is written stays as it is written, unless it is a secret. */
export function fillDefaults(model: GatewayModel, catalogue: Catalogue, marks: HiddenMarks): GatewayModel {
  const comparison = { entries: new Map(catalogue.map((entry) => [entry.name, entry])), marks }
  const fill = (uses: readonly PolicyUse[]): readonly PolicyUse[] => uses.map((use) => fillUse(use, comparison))
  const filled = <Part extends { readonly policies: readonly PolicyUse[] }>(part: Part): Part => ({
    ...part,
    policies: fill(part.policies),
  })
  return {
    ...filled(model),
    plans: model.plans.map((plan) => ({ ...filled(plan), ...hideOverrides(plan, comparison) })),
    apis: model.apis.map((api) => ({
      ...filled(api),
      releases: api.releases.map((release) => ({ ...filled(release), routes: release.routes.map(filled) })),
    })),
  }
}

function fillUse(use: PolicyUse, comparison: Comparison): PolicyUse {
  const entry = comparison.entries.get(use.policy)
  const written = use.options ?? {}
  const parsed = entry === undefined ? undefined : parse(entry, written)
  if (entry === undefined || !isMap(written)) return use
  // What the schema refuses, it does not know the secrets of.
  if (!isMap(parsed)) return { ...use, options: hideTexts(written, comparison.marks) }
  const defaults = Object.entries(parsed).filter(([name, value]) => !Object.hasOwn(written, name) && isData(value))
  const shown = hide(written, parsed, comparison.marks)
  return { ...use, options: fillNested({ ...Object.fromEntries(defaults), ...(shown as object) }, entry, comparison) }
}

/** What is different for apps, as it is written, without its secrets. */
function hideOverrides({ policies, overrides }: Plan, { entries, marks }: Comparison): Pick<Plan, 'overrides'> {
  if (overrides === undefined) return {}
  const hideOptions = ([name, options]: [string, object]): [string, object] => {
    const [use] = findOverridden(policies, name)
    const entry = use && entries.get(use.policy)
    const parsed = entry && parse(entry, mergeOptions(use.options, options))
    return [name, hide(options, parsed, marks) as object]
  }
  const hidden = Object.entries(overrides).map(([app, own]) => [
    app,
    Object.fromEntries(Object.entries(own).map(hideOptions)),
  ])
  return { overrides: Object.fromEntries(hidden) }
}

/** Where the schema made a secret of what is written, there is a mark. */
function hide(written: unknown, parsed: unknown, marks: HiddenMarks): unknown {
  if (parsed instanceof Secret) return marks.hide(String(written))
  if (Array.isArray(written) && Array.isArray(parsed)) {
    return written.map((item, index) => hide(item, parsed[index], marks))
  }
  if (!isMap(written) || !isMap(parsed)) return written
  return Object.fromEntries(Object.entries(written).map(([name, value]) => [name, hide(value, parsed[name], marks)]))
}

function hideTexts(written: unknown, marks: HiddenMarks): unknown {
  if (typeof written === 'string') return marks.hide(written)
  if (Array.isArray(written)) return written.map((item) => hideTexts(item, marks))
  if (!isMap(written)) return written
  return Object.fromEntries(Object.entries(written).map(([name, value]) => [name, hideTexts(value, marks)]))
}

/** Uses that stand in the options have options of their own. */
function fillNested(options: object, entry: CatalogueEntry, comparison: Comparison): unknown {
  const nested = findNestedLists(entry.lists, options)
  if (nested.length === 0) return options
  return nested.reduce<unknown>((copy, { path, uses }) => {
    const filled = uses.map((use) => fillUse(use, comparison))
    return replaceAt(copy, path, filled)
  }, options)
}

function replaceAt(container: unknown, path: Path, part: unknown): unknown {
  const [step, ...rest] = path
  if (step === undefined) return part
  const old = container as Record<string | number, unknown>
  const member = replaceAt(old[step], rest, part)
  return Array.isArray(old) ? old.with(Number(step), member) : { ...old, [step]: member }
}

/** An extension's schema is somebody else's code. */
function parse({ options }: CatalogueEntry, written: unknown): unknown {
  try {
    return options.safeParse(written).data
  } catch {
    return undefined
  }
}

/** Defaults may be made into anything; only what a file could say can be compared. */
function isData(value: unknown): boolean {
  if (Array.isArray(value)) return value.every(isData)
  if (isMap(value)) return Object.values(value).every(isData)
  return value === null || ['string', 'number', 'boolean'].includes(typeof value)
}

function isMap(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
