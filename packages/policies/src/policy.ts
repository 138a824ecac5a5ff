/** Owns the one contract: what a policy is and how it is defined. */
import { POLICY_PHASES, type PolicyNeed, type PolicyPhase } from '@gatewright/model/runtime'
import type { z } from 'zod'
import type { UsedPlace } from './callers/credential-place.ts'
import type { Policy } from './next.ts'
import type { PolicyServices } from './services.ts'

export { POLICY_PHASES as PHASES, type PolicyPhase as Phase } from '@gatewright/model/runtime'
export type { Next, Policy } from './next.ts'

/** Options that do something useful, and in one sentence what. */
export interface PolicyExample<Options = unknown> {
  readonly says: string
  readonly options: Options
}

/** A file that a use of a policy needs, and that is read for it: policies touch none themselves. */
export interface PolicyFile {
  /** As the options say it; relative to the folder of the configuration. */
  readonly path: string
  /** Where in the options it stands, for who is told that it cannot be used. */
  readonly at: readonly (string | number)[]
  /**
   * Looks at what stands in it, before it is used and again when it was replaced. Runs on main, which serves nobody: it may
   * take its time. @throws with what is wrong with it: then it is not used.
   */
  check(bytes: Uint8Array): void
}

export interface PolicyDefinition<Name extends string = string, Options extends z.ZodType = z.ZodType> {
  readonly name: Name
  readonly phase: PolicyPhase
  /** One sentence; console, portal and docs print it. */
  readonly summary: string
  /** The only description of the options: types, validation, forms, docs and importers' checks come from it. */
  readonly options: Options
  /** For the docs page and the console; each must be valid. The built-ins all have one. */
  readonly examples?: readonly PolicyExample<z.input<Options>>[]
  /** Does it answer itself, so that its route needs no upstream? */
  readonly answers?: boolean
  /** What it is of no use without; `validate` warns where that lacks. */
  readonly needs?: PolicyNeed
  /** Its options that hold uses of other policies: `policies`, or `branches.*.policies` where `*` is each item of a list. They are checked like others, and made by `services.uses`. */
  readonly lists?: readonly string[]
  /** What stands in its lists has to be of this phase: another would let everybody pass. */
  readonly listsPhase?: 'authenticate'
  /** Fields it tells the upstream about the caller; a client's own of these names are removed on every route. */
  identityFields?(options: z.output<Options>): readonly string[]
  /** Where it looks for its credential: where another policy said who calls (`any-of`), nobody checked what stands there, and it is taken out; nor do trailers of these names pass, on any route. And where it writes one. */
  credentialPlaces?(options: z.output<Options>): readonly UsedPlace[]
  /** Files that it reads by `services.files`. */
  files?(options: z.output<Options>): readonly PolicyFile[]
  /** Paths on the host that it answers itself, where a route with it leads there; `validate` warns where none does. */
  ownPaths?(options: z.output<Options>): readonly string[]
  /** Paths on the host where it leads people who are known no longer. `validate` says where they lie behind itself. */
  openPaths?(options: z.output<Options>): readonly string[]
  /** Called once per use on every thread, and again for a snapshot that changes it or what it stands in. What it throws refuses the snapshot. */
  create(options: z.output<Options>, services: PolicyServices): Policy
}

/** Returns what it got, typed. */
export function definePolicy<Name extends string, Options extends z.ZodType>(
  definition: PolicyDefinition<Name, Options>,
): PolicyDefinition<Name, Options> {
  return definition
}

/** Is this export of a module what `definePolicy` returns? */
export function isPolicyDefinition(value: unknown): value is PolicyDefinition {
  if (typeof value !== 'object' || value === null) return false
  const { name, phase, options, create } = value as Partial<PolicyDefinition>
  return (
    typeof name === 'string' &&
    typeof create === 'function' &&
    typeof options === 'object' &&
    (POLICY_PHASES as readonly unknown[]).includes(phase)
  )
}
