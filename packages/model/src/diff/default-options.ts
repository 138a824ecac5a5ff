/** Owns the options that a use of a policy leaves to their defaults, so that a comparison sees what runs. */
import type { GatewayModel, PolicyUse } from '../gateway-model.ts'
import type { Catalogue, CatalogueEntry } from '../validate/catalogue.ts'

/** Every use with all of its options. What is written stays as it is written. */
export function fillDefaults(model: GatewayModel, catalogue: Catalogue): GatewayModel {
  const entries = new Map(catalogue.map((entry) => [entry.name, entry]))
  const fill = (uses: readonly PolicyUse[]): readonly PolicyUse[] =>
    uses.map((use) => fillUse(use, entries.get(use.policy)))
  const filled = <Part extends { readonly policies: readonly PolicyUse[] }>(part: Part): Part => ({
    ...part,
    policies: fill(part.policies),
  })
  return {
    ...filled(model),
    plans: model.plans.map(filled),
    apis: model.apis.map((api) => ({
      ...filled(api),
      releases: api.releases.map((release) => ({ ...filled(release), routes: release.routes.map(filled) })),
    })),
  }
}

function fillUse(use: PolicyUse, entry: CatalogueEntry | undefined): PolicyUse {
  const written = use.options ?? {}
  const parsed = entry === undefined ? undefined : parse(entry, written)
  if (!isMap(parsed) || !isMap(written)) return use
  const defaults = Object.entries(parsed).filter(([name, value]) => !Object.hasOwn(written, name) && isData(value))
  return defaults.length === 0 ? use : { ...use, options: { ...Object.fromEntries(defaults), ...written } }
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
