/** Owns the step from an API of a file to one of the model: its document, its routes, its one release. */
import { dirname, isAbsolute, join } from 'node:path'
import { findValue } from '../file/describe-issues.ts'
import type { Path } from '../finding.ts'
import type { Api, ApiId } from '../gateway-model.ts'
import type { GatewrightFile } from '../gatewright-file.ts'
import { toTextHash } from '../hash.ts'
import type { OpenApiDefinition } from '../openapi/read-openapi.ts'
import { pickPresent } from './pick-present.ts'
import { findSayingFile, type ResolveContext, reportFault, reportWarning } from './resolution.ts'
import { resolveRoutes } from './resolve-routes.ts'

type FileApi = GatewrightFile['apis'][number]

export function resolveApi(api: FileApi, index: number, context: ResolveContext): Api {
  const definition = readDefinition(api, index, context)
  const hash = definition === undefined ? undefined : toTextHash(definition.content)
  if (definition !== undefined && hash !== undefined) context.documents.set(hash, definition.content)
  const operations = definition?.operations
  const routes = resolveRoutes(api, index, { context, ...(operations === undefined ? {} : { operations }) })
  const resolved: Api = {
    id: api.id as ApiId,
    ...(definition === undefined ? {} : pickPresent(definition, 'title', 'description')),
    ...pickPresent(api, 'title', 'description', 'tags', 'owner', 'enabled'),
    ...(definition === undefined ? {} : pickPresent(definition, 'version')),
    ...pickPresent(api, 'version', 'products'),
    ...(api.hosts === undefined ? {} : { hosts: api.hosts.map(toHost) }),
    basePath: api.basePath.replace(/\/+$/, ''),
    stripBasePath: api.stripBasePath,
    ...pickPresent(api, 'match'),
    ...(hash === undefined ? {} : { openapi: hash }),
    ...(api.upstream === undefined
      ? {}
      : { upstream: context.toUpstreamId(api.upstream, ['apis', index, 'upstream']) }),
    paths: api.paths,
    strictSlash: api.strictSlash,
    caseSensitive: api.caseSensitive,
    policies: api.policies,
    errors: api.errors as Api['errors'],
    // The API's own policies and upstream stand above every release; a file has one release, which adds nothing to them.
    releases: [{ revision: 'file', share: 100, routes, policies: [] }],
  }
  // With a document it depends on more than its own words; without one, its routes are the same objects too.
  return api.openapi === undefined ? context.resolved.once(api, () => resolved) : resolved
}

function readDefinition(api: FileApi, index: number, context: ResolveContext): OpenApiDefinition | undefined {
  if (api.openapi === undefined) return undefined
  const said: Path = ['apis', index, 'openapi']
  if (/^https?:\/\//i.test(api.openapi)) {
    reportFault(context, said, {
      code: 'openapi-remote',
      message: `"${api.openapi}" is not fetched: a configuration does not depend on what others serve.`,
      suggestion: 'Keep a copy beside this file and name that.',
    })
    return undefined
  }
  const path = isAbsolute(api.openapi) ? api.openapi : join(dirname(findSayingFile(context, said)), api.openapi)
  const { definition, findings } = context.readOpenApi(path)
  for (const finding of findings) {
    if (finding.code === 'openapi-missing') reportFault(context, said, { code: finding.code, message: finding.message })
    else context.findings.push(finding)
  }
  if (definition !== undefined && !saysBasePath(context, index)) warnOfServerPath(definition, said, context)
  return definition
}

function saysBasePath({ raw }: ResolveContext, index: number): boolean {
  return findValue(raw, ['apis', index, 'basePath']) !== undefined
}

/** Where an API is served is for the file to say, but whoever reads the document expects what that says. */
function warnOfServerPath({ basePath, servers }: OpenApiDefinition, said: Path, context: ResolveContext): void {
  if (basePath === '' || /[{}]/.test(basePath)) return
  const server = servers[0] === undefined || servers[0] === basePath ? '' : ` (${servers[0]})`
  reportWarning(context, said, {
    code: 'server-path',
    message: `The document says that its paths stand below "${basePath}"${server}; here they begin at "/".`,
    suggestion: `Write \`basePath: ${basePath}\` beside it, or \`basePath: /\` if that is meant.`,
  })
}

/** Matching ignores port, letter case and one trailing dot, so the model has none of them. */
function toHost(host: string): string {
  return host.toLowerCase().replace(/:\d+$/, '').replace(/\.$/, '')
}
