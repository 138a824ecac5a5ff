/** Owns reading a folder of resources: every file of it, or everything that is wrong with them. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { findClosest, parseSource, readOpenApi, type SourceFile, toFindingText } from '@gatewright/model'
import { UsageError } from '../command.ts'
import { isDocumentPath, nameDocument, toDocumentOwner, toDocumentPath } from './documents.ts'
import { FOLDER_KINDS, findPlace, type ResourcePlace } from './folder-kinds.ts'
import { LIVE_FILE, type LiveFile, liveFileSchema } from './live-file.ts'

export interface FolderResource {
  readonly place: ResourcePlace
  readonly text: string
  readonly body: unknown
  /** As it stands on disk: `text` may name its document besides. */
  readonly file: SourceFile
}

export interface Folder {
  /** By path. */
  readonly resources: ReadonlyMap<string, FolderResource>
  /** Path → text, of the OpenAPI documents of APIs and of revisions. */
  readonly documents: ReadonlyMap<string, string>
  /** Path → what it says. */
  readonly revisions: ReadonlyMap<string, unknown>
  /** Undefined: it says nothing of what is live. */
  readonly live: LiveFile | undefined
  /** Lines. */
  readonly faults: readonly string[]
}

const REVISION = /^revisions\/[^/]+\/[^/]+\/[1-9]\d*\.yaml$/

/** Is it one that `pull` writes? */
export function isOurs(path: string): boolean {
  return path === LIVE_FILE || REVISION.test(path) || isDocumentPath(path) || findPlace(path) !== undefined
}

/** Names of what stands in the folder itself and belongs to a layout. */
export const TOP_NAMES: ReadonlySet<string> = new Set([
  ...FOLDER_KINDS.map(({ plural }) => plural),
  'revisions',
  LIVE_FILE,
])

/** @throws UsageError where there is no such folder */
export function readFolder(folder: string): Folder {
  if (!existsSync(folder)) throw new UsageError(`there is no folder ${folder}: \`gatewright pull ${folder}\` makes it`)
  assertNoFile(folder)
  const resources = new Map<string, FolderResource>()
  const documents = readDocuments(folder)
  const revisions = new Map<string, unknown>()
  const faults = [...findNameFaults(folder), ...findDocumentFaults(folder, documents)]
  let live: LiveFile | undefined
  for (const path of listFiles(folder)) {
    if (documents.has(path)) continue
    const text = readFileSync(join(folder, path), 'utf8')
    const file = { path: join(folder, path), text }
    const { value, findings } = parseSource(file)
    faults.push(...findings.map(toFindingText))
    if (findings.length > 0) continue
    const body = JSON.parse(JSON.stringify(value ?? {})) as unknown
    const place = findPlace(path)
    if (place !== undefined)
      resources.set(path, toResource({ place, text, body, file }, documents.get(toDocumentPath(path))))
    else if (REVISION.test(path)) revisions.set(path, body)
    else if (path === LIVE_FILE) live = readLive(body, join(folder, path), faults)
    else faults.push(`${join(folder, path)}: nothing is expected here: ${suggestPlace(folder, path)}`)
  }
  return { resources, documents, revisions, live, faults }
}

/** How the file of a resource comes to stand where it belongs. */
function suggestPlace(folder: string, path: string): string {
  const [plural = '', ...rest] = path.split('/')
  const kind = FOLDER_KINDS.find((each) => each.plural === plural)
  const name = rest.at(-1) ?? ''
  if (kind === undefined) return 'revisions stand at revisions/TEAM/API/NUMBER.yaml'
  if (/\..*\./.test(name)) return 'an id has no "." in it'
  if (!kind.hasTeams) return `it belongs to no team; move it to ${join(folder, plural, name)}`
  const team = rest.length === 1 ? 'main' : (rest[0] ?? '')
  return `it belongs to a team; move it to ${join(folder, plural, team, name)}`
}

/** `more`: what else could be named in its place. @throws UsageError */
export function assertNoFile(folder: string, more = ''): void {
  if (existsSync(folder) && !statSync(folder).isDirectory())
    throw new UsageError(`${folder} is a file: name the folder${more}`)
}

/** Of names that are nearly of the layout, and would be passed over; others are something else, and left alone. */
function findNameFaults(folder: string): string[] {
  const known = [...TOP_NAMES]
  return listYaml(folder, (name) => !TOP_NAMES.has(name))
    .map((path) => path.split('/')[0] ?? '')
    .filter((name, index, names) => names.indexOf(name) === index)
    .flatMap((name) => {
      const meant = findClosest(name, known)
      return meant === undefined ? [] : [`${join(folder, name)} is none of ${known.join(', ')}: did you mean ${meant}?`]
    })
}

function readDocuments(folder: string): ReadonlyMap<string, string> {
  return new Map(
    listFiles(folder)
      .filter(isDocumentPath)
      .map((path) => [path, readFileSync(join(folder, path), 'utf8')]),
  )
}

function findDocumentFaults(folder: string, documents: ReadonlyMap<string, string>): string[] {
  return [...documents].flatMap(([path, text]) => {
    const place = join(folder, path)
    const { findings } = readOpenApi(place, (each) => (each === place ? text : undefined))
    const faults = findings.filter(({ severity }) => severity === 'fault').map(toFindingText)
    const owner = join(folder, toDocumentOwner(path))
    return existsSync(owner) ? faults : [...faults, `${place}: it is the document of nothing: there is no ${owner}`]
  })
}

function toResource(resource: FolderResource, document: string | undefined): FolderResource {
  if (document === undefined) return resource
  const text = nameDocument(resource, document)
  return text === resource.text ? resource : { ...resource, text, body: parseBody(text) }
}

/** What may be sent as JSON, in the order of the file. */
function parseBody(text: string): unknown {
  return JSON.parse(JSON.stringify(parseSource({ path: 'body.yaml', text }).value ?? {})) as unknown
}

function readLive(body: unknown, path: string, faults: string[]): LiveFile | undefined {
  const parsed = liveFileSchema.safeParse(body)
  if (parsed.success) return parsed.data
  faults.push(
    ...parsed.error.issues.map(({ path: at, message }) => `${path}: ${at.map(String).join(': ')}: ${message}`),
  )
  return undefined
}

/** Those below the names of the layout, in the order of their paths. */
export function listFiles(folder: string): readonly string[] {
  return existsSync(folder) ? listYaml(folder, (name) => TOP_NAMES.has(name)) : []
}

/** `isListed`: of names of what stands in the folder itself. */
function listYaml(folder: string, isListed: (name: string) => boolean): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).replaceAll(sep, '/'))
    .filter((path) => isListed(path.split('/')[0] ?? '') && /\.ya?ml$/.test(path))
    .toSorted()
}
