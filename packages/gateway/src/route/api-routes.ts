/**
 * Owns the routes of one API: a tree by path segment, compiled once and kept over reloads that don't change the API.
 *
 *     /users          GET            root ─ "users" ● GET
 *     /users/me       GET                      ├─ "me" ● GET
 *     /users/{id}     GET, POST                └─ {one} ● GET, POST
 *     /{rest+}        any            root.rest ● any
 *
 *     whole: "/users" → ●, "/users/me" → ●        (templates without parameters, in one look-up)
 *
 * ● is a leaf: routes with the same template, by method. Search goes literal, then {one}, then {rest+}, and backs out of
 * a branch without a fitting route, which is "literal > {name} > {name+}, from left to right". A tree has one way to each
 * node, so no node is visited twice: a search costs at most the number of templates whose beginning fits, whatever
 * the request is. `whole` is sound because a template of literals only is the most specific one that its path can have.
 *
 * Absent: knowledge of hosts and base paths (`router.ts`), and any order between routes but the one said here.
 */

import type { Predicates } from '@gatewright/model'
import {
  areMet,
  type CompilePattern,
  type Conditions,
  compileConditions,
  type MatchedValues,
  type Preflight,
} from './conditions.ts'
import { compileTemplate, type TemplateSegment } from './path-template.ts'

/** A route as the router needs it; `value` is handed back. */
export interface RouteEntry<R> {
  /** Absent: every method. */
  readonly methods?: readonly string[]
  /** Template below the base path. */
  readonly path: string
  readonly match?: Predicates
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

export interface CompiledRoute<R> {
  readonly value: R
  readonly methods: readonly string[] | undefined
  readonly names: readonly string[]
  readonly conditions: Conditions
}

/** Most conditions first. One list, not one per method: few routes share a template, and each object is a cache line. */
type Leaf<R> = CompiledRoute<R>[]

interface Node<R> {
  /** The only literal below, while there is one: compared in place, which most segments of shared prefixes are. */
  text: string
  child: Node<R> | undefined
  /** All literals below, once there are two. */
  literals: Map<string, Node<R>> | undefined
  one: Node<R> | undefined
  rest: Leaf<R> | undefined
  leaf: Leaf<R> | undefined
}

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
  readonly #strictSlash: boolean
  readonly #caseSensitive: boolean
  readonly #compilePattern: CompilePattern
  readonly #root: Node<R> = createNode()
  readonly #whole = new Map<string, Leaf<R>>()

  constructor({ strictSlash, caseSensitive, compilePattern }: ApiRoutesOptions) {
    this.#strictSlash = strictSlash
    this.#caseSensitive = caseSensitive
    this.#compilePattern = compilePattern
  }

  /** While compiling only. Of two that differ in nothing, the first answers. Throws where the template is faulty. */
  add({ methods, path, match, value }: RouteEntry<R>): void {
    const segments = this.#compareForm(getSegments(this.#strictSlash ? path : trimSlash(path)))
    const names = segments.flatMap((segment) => (segment.kind === 'literal' ? [] : [segment.name]))
    const conditions = compileConditions(match, this.#compilePattern)
    insert(this.#growLeaf(segments), { value, methods, names, conditions })
  }

  #compareForm(segments: readonly TemplateSegment[]): readonly TemplateSegment[] {
    if (this.#caseSensitive) return segments
    return segments.map((segment) =>
      segment.kind === 'literal' ? { kind: 'literal', text: segment.text.toLowerCase() } : segment,
    )
  }

  #growLeaf(segments: readonly TemplateSegment[]): Leaf<R> {
    let node = this.#root
    let whole: string | undefined = ''
    for (const segment of segments) {
      if (segment.kind === 'rest') {
        node.rest ??= []
        return node.rest
      }
      if (segment.kind === 'one') {
        node.one ??= createNode()
        node = node.one
        whole = undefined
      } else {
        node = growLiteral(node, segment.text)
        if (whole !== undefined) whole += `/${segment.text}`
      }
    }
    node.leaf ??= []
    if (whole !== undefined) this.#whole.set(whole, node.leaf)
    return node.leaf
  }

  /** The route for a path and method. `no-path`: no template fits, or only routes whose predicates don't. */
  find(wanted: Wanted): FoundRoute<R> {
    const begin = wanted.at
    const end = this.#endOf(wanted)
    const whole = this.#whole.get(
      begin === 0 && end === wanted.compared.length ? wanted.compared : wanted.compared.slice(begin, end),
    )
    if (whole !== undefined) {
      const route = choose(whole, wanted)
      if (route !== undefined) return { kind: 'found', route, offsets: NO_OFFSETS, at: begin }
    }
    const search = new Search<R>(wanted, end, this.#strictSlash)
    const route = search.visit(this.#root, begin, 0)
    if (route !== undefined) return { kind: 'found', route, offsets: search.offsets, at: begin }
    return search.hasPath && !search.hasMethod ? NO_METHOD : NO_PATH
  }

  /** Every method of every template that fits the path, sorted. RFC 9110 §15.5.6: what `Allow` of a 405 must name. */
  findMethods(wanted: Wanted): string[] {
    const methods = new Set<string>()
    const search = new Search<R>(wanted, this.#endOf(wanted), this.#strictSlash)
    search.methods = methods
    search.visit(this.#root, wanted.at, 0)
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
  visit(node: Node<R>, at: number, captured: number): CompiledRoute<R> | undefined {
    if (at >= this.#end) return this.#arrive(node, at, captured)
    const { compared } = this.#wanted
    const start = at + 1
    const slash = compared.indexOf('/', start)
    const end = slash < 0 || slash > this.#end ? this.#end : slash
    const child = this.#findLiteral(node, start, end)
    const literal = child === undefined ? undefined : this.visit(child, end, captured)
    if (literal !== undefined) return literal
    if (node.one !== undefined && end > start) {
      this.offsets[captured] = start
      this.offsets[captured + 1] = end
      const found = this.visit(node.one, end, captured + 2)
      if (found !== undefined) return found
    }
    return node.rest === undefined ? undefined : this.#takeRest(node.rest, start, captured)
  }

  /** The literal child for the segment from `start` to `end`. */
  #findLiteral(node: Node<R>, start: number, end: number): Node<R> | undefined {
    const { compared } = this.#wanted
    if (node.literals !== undefined) return node.literals.get(compared.slice(start, end))
    const { text } = node
    return text.length === end - start && compared.startsWith(text, start) ? node.child : undefined
  }

  #arrive(node: Node<R>, at: number, captured: number): CompiledRoute<R> | undefined {
    const found = node.leaf === undefined ? undefined : this.#choose(node.leaf)
    if (found !== undefined || node.rest === undefined) return found
    // `/files/` has one segment below `/files`, an empty one; so has `/files`, where trailing slashes make no difference,
    // and the root of the API, where they never do.
    return this.#strictSlash && at !== this.#wanted.at ? undefined : this.#takeRest(node.rest, at + 1, captured)
  }

  #takeRest(rest: Leaf<R>, start: number, captured: number): CompiledRoute<R> | undefined {
    const { length } = this.#wanted.path
    this.offsets[captured] = Math.min(start, length)
    this.offsets[captured + 1] = length
    return this.#choose(rest)
  }

  #choose(leaf: Leaf<R>): CompiledRoute<R> | undefined {
    if (this.methods !== undefined) {
      for (const { methods } of leaf) for (const method of methods ?? []) this.methods.add(method)
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
  for (const route of leaf) {
    const isForMethod = method === undefined ? route.methods === undefined : route.methods?.includes(method) === true
    if (!isForMethod) continue
    if (route.conditions.length === 0 || areMet(route.conditions, wanted.values, wanted.preflight)) return route
  }
  return undefined
}

function hasMethod<R>(leaf: Leaf<R>, method: string): boolean {
  return leaf.some(
    ({ methods }) =>
      methods === undefined || methods.includes(method) || (method === 'HEAD' && methods.includes('GET')),
  )
}

function insert<R>(routes: CompiledRoute<R>[], route: CompiledRoute<R>): void {
  const before = routes.findIndex((other) => other.conditions.length < route.conditions.length)
  if (before < 0) routes.push(route)
  else routes.splice(before, 0, route)
}

function growLiteral<R>(node: Node<R>, text: string): Node<R> {
  if (node.child === undefined) {
    node.text = text
    node.child = createNode()
    return node.child
  }
  if (node.literals === undefined) {
    if (node.text === text) return node.child
    node.literals = new Map([[node.text, node.child]])
  }
  let child = node.literals.get(text)
  if (child === undefined) {
    child = createNode()
    node.literals.set(text, child)
  }
  return child
}

function createNode<R>(): Node<R> {
  return { text: '', child: undefined, literals: undefined, one: undefined, rest: undefined, leaf: undefined }
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
