/** Owns what the conditions of a request say of versions (RFC 9110 §13.1): entity tags are versions in quotes. */
import { AdminProblem } from './admin-problem.ts'

export interface Conditions {
  readonly ifMatch: number | undefined
  readonly ifNone: boolean
}

/** A tag that is none of ours matches nothing. */
const NEVER = -1

/** @throws AdminProblem */
export function readConditions(headers: Readonly<Record<string, string | string[] | undefined>>): Conditions {
  const { 'if-match': match, 'if-none-match': none } = headers
  if (none !== undefined && none !== '*') {
    throw new AdminProblem(
      'request-invalid',
      'If-None-Match: only "*" is understood here: "make it, and change nothing".',
    )
  }
  return { ifMatch: typeof match === 'string' && match !== '*' ? readTag(match) : undefined, ifNone: none === '*' }
}

export function toEntityTag(version: number): string {
  return `"${version}"`
}

function readTag(text: string): number {
  const number = /^"(\d{1,15})"$/.exec(text.trim())?.[1]
  return number === undefined ? NEVER : Number(number)
}
