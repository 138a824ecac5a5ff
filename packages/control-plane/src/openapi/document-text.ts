/** Owns changing single members of a YAML or JSON text: all else, comments above all, stays as somebody wrote it. */
import {
  type Document,
  isCollection,
  isMap,
  isPair,
  isScalar,
  type Node,
  type Pair,
  parseDocument,
  stringify,
  type YAMLMap,
} from 'yaml'

/** As documents are read (docs/adr/0008-yaml.md). */
const READING = { version: '1.2', schema: 'core', merge: false, uniqueKeys: false, logLevel: 'silent' } as const
/** Long texts are not broken, and what is equal is written twice: nobody looks for anchors in what a machine wrote. */
const WRITING = { lineWidth: 0, aliasDuplicateObjects: false } as const

/** The text with a first member in its root map. What `cutMember` leaves of it is the text as it was. */
export function putMember(text: string, key: string, value: unknown): string {
  const document = parse(text)
  const root = document.contents
  const [first] = isMap(root) ? root.items : []
  if (!isMap(root) || first === undefined) return text
  const at = toStart(first)
  if (root.flow === true) {
    const opening = toSpaceBefore(text, at)
    const indent = /\n([ \t]*)$/.exec(opening)?.[1]
    const written = JSON.stringify(value, null, indent === undefined ? 0 : 2).replaceAll('\n', `\n${indent ?? ''}`)
    // A text that begins with a quoted key is read as JSON, where all of them are.
    const name = text[at] === '"' ? JSON.stringify(key) : key
    return `${text.slice(0, at)}${name}: ${written},${opening}${text.slice(at)}`
  }
  const line = toLineStart(text, at)
  const indent = text.slice(line, at)
  if (/\S/.test(indent)) {
    root.items.unshift(document.createPair(key, value) as Pair<never, never>)
    return document.toString(WRITING)
  }
  const written = stringify({ [key]: value }, WRITING)
  return text.slice(0, line) + written.replaceAll(/^(?=.)/gm, indent) + text.slice(line)
}

/** The text without the member at this path; as it is, where there is none, or where only an alias leads to it. */
export function cutMember(text: string, path: readonly string[]): string {
  const document = parse(text)
  const parent = findMap(document.contents, path.slice(0, -1))
  const index = parent?.items.findIndex(({ key }) => toKeyText(key) === path.at(-1)) ?? -1
  const pair = parent?.items[index]
  if (parent === undefined || pair === undefined) return text
  const at = toStart(pair)
  if (parent.items.length === 1) return `${text.slice(0, parent.range?.[0])}{}${text.slice(toEnd(parent, text))}`
  const [before, after] = [parent.items[index - 1], parent.items[index + 1]]
  if (parent.flow === true) {
    if (after !== undefined) return text.slice(0, at) + text.slice(toStart(after))
    return text.slice(0, before === undefined ? at : toPairEnd(before, text)) + text.slice(toPairEnd(pair, text))
  }
  const line = toLineStart(text, at)
  if (/\S/.test(text.slice(line, at))) {
    document.deleteIn(path)
    return document.toString(WRITING)
  }
  return text.slice(0, line) + text.slice(toLineEnd(text, toPairEnd(pair, text)))
}

/** A whole new document. */
export function writeDocument(value: unknown): string {
  return stringify(value, WRITING)
}

function parse(text: string): Document {
  return parseDocument(text, READING) as unknown as Document
}

function findMap(root: unknown, path: readonly string[]): YAMLMap | undefined {
  let node = root
  for (const segment of path) {
    if (!isMap(node)) return undefined
    node = node.items.find(({ key }) => toKeyText(key) === segment)?.value
  }
  return isMap(node) ? node : undefined
}

/** `200:` and `"200":` are the same key. */
function toKeyText(key: unknown): string | undefined {
  if (!isScalar(key)) return undefined
  return typeof key.value === 'number' ? (key.source ?? String(key.value)) : String(key.value)
}

function toStart({ key }: Pair): number {
  return (key as Node | null)?.range?.[0] ?? 0
}

function toPairEnd({ key, value }: Pair, text: string): number {
  return toEnd((value ?? key) as Node, text)
}

/** Where its last piece ends: comments behind it belong to nobody. */
function toEnd(node: Node, text: string): number {
  if (!isCollection(node) || node.flow === true || node.items.length === 0) return node.range?.[1] ?? text.length
  const last: unknown = node.items.at(-1)
  return isPair(last) ? toPairEnd(last, text) : toEnd(last as Node, text)
}

function toLineStart(text: string, at: number): number {
  return text.lastIndexOf('\n', at - 1) + 1
}

/** Behind the line end; a block of text ends with one of its own. */
function toLineEnd(text: string, at: number): number {
  if (text[at - 1] === '\n') return at
  const end = text.indexOf('\n', at)
  return end === -1 ? text.length : end + 1
}

function toSpaceBefore(text: string, at: number): string {
  return /[ \t\r\n]*$/.exec(text.slice(0, at))?.[0] ?? ''
}
