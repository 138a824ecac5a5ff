/** Owns reading a moment that somebody wrote as an option: a day or a time. */
import { UsageError } from './command.ts'

const WRITTEN = /^\d{4}-\d\d-\d\d(?:T[\d:.]+(?:Z|[+-]\d\d:\d\d))?$/

/** `2027-01-31`, the beginning of that day in UTC, or `2027-01-31T12:00:00Z`; undefined: it is none. */
export function parseMoment(text: string): string | undefined {
  const atMs = WRITTEN.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(atMs) ? undefined : new Date(atMs).toISOString()
}

/** `option`: as it is written, for the words of a refusal. @throws UsageError */
export function toMoment(option: string, text: string): string {
  const moment = parseMoment(text)
  if (moment !== undefined) return moment
  throw new UsageError(`${option}: "${text}" is no time: write it as 2027-01-31, or 2027-01-31T12:00:00Z`)
}
