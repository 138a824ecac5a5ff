/** Owns the difference between two OpenAPI documents, part by part: items of lists by what names them, and never by their index. */
import { parsePathTemplate, toCanonicalJson, toPathText } from '@gatewright/model'
import { isMap, METHODS } from '../openapi/extensions.ts'
import { type DescribedChange, showValue } from './described-change.ts'

/** Who would read more than these reads the documents. */
const CHANGES_MAX = 500
const DEPTH_MAX = 100

type Path = readonly string[]

interface Pair {
  readonly before: unknown
  readonly after: unknown
}

/** Both as the JSON that a reader made of them. What comes and goes as an operation is a route, and told as such. */
export function describeDocumentChanges(before: string, after: string): DescribedChange[] {
  if (before === after) return []
  const changes: DescribedChange[] = []
  let more = 0
  walk([], { before: JSON.parse(before), after: JSON.parse(after) }, (change) => {
    if (changes.length < CHANGES_MAX) changes.push(change)
    else more++
  })
  if (more === 0) return changes
  return [...changes, { kind: 'changed', what: 'document', path: '', text: `document: and ${more} more changes` }]
}

function walk(path: Path, pair: Pair, tell: (change: DescribedChange) => void): void {
  const { before, after } = pair
  if (isSame(before, after) || isToldAsRoute(path, pair)) return
  const members = path.length < DEPTH_MAX ? listMembers(path, pair) : undefined
  if (members === undefined) {
    tell(toChange(path, pair))
    return
  }
  for (const [name, member] of members) walk([...path, name], member, tell)
}

function isSame(before: unknown, after: unknown): boolean {
  if (before === undefined || after === undefined) return before === after
  return toCanonicalJson(before) === toCanonicalJson(after)
}

function isToldAsRoute([root, template, method, inside]: Path, { before, after }: Pair): boolean {
  if (
    inside !== undefined ||
    root !== 'paths' ||
    template === undefined ||
    (before !== undefined && after !== undefined)
  )
    return false
  // What no route can be made of is told here.
  if ('fault' in parsePathTemplate(template)) return false
  return method === undefined || METHODS.includes(method)
}

/** Parts that are told one by one, though there were none at all before. */
const OPEN = new Set(['paths', 'components', 'definitions'])

function listMembers(path: Path, { before, after }: Pair): [string, Pair][] | undefined {
  const isOpen = OPEN.has(path[0] ?? '') && path.length <= (path[0] === 'components' ? 2 : 1)
  const [was, is] = isOpen ? [before ?? {}, after ?? {}] : [before, after]
  if (isMap(was) && isMap(is)) return pairUp(Object.entries(was), Object.entries(is))
  if (!Array.isArray(was) || !Array.isArray(is)) return undefined
  const [old, now] = [was, is].map(nameItems)
  return old === undefined || now === undefined ? undefined : pairUp(old, now)
}

type Named = readonly (readonly [string, unknown])[]

function pairUp(before: Named, after: Named): [string, Pair][] {
  const [was, is] = [new Map(before), new Map(after)]
  const names = [...new Set([...was.keys(), ...is.keys()])]
  return names.map((name) => [name, { before: was.get(name), after: is.get(name) }])
}

/** `undefined`: what stands in the list has no names, or the same one twice. */
function nameItems(items: readonly unknown[]): Named | undefined {
  const named = items.map((item) => [findName(item), item] as const)
  const names = new Set(named.map(([name]) => name))
  return names.has(undefined) || names.size < items.length ? undefined : (named as Named)
}

function findName(item: unknown): string | undefined {
  if (!isMap(item)) return undefined
  const { $ref, in: place, name, url } = item
  if (typeof $ref === 'string') return $ref.split('/').at(-1)
  if (typeof name === 'string') return typeof place === 'string' ? `${place} ${name}` : name
  return typeof url === 'string' ? url : undefined
}

function toChange(path: Path, { before, after }: Pair): DescribedChange {
  const { what, rest } = toPlace(path)
  const inside = toPathText(rest)
  const says = rest.length === 0 ? toWhole(before, after) : `${toPart(inside, { before, after })}`
  const kind = before === undefined ? 'added' : after === undefined ? 'removed' : 'changed'
  const values = { ...(before !== undefined && { before }), ...(after !== undefined && { after }) }
  return { kind, what, path: inside, text: `${what}: ${says}`, ...values }
}

function toWhole(before: unknown, after: unknown): string {
  return before === undefined ? 'added' : after === undefined ? 'removed' : `${showValue(before)} → ${showValue(after)}`
}

function toPart(name: string, { before, after }: Pair): string {
  if (before === undefined) return `adds ${name} ${showValue(after)}`
  if (after === undefined) return `removes ${name} ${showValue(before)}`
  if (!isPlainList(before) || !isPlainList(after)) return `${name} ${showValue(before)} → ${showValue(after)}`
  const lost = before.filter((item) => !after.includes(item)).map((item) => `−${showValue(item)}`)
  const gained = after.filter((item) => !before.includes(item)).map((item) => `+${showValue(item)}`)
  return `${name} ${[...lost, ...gained].join(' ') || 'in another order'}`
}

function isPlainList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value) && value.every((item) => typeof item !== 'object' || item === null)
}

/** OpenAPI 3.1.1 §4.8.7: what stands in each part of `components`, in one word. */
const COMPONENTS = new Map([
  ['schemas', 'schema'],
  ['parameters', 'parameter'],
  ['responses', 'response'],
  ['requestBodies', 'request body'],
  ['headers', 'header'],
  ['examples', 'example'],
  ['securitySchemes', 'security scheme'],
  ['pathItems', 'path item'],
])

function toPlace(path: Path): { readonly what: string; readonly rest: Path } {
  const [root, first, second] = path
  if (root === 'paths' && first !== undefined) {
    if (second !== undefined && METHODS.includes(second))
      return { what: `operation ${second.toUpperCase()} ${first}`, rest: path.slice(3) }
    return { what: `path ${first}`, rest: path.slice(2) }
  }
  if (root === 'components' && first !== undefined && second !== undefined)
    return { what: `${COMPONENTS.get(first) ?? first} ${second}`, rest: path.slice(3) }
  if (root === 'definitions' && first !== undefined) return { what: `schema ${first}`, rest: path.slice(2) }
  return { what: 'document', rest: path }
}
