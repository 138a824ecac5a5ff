/** Owns the reading of YAML 1.2 (core schema) with the place of every key and value, and with bounds on aliases. */
import { createRequire } from 'node:module'
import type * as Yaml from 'yaml'
import type { Document, Node, ParsedNode, YAMLMap, YAMLParseError, YAMLSeq } from 'yaml'
import type { Path } from '../finding.ts'
import { checkKey, DEPTH_MAX, type Reading, reportDuplicateKey, toPathAt } from './reading.ts'

const require = createRequire(import.meta.url)
let loaded: typeof Yaml | undefined

/** Loaded with the first file: threads that only run a model never pay its 9 MB. */
function getYaml(): typeof Yaml {
  loaded ??= require('yaml') as typeof Yaml
  return loaded
}

/**
 * Nodes that aliases may stand for in one file. Ten aliases of ten aliases… of ten are a billion; a large
 * configuration whose ten thousand routes each repeat a short policy list stays below.
 */
const ALIASED_NODES_MAX = 200_000

/** Ends the reading of a document that cannot be walked; caught in this file. */
class YamlFault extends Error {}

/** In the words of somebody who writes files; what is missing here, the parser says well enough itself. */
const MESSAGES = new Map([
  ['MULTILINE_IMPLICIT_KEY', 'This is no key with a value.'],
  ['BLOCK_AS_IMPLICIT_KEY', 'A value stands here, and a map besides.'],
  ['UNEXPECTED_TOKEN', 'This cannot stand here.'],
  ['MISSING_CHAR', 'This line does not belong to the list around it.'],
])

const ADVICE = new Map([
  ['TAB_AS_INDENT', 'Indent with spaces.'],
  ['MULTILINE_IMPLICIT_KEY', 'Is a colon missing, or a line indented too little?'],
  ['BLOCK_AS_IMPLICIT_KEY', 'Align the next line with this one, or quote the value if it holds a colon and a space.'],
  ['UNEXPECTED_TOKEN', 'Quote values that hold one of { } [ ] , # or a colon and a space.'],
  ['BAD_INDENT', 'Align this line with its siblings.'],
  ['MISSING_CHAR', 'Align it with its siblings, or begin it with "- ".'],
])

/** Faults of indentation and of what is not closed. */
const STRUCTURE = new Set(['MULTILINE_IMPLICIT_KEY', 'BLOCK_AS_IMPLICIT_KEY', 'MISSING_CHAR', 'BAD_INDENT'])

const TOO_DEEP = `The document is nested more than ${DEPTH_MAX} levels deep.`

/**
 * Where brackets within brackets go too deep. The parser recurses into them, and takes seconds for a megabyte of them before its stack
 * ends, so they are counted before: roughly, and by the tokens of YAML where that says that it may be so.
 */
function findTooDeep(text: string): number | undefined {
  if (!mayBeTooDeep(text)) return undefined
  let depth = 0
  let offset = 0
  for (const token of new (getYaml().Lexer)().lex(text)) {
    if (token === '[' || token === '{') depth++
    else if (token === ']' || token === '}') depth--
    if (depth > DEPTH_MAX) return offset
    // What the lexer tells beside the text: where a document, a scalar or a broken flow begins.
    if (!LEXER_MARKS.has(token)) offset += token.length
  }
  return undefined
}

const LEXER_MARKS: ReadonlySet<string> = new Set(['\u0002', '\u0018', '\u001f'])

/** Brackets of texts count too: too many, never too few. */
function mayBeTooDeep(text: string): boolean {
  let depth = 0
  for (const [bracket] of text.matchAll(/[[\]{}]/g)) {
    depth = Math.max(0, depth + (bracket === '[' || bracket === '{' ? 1 : -1))
    if (depth > DEPTH_MAX) return true
  }
  return false
}

/** The value, or `undefined` where it cannot be read. All syntax faults are reported. */
export function parseYaml(reading: Reading): unknown {
  const { text } = reading.source
  const deep = findTooDeep(text)
  if (deep !== undefined) {
    reading.fault('too-deep', TOO_DEEP, { offset: deep })
    return undefined
  }
  let documents: Document.Parsed[]
  const { stackTraceLimit } = Error
  // A megabyte of brackets is a million faults: where each comes from, nobody reads, and it takes three times as long as the rest.
  Error.stackTraceLimit = 0
  try {
    const parsed = getYaml().parseAllDocuments(text, {
      version: '1.2',
      schema: 'core',
      merge: false,
      uniqueKeys: false,
      prettyErrors: false,
      logLevel: 'silent',
    })
    documents = [...parsed] as Document.Parsed[]
  } catch (error) {
    // The parser recurses: a text of brackets exhausts its stack before our own bound on depth is asked.
    reading.fault('yaml-syntax', `The file cannot be read as YAML: ${(error as Error).message}.`, { offset: 0 })
    return undefined
  } finally {
    Error.stackTraceLimit = stackTraceLimit
  }
  const [document, second] = documents
  if (document === undefined || (isNothing(document.contents) && document.errors.length === 0)) {
    reading.fault('empty-file', 'The file is empty.', { offset: 0 })
    return undefined
  }
  if (second !== undefined) {
    reading.fault('several-documents', 'The file holds several YAML documents; only one is read.', {
      offset:
        text.lastIndexOf('---', second.range[0]) === -1 ? second.range[0] : text.lastIndexOf('---', second.range[0]),
      suggestion: 'Put each document into a file of its own and give the folder as --config.',
    })
  }
  reportSyntax(reading, document.errors)
  if (document.errors.length > 0) return undefined
  try {
    return new YamlWalk(reading).value(document.contents, toPathAt(reading))
  } catch (error) {
    if (error instanceof YamlFault) return undefined
    throw error
  }
}

/** The first of each kind: after one mistake in what stands below what, the parser stumbles over everything that follows. */
function reportSyntax(reading: Reading, errors: readonly YAMLParseError[]): void {
  const seen = new Set<string>()
  // With a tab the whole structure is another one: what else is wrong shows once it is gone.
  const tab = errors.find(({ code }) => code === 'TAB_AS_INDENT')
  for (const error of tab === undefined ? errors : [tab]) {
    const kind = STRUCTURE.has(error.code) ? 'structure' : error.code
    if (seen.has(kind) || (seen.size > 0 && error.code === 'UNEXPECTED_TOKEN')) continue
    seen.add(kind)
    reading.fault('yaml-syntax', toMessage(error), { offset: error.pos[0], ...toAdvice(error) })
  }
}

/** Of a character that is missing at the end of something, the parser says which. */
function isUnclosed({ code, message }: YAMLParseError): boolean {
  return /(?:end with a|closing) \S/.test(message) && (code === 'MISSING_CHAR' || code === 'BAD_INDENT')
}

function toMessage(error: YAMLParseError): string {
  if (isUnclosed(error)) {
    const closing = /(?:end with a |closing )(\S)/.exec(error.message)?.[1] ?? ''
    return `Something is not closed: a ${closing} is missing.`
  }
  return MESSAGES.get(error.code) ?? `${error.message.replace(/\.$/, '')}.`
}

function toAdvice(error: YAMLParseError): { suggestion?: string } {
  if (isUnclosed(error)) return { suggestion: 'Close it where it ends; lines between must be indented.' }
  const suggestion = ADVICE.get(error.code)
  return suggestion === undefined ? {} : { suggestion }
}

class YamlWalk {
  readonly #reading: Reading
  /** Filled in document order, so that an alias finds the latest anchor before it (YAML 1.2.2 §7.1). */
  readonly #anchors = new Map<string, Node>()
  readonly #targets = new Map<Node, Node>()
  readonly #open = new Set<Node>()
  /** Of lists and maps around a node, also where it is a key or what an alias stands for: the path has no place for these. */
  #depth: number
  #aliasDepth = 0
  #aliasedNodes = 0

  constructor(reading: Reading) {
    this.#reading = reading
    this.#depth = reading.depth ?? 0
  }

  value(node: Node | null, path: (string | number)[]): unknown {
    if (node === null) return null
    if (this.#depth > DEPTH_MAX) this.#stop('too-deep', TOO_DEEP, { node, path })
    if (this.#aliasDepth > 0 && ++this.#aliasedNodes > ALIASED_NODES_MAX) {
      this.#stop('alias-bomb', `The aliases of this file stand for more than ${ALIASED_NODES_MAX} values.`, {
        node,
        path,
      })
    }
    if (getYaml().isAlias(node)) return this.#alias(node, path)
    if (this.#aliasDepth === 0 && 'anchor' in node && node.anchor !== undefined) this.#anchors.set(node.anchor, node)
    this.#checkTag(node, path)
    if (getYaml().isMap(node)) return this.#inside(node, () => this.#map(node, path))
    if (getYaml().isSeq(node)) return this.#inside(node, () => this.#list(node, path))
    return getYaml().isScalar(node) ? toPlain(node.value) : null
  }

  #alias(node: Node & { source: string }, path: (string | number)[]): unknown {
    const target = this.#targets.get(node) ?? this.#anchors.get(node.source)
    if (target === undefined || this.#reading.refusesAliases === true) {
      return this.#stop('unknown-alias', `The alias "*${node.source}" has no anchor "&${node.source}" before it.`, {
        node,
        path,
      })
    }
    if (this.#open.has(target)) {
      return this.#stop('alias-cycle', `The alias "*${node.source}" stands inside its own anchor.`, { node, path })
    }
    this.#targets.set(node, target)
    this.#aliasDepth++
    const value = this.value(target, path)
    this.#aliasDepth--
    return value
  }

  #inside<Value>(node: Node, walk: () => Value): Value {
    this.#open.add(node)
    this.#depth++
    const value = walk()
    this.#depth--
    this.#open.delete(node)
    return value
  }

  #map(node: YAMLMap, path: (string | number)[]): Record<string, unknown> {
    const { origins, source } = this.#reading
    const object: Record<string, unknown> = {}
    origins.add(object, source, toOffset(node))
    for (const pair of node.items as { key: ParsedNode | null; value: ParsedNode | null }[]) {
      const keyAt = pair.key === null ? toOffset(node) : toOffset(pair.key)
      const key = this.#key(pair.key, path, keyAt)
      if (key === undefined) continue
      path.push(key)
      const first = origins.findMember(object, key)
      if (first !== undefined) {
        reportDuplicateKey(this.#reading, key, {
          offset: keyAt,
          path: [...path],
          firstLine: source.placeOf(first.keyAt).line,
        })
      } else if (checkKey(this.#reading, key, { offset: keyAt, path: [...path] })) {
        // An empty value has a place of its own, behind the colon; the key shows better what is meant.
        const empty =
          pair.value === null || (getYaml().isScalar(pair.value) && pair.value.range?.[0] === pair.value.range?.[1])
        origins.setMember(object, key, {
          source,
          keyAt,
          valueAt: empty || pair.value === null ? keyAt : toOffset(pair.value),
        })
        object[key] = this.value(pair.value, path)
      }
      path.pop()
    }
    return object
  }

  /** Keys are texts: `200:` and `"200":` are the same key. */
  #key(node: Node | null, path: (string | number)[], offset: number): string | undefined {
    const value = node === null ? '' : this.value(node, path)
    if (typeof value !== 'object') {
      if (value !== '<<')
        return getYaml().isScalar(node) && typeof value === 'number' ? (node.source ?? String(value)) : String(value)
      this.#reading.fault('merge-key', 'Merge keys ("<<") belong to YAML 1.1 and are not read.', {
        offset,
        path,
        suggestion: 'Write the members out, or alias a whole value ("policies: *standard").',
      })
      return undefined
    }
    if (value === null && getYaml().isScalar(node)) return node.source ?? 'null'
    this.#reading.fault('key-not-text', 'A key must be a text, not a list or a map.', {
      offset,
      path,
      suggestion: 'Quote it if it begins with { or [.',
    })
    return undefined
  }

  #list(node: YAMLSeq, path: (string | number)[]): unknown[] {
    const { origins, source } = this.#reading
    const list: unknown[] = []
    origins.add(list, source, toOffset(node))
    for (const item of node.items as (ParsedNode | null)[]) {
      const at = item === null ? toOffset(node) : toOffset(item)
      path.push(list.length)
      origins.setMember(list, list.length, { source, keyAt: at, valueAt: at })
      list.push(this.value(item, path))
      path.pop()
    }
    return list
  }

  #checkTag(node: Node, path: (string | number)[]): void {
    const tag = (node as { tag?: string }).tag
    if (
      tag === undefined ||
      this.#reading.tags === 'ignore' ||
      /^tag:yaml\.org,2002:(?:str|int|float|bool|null|map|seq)$/.test(tag)
    )
      return
    this.#reading.fault('yaml-tag', `The YAML tag "${tag.replace('tag:yaml.org,2002:', '!!')}" means nothing here.`, {
      offset: toOffset(node),
      path: [...path],
      suggestion: 'Quote the value if it begins with an exclamation mark.',
    })
  }

  #stop(code: string, message: string, { node, path }: { node: Node; path: Path }): never {
    this.#reading.fault(code, message, { offset: toOffset(node), path: [...path] })
    throw new YamlFault(message)
  }
}

/** `---` alone holds a null that nobody wrote. */
function isNothing(node: Node | null): boolean {
  return node === null || (getYaml().isScalar(node) && node.value === null && node.source === '')
}

function toOffset(node: Node): number {
  return node.range?.[0] ?? 0
}

/** Numbers that JSON cannot say (`.inf`, `.nan`) stay as they are and are refused by the schema. */
function toPlain(value: unknown): unknown {
  return value === undefined ? null : typeof value === 'bigint' ? Number(value) : value
}
