/** Owns the configuration that an OpenAPI document makes alone: the file that stands for it, and where its findings can be mended. */
import { existsSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import type { MadeFile } from '@gatewright/gateway'
import { type Finding, readOpenApi } from '@gatewright/model'

export interface DocumentConfig {
  /** The document's path. */
  readonly openapi: string
  readonly upstream: string
  readonly basePath: string | undefined
}

/** On no disk; findings are never shown with it. */
const FILE = '--openapi'

export function toDocumentFile({ openapi, upstream, basePath }: DocumentConfig): MadeFile {
  const id =
    basename(openapi)
      .replace(/\.[^.]*$/, '')
      .replace(/[^A-Za-z0-9_-]+/g, '-') || 'api'
  const api = { id, openapi, upstream, ...(basePath !== undefined && { basePath }) }
  const at = { file: openapi, line: 0, column: 0, path: '' }
  return {
    path: FILE,
    text: JSON.stringify({ gatewright: 1, apis: [api] }),
    at,
    relocate: (finding) => (finding.at.file === FILE ? relocate(finding, openapi) : finding),
  }
}

function relocate(finding: Finding, openapi: string): Finding {
  const [, key = ''] = /^apis\[0\]\.(\w+)/.exec(finding.at.path) ?? []
  const at = { file: FLAGS.get(key) ?? openapi, line: 0, column: 0, path: '' }
  if (finding.code !== 'server-path') return { ...finding, at }
  const { definition } = readOpenApi(openapi, (path) => (existsSync(path) ? readFileSync(path, 'utf8') : undefined))
  if (definition === undefined) return { ...finding, at }
  const suggestion = `Add \`--base-path ${definition.basePath}\`, or \`--base-path /\` if that is meant.`
  return { ...finding, suggestion, at: { ...definition.serversPlace, path: '' } }
}

/** What says a key of the file. */
const FLAGS: ReadonlyMap<string, string> = new Map([
  ['upstream', '--upstream'],
  ['basePath', '--base-path'],
])
