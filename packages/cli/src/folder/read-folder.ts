/** Owns reading a folder of resources: every file of it, or everything that is wrong with them. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { parseSource, toFindingText } from '@gatewright/model'
import { UsageError } from '../command.ts'
import { FOLDER_KINDS, findPlace, type ResourcePlace } from './folder-kinds.ts'
import { LIVE_FILE, type LiveFile, liveFileSchema } from './live-file.ts'

export interface FolderResource {
  readonly place: ResourcePlace
  readonly text: string
  readonly body: unknown
}

export interface Folder {
  /** By path. */
  readonly resources: ReadonlyMap<string, FolderResource>
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
  return path === LIVE_FILE || REVISION.test(path) || findPlace(path) !== undefined
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
  const resources = new Map<string, FolderResource>()
  const revisions = new Map<string, unknown>()
  const faults: string[] = []
  let live: LiveFile | undefined
  for (const path of listFiles(folder)) {
    const text = readFileSync(join(folder, path), 'utf8')
    const { value, findings } = parseSource({ path: join(folder, path), text })
    faults.push(...findings.map(toFindingText))
    if (findings.length > 0) continue
    const body = JSON.parse(JSON.stringify(value ?? {})) as unknown
    const place = findPlace(path)
    if (place !== undefined) resources.set(path, { place, text, body })
    else if (REVISION.test(path)) revisions.set(path, body)
    else if (path === LIVE_FILE) live = readLive(body, join(folder, path), faults)
    else
      faults.push(`${join(folder, path)}: nothing is expected here; the folder of a team is missing, or one too many`)
  }
  return { resources, revisions, live, faults }
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
  if (!existsSync(folder)) return []
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).replaceAll(sep, '/'))
    .filter((path) => TOP_NAMES.has(path.split('/')[0] ?? '') && /\.ya?ml$/.test(path))
    .toSorted()
}
