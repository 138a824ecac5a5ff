/** Owns the question which fields clients may not say: those that tell an upstream who calls, anywhere; those of credentials, in trailers. */
import { findNestedLists, type PolicyUse } from '@gatewright/model/runtime'
import type { PolicyDefinition } from '@gatewright/policies'

/** Lower-case names, `-` for `_`. */
export interface HeldFields {
  readonly anywhere: ReadonlySet<string>
  /** Those, and where policies look for credentials: they look in heads, and nobody checks what stands behind a body. */
  readonly inTrailers: ReadonlySet<string>
}

export class HeldFieldsOfAll implements HeldFields {
  readonly anywhere = new Set<string>()
  readonly inTrailers = new Set<string>()

  add({ anywhere, inTrailers }: HeldFields): void {
    // Of whatever is held anywhere, trailers know as well.
    if (inTrailers.size === 0) return
    for (const name of anywhere) this.anywhere.add(name)
    for (const name of inTrailers) this.inTrailers.add(name)
  }

  /** Of one use; one that is switched off counts. */
  addOf({ identityFields, credentialPlaces, options }: PolicyDefinition, use: PolicyUse): void {
    if (identityFields === undefined && credentialPlaces === undefined) return
    const parsed = options.parse(use.options ?? {})
    for (const name of identityFields?.(parsed) ?? []) {
      this.anywhere.add(toKey(name))
      this.inTrailers.add(toKey(name))
    }
    for (const place of credentialPlaces?.(parsed) ?? []) {
      if (place.in === 'header') this.inTrailers.add(toKey(place.name))
    }
  }
}

/** Of the most routes, which have no uses of their own. */
const NONE: HeldFields = new HeldFieldsOfAll()

export function findHeldFields(
  uses: readonly PolicyUse[],
  catalogue: ReadonlyMap<string, PolicyDefinition>,
): HeldFields {
  if (uses.length === 0) return NONE
  const held = new HeldFieldsOfAll()
  for (const use of uses) {
    const definition = catalogue.get(use.policy)
    for (const nested of findNestedLists(definition?.lists, use.options))
      held.add(findHeldFields(nested.uses, catalogue))
    if (definition !== undefined) held.addOf(definition, use)
  }
  return held.inTrailers.size === 0 ? NONE : held
}

function toKey(name: string): string {
  return name.toLowerCase().replaceAll('_', '-')
}
