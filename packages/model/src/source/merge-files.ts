/** Owns how the files of a folder become one: lists of resources join, an id or a value said twice is a fault. */
import { type Finding, toPathText } from '../finding.ts'
import { toCanonicalJson } from '../hash.ts'
import type { ParsedSource } from './parse-source.ts'

type Container = Record<string, unknown>

/** Lists of resources: each file adds its own. */
const RESOURCES = ['listeners', 'certificates', 'upstreams', 'apis', 'plans', 'apps', 'policyLists']

interface Merge {
  readonly merged: Container
  readonly findings: Finding[]
}

/** One map of all files, in their order. Files that are no map are reported and left out. */
export function mergeFiles(files: readonly ParsedSource[]): Merge {
  const merge: Merge = { merged: {}, findings: [] }
  for (const file of files) {
    if (file.value === undefined) continue
    if (typeof file.value !== 'object' || file.value === null || Array.isArray(file.value)) {
      merge.findings.push({
        severity: 'fault',
        code: 'not-a-map',
        message: 'A configuration is a map of keys such as `gatewright`, `listeners` and `apis`.',
        at: { ...file.source.placeOf(0), path: '' },
      })
      continue
    }
    addFile(merge, file, file.value as Container)
  }
  for (const key of RESOURCES) checkIds(merge, files, key)
  return merge
}

function addFile({ merged, findings }: Merge, file: ParsedSource, value: Container): void {
  const { origins } = file
  if (origins.findFile(merged) === undefined) origins.copy(value, merged)
  for (const [key, member] of Object.entries(value)) {
    if (!Object.hasOwn(merged, key)) {
      // Lists and maps are copied, since later files add to them.
      merged[key] = copyContainer(file, member)
      origins.copyMember({ from: value, key, to: merged, as: key })
      continue
    }
    const present = merged[key]
    if (Array.isArray(present) && Array.isArray(member) && (RESOURCES.includes(key) || key === 'extensions')) {
      for (const [index, item] of member.entries()) {
        if (key === 'extensions' && present.includes(item)) continue
        origins.copyMember({ from: member, key: index, to: present, as: present.length })
        present.push(item)
      }
    } else if (key === 'variables' && isMap(present) && isMap(member)) {
      for (const name of Object.keys(member)) addVariable({ merged: present, findings }, file, { from: member, name })
    } else if (toCanonicalJson(present) !== toCanonicalJson(member)) {
      reportSaidTwice({ merged, findings }, file, { container: merged, from: value, key, path: [key] })
    }
  }
}

function addVariable(merge: Merge, file: ParsedSource, { from, name }: { from: Container; name: string }): void {
  if (!Object.hasOwn(merge.merged, name)) {
    merge.merged[name] = from[name]
    file.origins.copyMember({ from, key: name, to: merge.merged, as: name })
  } else if (merge.merged[name] !== from[name]) {
    reportSaidTwice(merge, file, { container: merge.merged, from, key: name, path: ['variables', name] })
  }
}

interface SaidTwice {
  readonly container: Container
  readonly from: Container
  readonly key: string
  readonly path: string[]
}

function reportSaidTwice({ findings }: Merge, file: ParsedSource, { container, from, key, path }: SaidTwice): void {
  const first = file.origins.placeAt(container, [key], 'key')
  findings.push({
    severity: 'fault',
    code: 'said-twice',
    message: `\`${toPathText(path)}\` says something else in ${first.file}:${first.line}.`,
    suggestion:
      key === 'policies'
        ? 'Global policies run in the order of their list, so one file has to hold the whole list.'
        : 'Say it in one file only; what differs between places belongs into an overlay.',
    at: { ...file.origins.placeAt(from, [key], 'key'), path: toPathText(path) },
  })
}

/** Names both places, since the reader has to look at both. */
function checkIds({ merged, findings }: Merge, files: readonly ParsedSource[], key: string): void {
  const list = merged[key]
  const origins = files[0]?.origins
  if (!Array.isArray(list) || origins === undefined) return
  const seen = new Map<string, number>()
  for (const [index, item] of list.entries()) {
    const id: unknown = isMap(item) ? item.id : undefined
    if (typeof id !== 'string') continue
    const firstIndex = seen.get(id)
    if (firstIndex === undefined) {
      seen.set(id, index)
      continue
    }
    const first = origins.placeAt(merged, [key, firstIndex, 'id'])
    findings.push({
      severity: 'fault',
      code: 'duplicate-id',
      message: `The id "${id}" is taken: the first of these ${key} stands in ${first.file}:${first.line}.`,
      suggestion: 'Give one of the two another id, or remove it; to change a resource in one place, use an overlay.',
      at: { ...origins.placeAt(merged, [key, index, 'id']), path: toPathText([key, index, 'id']) },
    })
  }
}

function copyContainer({ origins }: ParsedSource, value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  const copy: Container | unknown[] = Array.isArray(value) ? [...value] : { ...value }
  origins.copy(value, copy)
  for (const key of Array.isArray(value) ? value.keys() : Object.keys(value)) {
    origins.copyMember({ from: value, key, to: copy, as: key })
  }
  return copy
}

function isMap(value: unknown): value is Container {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
