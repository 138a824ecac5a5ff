/**
 * Owns the choice of the API: host, then base path, then API predicates (model.md §1).
 *
 *     exact     "api.example.com" ─▶ place          asked first
 *     wild      "example.org"     ─▶ place          *.example.org: one label more
 *     anyHost                     ─▶ place          APIs without hosts, asked last
 *
 *     place     exact   ─▶ "orders" ─▶ "v2" ● ●     base paths by segment, the longest asked first
 *               folded  ─▶ "shop" ●                 the same in lower case: APIs whose case makes no difference
 *
 *     ●         APIs of one base path, most conditions first; an API without conditions always matches
 *
 * Where no API of a place fits, the next place is asked: `api.example.com/status` reaches the API that serves `/status`
 * for all hosts unless one of that host does. Which API matched says nothing yet about its routes.
 */

import { toHostKey } from '@gatewright/model/runtime'
import type { ApiRoutes, RouteEntry } from './api-routes.ts'
import { areMet, type Conditions, type MatchedValues, type Preflight } from './conditions.ts'
import { LayeredMap } from './layered-map.ts'

/** One API, ready to be put into any number of routers. */
export interface CompiledApi<A, R> {
  readonly hosts: readonly string[] | undefined
  readonly basePath: readonly string[]
  readonly conditions: Conditions
  readonly caseSensitive: boolean
  /** Of each release; most APIs have one. */
  readonly releases: readonly ReleaseRoutes<R>[]
  readonly value: A
}

/** The routes of one release, and what they were made of, in the order of the document. */
export interface ReleaseRoutes<R> {
  /** Tells it from others of the API. */
  readonly revision: string
  readonly routes: ApiRoutes<R>
  readonly entries: readonly RouteEntry<R>[]
}

/** What is looked at to choose the API. */
export interface AddressedRequest extends MatchedValues {
  /** Lower case, without port and trailing dot; '' where HTTP/1.0 gave none. */
  readonly host: string
}

/** Which API matched, and where its base path ends. */
export interface ApiMatch<A, R> {
  readonly api: CompiledApi<A, R>
  readonly at: number
}

/** Two that have hosts, base path, its case and predicates in common. */
export interface ApiReplacement<A, R> {
  readonly from: CompiledApi<A, R>
  readonly to: CompiledApi<A, R>
}

export class ApiIndex<A, R> {
  #exact = new LayeredMap<string, Place<A, R>>()
  /** By what stands after `*.`. */
  #wild = new LayeredMap<string, Place<A, R>>()
  #anyHost: Place<A, R> = createPlace()

  /** While compiling only. Of two APIs that differ in nothing, the first answers; validation reports them. */
  add(api: CompiledApi<A, R>): void {
    if (api.hosts === undefined) addApi(this.#anyHost, api)
    else for (const host of new Set(api.hosts.map(toHostKey))) addApi(this.#getPlace(host), api)
  }

  /** The same with others in the places of some; the branches that lead there are copied, and all else is shared. */
  withReplaced(replacements: readonly ApiReplacement<A, R>[]): ApiIndex<A, R> {
    const index = new ApiIndex<A, R>()
    index.#exact = this.#exact
    index.#wild = this.#wild
    index.#anyHost = this.#anyHost
    for (const replacement of replacements) {
      const { hosts } = replacement.to
      if (hosts === undefined) index.#anyHost = replaceInPlace(index.#anyHost, replacement)
      for (const host of new Set((hosts ?? []).map(toHostKey))) index.#replaceAt(host, replacement)
    }
    return index
  }

  #replaceAt(host: string, replacement: ApiReplacement<A, R>): void {
    const { places, key } = this.#toPlaces(host)
    const place = places.get(key)
    if (place === undefined) throw new Error(`an API is to be replaced that does not answer to ${host}`)
    const replaced = places.withReplaced(new Map([[key, replaceInPlace(place, replacement)]]))
    if (places === this.#wild) this.#wild = replaced
    else this.#exact = replaced
  }

  #toPlaces(host: string): { readonly places: LayeredMap<string, Place<A, R>>; readonly key: string } {
    return host.startsWith('*.') ? { places: this.#wild, key: host.slice(2) } : { places: this.#exact, key: host }
  }

  #getPlace(host: string): Place<A, R> {
    const { places, key } = this.#toPlaces(host)
    let place = places.get(key)
    if (place === undefined) {
      place = createPlace()
      places.add(key, place)
    }
    return place
  }

  find(request: AddressedRequest, path: string, preflight: Preflight | undefined): ApiMatch<A, R> | undefined {
    const { host } = request
    const search = new ApiSearch<A, R>(request, path, preflight)
    const place = this.#exact.size === 0 ? undefined : this.#exact.get(host)
    const found = place === undefined ? undefined : search.visitPlace(place)
    if (found !== undefined) return found
    const dot = this.#wild.size === 0 ? -1 : host.indexOf('.')
    // One label: what stands before the first dot, and something does.
    const wildPlace = dot > 0 ? this.#wild.get(host.slice(dot + 1)) : undefined
    const wildFound = wildPlace === undefined ? undefined : search.visitPlace(wildPlace)
    return wildFound ?? search.visitPlace(this.#anyHost)
  }
}

interface BaseNode<A, R> {
  children: LayeredMap<string, BaseNode<A, R>> | undefined
  /** Most conditions first. */
  readonly apis: CompiledApi<A, R>[]
}

interface Place<A, R> {
  readonly exact: BaseNode<A, R>
  folded: BaseNode<A, R> | undefined
}

function createPlace<A, R>(): Place<A, R> {
  return { exact: { children: undefined, apis: [] }, folded: undefined }
}

function addApi<A, R>(place: Place<A, R>, api: CompiledApi<A, R>): void {
  if (!api.caseSensitive) place.folded ??= { children: undefined, apis: [] }
  let node = api.caseSensitive || place.folded === undefined ? place.exact : place.folded
  for (const segment of api.basePath) {
    node.children ??= new LayeredMap()
    let child = node.children.get(segment)
    if (child === undefined) {
      child = { children: undefined, apis: [] }
      node.children.add(segment, child)
    }
    node = child
  }
  const before = node.apis.findIndex((other) => other.conditions.length < api.conditions.length)
  node.apis.splice(before < 0 ? node.apis.length : before, 0, api)
}

function replaceInPlace<A, R>({ exact, folded }: Place<A, R>, replacement: ApiReplacement<A, R>): Place<A, R> {
  const isFolded = !replacement.to.caseSensitive && folded !== undefined
  const root = replaceBelow(isFolded ? folded : exact, replacement, 0)
  return isFolded ? { exact, folded: root } : { exact: root, folded }
}

/** The nodes on the way to it are others; `depth`: how many segments of its base path are behind. */
function replaceBelow<A, R>(node: BaseNode<A, R>, { from, to }: ApiReplacement<A, R>, depth: number): BaseNode<A, R> {
  const segment = to.basePath[depth]
  if (segment === undefined) {
    if (!node.apis.includes(from)) throw new Error('an API is to be replaced that is not in its place')
    return { ...node, apis: node.apis.map((api) => (api === from ? to : api)) }
  }
  const child = node.children?.get(segment)
  if (child === undefined) throw new Error('an API is to be replaced that is not in its place')
  const replaced = replaceBelow(child, { from, to }, depth + 1)
  return { ...node, children: node.children?.withReplaced(new Map([[segment, replaced]])) }
}

class ApiSearch<A, R> {
  readonly #request: AddressedRequest
  readonly #path: string
  readonly #preflight: Preflight | undefined

  constructor(request: AddressedRequest, path: string, preflight: Preflight | undefined) {
    this.#request = request
    this.#path = path
    this.#preflight = preflight
  }

  visitPlace({ exact, folded }: Place<A, R>): ApiMatch<A, R> | undefined {
    return this.#visit(exact, folded, 0)
  }

  /** Down both trees as far as the path goes, then up again until an API's conditions are met: the longest first. */
  #visit(
    exact: BaseNode<A, R> | undefined,
    folded: BaseNode<A, R> | undefined,
    at: number,
  ): ApiMatch<A, R> | undefined {
    const hasChildren = exact?.children !== undefined || folded?.children !== undefined
    if (hasChildren && at < this.#path.length) {
      const slash = this.#path.indexOf('/', at + 1)
      const end = slash < 0 ? this.#path.length : slash
      const segment = this.#path.slice(at + 1, end)
      const child = exact?.children?.get(segment)
      const foldedChild = folded?.children?.get(segment.toLowerCase())
      const found = child === undefined && foldedChild === undefined ? undefined : this.#visit(child, foldedChild, end)
      if (found !== undefined) return found
    }
    const api = this.#firstMet(exact)
    const other = this.#firstMet(folded)
    const best =
      api !== undefined && (other === undefined || other.conditions.length <= api.conditions.length) ? api : other
    return best === undefined ? undefined : { api: best, at }
  }

  #firstMet(node: BaseNode<A, R> | undefined): CompiledApi<A, R> | undefined {
    if (node === undefined) return undefined
    for (const api of node.apis) {
      if (api.conditions.length === 0 || areMet(api.conditions, this.#request, this.#preflight)) return api
    }
    return undefined
  }
}
