/** Owns the reading of OpenAPI 3.0, 3.1, 3.2 and Swagger 2.0: what they publish, in our words. */
import type { Finding, Place } from '../finding.ts'
import { bundle } from './bundle.ts'
import { isMap, type Located, type OpenApiDocument, OpenApiDocuments } from './documents.ts'
import { type OpenApiOperation, readOperations } from './read-operations.ts'

export type OpenApiFormat = '2.0' | '3.0' | '3.1' | '3.2'

export interface OpenApiDefinition {
  readonly format: OpenApiFormat
  readonly title?: string
  readonly version?: string
  readonly description?: string
  /** Where the document says that the API can be reached; variables have their defaults. */
  readonly servers: readonly string[]
  /** The path of the first server, or Swagger's `basePath`; `''` for the root. */
  readonly basePath: string
  /** Of `servers`, or Swagger's `basePath`. */
  readonly serversPlace: Place
  readonly operations: readonly OpenApiOperation[]
  /** The whole definition as one JSON text, files that it refers to included. */
  readonly content: string
  readonly place: Place
}

export interface OpenApiReading {
  /** Absent where the document is none, or cannot be read. */
  readonly definition?: OpenApiDefinition
  readonly findings: readonly Finding[]
}

/** Never throws. `readFile` answers `undefined` for a file that does not exist. */
export function readOpenApi(path: string, readFile: (path: string) => string | undefined): OpenApiReading {
  const documents = new OpenApiDocuments(readFile)
  const root = documents.load(path)
  if ('fault' in root) {
    const unread = documents.findings.length === 0
    const at = { file: path, line: 0, column: 0, path: '' }
    const findings: Finding[] = unread
      ? [{ severity: 'fault', code: 'openapi-missing', message: root.fault, at }]
      : documents.findings
    return { findings }
  }
  const here: Located = { value: root.value, document: root, path: [] }
  const format = findFormat(root.value)
  if (format === undefined || !isMap(root.value)) {
    documents.fault(here, {
      code: 'not-openapi',
      message: describeOther(root.value),
      suggestion: 'OpenAPI 3.0, 3.1 and 3.2 and Swagger 2.0 can be read.',
    })
    return { findings: documents.findings }
  }
  const definition = readDefinition(format, { root, value: root.value }, documents)
  return { definition, findings: documents.findings }
}

function readDefinition(
  format: OpenApiFormat,
  { root, value }: { root: OpenApiDocument; value: Record<string, unknown> },
  documents: OpenApiDocuments,
): OpenApiDefinition {
  const info = isMap(value.info) ? value.info : {}
  const servers = format === '2.0' ? readSwaggerServers(value) : readServers(value.servers)
  const basePath = format === '2.0' ? (toText(value.basePath) ?? '') : toServerPath(servers[0] ?? '')
  const title = toText(info.title)
  const version = toText(info.version)
  const description = toText(info.description)
  return {
    format,
    ...(title === undefined ? {} : { title }),
    ...(version === undefined ? {} : { version }),
    ...(description === undefined ? {} : { description }),
    servers,
    basePath: basePath.replace(/\/+$/, ''),
    serversPlace: documents.placeOf({ value, document: root, path: [format === '2.0' ? 'basePath' : 'servers'] }),
    operations: readOperations({ value: value.paths, document: root, path: ['paths'] }, documents),
    content: bundle(root, documents),
    place: documents.placeOf({ value, document: root, path: [] }),
  }
}

/** YAML reads `swagger: 2.0` as the number 2, and `openapi: 3.1` as 3.1. */
function findFormat(value: unknown): OpenApiFormat | undefined {
  if (!isMap(value)) return undefined
  if (value.swagger === '2.0' || value.swagger === 2) return '2.0'
  const version = /^3\.([012])(?:\.|$)/.exec(String(value.openapi === 3 ? '3.0' : value.openapi))
  return version === null ? undefined : (`3.${version[1]}` as OpenApiFormat)
}

function describeOther(value: unknown): string {
  if (!isMap(value)) return 'This is no OpenAPI document: it is no map.'
  const said = value.openapi ?? value.swagger
  if (said !== undefined) return `This is OpenAPI ${String(said)}, which is not known.`
  return 'This is no OpenAPI document: it has neither `openapi` nor `swagger` at its root.'
}

function readServers(servers: unknown): string[] {
  if (!Array.isArray(servers)) return []
  return servers.flatMap((server) => {
    const url = isMap(server) ? toText(server.url) : undefined
    if (url === undefined || !isMap(server)) return []
    const variables = isMap(server.variables) ? server.variables : {}
    return [
      url.replaceAll(/\{([^{}]+)\}/g, (whole, name: string) => {
        const variable = variables[name]
        return (isMap(variable) ? toText(variable.default) : undefined) ?? whole
      }),
    ]
  })
}

function readSwaggerServers({ host, basePath, schemes }: Record<string, unknown>): string[] {
  const authority = toText(host)
  if (authority === undefined) return []
  const known = Array.isArray(schemes)
    ? schemes.map(String).filter((scheme) => scheme === 'http' || scheme === 'https')
    : []
  return (known.length === 0 ? ['https'] : known).map((scheme) => `${scheme}://${authority}${toText(basePath) ?? ''}`)
}

/** Servers may be relative (`/v1`) and may keep variables, so this is no job for `URL`. */
function toServerPath(server: string): string {
  const path = server.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/]*/i, '').replace(/[?#].*$/, '')
  return path.startsWith('/') ? path : ''
}

/** YAML reads `version: 1.0` as a number. */
export function toText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : undefined
}
