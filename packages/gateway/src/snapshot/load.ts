/** Owns the reading of a configuration from disk: files, what they refer to, users' policies; everything that is wrong with it, at once. */
import { existsSync, realpathSync } from 'node:fs'
import { isAbsolute, relative, resolve as resolvePath } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { checkExpression, checkPattern } from '@gatewright/expressions'
import {
  type App,
  type At,
  type ConfigurationMemory,
  type Finding,
  type GatewayModel,
  hasFaults,
  type Resolution,
  resolve,
  sortFindings,
  validate,
} from '@gatewright/model'
import { BUILT_IN_POLICIES, CEL_VOCABULARIES, type PolicyDefinition } from '@gatewright/policies'
import { checkClientAuthorities } from '../certificates/check-client-authorities.ts'
import { type CertificateMemory, type LoadedCertificates, loadCertificates } from '../certificates/load-certificates.ts'
import { type Pepper, PROCESS_PEPPER } from '../state/credentials/pepper.ts'
import { FileShelf } from '../state/files/file-shelf.ts'
import type { SharedFiles } from '../state/files/file-table.ts'
import { letHeapGrow } from '../threads/let-heap-grow.ts'
import { ExtensionFault, ExtensionLoader } from './extension-loader.ts'
import { findExtensionPlace } from './extension-place.ts'
import { ExtensionReader } from './extension-reader.ts'
import { type GivenOptions, listPaths, type MadeFile, readGiven } from './given-files.ts'
import { IngredientNotes, type Ingredients } from './ingredients.ts'
import type { LastGood } from './last-good.ts'
import { listPolicyFiles, type PolicyFileUse, toFileFinding } from './policy-files.ts'
import { findConfigFolder } from './read-config.ts'
import type { ExtensionModule } from './snapshot.ts'
import type { WatchedFolder } from './watch.ts'

export interface LoadOptions extends GivenOptions {
  /** Last word on the model before it is checked: what flags of the command line change. */
  readonly adjust?: (model: GatewayModel) => GatewayModel
  /** What earlier readings of the same configuration left: with it only what changed is read and checked. */
  readonly memory?: ConfigurationMemory
  /** Where certificates come from elsewhere, too: ids of those that serve, without which listeners are faulty. */
  readonly formerCertificates?: ReadonlySet<string>
  /** Do APIs, apps and keys come from elsewhere, too? */
  readonly isFed?: boolean
  readonly certificateMemory?: CertificateMemory
  /** What weak keys are hashed with; if absent, a secret of this process. */
  readonly pepper?: Pepper
  /** What policies read, and what was read of it for what serves. */
  readonly shelf?: FileShelf
}

/** What policies read. */
export interface PolicyFiles {
  readonly wanted: readonly PolicyFileUse[]
  readonly shared: SharedFiles
}

export interface Configuration {
  /** Absent where there is a fault. */
  readonly model: GatewayModel | undefined
  readonly apps: readonly App[]
  readonly extensions: readonly ExtensionModule[]
  /** Texts of the PEM files that the model refers to, by SHA-256. */
  readonly pems: ReadonlyMap<string, string>
  readonly policyFiles: PolicyFiles
  /** Those that stand in files. */
  readonly certificates: LoadedCertificates
  readonly catalogue: readonly PolicyDefinition[]
  readonly resolution: Resolution
  /** Undefined where it cannot be told: of what extensions import, and of the pepper that weak keys were hashed with. */
  toIngredients(): Ingredients | undefined
  readonly findings: readonly Finding[]
  /** Those of texts: what is wrong with certificates is found anew each time. */
  readonly textFindings: readonly Finding[]
  /** Every path whose change may change the outcome. */
  readonly watched: readonly string[]
  /** Where files may appear that nobody names. */
  readonly watchedFolders: readonly WatchedFolder[]
}

/** Extensions stay loaded in this thread: equal content is the same module. */
const extensionLoader = new ExtensionLoader()
const extensionReader = new ExtensionReader(extensionLoader)

/** Never throws for what files say; findings say it. */
export async function loadConfiguration(options: LoadOptions): Promise<Configuration> {
  const findings: Finding[] = []
  const given = readGiven(options, findings)
  const { files, overlays, made, documents } = given
  letHeapGrow([...files, ...overlays.flat()])
  const foreignFiles = new Set(made.filter(({ isForeign }) => isForeign === true).map(({ path }) => path))
  const notes = new IngredientNotes(given)
  const resolution = resolve({
    files,
    overlays,
    env: notes.env,
    readFile: notes.readFile,
    secret: toSecrets(made),
    hashKey: (options.pepper ?? PROCESS_PEPPER).hashKey,
    ...(options.memory && { memory: options.memory }),
  })
  await turn()
  const draft = options.adjust?.(resolution.draft) ?? resolution.draft
  // Nothing could be read: that is the fault, and not what an empty file would lack.
  if (files.length > 0) findings.push(...resolution.findings)
  const { extensions, catalogue } = await loadExtensions(draft.extensions, resolution, findings)
  const isCatalogueIncomplete = findings.some(({ code }) => code === 'extension')
  if (files.length > 0) {
    findings.push(
      ...validate(draft, catalogue, {
        sources: resolution.sources,
        apps: resolution.apps,
        checkExpression: checkExpressionOf,
        checkPattern,
        isCatalogueIncomplete,
        isWhole: !hasFaults(findings),
        nowMs: Date.now(),
        foreignFiles,
        ...(options.isFed !== undefined && { isFed: options.isFed }),
        ...(options.formerCertificates && { formerCertificates: options.formerCertificates }),
        ...(options.memory && { memory: options.memory }),
      }),
    )
  }
  const certificates = loadCertificates(draft.certificates, {
    sources: resolution.sources,
    nowMs: Date.now(),
    ...(options.certificateMemory && { memory: options.certificateMemory }),
  })
  findings.push(...checkClientAuthorities(draft, resolution))
  const policyFiles = await loadPolicyFiles(draft, catalogue, { options, resolution, findings })
  const base = typeof options.config === 'string' ? undefined : options.config
  const at = base?.at
  if (at !== undefined) for (const path of [[], ['apis', 0]]) resolution.sources.addAlias(path, () => at)
  // Also while it cannot be read: it may come back.
  const onDisk = [...resolution.filesRead.filter((path) => !documents.has(path)), ...certificates.watched]
  const ofExtensions = draft.extensions.filter(isFileName).flatMap(listExtensionFiles)
  const watched = [...listPaths(options), ...files.map(({ path }) => path), ...onDisk, ...ofExtensions]
  const tell = (found: readonly Finding[]): Finding[] => sortFindings(hide(found, resolution, base))
  return {
    model: hasFaults([...findings, ...certificates.findings]) ? undefined : draft,
    apps: resolution.apps,
    extensions,
    pems: resolution.pems,
    policyFiles,
    certificates,
    catalogue,
    resolution,
    toIngredients: () => (isTellable(draft, resolution) ? notes.toIngredients(draft.listeners) : undefined),
    findings: tell([...findings, ...certificates.findings]),
    textFindings: tell(findings),
    watched: [...new Set(watched.map((path) => resolvePath(path)))],
    watchedFolders: certificates.folders,
  }
}

/** As people read them, who are not to see what was put in. */
function hide(found: readonly Finding[], { sources }: Resolution, base: MadeFile | undefined): Finding[] {
  return found.map((finding) => sources.hideIn(base?.relocate?.(finding) ?? finding))
}

function isTellable({ extensions }: GatewayModel, { apps }: Resolution): boolean {
  return extensions.length === 0 && !apps.some(hasWeakKey)
}

/** Each start may have another pepper. */
function hasWeakKey({ keys }: App): boolean {
  return keys.some(({ hash }) => hash.startsWith('argon2id:'))
}

/** Main answers probes and takes revoked keys: between the two halves of what takes a second it looks whether somebody asks. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

function toSecrets(made: readonly MadeFile[]): (name: string) => string | undefined {
  const secrets = new Map(made.flatMap((file) => [...(file.secrets ?? [])]))
  return (name) => secrets.get(name)
}

function checkExpressionOf(source: string, language: string, side: 'request' | 'problem' | 'release' = 'request') {
  return checkExpression(source, language, CEL_VOCABULARIES[side])
}

/** Where paths in options of policies begin. */
export function findPolicyFolder(config: LoadOptions['config']): string {
  return typeof config === 'string' ? findConfigFolder(config) : process.cwd()
}

interface LoadingFiles {
  readonly options: LoadOptions
  readonly resolution: Resolution
  readonly findings: Finding[]
}

async function loadPolicyFiles(
  draft: GatewayModel,
  catalogue: readonly PolicyDefinition[],
  { options, resolution, findings }: LoadingFiles,
): Promise<PolicyFiles> {
  const wanted = listPolicyFiles(draft, catalogue)
  const shelf = options.shelf ?? new FileShelf(() => findPolicyFolder(options.config))
  const { files, troubles } = await shelf.load(wanted)
  findings.push(...troubles.map((trouble) => toFileFinding(trouble, resolution.sources)))
  return { wanted, shared: files }
}

/** For a model that was kept, and is in no configuration any more. @throws where one cannot be used */
export async function loadKeptFiles(
  { model, extensions }: Pick<LastGood, 'model' | 'extensions'>,
  shelf: FileShelf,
): Promise<PolicyFiles> {
  const wanted = listPolicyFiles(model, (await extensionLoader.loadCatalogue(extensions)).values())
  const { files, troubles } = await shelf.load(wanted)
  const trouble = troubles.find(({ isKept }) => !isKept)
  if (trouble !== undefined) throw new Error(trouble.fault)
  return { wanted, shared: files }
}

/** In the extension itself, where it says where: that is what is to be mended. */
async function toExtensionFinding({ specifier, reason, cause }: ExtensionFault, listed: At): Promise<Finding> {
  const name = specifier.startsWith('file:') ? toShortPath(fileURLToPath(specifier)) : specifier
  const place = await findExtensionPlace(cause, specifier)
  const { line: placeLine = 0, column = 0, suggestion } = place ?? {}
  const at = place === undefined ? listed : { file: toShortPath(place.file), line: placeLine, column, path: '' }
  const line = place === undefined || listed.line === 0 ? '' : ` (${listed.file}:${listed.line})`
  const message = `the extension ${name}${line} ${reason}`
  return { severity: 'fault', code: 'extension', message, ...(suggestion !== undefined && { suggestion }), at }
}

/** Short where it lies below the working folder. */
function toShortPath(path: string): string {
  const short = relative(process.cwd(), path)
  return short.startsWith('..') ? path : short
}

function isFileName(name: string): boolean {
  return isAbsolute(name) || name.startsWith('.') || /\.[cm]?[jt]s$/.test(name)
}

/** By both names, where it is a link. */
function listExtensionFiles(name: string): string[] {
  return [name, ...extensionReader.findFiles(toSpecifier(name)).map((url) => fileURLToPath(url))]
}

function toSpecifier(name: string): string {
  if (!isFileName(name)) return name
  const path = resolvePath(name)
  // What a linked file imports lies beside the file itself, and not beside the link.
  return pathToFileURL(existsSync(path) ? realpathSync(path) : path).href
}

async function loadExtensions(
  names: readonly string[],
  { sources }: Resolution,
  findings: Finding[],
): Promise<Pick<Configuration, 'extensions' | 'catalogue'>> {
  const extensions: ExtensionModule[] = []
  for (const [index, name] of names.entries()) {
    try {
      const extension = await extensionReader.read(toSpecifier(name))
      await extensionLoader.loadCatalogue([...extensions, extension])
      extensions.push(extension)
    } catch (error) {
      if (!(error instanceof ExtensionFault)) throw error
      findings.push(await toExtensionFinding(error, sources.find(['extensions', index])))
    }
  }
  const catalogue =
    extensions.length === 0 ? BUILT_IN_POLICIES : [...(await extensionLoader.loadCatalogue(extensions)).values()]
  return { extensions, catalogue }
}
