/** Owns the question which fields tell an upstream who calls: nowhere may a client say them. */
import { findNestedLists, type PolicyUse } from '@gatewright/model/runtime'
import type { PolicyDefinition } from '@gatewright/policies'

const NONE: readonly string[] = []

/** Lower-case names, `-` for `_`, that some use of the list sets; uses that are switched off count. */
export function findIdentityFields(
  uses: readonly PolicyUse[],
  catalogue: ReadonlyMap<string, PolicyDefinition>,
): readonly string[] {
  let names: string[] | undefined
  for (const use of uses) {
    const definition = catalogue.get(use.policy)
    for (const nested of findNestedLists(definition?.lists, use.options)) {
      names = [...(names ?? []), ...findIdentityFields(nested.uses, catalogue)]
    }
    if (definition?.identityFields === undefined) continue
    names ??= []
    for (const name of definition.identityFields(definition.options.parse(use.options ?? {}))) {
      names.push(name.toLowerCase().replaceAll('_', '-'))
    }
  }
  return names ?? NONE
}
