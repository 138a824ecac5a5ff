/** Owns definitions that are loaded when somebody asks for more than their name and phase: a thread holds the policies that run on it, and no others. */
import { isPolicyDefinition, type Phase, type PolicyDefinition } from './policy.ts'

/** `load` gives the module of the policy with this name. @throws at the first use, where the module has none of this name and phase */
export function later(name: string, phase: Phase, load: () => unknown): PolicyDefinition {
  let loaded: PolicyDefinition | undefined
  const get = (): PolicyDefinition => {
    loaded ??= findDefinition(load(), name, phase)
    return loaded
  }
  // What is optional is there and undefined, so that a copy (`{ ...definition }`) is whole.
  const definition: { [Member in keyof Required<PolicyDefinition>]: PolicyDefinition[Member] } = {
    name,
    phase,
    get summary() {
      return get().summary
    },
    get options() {
      return get().options
    },
    get examples() {
      return get().examples
    },
    get answers() {
      return get().answers
    },
    get needs() {
      return get().needs
    },
    get lists() {
      return get().lists
    },
    get listsPhase() {
      return get().listsPhase
    },
    get identityFields() {
      return get().identityFields
    },
    get credentialPlaces() {
      return get().credentialPlaces
    },
    get files() {
      return get().files
    },
    get openPaths() {
      return get().openPaths
    },
    get ownPaths() {
      return get().ownPaths
    },
    create: (options, services) => get().create(options, services),
  }
  return definition as PolicyDefinition
}

function findDefinition(module: unknown, name: string, phase: Phase): PolicyDefinition {
  const found = Object.values(module as object).find((value) => isPolicyDefinition(value) && value.name === name)
  if (!isPolicyDefinition(found) || found.phase !== phase) {
    throw new Error(`the module of the policy "${name}" exports none of this name in the phase ${phase}`)
  }
  return found
}
