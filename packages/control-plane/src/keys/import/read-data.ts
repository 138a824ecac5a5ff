/** Owns reading JSON and YAML that keys stand in: each value with its line, whatever the text is. */
import { type Finding, type Path, parseSource, type SourceFile, toPathText } from '@gatewright/model'
import { isJson, isTooMuchYaml, MOST_YAML } from '../../yaml-bound.ts'
import type { ImportedKeys, ImportPlace } from './imported-keys.ts'

export type DataMap = Readonly<Record<string, unknown>>

export interface ReadData {
  readonly value: unknown
  placeOf(path: Path): ImportPlace
}

/** Says of what cannot be read where that is, and not what stands there: it may be a key. */
export function readData(file: SourceFile, imported: ImportedKeys): ReadData {
  const isRead = isJson(file.text)
  if (!isRead && isTooMuchYaml(file.text)) {
    const suggestion = 'Export it as JSON, or in parts.'
    imported.report({ code: 'too-large', message: `A text of YAML may have ${MOST_YAML}.`, suggestion }, { line: 1 })
    return { value: undefined, placeOf: () => ({ line: 1 }) }
  }
  // A list of JSON is read as that, too.
  const source = isRead ? { ...file, path: 'keys.json' } : file
  const { value, origins, findings } = parseSource(source, { tags: 'ignore' })
  for (const finding of findings) imported.report(toReport(finding), finding.at)
  return {
    value,
    placeOf(path) {
      const { line, column } = origins.placeAt(value, path)
      return { line, column, path: toPathText(path) }
    },
  }
}

function toReport({ severity, code }: Finding) {
  return { severity, code, message: `The text cannot be read here (${code}).`, suggestion: 'Export it again.' }
}

export function toMap(value: unknown): DataMap | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as DataMap) : undefined
}

export function toList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

/** Undefined where it is none, or empty. Numbers are taken as they are written. */
export function toText(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value)
  return typeof value === 'string' && value !== '' ? value : undefined
}
