/** Owns what `{ use: … }` stands for: before anything else is made of the files, the policies stand in its place, and know where they are written. */
import { suggestName } from '../closest.ts'
import { findValue } from '../file/describe-issues.ts'
import { isListUse, MOST_LISTS_DEEP, MOST_POLICIES } from '../file/policy-use.ts'
import { type Finding, type Path, toPathText } from '../finding.ts'
import type { Origins } from '../source/origins.ts'

type Container = Record<string, unknown>

/** One policy of a policy list. */
interface Entry {
  readonly list: readonly unknown[]
  readonly index: number
  /** Position of the list. */
  readonly position: number
}

interface Expanded {
  /** What it was made of, beside its own words. */
  readonly entries: readonly Entry[]
  readonly ids: readonly string[]
  readonly made: Container
}

/** A part as it was read → what it was the last time. A part without `use` is itself. */
export type ExpandedParts = WeakMap<object, Expanded>

export interface ExpandOptions {
  readonly origins: Origins
  readonly known: ExpandedParts
  /** Could something that is named stand where nothing could be read? Then its absence says nothing. */
  readonly isIncomplete: boolean
}

export interface UsesExpansion {
  /** A new value where something was put in; parts in which nothing was are the same ones. */
  readonly merged: unknown
  readonly findings: readonly Finding[]
  /** By position in `policyLists`: who uses them. */
  readonly users: ReadonlyMap<number, readonly string[]>
}

const LIST = 'policyLists'
/** Below the root, where parts stand that have policies. */
const PARTS = [LIST, 'apis', 'plans', 'routes', 'releases']

export function expandUses(merged: unknown, options: ExpandOptions): UsesExpansion {
  if (!isMap(merged)) return { merged, findings: [], users: new Map() }
  const expander = new Expander(merged, options)
  return { merged: expander.expandFile(), findings: expander.findings, users: expander.users }
}

class Expander {
  readonly findings: Finding[] = []
  readonly users = new Map<number, string[]>()
  readonly #root: Container
  readonly #options: ExpandOptions
  /** Id → position; of two with the same id the first. */
  readonly #positions = new Map<string, number>()
  readonly #flat = new Map<string, readonly Entry[]>()

  constructor(root: Container, options: ExpandOptions) {
    this.#root = root
    this.#options = options
    for (const [position, named] of toList(root[LIST]).entries()) {
      const id = isMap(named) ? named.id : undefined
      if (typeof id === 'string' && !this.#positions.has(id)) this.#positions.set(id, position)
    }
  }

  expandFile(): Container {
    const { isIncomplete } = this.#options
    for (const id of this.#positions.keys()) this.#flatten(id, [])
    const made = this.#expandMap(this.#root, [], [])
    for (const [id, position] of isIncomplete ? [] : this.#positions) {
      if (this.users.has(position)) continue
      this.#report('warning', [LIST, position], {
        code: 'unused-policy-list',
        message: `Nothing uses the policy list "${id}".`,
        suggestion: `Write \`{ use: ${id} }\` in a list of policies, or remove it.`,
      })
    }
    return made
  }

  /** `used`: where the ids are added that it names, and what is below it. */
  #expandMap(map: Container, path: Path, used: string[]): Container {
    const known = this.#options.known.get(map)
    if (known !== undefined && this.#isAsBefore(known)) {
      for (const id of known.ids) this.#addUser(id, path)
      used.push(...known.ids)
      return known.made
    }
    const found = this.findings.length
    const ids: string[] = []
    const members: Container = {}
    if (Array.isArray(map.policies)) members.policies = this.#expandList(map.policies, [...path, 'policies'], ids)
    for (const key of PARTS) {
      if (Array.isArray(map[key])) members[key] = this.#expandParts(map[key], [...path, key], ids)
    }
    const made = Object.keys(members).every((key) => members[key] === map[key]) ? map : this.#copy(map, members)
    used.push(...ids)
    // The root is another one with each reading.
    if (path.length > 0 && found === this.findings.length)
      this.#options.known.set(map, { entries: this.#flattenAll(ids), ids, made })
    return made
  }

  #flattenAll(ids: readonly string[]): readonly Entry[] {
    return ids.flatMap((id) => this.#flatten(id, []))
  }

  #isAsBefore({ entries, ids }: Expanded): boolean {
    const now = this.#flattenAll(ids)
    return (
      ids.every((id) => this.#positions.has(id)) &&
      now.length === entries.length &&
      now.every(({ list, index, position }, at) => {
        const before = entries[at]
        return before?.list === list && before.index === index && before.position === position
      })
    )
  }

  #expandParts(list: readonly unknown[], path: Path, used: string[]): readonly unknown[] {
    const parts = list.map((part, index) => (isMap(part) ? this.#expandMap(part, [...path, index], used) : part))
    if (parts.every((part, index) => part === list[index])) return list
    const { origins } = this.#options
    origins.copy(list, parts)
    for (const index of list.keys()) origins.copyMember({ from: list, key: index, to: parts, as: index })
    return parts
  }

  /** `ids`: where those are added that it names. */
  #expandList(list: readonly unknown[], path: Path, ids: string[]): readonly unknown[] {
    if (!list.some((item) => isMap(item) && isListUse(item))) return list
    const { origins } = this.#options
    const made: unknown[] = []
    origins.copy(list, made)
    const put = (value: unknown, from: { list: readonly unknown[]; index: number; written: number | Path }): void => {
      const member = origins.findMember(from.list, from.index)
      if (member !== undefined) origins.setMember(made, made.length, { ...member, written: from.written })
      made.push(value)
    }
    for (const [index, item] of list.entries()) {
      if (!isMap(item) || !isListUse(item)) {
        put(item, { list, index, written: index })
        continue
      }
      if (!this.#isRight(item, [...path, index])) continue
      ids.push(item.use)
      this.#addUser(item.use, path)
      if (this.#reportLength(made.length, path)) return made
      for (const entry of item.enabled === false ? [] : this.#flatten(item.use, [])) {
        const written = [LIST, entry.position, 'policies', entry.index]
        put(entry.list[entry.index], { list: entry.list, index: entry.index, written })
      }
    }
    return made
  }

  /** All policies of a policy list, those of lists in it too. `within`: the lists that it stands in. */
  #flatten(id: string, within: readonly string[]): readonly Entry[] {
    const known = this.#flat.get(id)
    if (known !== undefined) return known
    const position = this.#positions.get(id)
    const list = position === undefined ? undefined : findValue(this.#root, [LIST, position, 'policies'])
    if (position === undefined || !Array.isArray(list)) return []
    const around = [...within, id]
    const entries: Entry[] = []
    for (const [index, item] of list.entries()) {
      if (!isMap(item) || !isListUse(item)) {
        entries.push({ list, index, position })
        continue
      }
      const path = [LIST, position, 'policies', index]
      if (!this.#positions.has(item.use) || this.#reportCycle(item.use, path, around)) continue
      if (this.#reportDepth(path, around)) break
      const inner = this.#flatten(item.use, around)
      if (item.enabled !== false) entries.push(...inner)
      if (this.#reportLength(entries.length, [LIST, position])) break
    }
    this.#flat.set(id, entries)
    return entries
  }

  #isRight(item: Container & { readonly use: unknown }, path: Path): boolean {
    const found = this.findings.length
    const { use, enabled, ...others } = item
    if (typeof use !== 'string') {
      const message = 'What `use` says is not the id of a policy list.'
      this.#report('fault', [...path, 'use'], { code: 'wrong-type', message, suggestion: 'Write `{ use: id }`.' })
    } else if (!this.#positions.has(use) && !this.#options.isIncomplete) {
      const known = [...this.#positions.keys()]
      this.#report('fault', [...path, 'use'], {
        code: 'unknown-policy-list',
        message: `There is no policy list "${use}".`,
        suggestion: suggestName(use, known, 'Policy lists') ?? 'Add it to `policyLists`.',
      })
    }
    if (enabled !== undefined && typeof enabled !== 'boolean') {
      const message = 'What `enabled` says is neither true nor false.'
      this.#report('fault', [...path, 'enabled'], { code: 'wrong-type', message, suggestion: 'Write true or false.' })
    }
    for (const key of Object.keys(others)) {
      this.#report('fault', [...path, key], {
        code: 'unknown-key',
        message: `The key "${key}" is not known beside \`use\`.`,
        suggestion: 'What the policies take is said where they are written; only `enabled` stands here.',
      })
    }
    return this.findings.length === found && this.#positions.has(String(use))
  }

  #reportCycle(id: string, path: Path, around: readonly string[]): boolean {
    const at = around.indexOf(id)
    if (at < 0) return false
    this.#report('fault', [...path, 'use'], {
      code: 'use-cycle',
      message: `The policy list "${id}" uses itself: ${[...around.slice(at), id].join(' → ')}.`,
      suggestion: 'Take one of these uses out.',
    })
    return true
  }

  #reportLength(length: number, path: Path): boolean {
    if (length <= MOST_POLICIES) return false
    this.#report('fault', path, {
      code: 'too-many-policies',
      message: `With what it uses, it has more than ${MOST_POLICIES} policies.`,
      suggestion: 'Use fewer policy lists here: one that uses another twice has its policies twice.',
    })
    return true
  }

  #reportDepth(path: Path, around: readonly string[]): boolean {
    if (around.length < MOST_LISTS_DEEP) return false
    this.#report('fault', [...path, 'use'], {
      code: 'too-many-policies',
      message: `Policy lists stand in each other ${MOST_LISTS_DEEP} deep and more: ${around.slice(0, 3).join(' → ')} → ….`,
      suggestion: 'Write the policies into fewer lists.',
    })
    return true
  }

  #report(severity: Finding['severity'], path: Path, said: Omit<Finding, 'severity' | 'at'>): void {
    const at = { ...this.#options.origins.placeAt(this.#root, path), path: toPathText(path) }
    this.findings.push({ severity, ...said, at })
  }

  #addUser(id: string, path: Path): void {
    const position = this.#positions.get(id)
    if (position === undefined) return
    const user = this.#nameOf(path)
    const users = this.users.get(position) ?? []
    if (!users.includes(user)) users.push(user)
    this.users.set(position, users)
  }

  #nameOf([list, index]: Path): string {
    const kind = list === 'apis' ? 'API' : list === 'plans' ? 'plan' : list === LIST ? 'policy list' : undefined
    const id = kind === undefined ? undefined : findValue(this.#root, [list ?? '', index ?? 0, 'id'])
    return kind === undefined ? 'the policies of the gateway' : `the ${kind} "${id}"`
  }

  #copy(map: Container, members: Container): Container {
    const { origins } = this.#options
    const made = { ...map, ...members }
    origins.copy(map, made)
    for (const key of Object.keys(map)) origins.copyMember({ from: map, key, to: made, as: key })
    return made
  }
}

function toList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function isMap(value: unknown): value is Container {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
