/** Owns the reading of one file: text → plain data that remembers its places, and what is wrong with it. */
import type { Finding } from '../finding.ts'
import { toPathText } from '../finding.ts'
import { Origins } from './origins.ts'
import { parseJson } from './parse-json.ts'
import { parseYaml } from './parse-yaml.ts'
import type { FilePieces } from './piece-memory.ts'
import { readPieces } from './read-pieces.ts'
import type { Reading } from './reading.ts'
import { type SourceFile, SourceText } from './source-text.ts'

export interface ParseSourceOptions {
  /** Collects the places; give the same to several files that are merged later. */
  readonly origins?: Origins
  /** What to do with YAML tags such as `!Ref`: they are faults, or their plain value is read. */
  readonly tags?: 'refuse' | 'ignore'
  /** What an earlier reading of the same file left; `origins` must be of the same memory. */
  readonly pieces?: FilePieces
}

export interface ParsedSource {
  readonly source: SourceText
  /** `undefined` where the text could not be read at all. */
  readonly value: unknown
  readonly origins: Origins
  readonly findings: readonly Finding[]
}

/** Reads JSON by `.json` or a leading brace, else YAML 1.2 (core schema). Never throws. */
export function parseSource(file: SourceFile, options: ParseSourceOptions = {}): ParsedSource {
  const text = file.text.startsWith('\uFEFF') ? file.text.slice(1) : file.text
  const source = new SourceText({ path: file.path, text })
  const findings: Finding[] = []
  const origins = options.origins ?? new Origins()
  const reading: Reading = {
    source,
    origins,
    tags: options.tags ?? 'refuse',
    fault(code, message, { offset, path = [], suggestion }) {
      findings.push({
        severity: 'fault',
        code,
        message,
        ...(suggestion === undefined ? {} : { suggestion }),
        at: { ...source.placeOf(offset), path: toPathText(path) },
      })
    },
  }
  const syntax = isJson(file.path, text) ? 'json' : 'yaml'
  const value =
    (options.pieces === undefined ? undefined : readPieces(reading, options.pieces, syntax)) ??
    (syntax === 'json' ? parseJson(reading) : parseYaml(reading))
  return { source, value, origins, findings }
}

/** YAML flow maps also begin with a brace, but unlike JSON their first key is seldom quoted. */
function isJson(path: string, text: string): boolean {
  return /\.json$/i.test(path) || (!/\.ya?ml$/i.test(path) && /^\s*\{\s*["}]/.test(text))
}
