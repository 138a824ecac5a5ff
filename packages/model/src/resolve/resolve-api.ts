/** Owns the step from an API of a file to one of the model: its documents, its releases, their routes. */
import { dirname, isAbsolute, join } from 'node:path'
import { findValue } from '../file/describe-issues.ts'
import type { Finding, Path } from '../finding.ts'
import type { Api, ApiId, AppId, Lifecycle, Release } from '../gateway-model.ts'
import type { GatewrightFile } from '../gatewright-file.ts'
import { toTextHash } from '../hash.ts'
import type { OpenApiDefinition } from '../openapi/read-openapi.ts'
import { pickPresent } from './pick-present.ts'
import { findSayingFile, linkPart, type ResolveContext, reportFault, reportWarning } from './resolution.ts'
import { resolveRoutes } from './resolve-routes.ts'

type FileApi = GatewrightFile['apis'][number]

/** Of those that are as they were, nothing is done again: not even their places are linked, unless somebody asks for one. */
export function resolveApis(context: ResolveContext): Api[] {
  const { file, resolved, sources } = context
  const left = new Set<number>()
  const apis = file.apis.map((api, index) => {
    const known = resolved.apis.get(api)
    if (known === undefined) return resolveAnew(api, index, context)
    left.add(index)
    for (const { reference, below } of known.upstreams) context.toUpstreamId(reference, ['apis', index, ...below])
    return known.made
  })
  sources.linkApisLater((index) => {
    const api = file.apis[index]
    if (left.has(index) && api !== undefined) resolveApi(api, index, { ...context, findings: [] })
  })
  return apis
}

function resolveAnew(api: FileApi, index: number, context: ResolveContext): Api {
  const upstreams: { reference: string; below: Path }[] = []
  const findings: Finding[] = []
  const made = resolveApi(api, index, {
    ...context,
    findings,
    toUpstreamId(reference, modelPath) {
      upstreams.push({ reference, below: modelPath.slice(2) })
      return context.toUpstreamId(reference, modelPath)
    },
  })
  context.findings.push(...findings)
  if (findings.length === 0 && !hasDocument(api)) context.resolved.apis.set(api, { made, upstreams })
  return made
}

function hasDocument({ openapi, releases = [] }: FileApi): boolean {
  return openapi !== undefined || releases.some((release) => release.openapi !== undefined)
}

function resolveApi(api: FileApi, index: number, context: ResolveContext): Api {
  const file: Path = ['apis', index]
  const definition = readDefinition(api.openapi, file, context)
  if (definition !== undefined && !saysBasePath(context, index)) warnOfServerPath(definition, file, context)
  const resolved: Api = {
    id: api.id as ApiId,
    ...(definition === undefined ? {} : pickPresent(definition, 'title', 'description')),
    ...pickPresent(api, 'title', 'description', 'tags', 'owner', 'enabled'),
    ...(definition === undefined ? {} : pickPresent(definition, 'version')),
    ...pickPresent(api, 'version', 'family', 'environment', 'variables', 'products'),
    ...(api.lifecycle !== undefined && { lifecycle: toLifecycle(api.lifecycle) }),
    ...(api.hosts === undefined ? {} : { hosts: api.hosts.map(toHost) }),
    basePath: api.basePath.replace(/\/+$/, ''),
    stripBasePath: api.stripBasePath,
    ...pickPresent(api, 'match'),
    ...(definition === undefined ? {} : { openapi: keepDocument(definition, context) }),
    ...(api.upstream === undefined
      ? {}
      : { upstream: context.toUpstreamId(api.upstream, ['apis', index, 'upstream']) }),
    paths: api.paths,
    strictSlash: api.strictSlash,
    caseSensitive: api.caseSensitive,
    policies: api.policies,
    errors: api.errors as Api['errors'],
    releases: resolveReleases(api, { index, definition }, context),
    ...pickPresent(api, 'releaseKey'),
  }
  // With a document it depends on more than its own words; without one, its routes are the same objects too.
  return hasDocument(api) ? resolved : context.resolved.once(api, () => resolved)
}

function toLifecycle({ deprecatedAt, sunsetAt, ...said }: NonNullable<FileApi['lifecycle']>): Lifecycle {
  return {
    ...said,
    ...(deprecatedAt !== undefined && { deprecatedAtMs: Date.parse(deprecatedAt) }),
    ...(sunsetAt !== undefined && { sunsetAtMs: Date.parse(sunsetAt) }),
  }
}

interface Said {
  readonly index: number
  /** Of the API's own document. */
  readonly definition: OpenApiDefinition | undefined
}

/** The API's own policies and upstream stand above every release; where a file names none, there is one, which adds nothing to them. */
function resolveReleases(api: FileApi, { index, definition }: Said, context: ResolveContext): Release[] {
  const own = { says: api, file: ['apis', index] }
  const toModel = (at: number): Path => ['apis', index, 'releases', at, 'routes']
  if (api.releases === undefined) {
    const routes = resolveRoutes({ ...own, model: toModel(0) }, toGiven(context, definition))
    return [{ revision: 'file', share: 100, routes, policies: [] }]
  }
  const isAlone = api.releases.filter(takesShare).length === 1
  let isSaid = false
  return api.releases.map((release, at): Release => {
    const file: Path = ['apis', index, 'releases', at]
    linkPart(context, file, file)
    const hasOwn = release.openapi !== undefined || release.routes !== undefined
    const document = hasOwn ? readDefinition(release.openapi, file, context) : definition
    // What is wrong with the routes of the API is said once, however many releases have them.
    const told = hasOwn || !isSaid ? context : { ...context, findings: [] }
    isSaid ||= !hasOwn
    const sayer = hasOwn ? { says: release, file } : own
    if (hasOwn && document !== undefined) keepDocument(document, context)
    const routes = resolveRoutes({ ...sayer, model: toModel(at) }, toGiven(told, document))
    return {
      ...pickPresent(release, 'revision', 'title', 'description', 'when'),
      ...(release.apps !== undefined && { apps: release.apps.map((app) => app as AppId) }),
      ...(release.preview !== undefined && { preview: toPreview(release.preview) }),
      ...(takesShare(release) || release.share !== undefined ? { share: release.share ?? (isAlone ? 100 : 0) } : {}),
      ...(release.upstream === undefined
        ? {}
        : { upstream: context.toUpstreamId(release.upstream, [...file, 'upstream']) }),
      policies: release.policies,
      routes,
    } as Release
  })
}

type FileRelease = NonNullable<FileApi['releases']>[number]

/** Of what nothing else claims. */
function takesShare({ share, when, apps, preview }: FileRelease): boolean {
  return when === undefined && preview === undefined && (share !== undefined || apps === undefined)
}

function toPreview({ hash, expires }: NonNullable<FileRelease['preview']>): NonNullable<Release['preview']> {
  return { hash: hash.slice('sha256:'.length), expires: Date.parse(expires) }
}

function toGiven(context: ResolveContext, definition: OpenApiDefinition | undefined) {
  return definition === undefined ? { context } : { context, operations: definition.operations }
}

function keepDocument({ content }: OpenApiDefinition, { documents }: ResolveContext): string {
  const hash = toTextHash(content)
  documents.set(hash, content)
  return hash
}

function readDefinition(
  openapi: string | undefined,
  file: Path,
  context: ResolveContext,
): OpenApiDefinition | undefined {
  if (openapi === undefined) return undefined
  const said: Path = [...file, 'openapi']
  if (/^https?:\/\//i.test(openapi)) {
    reportFault(context, said, {
      code: 'openapi-remote',
      message: `"${openapi}" is not fetched: a configuration does not depend on what others serve.`,
      suggestion: 'Keep a copy beside this file and name that.',
    })
    return undefined
  }
  const path = isAbsolute(openapi) ? openapi : join(dirname(findSayingFile(context, said)), openapi)
  const { definition, findings } = context.readOpenApi(path)
  for (const finding of findings) {
    if (finding.code === 'openapi-missing') reportFault(context, said, { code: finding.code, message: finding.message })
    else context.findings.push(finding)
  }
  return definition
}

function saysBasePath({ raw }: ResolveContext, index: number): boolean {
  return findValue(raw, ['apis', index, 'basePath']) !== undefined
}

/** Where an API is served is for the file to say, but whoever reads the document expects what that says. */
function warnOfServerPath({ basePath, servers }: OpenApiDefinition, file: Path, context: ResolveContext): void {
  if (basePath === '' || /[{}]/.test(basePath)) return
  const server = servers[0] === undefined || servers[0] === basePath ? '' : ` (${servers[0]})`
  reportWarning(context, [...file, 'openapi'], {
    code: 'server-path',
    message: `The document says that its paths stand below "${basePath}"${server}; here they begin at "/".`,
    suggestion: `Write \`basePath: ${basePath}\` beside it, or \`basePath: /\` if that is meant.`,
  })
}

/** Matching ignores port, letter case and one trailing dot, so the model has none of them. */
function toHost(host: string): string {
  return host.toLowerCase().replace(/:\d+$/, '').replace(/\.$/, '')
}
