/** Owns the way of an API out into an OpenAPI document: for callers, or with all that Gatewright knows of it. Pure. */
import { parseSource } from '@gatewright/model'
import type { PublishedForm } from '../apis/published-form.ts'
import { cutMember, putMember, writeDocument } from './document-text.ts'
import { API_KEY, cutExtensions, GENERATED_KEY, isMap, listOperations, readExtensions } from './extensions.ts'
import { generateDocument } from './generate-document.ts'

export interface OpenapiExport extends PublishedForm {
  /** URLs where callers reach it, with its base path. */
  readonly servers?: readonly string[]
}

export interface ExportOptions {
  /**
   * True: a document that can be imported again, with everything; its servers are those that it came with. False: one for
   * callers, in which only `servers` are named, since those of the document are behind the gateway.
   */
  readonly withExtensions: boolean
}

/** A document that cannot be read is given as it is. */
export function exportOpenapi(
  { body, document, servers = [] }: OpenapiExport,
  { withExtensions }: ExportOptions,
): string {
  const text = document ?? writeDocument(generateDocument(body))
  const value = parse(text)
  if (!isMap(value)) return text
  const clean = cutExtensions(text, readExtensions(value))
  if (!withExtensions) return putServers(clean, servers)
  const { document: _, ...said } = body
  const marked = document === undefined ? putMember(clean, GENERATED_KEY, true) : clean
  return putMember(marked, API_KEY, said)
}

function parse(text: string): unknown {
  return parseSource({ path: 'openapi', text }, { tags: 'ignore' }).value
}

function putServers(text: string, servers: readonly string[]): string {
  const value = parse(text)
  const root = isMap(value) ? value : {}
  const rest = listServerPaths(value).reduce((left, path) => cutMember(left, path), text)
  if (servers.length === 0) return rest
  const said = root.swagger === undefined ? { servers: servers.map((url) => ({ url })) } : toSwaggerServer(servers)
  // The last that is put stands first.
  return Object.entries(said)
    .toReversed()
    .reduce((left, [key, member]) => putMember(left, key, member), rest)
}

/** Wherever a document names servers: at the root, at paths, and at operations. */
function listServerPaths(document: unknown): string[][] {
  const root = isMap(document) ? document : {}
  const keys = root.swagger === undefined ? ['servers'] : ['host', 'basePath', 'schemes']
  const items = isMap(root.paths) ? Object.entries(root.paths) : []
  return [
    ...keys.filter((key) => Object.hasOwn(root, key)).map((key) => [key]),
    ...items
      .filter(([, item]) => isMap(item) && Object.hasOwn(item, 'servers'))
      .map(([path]) => ['paths', path, 'servers']),
    ...listOperations(document)
      .filter(({ operation }) => Object.hasOwn(operation, 'servers'))
      .map(({ path, method }) => ['paths', path, method, 'servers']),
  ]
}

/** Swagger 2.0 has one host and base path, for all schemes. */
function toSwaggerServer(servers: readonly string[]): Record<string, unknown> {
  const urls = servers.filter((server) => URL.canParse(server)).map((server) => new URL(server))
  const [first] = urls
  if (first === undefined) return { basePath: servers[0] }
  const schemes = urls.filter(({ host }) => host === first.host).map(({ protocol }) => protocol.replace(':', ''))
  return { host: first.host, basePath: first.pathname, schemes: [...new Set(schemes)] }
}
