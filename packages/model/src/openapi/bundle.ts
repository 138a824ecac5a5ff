/** Owns the one self-contained JSON text of a definition that stands in several files. */
import { dirname, join, relative } from 'node:path'
import { isMap, type OpenApiDocument, type OpenApiDocuments, splitReference } from './documents.ts'

/** Where the other files stand in the bundle, by their path relative to the first. */
const BUNDLED = 'x-bundled'
/** Below these, `$ref` is a piece of somebody's data and not a reference. */
const DATA_KEYS = new Set(['example', 'default', 'enum', 'const'])

/** JSON of the definition; references to other files lead into its `x-bundled` member instead. Remote ones stay. */
export function bundle(root: OpenApiDocument, documents: OpenApiDocuments): string {
  const bundled = new Map<string, unknown>()
  const waiting: { document: OpenApiDocument; key: string }[] = []

  const rewrite = (value: unknown, document: OpenApiDocument, path: (string | number)[]): unknown => {
    if (Array.isArray(value)) {
      return value.map((item, index) => inside(path, index, () => rewrite(item, document, path)))
    }
    if (!isMap(value)) return value
    const copy: Record<string, unknown> = {}
    for (const [key, member] of Object.entries(value)) {
      if (key === '$ref' && typeof member === 'string') copy[key] = redirect(member, document, path)
      else if (DATA_KEYS.has(key) || key.startsWith('x-')) copy[key] = member
      else copy[key] = inside(path, key, () => rewrite(member, document, path))
    }
    return copy
  }

  const redirect = (reference: string, document: OpenApiDocument, path: readonly (string | number)[]): string => {
    const [file, fragment] = splitReference(reference)
    const isRemote = /^[a-z][a-z0-9+.-]+:/i.test(file)
    const target = file === '' || isRemote ? document : documents.load(join(dirname(document.path), file))
    if (isRemote || 'fault' in target) {
      documents.follow(reference, { value: undefined, document, path: [...path, '$ref'] })
      return reference
    }
    if (target === root) return `#${fragment}`
    const key = relative(dirname(root.path), target.path)
    if (!bundled.has(key)) {
      bundled.set(key, undefined)
      waiting.push({ document: target, key })
    }
    const pointer = fragment === '' || fragment === '/' ? '' : `/${fragment.replace(/^\//, '')}`
    return `#/${BUNDLED}/${toPointerSegment(key)}${pointer}`
  }

  const value = rewrite(root.value, root, [])
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    bundled.set(next.key, rewrite(next.document.value, next.document, []))
  }
  if (bundled.size === 0 || !isMap(value)) return JSON.stringify(value)
  return JSON.stringify({ ...value, [BUNDLED]: Object.fromEntries([...bundled].sort(([a], [b]) => (a < b ? -1 : 1))) })
}

function inside<Value>(path: (string | number)[], segment: string | number, walk: () => Value): Value {
  path.push(segment)
  const value = walk()
  path.pop()
  return value
}

/** RFC 6901 §3 and §6. */
function toPointerSegment(key: string): string {
  return encodeURI(key.replaceAll('~', '~0').replaceAll('/', '~1'))
}
