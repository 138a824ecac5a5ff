/** Owns the operations of an OpenAPI document: method, path template, id, and where they stand. */
import { findClosest } from '../closest.ts'
import type { Place } from '../finding.ts'
import { parsePathTemplate } from '../path-template.ts'
import { isMap, type Located, type OpenApiDocuments, REFERENCES_MAX } from './documents.ts'

export interface OpenApiOperation {
  readonly operationId?: string
  /** As it is sent: upper case, but for additional operations, which are taken as they stand. */
  readonly method: string
  /** In our template syntax, which is also the document's where it can be carried over. */
  readonly path: string
  readonly title?: string
  readonly description?: string
  readonly tags: readonly string[]
  readonly place: Place
}

/** `query` is OpenAPI 3.2's. `trace` is left out: the gateway refuses TRACE (RFC 9110 §9.3.8 allows clients to be told everything). */
const METHOD_KEYS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'query']

/** OpenAPI 3.2 §4.9 "Path Item Object", and the method that is left out with words of its own. */
const ITEM_FIELDS = ['$ref', 'summary', 'description', 'servers', 'parameters', 'additionalOperations', 'trace']

/** All operations of `paths` that can be matched; what is left out is a warning with its reason. */
export function readOperations(paths: Located, documents: OpenApiDocuments): OpenApiOperation[] {
  const all = documents.dereference(paths)
  if (!isMap(all.value)) return []
  const operations: OpenApiOperation[] = []
  for (const [path, value] of Object.entries(all.value)) {
    if (path.startsWith('x-')) continue
    const item = { value, document: all.document, path: [...all.path, path] }
    operations.push(...readPathItem(path, item, documents))
  }
  return operations
}

function readPathItem(path: string, item: Located, documents: OpenApiDocuments): OpenApiOperation[] {
  const found = findOperations(item, documents)
  if (found.length === 0) return []
  const template = parsePathTemplate(path)
  if ('fault' in template) {
    const methods = found.map(({ method }) => method).join(', ')
    documents.warn(item, {
      code: 'path-not-matchable',
      message: `The path "${path}" is left out: ${template.fault}`,
      suggestion: `Add a route of your own for it, such as \`- { methods: [${methods}], path: "${toWiderTemplate(path)}" }\`.`,
    })
    return []
  }
  return found.map(({ method, located }) => toOperation(method, path, { located, documents }))
}

interface FoundOperation {
  readonly method: string
  readonly located: Located
}

/** Own operations of a path item go before those of the item that it refers to. */
function findOperations(item: Located, documents: OpenApiDocuments): FoundOperation[] {
  const found = new Map<string, FoundOperation>()
  const seen = new Set<unknown>()
  for (let at: Located | undefined = item; at !== undefined && isMap(at.value) && !seen.has(at.value); ) {
    seen.add(at.value)
    if (seen.size > REFERENCES_MAX + 1) {
      documents.faultOfChain(item)
      break
    }
    for (const operation of listOperations(at, documents)) {
      if (!found.has(operation.method)) found.set(operation.method, operation)
    }
    const reference: unknown = at.value.$ref
    at = typeof reference === 'string' ? documents.follow(reference, at) : undefined
    if (at !== undefined && seen.has(at.value)) {
      documents.warn(item, {
        code: 'reference-cycle',
        message: `The reference "${String(reference)}" leads back to itself.`,
      })
    }
  }
  return [...found.values()]
}

function listOperations(item: Located, documents: OpenApiDocuments): FoundOperation[] {
  if (!isMap(item.value)) return []
  const found: FoundOperation[] = []
  const add = (method: string, path: (string | number)[], value: unknown): void => {
    if (isMap(value)) found.push({ method, located: { value, document: item.document, path } })
  }
  for (const key of METHOD_KEYS) add(key.toUpperCase(), [...item.path, key], item.value[key])
  if (isMap(item.value.trace)) {
    const where = { ...item, path: [...item.path, 'trace'] }
    documents.warn(where, {
      code: 'trace-left-out',
      message: 'TRACE is left out: the gateway answers it with 405 on every path.',
    })
  }
  warnOfUnknownKeys(item, documents)
  if (isMap(item.value.additionalOperations)) {
    for (const [method, value] of Object.entries(item.value.additionalOperations)) {
      add(method, [...item.path, 'additionalOperations', method], value)
    }
  }
  return found
}

/** A slip would leave an operation out without a word. */
function warnOfUnknownKeys(item: Located, documents: OpenApiDocuments): void {
  for (const key of isMap(item.value) ? Object.keys(item.value) : []) {
    if (key.startsWith('x-') || METHOD_KEYS.includes(key) || ITEM_FIELDS.includes(key)) continue
    const closest = findClosest(key, METHOD_KEYS)
    documents.warn(
      { ...item, path: [...item.path, key] },
      {
        code: 'unknown-path-item-key',
        message: `"${key}" is neither a method nor a field of a path item, and is left out.`,
        ...(closest !== undefined && { suggestion: `Did you mean "${closest}"?` }),
      },
    )
  }
}

function toOperation(
  method: string,
  path: string,
  { located, documents }: { located: Located; documents: OpenApiDocuments },
): OpenApiOperation {
  const { value } = documents.dereference(located)
  const operation = isMap(value) ? value : {}
  const text = (key: string): string | undefined =>
    typeof operation[key] === 'string' && operation[key] !== '' ? operation[key] : undefined
  const operationId = text('operationId')
  const title = text('summary')
  const description = text('description')
  return {
    ...(operationId === undefined ? {} : { operationId }),
    method,
    path,
    ...(title === undefined ? {} : { title }),
    ...(description === undefined ? {} : { description }),
    tags: Array.isArray(operation.tags) ? operation.tags.filter((tag) => typeof tag === 'string' && tag !== '') : [],
    place: documents.placeOf(located),
  }
}

/** `/v1/{name}:cancel` → `/v1/{name}`: whole segments, wide enough for the document's path. */
function toWiderTemplate(path: string): string {
  const names = new Set<string>()
  const segments = path
    .replace(/[?#].*$/, '')
    .replace(/^\//, '')
    .split('/')
    .map((segment, index) => {
      const name = /\{([^{}]*)\}/.exec(segment)?.[1]?.replaceAll(/[^\w-]/g, '')
      if (name === undefined) return segment
      const unique = name === '' || names.has(name) ? `segment${index}` : name
      names.add(unique)
      return `{${unique}}`
    })
  return `/${segments.join('/')}`
}
