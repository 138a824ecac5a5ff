/** Owns the reading of a file of cases: text → cases that know their lines, and every fault of it. */
import {
  type At,
  describeIssues,
  type Finding,
  type Path,
  parseSource,
  type SourceFile,
  toPathText,
} from '@gatewright/model'
import { type CaseEntry, type CaseFile, caseFileSchema, type StepEntry } from './case-schema.ts'

export interface TestStep {
  readonly entry: StepEntry
  /** Where what it says stands; the place of the step itself for what it does not say. */
  at(...path: Path): At
}

export interface TestCase {
  readonly name: string
  readonly at: At
  /** Milliseconds since the epoch; undefined: the time of the run. */
  readonly nowMs: number | undefined
  /** Why it is not run; undefined: it is. */
  readonly skipped: string | undefined
  readonly steps: readonly TestStep[]
}

export interface CaseReading {
  readonly file: string
  readonly defaults: CaseFile['defaults']
  readonly cases: readonly TestCase[]
  readonly findings: readonly Finding[]
}

export function readCases(source: SourceFile): CaseReading {
  const { value, origins, findings } = parseSource(source)
  const at = (path: Path, point: 'key' | 'value' = 'value'): At => ({
    ...origins.placeAt(value, path, point),
    path: toPathText(path),
  })
  const faulty = (all: readonly Finding[]): CaseReading => ({
    file: source.path,
    defaults: {},
    cases: [],
    findings: all,
  })
  if (value === undefined || findings.some(({ severity }) => severity === 'fault')) return faulty(findings)
  const parsed = caseFileSchema.safeParse(value)
  if (!parsed.success) {
    return faulty([...findings, ...describeIssues(parsed.error.issues, { schema: caseFileSchema, value, at })])
  }
  const { defaults, cases } = parsed.data
  const toCase = (entry: CaseEntry, index: number): TestCase => {
    const path: Path = ['cases', index]
    return {
      name: entry.name,
      at: at(path),
      nowMs: entry.now === undefined ? undefined : Date.parse(entry.now),
      skipped:
        entry.skip === undefined || entry.skip === false ? undefined : String(entry.skip === true ? '' : entry.skip),
      steps:
        'steps' in entry
          ? entry.steps.map((step, number) => ({
              entry: step,
              at: (...below: Path) => at([...path, 'steps', number, ...below]),
            }))
          : [{ entry, at: (...below: Path) => at([...path, ...below]) }],
    }
  }
  return { file: source.path, defaults, cases: cases.map(toCase), findings }
}
