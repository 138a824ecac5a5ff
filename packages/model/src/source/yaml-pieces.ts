/**
 * Owns how a text in YAML's block style falls apart: at the keys of maps and the items of lists, as far down as parts are
 * large. It knows indentation only; what a piece says, and whether it may say it, its own reading tells.
 *
 *   apis:                    the map of the file, an entry
 *     - id: orders           a list, an item, which is a map: its entry `id` is a piece
 *       routes:
 *         - path: /a         a piece
 *         - path: /b         a piece
 */
import type { Piece } from './piece-memory.ts'
import type { Reading } from './reading.ts'

export interface YamlPiecesSettings {
  /** Longest piece that is not taken apart. */
  readonly max: number
  readonly depthMax: number
  /** The list of one item, or the map of one key, that this text is. @throws where it cannot be read by itself */
  take(text: string): Piece
}

/** Lines of one list or map: those from `first` to before `end`, whose content begins at `at`, in this column. */
interface Block {
  readonly first: number
  readonly end: number
  readonly at: number
  readonly indent: number
  readonly depth: number
}

interface Node {
  readonly value: Record<string, unknown> | unknown[]
  readonly at: number
}

/** Blank lines and comments belong to what stands before them. */
const NO_CONTENT = -1
const KEY = /[A-Za-z0-9_][\w./-]*:(?= |\n|$)/y
/** A key whose value begins on a later line. Only words that YAML reads as texts. */
const BARE_KEY = /(?!true:|false:|null:)([a-z][A-Za-z]*): *(?: #[^\n]*)?(?:\n|$)/y
const DASH = /-(?= |\n|$)/y
const MARKER = /^(?:---|\.\.\.|%)/m

export class YamlPieces {
  readonly #reading: Reading
  readonly #text: string
  readonly #settings: YamlPiecesSettings
  /** Offset of each line, and one behind the last. */
  readonly #starts: number[] = []
  readonly #indents: number[] = []

  constructor(reading: Reading, settings: YamlPiecesSettings) {
    this.#reading = reading
    this.#text = reading.source.text
    this.#settings = settings
  }

  /** `undefined` where the text does not fall apart. */
  read(): unknown {
    const head = this.#text.startsWith('---\n') ? 4 : 0
    if (MARKER.test(this.#text.slice(head))) return undefined
    this.#findLines(head)
    const block = this.#toBlock(0, this.#indents.length, 0)
    return block?.indent === 0 ? this.#node(block)?.value : undefined
  }

  #findLines(head: number): void {
    const text = this.#text
    for (let at = head; at < text.length; ) {
      const next = text.indexOf('\n', at)
      const end = next === -1 ? text.length : next
      let content = at
      while (text.charCodeAt(content) === 0x20) content++
      this.#starts.push(at)
      this.#indents.push(content >= end || text.charCodeAt(content) === 0x23 ? NO_CONTENT : content - at)
      at = end + 1
    }
    this.#starts.push(text.length)
  }

  /** From the first line with content on. */
  #toBlock(from: number, end: number, depth: number): Block | undefined {
    for (let first = from; first < end; first++) {
      const indent = this.#indents[first] ?? NO_CONTENT
      if (indent !== NO_CONTENT) return { first, end, at: this.#startOf(first) + indent, indent, depth }
    }
    return undefined
  }

  #node(block: Block): Node | undefined {
    if (block.depth > this.#settings.depthMax) return undefined
    if (this.#matches(DASH, block.at)) return this.#list(block)
    return this.#matches(KEY, block.at) ? this.#map(block) : undefined
  }

  #list(block: Block): Node | undefined {
    const items = this.#split(block, false)
    if (items === undefined) return undefined
    const { origins, source } = this.#reading
    const list: unknown[] = []
    origins.add(list, source, block.at)
    for (const item of items) {
      const node = this.#isLarge(item) ? this.#item(item) : undefined
      if (node !== undefined) {
        origins.setMember(list, list.length, { source, keyAt: node.at, valueAt: node.at })
        list.push(node.value)
        continue
      }
      const read = this.#take(item)
      if (!Array.isArray(read) || read.length !== 1 || read[0] === null) return undefined
      origins.copyMember({ from: read, key: 0, to: list, as: list.length })
      list.push(read[0])
    }
    return { value: list, at: block.at }
  }

  /** What stands behind the dash, where that is a map. */
  #item({ first, end, at, depth }: Block): Node | undefined {
    let inner = at + 1
    while (this.#text.charCodeAt(inner) === 0x20) inner++
    if (!this.#matches(KEY, inner)) return undefined
    return this.#node({ first, end, at: inner, indent: inner - this.#startOf(first), depth: depth + 1 })
  }

  #map(block: Block): Node | undefined {
    const entries = this.#split(block, true)
    if (entries === undefined) return undefined
    const { origins, source } = this.#reading
    const map: Record<string, unknown> = {}
    origins.add(map, source, block.at)
    for (const entry of entries) {
      const part = this.#isLarge(entry) ? this.#entry(entry) : undefined
      if (part !== undefined) {
        if (Object.hasOwn(map, part.key)) return undefined
        origins.setMember(map, part.key, { source, keyAt: entry.at, valueAt: part.node.at })
        map[part.key] = part.node.value
        continue
      }
      const read = this.#take(entry)
      if (typeof read !== 'object' || read === null || Array.isArray(read)) return undefined
      const [[key, value] = [], more] = Object.entries(read)
      if (key === undefined || more !== undefined || Object.hasOwn(map, key)) return undefined
      origins.copyMember({ from: read, key, to: map, as: key })
      map[key] = value
    }
    return { value: map, at: block.at }
  }

  /** A key with a list or a map below it. */
  #entry({ first, end, at, indent, depth }: Block): { key: string; node: Node } | undefined {
    BARE_KEY.lastIndex = at
    const key = BARE_KEY.exec(this.#text)?.[1]
    if (key === undefined) return undefined
    const block = this.#toBlock(first + 1, end, depth + 1)
    if (block === undefined || (block.indent <= indent && !this.#isListOfKey(block, indent))) return undefined
    const node = this.#node(block)
    return node === undefined ? undefined : { key, node }
  }

  /** A list may stand in the column of the key that it belongs to. */
  #isListOfKey(block: Block, indent: number): boolean {
    return block.indent === indent && this.#matches(DASH, block.at)
  }

  /** Parts of a list or a map, each from its first line to before the next part's. */
  #split({ first, end, at, indent, depth }: Block, isMap: boolean): Block[] | undefined {
    const parts: Block[] = []
    let start = { first, at }
    for (let line = first + 1; line < end; line++) {
      const found = this.#indents[line] ?? NO_CONTENT
      if (found === NO_CONTENT || found > indent) continue
      const content = this.#startOf(line) + found
      if (found < indent) return undefined
      const isItem = this.#matches(DASH, content)
      if (isMap && isItem) continue
      if (isMap ? !this.#matches(KEY, content) : !isItem) return undefined
      parts.push({ ...start, end: line, indent, depth })
      start = { first: line, at: content }
    }
    parts.push({ ...start, end, indent, depth })
    return parts
  }

  #take({ at, end, indent }: Block): unknown {
    const { origins, source } = this.#reading
    // Behind a dash there are no spaces in front of it, and what follows is indented as if there were.
    const start = at - indent
    const { value, source: own } = this.#settings.take(' '.repeat(indent) + this.#text.slice(at, this.#startOf(end)))
    origins.mount(own, source, start)
    return value
  }

  #isLarge({ at, end }: Block): boolean {
    return this.#startOf(end) - at > this.#settings.max
  }

  #startOf(line: number): number {
    return this.#starts[line] ?? this.#text.length
  }

  #matches(pattern: RegExp, at: number): boolean {
    pattern.lastIndex = at
    return pattern.test(this.#text)
  }
}
