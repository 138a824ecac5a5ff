/** Owns writing plain data as YAML, with as much as fits of how somebody wrote it before: comments, quotes, layout. Pure. */
import { parseSource } from '@gatewright/model'
import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  parseDocument,
  stringify,
  visit,
  type YAMLSeq,
} from 'yaml'

const AS_IT_IS = { lineWidth: 0 } as const

/** It reads as `body` does, member by member. */
export function renderSource(body: unknown, former?: string): string {
  const patched = former === undefined ? undefined : patch(former, body)
  if (patched !== undefined && isSame(patched, body)) return patched
  return stringify(body, { ...AS_IT_IS, aliasDuplicateObjects: false })
}

function isSame(text: string, body: unknown): boolean {
  return JSON.stringify(parseSource({ path: 'source.yaml', text }).value) === JSON.stringify(body)
}

/** Undefined: nothing of it can be kept. */
function patch(former: string, body: unknown): string | undefined {
  const document = parseDocument(former, { version: '1.2', schema: 'core', logLevel: 'silent' })
  if (document.errors.length > 0 || hasAliases(document)) return undefined
  document.contents = new Patch(document).toNode(document.contents, body) as typeof document.contents
  return document.toString(AS_IT_IS)
}

/** What is said once for several places cannot be changed in one of them. */
function hasAliases(document: Document): boolean {
  let found = false
  visit(document, (_, node) => {
    if (!isAlias(node)) return undefined
    found = true
    return visit.BREAK
  })
  return found
}

class Patch {
  readonly #document: Document

  constructor(document: Document) {
    this.#document = document
  }

  /** The node itself where it says this already. */
  toNode(node: unknown, value: unknown): Node {
    if (isMap(node) && isRecord(value)) {
      const former = new Map(node.items.map((pair) => [toKey(pair), pair]))
      node.items = Object.entries(value).map(([key, member]) => this.#toPair(former.get(key), key, member))
      return node
    }
    if (isSeq(node) && Array.isArray(value)) {
      giveToFirst(node)
      const former = new FormerItems(node.items)
      node.items = value.map((item, index) => this.toNode(former.take(item, index), item))
      return node
    }
    if (isScalar(node) && node.value === value) return node
    return this.#document.createNode(value) as Node
  }

  #toPair(former: Pair | undefined, key: string, member: unknown): Pair {
    if (former === undefined) return this.#document.createPair(key, member)
    former.value = this.toNode(former.value, member)
    return former
  }
}

/** The reader takes a comment above the first item for one of the whole list; people mean the item. */
function giveToFirst(list: YAMLSeq): void {
  const [first] = list.items
  if (!isNode(first) || list.commentBefore == null) return
  first.commentBefore = list.commentBefore
  list.commentBefore = null
}

/** Items of a list as they were: found by their id where they have one, else by place. */
class FormerItems {
  readonly #items: readonly unknown[]
  readonly #byId = new Map<unknown, unknown>()

  constructor(items: readonly unknown[]) {
    this.#items = items
    for (const item of items) {
      const id = findNodeId(item)
      if (id !== undefined) this.#byId.set(id, item)
    }
  }

  take(value: unknown, index: number): unknown {
    if (isRecord(value) && value.id !== undefined) {
      const found = this.#byId.get(value.id)
      // A node stands in one place.
      this.#byId.delete(value.id)
      return found
    }
    const item = this.#items[index]
    return findNodeId(item) === undefined ? item : undefined
  }
}

function findNodeId(node: unknown): unknown {
  return isMap(node) ? node.get('id') : undefined
}

function toKey({ key }: Pair): string {
  return String(isScalar(key) ? key.value : key)
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
