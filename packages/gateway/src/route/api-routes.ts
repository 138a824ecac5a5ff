/**
 * Owns the search for a route in one API: by path, method and predicates, in the tree that `route-tree.ts` lays out.
 *
 *     whole: "/users" → ●, "/users/me" → ●        (templates without parameters, in one look-up)
 *
 * Search goes literal, then {one}, then {rest+}, and backs out of a branch without a fitting route, which is "literal >
 * {name} > {name+}, from left to right". A tree has one way to each branch, so none is visited twice: a search costs at most
 * the number of templates whose beginning fits, whatever the request is. `whole` is sound because a template of literals
 * only is the most specific one that its path can have.
 *
 * All is immutable: `RoutesEdit` makes the next of the one that serves, and costs what it changes.
 *
 * Absent: knowledge of hosts and base paths (`router.ts`), and any order between routes but the one said here.
 */

import type { Predicates } from '@gatewright/model'
import { areMet, type CompilePattern, compileConditions, type MatchedValues, type Preflight } from './conditions.ts'
import { compileTemplate, type TemplateSegment } from './path-template.ts'
import {
  type Branch,
  type CompiledRoute,
  type Leaf,
  type PositionOf,
  type RouteTree,
  SharedParts,
  type Stem,
  TreeEdit,
  toLeaf,
  toRoutes,
} from './route-tree.ts'

/** A route as the router needs it; `value` is handed back. */
export interface RouteEntry<R> {
  /** Absent: every method. */
  readonly methods?: readonly string[] | undefined
  /** Template below the base path. */
  readonly path: string
  readonly match?: Predicates | undefined
  readonly value: R
}

export interface ApiRoutesOptions {
  readonly strictSlash: boolean
  readonly caseSensitive: boolean
  readonly compilePattern: CompilePattern
}

/** `offsets` are begin and end of each parameter's value in the path, in the template's order. */
export interface FoundLeaf<R> {
  readonly kind: 'found'
  readonly route: CompiledRoute<R>
  readonly offsets: readonly number[]
  /** Where the base path ends in the path. */
  readonly at: number
}

/** How a search ended. */
export type FoundRoute<R> = FoundLeaf<R> | { readonly kind: 'no-path' } | { readonly kind: 'no-method' }

/** What is looked for: the request, and where its path is below the base path. */
export interface Wanted {
  readonly values: MatchedValues
  readonly method: string
  readonly preflight: Preflight | undefined
  readonly path: string
  /** The path as it is compared: `path`, or the same in lower case. */
  readonly compared: string
  /** Index of the slash after the base path, or the path's length. */
  readonly at: number
}

const NO_PATH = { kind: 'no-path' } as const
const NO_METHOD = { kind: 'no-method' } as const
const NO_OFFSETS: readonly number[] = []

export class ApiRoutes<R> {
  readonly options: ApiRoutesOptions
  readonly root: RouteTree<R> | undefined
  readonly whole: ReadonlyMap<string, Leaf<R>>
  /** Routes put in and taken out since the tree was made from nothing. */
  readonly edits: number
  readonly parts: SharedParts
  readonly #strictSlash: boolean

  constructor(
    options: ApiRoutesOptions,
    { root, whole, edits, parts }: Pick<ApiRoutes<R>, 'root' | 'whole' | 'edits' | 'parts'>,
  ) {
    this.options = options
    this.root = root
    this.whole = whole
    this.edits = edits
    this.parts = parts
    this.#strictSlash = options.strictSlash
  }

  /** The route for a path and method. `no-path`: no template fits, or only routes whose predicates don't. */
  find(wanted: Wanted): FoundRoute<R> {
    const begin = wanted.at
    const end = this.#endOf(wanted)
    if (this.whole.size > 0) {
      const whole = this.whole.get(
        begin === 0 && end === wanted.compared.length ? wanted.compared : wanted.compared.slice(begin, end),
      )
      const route = whole === undefined ? undefined : choose(whole, wanted)
      if (route !== undefined) return { kind: 'found', route, offsets: NO_OFFSETS, at: begin }
    }
    if (this.root === undefined) return NO_PATH
    const search = new Search<R>(wanted, end, this.#strictSlash)
    const route = search.visit(this.root, begin, 0)
    if (route !== undefined) return { kind: 'found', route, offsets: search.offsets, at: begin }
    return search.hasPath && !search.hasMethod ? NO_METHOD : NO_PATH
  }

  /** Every method of every template that fits the path, sorted. RFC 9110 §15.5.6: what `Allow` of a 405 must name. */
  findMethods(wanted: Wanted): string[] {
    const methods = new Set<string>()
    const search = new Search<R>(wanted, this.#endOf(wanted), this.#strictSlash)
    search.methods = methods
    if (this.root !== undefined) search.visit(this.root, wanted.at, 0)
    if (methods.has('GET')) methods.add('HEAD')
    return [...methods].sort()
  }

  /**
   * Where the compared part ends. The API's root is one resource, with and without a slash: `/orders` and `/orders/`
   * are both `/` below the base path `/orders`.
   */
  #endOf({ path, at }: Wanted): number {
    const { length } = path
    const isTrimmed = !this.#strictSlash && length > at && path.charCodeAt(length - 1) === SLASH
    const end = isTrimmed ? length - 1 : length
    return end - at <= 1 ? at : end
  }
}

const SLASH = 0x2f

/** One walk through the tree; it dies with the request. */
class Search<R> {
  readonly offsets: number[] = []
  /** Some template fits the path; and one of those has the method, under conditions that were not met. */
  hasPath = false
  hasMethod = false
  /** Where given, nothing is found, but the methods of all that fits are collected. */
  methods: Set<string> | undefined = undefined
  readonly #wanted: Wanted
  readonly #end: number
  readonly #strictSlash: boolean

  constructor(wanted: Wanted, end: number, strictSlash: boolean) {
    this.#wanted = wanted
    this.#end = end
    this.#strictSlash = strictSlash
  }

  /** `at` is the slash before the next segment, or the end; `captured` offsets are taken. As deep as the tree, not the path. */
  visit(tree: RouteTree<R>, at: number, captured: number): CompiledRoute<R> | undefined {
    if (tree.tail !== undefined) return this.#follow(tree, at, captured)
    if (at >= this.#end) return this.#arrive(tree, at, captured)
    const start = at + 1
    const end = this.#endOfSegment(start)
    const child = this.#findLiteral(tree, start, end)
    const literal = child === undefined ? undefined : this.visit(child, end, captured)
    if (literal !== undefined) return literal
    if (tree.one !== undefined && end > start) {
      this.offsets[captured] = start
      this.offsets[captured + 1] = end
      const found = this.visit(tree.one, end, captured + 2)
      if (found !== undefined) return found
    }
    return tree.rest === undefined ? undefined : this.#takeRest(tree.rest, start, captured)
  }

  /** The one template that is left: it fits to its end, or nothing here does. */
  #follow(stem: Stem<R>, from: number, captured: number): CompiledRoute<R> | undefined {
    const { tail } = stem
    const { compared } = this.#wanted
    let at = from
    let taken = captured
    for (let i = 0; i < tail.length; i++) {
      const segment = tail[i] as TemplateSegment
      if (segment.kind === 'rest')
        return this.#mayRestBegin(at) ? this.#takeRest(toLeaf(stem), at + 1, taken) : undefined
      if (at >= this.#end) return undefined
      const start = at + 1
      at = this.#endOfSegment(start)
      if (segment.kind === 'literal') {
        const { text } = segment
        if (text.length !== at - start || !compared.startsWith(text, start)) return undefined
      } else {
        if (at === start) return undefined
        this.offsets[taken++] = start
        this.offsets[taken++] = at
      }
    }
    return at >= this.#end ? this.#choose(toLeaf(stem)) : undefined
  }

  #endOfSegment(start: number): number {
    const slash = this.#wanted.compared.indexOf('/', start)
    return slash < 0 || slash > this.#end ? this.#end : slash
  }

  /** The literal child for the segment from `start` to `end`. */
  #findLiteral(branch: Branch<R>, start: number, end: number): RouteTree<R> | undefined {
    const { compared } = this.#wanted
    if (branch.literals !== undefined) return branch.literals.get(compared.slice(start, end))
    const { text } = branch
    return text.length === end - start && compared.startsWith(text, start) ? branch.child : undefined
  }

  #arrive({ leaf, rest }: Branch<R>, at: number, captured: number): CompiledRoute<R> | undefined {
    const found = leaf === undefined ? undefined : this.#choose(leaf)
    if (found !== undefined || rest === undefined) return found
    return this.#mayRestBegin(at) ? this.#takeRest(rest, at + 1, captured) : undefined
  }

  /**
   * `/files/` has one segment below `/files`, an empty one; so has `/files`, where trailing slashes make no difference,
   * and the root of the API, where they never do.
   */
  #mayRestBegin(at: number): boolean {
    return at < this.#end || !this.#strictSlash || at === this.#wanted.at
  }

  #takeRest(rest: Leaf<R>, start: number, captured: number): CompiledRoute<R> | undefined {
    const { length } = this.#wanted.path
    this.offsets[captured] = Math.min(start, length)
    this.offsets[captured + 1] = length
    return this.#choose(rest)
  }

  #choose(leaf: Leaf<R>): CompiledRoute<R> | undefined {
    if (this.methods !== undefined) {
      for (const { kind } of toRoutes(leaf)) for (const method of kind.methods ?? []) this.methods.add(method)
      return undefined
    }
    this.hasPath = true
    const found = choose(leaf, this.#wanted)
    if (found === undefined) this.hasMethod ||= hasMethod(leaf, this.#wanted.method)
    return found
  }
}

/** A route that names the method before one for all methods; in each, most conditions first. */
function choose<R>(leaf: Leaf<R>, wanted: Wanted): CompiledRoute<R> | undefined {
  const { method } = wanted
  let found = firstMet(leaf, method, wanted)
  // RFC 9110 §9.3.2: HEAD is GET without the content, so GET's route answers it.
  if (found === undefined && method === 'HEAD') found = firstMet(leaf, 'GET', wanted)
  return found ?? firstMet(leaf, undefined, wanted)
}

/** `undefined` is the routes for all methods. */
function firstMet<R>(leaf: Leaf<R>, method: string | undefined, wanted: Wanted): CompiledRoute<R> | undefined {
  if ('value' in leaf) return isMet(leaf, method, wanted) ? leaf : undefined
  for (const route of leaf) if (isMet(route, method, wanted)) return route
  return undefined
}

function isMet<R>({ kind, conditions }: CompiledRoute<R>, method: string | undefined, wanted: Wanted): boolean {
  const { methods } = kind
  const isForMethod = method === undefined ? methods === undefined : methods?.includes(method) === true
  return isForMethod && (conditions.length === 0 || areMet(conditions, wanted.values, wanted.preflight))
}

function hasMethod<R>(leaf: Leaf<R>, method: string): boolean {
  return toRoutes(leaf).some(
    ({ kind: { methods } }) =>
      methods === undefined || methods.includes(method) || (method === 'HEAD' && methods.includes('GET')),
  )
}

interface FormerTree<R> {
  readonly routes: ApiRoutes<R>
  readonly positionOf: PositionOf
  /** How many are to come. */
  readonly edits: number
}

/** Makes the next routes of an API of those that serve, which stay as they are; or the first ones. */
export class RoutesEdit<R> {
  readonly #options: ApiRoutesOptions
  readonly #tree: TreeEdit<R>
  readonly #edits: number
  #whole: ReadonlyMap<string, Leaf<R>>
  #ownWhole: Map<string, Leaf<R>> | undefined

  constructor(options: ApiRoutesOptions, former?: FormerTree<R>) {
    this.#options = options
    const parts = former?.routes.parts ?? new SharedParts()
    this.#tree = new TreeEdit<R>(former?.routes.root, { parts, positionOf: former?.positionOf })
    this.#edits = former === undefined ? 0 : former.routes.edits + former.edits
    this.#whole = former?.routes.whole ?? new Map()
  }

  /** Of two that differ in nothing, the first answers. Throws where the template is faulty. */
  add(entry: RouteEntry<R>): void {
    const { methods, match, value } = entry
    const { parts } = this.#tree
    const segments = this.#toSegments(entry)
    const names = segments.flatMap((segment) => (segment.kind === 'literal' ? [] : [segment.name]))
    const kind = parts.toKind(methods, names)
    const conditions = compileConditions(match, this.#options.compilePattern)
    const route: CompiledRoute<R> = { tail: undefined, value, kind, conditions, entry }
    this.#tree.putIn({ segments, route })
    this.#noteWhole(segments)
  }

  remove(entry: RouteEntry<R>): void {
    const segments = this.#toSegments(entry)
    this.#tree.takeOut(segments, entry)
    this.#noteWhole(segments)
  }

  finish(): ApiRoutes<R> {
    const { root, parts } = this.#tree
    return new ApiRoutes(this.#options, { root, parts, whole: this.#whole, edits: this.#edits })
  }

  #toSegments({ path }: RouteEntry<R>): readonly TemplateSegment[] {
    const { strictSlash, caseSensitive } = this.#options
    const segments = getSegments(strictSlash ? path : trimSlash(path))
    if (caseSensitive) return segments
    return segments.map((segment) =>
      segment.kind === 'literal' ? { kind: 'literal', text: segment.text.toLowerCase() } : segment,
    )
  }

  /** After each change, what the tree has for a template of literals is what `whole` has. */
  #noteWhole(segments: readonly TemplateSegment[]): void {
    let path = ''
    for (const segment of segments) {
      if (segment.kind !== 'literal') return
      path += `/${segment.text}`
    }
    if (this.#ownWhole === undefined) this.#whole = this.#ownWhole = new Map(this.#whole)
    const leaf = this.#tree.findLeaf(segments)
    if (leaf === undefined) this.#ownWhole.delete(path)
    else this.#ownWhole.set(path, leaf)
  }
}

function trimSlash(path: string): string {
  return path.endsWith('/') ? path.slice(0, -1) : path
}

/** Segments of a template or base path that validation has let through. */
export function getSegments(path: string): readonly TemplateSegment[] {
  const template = compileTemplate(path)
  if (template.kind === 'template') return template.segments
  throw new Error(`The path "${path}" is no template: ${template.faults.map(({ message }) => message).join(' ')}`)
}
