/** Owns the step from files to a model. Pure: what it reads, it reads through what it is given. */
import { dirname, isAbsolute, join } from 'node:path'
import type { ConfigurationMemory } from '../configuration-memory.ts'
import { parseFile } from '../file/parse-file.ts'
import { type Finding, sortFindings } from '../finding.ts'
import type { App, GatewayModel, PolicyUse, Upstream, UpstreamId } from '../gateway-model.ts'
import type { GatewrightFile } from '../gatewright-file.ts'
import { toTextHash } from '../hash.ts'
import { type OpenApiReading, readOpenApi } from '../openapi/read-openapi.ts'
import { mergeFiles } from '../source/merge-files.ts'
import { Origins } from '../source/origins.ts'
import { applyOverlay } from '../source/overlay.ts'
import { type ParsedSource, parseSource } from '../source/parse-source.ts'
import { readPlainJson } from '../source/read-plain-json.ts'
import type { SourceFile } from '../source/source-text.ts'
import { type Surroundings, substitute } from '../source/substitute.ts'
import { expandUses } from './expand-uses.ts'
import { findForeignKeys } from './foreign-keys.ts'
import { PemFiles } from './pem-files.ts'
import { pickPresent } from './pick-present.ts'
import { findSayingFile, linkPart, type ResolveContext, toAnchor } from './resolution.ts'
import { resolveApis } from './resolve-api.ts'
import { checkKeyValues, toApp } from './resolve-app.ts'
import { resolveCertificates } from './resolve-certificate.ts'
import { toListener } from './resolve-listener.ts'
import { resolvePlans } from './resolve-plan.ts'
import { fillPemFiles, isUrl, toImplicitUpstream } from './resolve-upstream.ts'
import { ResolvedParts } from './resolved-parts.ts'
import { Sources } from './sources.ts'

export interface ResolveInput extends Surroundings {
  /** One file, or all files of a folder, in a stable order. Relative paths in a file are joined to the folder of its path. */
  readonly files: readonly SourceFile[]
  /** Applied one after the other. A list is one overlay in several files, which are merged as those of a folder are. */
  readonly overlays?: readonly (SourceFile | readonly SourceFile[])[]
  /** What earlier readings of these files left. */
  readonly memory?: ConfigurationMemory
  /** How a key that is given as itself is known from here on, in the form of `Key.hash`; its SHA-256 if absent. */
  readonly hashKey?: (value: string) => string
}

export interface Resolution {
  /** Absent where there is a fault: such a configuration never runs. */
  readonly model?: GatewayModel
  /** What could be told of the model in spite of faults, so that `validate` finds the others too. Never run it. */
  readonly draft: GatewayModel
  /** They travel beside the model, as the credentials feed. */
  readonly apps: readonly App[]
  /** OpenAPI documents by the SHA-256 of their content, as `Api.openapi` names them. */
  readonly documents: ReadonlyMap<string, string>
  /** Texts of the PEM files that listeners and upstreams name, by SHA-256. */
  readonly pems: ReadonlyMap<string, string>
  readonly sources: Sources
  /** Every path that was read or looked for beside the files themselves: what to watch. */
  readonly filesRead: readonly string[]
  readonly findings: readonly Finding[]
}

/** Of thousands that are published, hardly one is ever read again: it costs less to read that as a whole than to cut up all of them. */
const WHOLE_MAX = 4096

/** Never throws on what files say. */
export function resolve(input: ResolveInput): Resolution {
  const { memory } = input
  const origins = memory?.pieces.openOrigins() ?? new Origins()
  const filesRead = new Set<string>()
  const surroundings = toNoting(input, filesRead)
  const findings: Finding[] = []
  const sources = new Sources(origins)
  const read = (file: SourceFile): ParsedSource => {
    const known = memory?.pieces.findFile(file, origins)
    if (known !== undefined) return { ...known, origins, findings: [] }
    const parsed = parseFileText(file, origins, memory)
    const putIn = origins.putIn.count
    const unfilled = substitute(parsed, { ...surroundings, isClosed: file.isForeign === true })
    const foreign = file.isForeign === true ? findForeignKeys(parsed) : []
    const told = [...foreign, ...parsed.findings, ...unfilled]
    // What holds a secret is read again: it may be another, and is to be hidden in what is said.
    const isPlain = told.length === 0 && origins.putIn.count === putIn
    if (isPlain && parsed.value !== undefined) memory?.pieces.keepFile(file, parsed, origins)
    findings.push(...told)
    for (const { code, at } of unfilled) if (code === 'substitution-missing') sources.addUnfilled(at)
    if (parsed.value === undefined) sources.isIncomplete = true
    return parsed
  }
  const base = mergeFiles(input.files.map(read))
  findings.push(...base.findings)
  let merged: unknown = base.merged
  for (const overlay of (input.overlays ?? []).map((each) => [each].flat().map(read))) {
    // What an overlay changes cannot be judged where the file below it is missing.
    if (sources.isIncomplete) continue
    const changes = mergeFiles(overlay)
    findings.push(...changes.findings)
    merged = applyOverlay(merged, changes.merged, origins)
  }
  const { isIncomplete } = sources
  const expanded = expandUses(merged, { origins, isIncomplete, known: memory?.expanded ?? new WeakMap() })
  sources.listUsers = expanded.users
  findings.push(...expanded.findings)
  const parsed = parseFile(expanded.merged, origins, {
    isIncomplete,
    ...(memory && { parsed: memory.parsed }),
  })
  findings.push(...sources.tellUsers(parsed.findings).filter(({ at }) => !sources.isUnfilled(at)))
  for (const id of parsed.lostIds) sources.lostIds.add(id)
  for (const { code, at } of parsed.findings)
    if (code === 'unknown-key' || code === 'wrong-type') sources.lostKeys.add(at.path)
  const documents = new Map<string, string>()
  const { draft, apps, pems } = build({
    ...parsed,
    origins,
    sources,
    documents,
    findings,
    readFile: surroundings.readFile,
    hashKey: input.hashKey ?? toTextHash,
    resolved: memory?.resolved ?? new ResolvedParts(),
  })
  const faulty = findings.some((finding) => finding.severity === 'fault')
  if (faulty) memory?.pieces.forget()
  else memory?.pieces.settle()
  return {
    ...(faulty ? {} : { model: draft }),
    draft,
    apps,
    documents,
    pems,
    sources,
    filesRead: [...filesRead],
    findings: sortFindings(findings),
  }
}

function parseFileText(file: SourceFile, origins: Origins, memory: ConfigurationMemory | undefined): ParsedSource {
  // Opened in any case: what is kept of it as a whole is kept there.
  const pieces = memory?.pieces.openFile(file.path)
  if (file.isForeign === true && file.text.length <= WHOLE_MAX)
    return readPlainJson(file, origins) ?? parseSource(file, { origins })
  return parseSource(file, { origins, ...(pieces && { pieces }) })
}

/** The same, with the paths that were asked for. */
function toNoting({ env, secret, readFile }: Surroundings, filesRead: Set<string>): Surroundings {
  return {
    env,
    ...(secret && { secret }),
    readFile(path) {
      filesRead.add(path)
      return readFile(path)
    },
  }
}

type BuildInput = Pick<
  ResolveContext,
  'file' | 'raw' | 'origins' | 'sources' | 'findings' | 'documents' | 'pathOf' | 'resolved'
> &
  Pick<Surroundings, 'readFile'> &
  Required<Pick<ResolveInput, 'hashKey'>>

function build(input: BuildInput): { draft: GatewayModel; apps: App[]; pems: PemFiles['texts'] } {
  const { file, resolved } = input
  const openApi = new Map<string, OpenApiReading>()
  const implicit = new Map<string, Upstream>()
  const context: ResolveContext = {
    ...input,
    readOpenApi(path) {
      const known = openApi.get(path)
      // Its findings are said once, however many APIs name it.
      if (known !== undefined) return known.definition === undefined ? known : { ...known, findings: [] }
      const reading = readOpenApi(path, input.readFile)
      openApi.set(path, reading)
      return reading
    },
    toUpstreamId(reference, modelPath) {
      if (!isUrl(reference) || implicit.has(reference)) return reference as UpstreamId
      input.sources.addAlias(['upstreams', file.upstreams.length + implicit.size], () => input.sources.find(modelPath))
      implicit.set(reference, resolved.implicit.get(reference) ?? toImplicitUpstream(reference))
      return reference as UpstreamId
    },
  }
  linkPart(context, [], [])
  for (const kind of ['listeners', 'upstreams', 'apis', 'plans', 'apps'] as const) {
    const { length } = file[kind]
    context.sources.addList([kind], (index) => (index < length ? toAnchor(context, [kind, index]) : undefined))
  }
  checkKeyValues(context)
  const pems = new PemFiles(context, input.readFile)
  const apis = resolveApis(context)
  resolved.implicit = implicit
  const draft: GatewayModel = {
    gatewright: 1,
    listeners: file.listeners.map((listener, index) => toListener(listener, index, pems)),
    certificates: resolveCertificates(context),
    upstreams: [
      ...file.upstreams.map((upstream, index) => fillPemFiles(upstream, index, { pems, resolved })),
      ...implicit.values(),
    ],
    policies: file.policies as readonly PolicyUse[],
    apis,
    plans: resolvePlans(context),
    variables: file.variables,
    extensions: file.extensions.map((extension, index) =>
      toExtension(extension, findSayingFile(context, ['extensions', index])),
    ),
    accessLog: toAccessLog(file.accessLog, findSayingFile(context, ['accessLog', 'file'])),
    egress: file.egress,
    ...pickPresent(file, 'problemBase'),
  }
  return { draft, apps: file.apps.map((app) => resolved.once(app, () => toApp(app, input.hashKey))), pems: pems.texts }
}

/** A path says so by its first letters or by its ending; everything else is the name of a package. */
function toExtension(extension: string, sayingFile: string): string {
  if (isAbsolute(extension)) return extension
  return /^\.\.?\//.test(extension) || /\.[cm]?[jt]s$/.test(extension)
    ? join(dirname(sayingFile), extension)
    : extension
}

function toAccessLog(accessLog: GatewrightFile['accessLog'], sayingFile: string): GatewayModel['accessLog'] {
  if (typeof accessLog === 'string') return { to: accessLog }
  return { to: { file: isAbsolute(accessLog.file) ? accessLog.file : join(dirname(sayingFile), accessLog.file) } }
}
