/** Owns the step from merged data to a `GatewrightFile`: every fault of it at once, and what is left without the faulty parts. */
import { type Finding, type Path, toPathText } from '../finding.ts'
import { GatewrightFile } from '../gatewright-file.ts'
import type { Origins } from '../source/origins.ts'
import { adviseOnCredentials, isOfCredentials } from './app.ts'
import { describeIssues, findValue } from './describe-issues.ts'
import { type ParsedParts, parseParts } from './parse-parts.ts'
import { isOfPreview } from './release.ts'

export interface ParsedFile {
  readonly file: GatewrightFile
  /** What `file` was parsed from: without the faulty parts, so that indexes are the same. */
  readonly raw: unknown
  readonly findings: readonly Finding[]
  /** Of resources that were left out. */
  readonly lostIds: readonly string[]
  /** Where a container stood before others were left out. */
  pathOf(container: unknown, fallback: Path): Path
}

interface Issue {
  readonly code: string
  readonly path: readonly PropertyKey[]
  readonly keys?: readonly string[]
}

/** Each round removes at least one part; real files need two or three. */
const ROUNDS_MAX = 50

/** `merged` must be the caller's own: it is changed in place. */
export function parseFile(
  merged: unknown,
  origins: Origins,
  options: { isIncomplete?: boolean; parsed?: ParsedParts } = {},
): ParsedFile {
  const faultless = options.parsed === undefined ? undefined : parseParts(merged, options.parsed)
  if (faultless !== undefined) {
    return { file: faultless, raw: merged, findings: [], lostIds: [], pathOf: (_, fallback) => fallback }
  }
  let result = GatewrightFile.safeParse(merged)
  if (!result.success && convertSubstituted(merged, { origins, issues: result.error.issues })) {
    result = GatewrightFile.safeParse(merged)
  }
  if (result.success) {
    return { file: result.data, raw: merged, findings: [], lostIds: [], pathOf: (_, fallback) => fallback }
  }
  // A file that could not be read may be the one that says `gatewright: 1`.
  const issues = result.error.issues.filter(
    ({ path }) => options.isIncomplete !== true || toPathText(path as Path) !== 'gatewright',
  )
  const findings = describeIssues(issues, {
    schema: GatewrightFile,
    value: merged,
    at: (path, point) => ({
      ...origins.placeAt(merged, path, point),
      path: toPathText(origins.toWritten(merged, path)),
    }),
    isSecret: (path) => isOfCredentials(path) || isOfPreview(path),
    isPutIn: (path) => origins.isSubstituted(merged, path),
    findAdvice: adviseOnCredentials,
  })
  const paths = recordPaths(merged)
  const lostIds: string[] = []
  for (let round = 0; !result.success && round < ROUNDS_MAX; round++) {
    leaveOut(merged, { origins, issues: result.error.issues, lostIds })
    result = GatewrightFile.safeParse(merged)
  }
  const pathOf = (container: unknown, fallback: Path): Path => paths.get(container as object) ?? fallback
  if (result.success) return { file: result.data, raw: merged, findings, lostIds, pathOf }
  return { file: GatewrightFile.parse({ gatewright: 1 }), raw: {}, findings, lostIds, pathOf }
}

interface Repair {
  readonly origins: Origins
  readonly issues: readonly Issue[]
}

/**
 * `port: ${env:PORT}` is meant as a number although what is put in is a text. Only where the schema wants a number or a
 * switch, and only in Gatewright's own fields: options of policies take what is put in as a text.
 */
function convertSubstituted(merged: unknown, { origins, issues }: Repair): boolean {
  let converted = false
  for (const issue of issues) {
    const path = issue.path as Path
    const key = path.at(-1)
    const container = findValue(merged, path.slice(0, -1))
    if (issue.code !== 'invalid_type' || key === undefined || !isContainer(container)) continue
    const value = findValue(merged, path)
    if (typeof value !== 'string' || !origins.isSubstituted(merged, path)) continue
    const plain = /^-?\d{1,15}$/.test(value)
      ? Number(value)
      : value === 'true'
        ? true
        : value === 'false'
          ? false
          : undefined
    if (plain === undefined) continue
    container[key] = plain
    converted = true
  }
  return converted
}

/** Removes what the issues name: unknown keys, wrong values, and the whole part where something that it needs is missing. */
function leaveOut(merged: unknown, { origins, issues, lostIds }: Repair & { lostIds: string[] }): void {
  const parts = new Map<string, Path>()
  const add = (path: Path): void => {
    parts.set(toPathText(path), path)
  }
  for (const issue of issues) {
    const path = issue.path as Path
    if (toPathText(path) === 'gatewright' && isContainer(merged)) merged.gatewright = 1
    else if (issue.keys !== undefined) for (const key of issue.keys) add([...path, key])
    else add(findValue(merged, path) === undefined ? path.slice(0, -1) : path)
  }
  // What stands in a policy list stands at several paths, and goes once.
  const gone = new Map<unknown, Set<string | number | undefined>>()
  // From the back, so that indexes of list items stay right while items before them are still to be removed.
  for (const path of [...parts.values()].sort(compareFromBack)) {
    const container = findValue(merged, path.slice(0, -1))
    const keys = gone.get(container) ?? new Set()
    if (!keys.has(path.at(-1))) remove(merged, path, { origins, lostIds })
    gone.set(container, keys.add(path.at(-1)))
  }
}

function remove(merged: unknown, path: Path, { origins, lostIds }: { origins: Origins; lostIds: string[] }): void {
  const container = findValue(merged, path.slice(0, -1))
  const key = path.at(-1)
  if (!isContainer(container) || key === undefined) return
  const lost: unknown = container[key]
  if (isContainer(lost) && typeof lost.id === 'string') lostIds.push(lost.id)
  if (Array.isArray(container)) {
    container.splice(Number(key), 1)
    origins.removeItem(container, Number(key))
  } else {
    delete container[key]
  }
}

function compareFromBack(a: Path, b: Path): number {
  for (let index = 0; index < Math.min(a.length, b.length); index++) {
    const left = a[index]
    const right = b[index]
    if (typeof left === 'number' && typeof right === 'number' && left !== right) return right - left
    if (left !== right) return String(left) < String(right) ? -1 : 1
  }
  return b.length - a.length
}

function recordPaths(root: unknown): WeakMap<object, Path> {
  const paths = new WeakMap<object, Path>()
  const walk = (value: unknown, path: Path): void => {
    if (!isContainer(value)) return
    paths.set(value, path)
    for (const [key, member] of Object.entries(value)) walk(member, [...path, Array.isArray(value) ? Number(key) : key])
  }
  walk(root, [])
  return paths
}

function isContainer(value: unknown): value is Record<string | number, unknown> {
  return typeof value === 'object' && value !== null
}
