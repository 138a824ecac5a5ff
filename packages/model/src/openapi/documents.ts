/** Owns the files of one OpenAPI definition: reads each once, and follows `$ref` between and inside them. */
import { dirname, join } from 'node:path'
import { type Finding, NOWHERE, type Path, type Place, toPathText } from '../finding.ts'
import { Origins } from '../source/origins.ts'
import { parseSource } from '../source/parse-source.ts'

export interface OpenApiDocument {
  readonly path: string
  readonly value: unknown
}

/** A value and the document in which it stands, since its own references are relative to that. */
export interface Located {
  readonly value: unknown
  readonly document: OpenApiDocument
  readonly path: Path
}

type Report = Omit<Finding, 'severity' | 'at'>

/** Definitions have two or three in a row. Every one costs each item before it, so that a chain without an end costs the square. */
export const REFERENCES_MAX = 20

export class OpenApiDocuments {
  readonly findings: Finding[] = []
  readonly origins = new Origins()
  readonly #readFile: (path: string) => string | undefined
  /** In the same words whenever somebody asks, so that a reference that leads nowhere is one finding. */
  readonly #loaded = new Map<string, OpenApiDocument | { fault: string }>()
  readonly #reported = new Set<string>()
  #hasLongChain = false

  constructor(readFile: (path: string) => string | undefined) {
    this.#readFile = readFile
  }

  /** The document, or what kept it from being read as a text for people. */
  load(path: string): OpenApiDocument | { fault: string } {
    const known = this.#loaded.get(path)
    if (known !== undefined) return known
    const loaded = this.#read(path)
    this.#loaded.set(path, loaded)
    return loaded
  }

  #read(path: string): OpenApiDocument | { fault: string } {
    let text: string | undefined
    try {
      text = this.#readFile(path)
    } catch (error) {
      return { fault: `${path} cannot be read: ${(error as Error).message}` }
    }
    if (text === undefined) return { fault: `${path} does not exist.` }
    const parsed = parseSource({ path, text }, { origins: this.origins, tags: 'ignore' })
    this.findings.push(...parsed.findings)
    if (parsed.value === undefined) return { fault: `${path} cannot be read as YAML or JSON.` }
    return { path, value: parsed.value }
  }

  /** Follows `$ref` until there is none; members beside it stay where the target lacks them (path items allow that). */
  dereference(start: Located): Located {
    let located = start
    const seen = new Set<unknown>()
    while (isMap(located.value) && typeof located.value.$ref === 'string') {
      if (seen.size === REFERENCES_MAX) {
        this.faultOfChain(start)
        return { ...located, value: {} }
      }
      if (seen.has(located.value)) {
        this.warn(located, {
          code: 'reference-cycle',
          message: `The reference "${located.value.$ref}" leads back to itself.`,
        })
        return { ...located, value: {} }
      }
      seen.add(located.value)
      const target = this.follow(located.value.$ref, located)
      if (target === undefined) return { ...located, value: {} }
      located = target
    }
    return located
  }

  /** What a reference names; `undefined`, and a finding, where there is nothing. */
  follow(reference: string, holder: Located): Located | undefined {
    const from = holder.path.at(-1) === '$ref' ? holder : { ...holder, path: [...holder.path, '$ref'] }
    const [file, fragment] = splitReference(reference)
    if (/^[a-z][a-z0-9+.-]+:/i.test(file)) {
      this.warn(from, {
        code: 'remote-reference',
        message: `"${reference}" is remote and is not fetched.`,
        suggestion: 'Keep a copy beside the document and refer to that.',
      })
      return undefined
    }
    const document = file === '' ? from.document : this.load(join(dirname(from.document.path), file))
    if ('fault' in document) {
      this.fault(from, {
        code: 'reference-missing',
        message: `The reference "${reference}" leads nowhere: ${document.fault}`,
      })
      return undefined
    }
    const path = toPointerPath(fragment)
    if (path === undefined) return { value: document.value, document, path: [] }
    let value = document.value
    for (const segment of path) {
      value =
        isContainer(value) && Object.hasOwn(value, segment) ? (value as Record<string, unknown>)[segment] : undefined
    }
    if (value !== undefined) return { value, document, path }
    this.warn(from, {
      code: 'reference-missing',
      message: `The reference "${reference}" leads nowhere: ${document.path} has no such part.`,
    })
    return undefined
  }

  placeOf({ document, path }: Located): Place {
    const place = this.origins.placeAt(document.value, path, 'key')
    return place === NOWHERE ? { ...NOWHERE, file: document.path } : place
  }

  /** Once: every link of a chain would say the same of the rest of it. */
  faultOfChain(where: Located): void {
    if (this.#hasLongChain) return
    this.#hasLongChain = true
    this.fault(where, {
      code: 'reference-chain',
      message: `More than ${REFERENCES_MAX} references stand in a row here.`,
      suggestion: 'Let each refer to the last one.',
    })
  }

  fault(where: Located, fault: Report): void {
    this.#report('fault', where, fault)
  }

  warn(where: Located, warning: Report): void {
    this.#report('warning', where, warning)
  }

  #report(severity: Finding['severity'], where: Located, report: Report): void {
    const at = { ...this.placeOf(where), path: toPathText(where.path) }
    const key = `${at.file}:${at.line}:${at.column} ${report.message}`
    if (this.#reported.has(key)) return
    this.#reported.add(key)
    this.findings.push({ severity, ...report, at })
  }
}

/** The file part, decoded, and the fragment without `#`, as it stands (RFC 3986 §3.5). */
export function splitReference(reference: string): [file: string, fragment: string] {
  const hash = reference.indexOf('#')
  const file = hash === -1 ? reference : reference.slice(0, hash)
  return [decode(file), hash === -1 ? '' : reference.slice(hash + 1)]
}

/** RFC 6901 §6: percent-decode, split, then `~1` before `~0`. Absent for the whole document. */
export function toPointerPath(fragment: string): string[] | undefined {
  if (fragment === '' || fragment === '/') return undefined
  const pointer = decode(fragment)
  return pointer
    .replace(/^\//, '')
    .split('/')
    .map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~'))
}

/** A malformed escape is read as it stands: the reference then leads nowhere, and that is said. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

export function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isContainer(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
