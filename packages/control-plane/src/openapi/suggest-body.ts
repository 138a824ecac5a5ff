/** Owns what a first reading of an OpenAPI document suggests of an API: its id, title, base path and upstream. */
import type { Finding, OpenApiDefinition } from '@gatewright/model'
import type { ApiBody } from '../apis/api-body.ts'

export interface Suggestion {
  readonly body: ApiBody
  readonly findings: readonly Finding[]
}

const ID_MAX = 60

/** `Orders & Café (v2)` → `orders-cafe-v2`. */
export function suggestId({ title = '' }: OpenApiDefinition): string {
  const words = title
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '')
  return words.join('-').slice(0, ID_MAX).replace(/-$/, '') || 'api'
}

export function suggestBody(definition: OpenApiDefinition): Suggestion {
  const { title, basePath, servers } = definition
  const [server] = servers
  const upstream = findUpstream(server)
  const isUsual = /^\/[^\s{}?#]*$/.test(basePath)
  return {
    body: {
      ...(title !== undefined && { title }),
      ...(isUsual && { basePath }),
      ...(upstream !== undefined && { upstream }),
    },
    findings: upstream === undefined ? [toFinding(definition, server)] : [],
  }
}

/** All of the URL: the base path is left out of what is forwarded, and the target brings it again. */
function findUpstream(server: string | undefined): string | undefined {
  if (server === undefined || /[{}\s]/.test(server) || !URL.canParse(server)) return undefined
  const { protocol, username, password, origin, pathname } = new URL(server)
  if (!/^https?:$/.test(protocol) || username !== '' || password !== '') return undefined
  return origin + pathname.replace(/\/+$/, '')
}

function toFinding({ serversPlace }: OpenApiDefinition, server: string | undefined): Finding {
  const message =
    server === undefined ? 'The document names no server.' : `The server "${server}" is no address that can be called.`
  const suggestion = 'Say in `upstream` where requests are forwarded to.'
  return {
    severity: 'warning',
    code: 'upstream-unknown',
    message,
    suggestion,
    at: { ...serversPlace, path: 'servers' },
  }
}
