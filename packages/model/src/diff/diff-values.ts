/** Owns the comparison of plain data, member by member, in words. */
import { toPathText } from '../finding.ts'
import { Hidden, toComparable } from './hidden.ts'

export interface Change {
  readonly kind: 'added' | 'removed' | 'changed'
  /** What it is about: `gateway`, `upstream orders`, `route orders/ping`… */
  readonly subject: string
  /** Behind the subject: `timeouts.connectMs 2000 → 500`. */
  readonly text: string
  /** The use of a policy that it is about, within the subject: `rate-limit`, `rate-limit (burst)`, `rate-limit #2`. */
  readonly policy?: string
  /** Of the member, for changed values; within the use of a policy. */
  readonly path?: string
  readonly before?: unknown
  readonly after?: unknown
}

type Path = readonly (string | number)[]

/** Longer values are cut: the text is for the eye, `before` and `after` hold all of them. */
const SHOWN_MAX = 60

/** `enabled` is true unless said. Maps are compared by their members; lists of plain values by what they gain and lose; everything else as a whole. */
export function diffValues(subject: string, before: object, after: object): Change[] {
  return diffMembers(subject, [], { before, after })
}

function diffMembers(subject: string, path: Path, { before, after }: { before: object; after: object }): Change[] {
  const changes: Change[] = []
  const old = before as Record<string, unknown>
  const now = after as Record<string, unknown>
  for (const key of [...new Set([...Object.keys(old), ...Object.keys(now)])]) {
    const [a, b] = key === 'enabled' ? [old[key] ?? true, now[key] ?? true] : [old[key], now[key]]
    if (toComparable(a) === toComparable(b)) continue
    const here = [...path, key]
    if (isMap(a) && isMap(b)) changes.push(...diffMembers(subject, here, { before: a, after: b }))
    else changes.push(describe(subject, here, { a, b }))
  }
  return changes
}

function describe(subject: string, path: Path, { a, b }: { a: unknown; b: unknown }): Change {
  const name = toPathText(path)
  const change = { subject, path: name, before: a, after: b }
  if (a === undefined) return { kind: 'added', text: `adds ${name} ${show(b)}`, ...change }
  if (b === undefined) return { kind: 'removed', text: `removes ${name} ${show(a)}`, ...change }
  if (Array.isArray(a) && Array.isArray(b))
    return { kind: 'changed', text: `${name} ${describeLists(a, b)}`, ...change }
  return { kind: 'changed', text: `${name} ${show(a)} → ${show(b)}`, ...change }
}

function describeLists(a: readonly unknown[], b: readonly unknown[]): string {
  const old = new Set(a.map(toComparable))
  const now = new Set(b.map(toComparable))
  const gained = b.filter((item) => !old.has(toComparable(item)))
  const lost = a.filter((item) => !now.has(toComparable(item)))
  if (gained.length + lost.length === 0) return 'in another order'
  return [...lost.map((item) => `−${show(item)}`), ...gained.map((item) => `+${show(item)}`)].join(' ')
}

export function show(value: unknown): string {
  const text =
    typeof value === 'string' && /^[\w./:*{}+@-]+$/.test(value) ? value : (JSON.stringify(value) ?? 'nothing')
  return text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX - 1)}…` : text
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Hidden)
}
