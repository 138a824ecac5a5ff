/** Owns how a fault of a file is said: what, where, and how to mend it. */

/** Keys and indexes from the root of a document down to one value. */
export type Path = readonly (string | number)[]

/** Where a value stands in a file. Lines and columns start at 1; 0 means that the file is known, but not the line. */
export interface Place {
  readonly file: string
  readonly line: number
  readonly column: number
}

export interface At extends Place {
  /** Where it stands in the data, such as `apis[0].policies[1].options.limit`; empty at the root. */
  readonly path: string
}

export interface Finding {
  /** A fault keeps a configuration from running; a warning does not. */
  readonly severity: 'fault' | 'warning'
  /** Stable, kebab-case: for programs. */
  readonly code: string
  /** One sentence that says what is wrong, with the value that is. */
  readonly message: string
  /** How to mend it, as something that can be done. */
  readonly suggestion?: string
  readonly at: At
}

/** Where findings point when nothing is known about a file. */
export const NOWHERE: Place = { file: '', line: 0, column: 0 }

const SIMPLE_KEY = /^[A-Za-z_$][\w$-]*$/

/** `['apis', 0, 'errors', 'a b']` → `apis[0].errors["a b"]`. */
export function toPathText(path: Path): string {
  let text = ''
  for (const segment of path) {
    if (typeof segment === 'number') text += `[${segment}]`
    else if (SIMPLE_KEY.test(segment)) text += text === '' ? segment : `.${segment}`
    else text += `[${JSON.stringify(segment)}]`
  }
  return text
}

/** One line as compilers print it: `orders.yaml:12:7: fault: …`. */
export function toFindingText(finding: Finding): string {
  const { at } = finding
  const place = at.line > 0 ? `${at.file}:${at.line}:${at.column}` : at.file
  const path = at.path === '' ? '' : ` (${at.path})`
  const suggestion = finding.suggestion === undefined ? '' : `\n    ${finding.suggestion}`
  return `${place === '' ? '' : `${place}: `}${finding.severity}: ${finding.message}${path}${suggestion}`
}

/** By file, then line, then column: the order in which a person mends them. */
export function sortFindings(findings: readonly Finding[]): Finding[] {
  return [...findings].sort(
    (a, b) =>
      compareText(a.at.file, b.at.file) ||
      a.at.line - b.at.line ||
      a.at.column - b.at.column ||
      compareText(a.at.path, b.at.path),
  )
}

export function hasFaults(findings: readonly Finding[]): boolean {
  return findings.some((finding) => finding.severity === 'fault')
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
