/**
 * Owns what a change comes to in what an environment runs, as far as it can be told again later: what others approve is done only where
 * nothing comes of it that did not when it was asked for. Pure.
 */
import { isDeepStrictEqual } from 'node:util'
import { toTextHash } from '@gatewright/model'

/** What says what of a piece is compared. */
export interface OutcomePiece {
  readonly name: string
  readonly text: string
}

/** Of each value that is another one, where it is and what, as a short hash: what else changed meanwhile adds none. */
export type Outcome = readonly string[]

const SHORT = 16
/** So begin the names of pieces that are of many, and grow when one of these is put live. */
const SHARED = /(?:^|\.)~/

export function toOutcome(before: readonly OutcomePiece[], after: readonly OutcomePiece[]): Outcome {
  const was = new Map(before.map(({ name, text }) => [name, text]))
  const names = new Set(after.map(({ name }) => name))
  const found = before.flatMap(({ name }) => (names.has(name) ? [] : [toEntry([name], null)]))
  for (const { name, text } of after) {
    const former = was.get(name)
    if (former === text) continue
    if (former === undefined && !SHARED.test(name)) found.push(toEntry([name], text))
    else collect([name], { was: JSON.parse(former ?? '{}'), is: JSON.parse(text) }, found)
  }
  return found
}

/** Does more come of it by now? */
export function exceeds(now: Outcome, asked: Outcome): boolean {
  const known = new Set(asked)
  return now.some((entry) => !known.has(entry))
}

function collect(path: readonly string[], { was, is }: { was: unknown; is: unknown }, found: string[]): void {
  if (isDeepStrictEqual(was, is)) return
  if (typeof is !== 'object' || is === null) {
    found.push(toEntry(path, is ?? null))
    return
  }
  const [former, members] = [toMembers(was), toMembers(is)]
  for (const key of new Set([...former.keys(), ...members.keys()]))
    collect([...path, key], { was: former.get(key), is: members.get(key) }, found)
}

/** What has a name is the same one at another place in its list. */
function toMembers(value: unknown): ReadonlyMap<string, unknown> {
  if (typeof value !== 'object' || value === null) return new Map()
  if (!Array.isArray(value)) return new Map(Object.entries(value))
  return new Map(value.map((item: { id?: unknown; api?: unknown } | null, at) => [nameOf(item) ?? String(at), item]))
}

function nameOf(item: { id?: unknown; api?: unknown } | null): string | undefined {
  const name = item?.id ?? item?.api
  return typeof name === 'string' ? `=${name}` : undefined
}

function toEntry(path: readonly string[], value: unknown): string {
  return toTextHash(JSON.stringify([path, value])).slice(0, SHORT)
}
