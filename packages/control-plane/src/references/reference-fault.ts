/** Owns the faults of references: what is named is not there, or what is to go is still named. */
import { NO_TEAM } from '../resources/kind.ts'
import type { ResourceRef } from '../resources/resource.ts'
import type { Reference } from './reference.ts'

export type ReferenceFaultReason = 'unknown' | 'in-use'

/** Who names it. */
export interface Namer {
  readonly kind: string
  readonly id: string
  /** Where in it. */
  readonly path: string
}

/** What is named and not there. */
export interface Missing extends Reference {
  /** One that may be meant. */
  readonly near: string | undefined
}

export class ReferenceFault extends Error {
  override readonly name = 'ReferenceFault'
  readonly reason: ReferenceFaultReason
  readonly ref: ResourceRef
  /** What is named and not there, where it is `unknown`. */
  readonly missing: readonly Missing[]
  /** Who still names it, where it is `in-use`. */
  readonly namers: readonly Namer[]

  constructor(
    ref: ResourceRef,
    found: { readonly missing: readonly Missing[] } | { readonly namers: readonly Namer[] },
  ) {
    const missing = 'missing' in found ? found.missing : []
    const namers = 'namers' in found ? found.namers : []
    super('missing' in found ? toUnknownMessage(missing) : toInUseMessage(ref, namers))
    this.reason = 'missing' in found ? 'unknown' : 'in-use'
    this.ref = ref
    this.missing = missing
    this.namers = namers
  }
}

/** How many are said one by one. */
const SAID = 5

function toUnknownMessage(missing: readonly Missing[]): string {
  const said = missing.slice(0, SAID).map(({ kind, id, path, team, near }) => {
    const where = team === undefined ? ' in this team' : team === NO_TEAM ? '' : ` in the team "${team}"`
    return `${path}: there is no ${kind} "${id}"${where}${near === undefined ? '' : ` (did you mean "${near}"?)`}${toHint(kind, id)}`
  })
  return `${said.join('; ')}${toRest(missing)}. Make it first, or name another one.`
}

/** How one that is missing is mended, for a sentence of its own. */
export function suggestReference({ kind, id, near }: Missing): string {
  if (near !== undefined) return `Did you mean "${near}"?`
  return toHint(kind, id) === '' ? 'Make it first, or name another one.' : 'A URL begins with http:// or https://.'
}

/** No id has a colon or a dot: who writes one means an address. */
function toHint(kind: string, id: string): string {
  return kind === 'upstream' && /[:.]/.test(id) ? ` (a URL begins with http:// or https://)` : ''
}

function toInUseMessage({ kind, id }: ResourceRef, namers: readonly Namer[]): string {
  const said = namers.slice(0, SAID).map((namer) => `${namer.kind} "${namer.id}" (${namer.path})`)
  return `The ${kind} "${id}" is named by ${said.join(', ')}${toRest(namers)}. Take it out there first.`
}

function toRest(all: readonly unknown[]): string {
  return all.length > SAID ? ` and ${all.length - SAID} more` : ''
}
