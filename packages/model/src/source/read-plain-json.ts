/**
 * Owns the quick reading of small JSON that a program wrote: nobody looks for a line of it, so that the places of its outer parts
 * are enough, which tell one file from another. Of thousands of published APIs, the places of all parts would take longer to note
 * than the reading, and as much memory as what is read.
 */
import type { Origins } from './origins.ts'
import type { ParsedSource } from './parse-source.ts'
import { DEPTH_MAX } from './reading.ts'
import { type SourceFile, SourceText } from './source-text.ts'

/** The whole, its lists, and their items: those are what is moved where files are merged. */
const PLACED_DEPTH = 3

/** What has to be looked at letter by letter: what is put in, what no object may have as a key, escapes that could spell either. */
const IS_NOT_PLAIN = /\$\{(?:env|file|secret):|__proto__|\\u/

/** undefined: it is to be read with all of its places, because something is wrong with it or is put into it. */
export function readPlainJson(file: SourceFile, origins: Origins): ParsedSource | undefined {
  if (IS_NOT_PLAIN.test(file.text)) return undefined
  const value = parse(file.text)
  if (value === undefined || isDeeper(value, DEPTH_MAX)) return undefined
  const source = new SourceText(file)
  place(value, { source, origins, depth: PLACED_DEPTH })
  return { source, value, origins, findings: [] }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (levels === 0) return true
  return Object.values(value).some((member) => isDeeper(member, levels - 1))
}

interface Placing {
  readonly source: SourceText
  readonly origins: Origins
  readonly depth: number
}

function place(value: unknown, { source, origins, depth }: Placing): void {
  if (depth === 0 || typeof value !== 'object' || value === null) return
  origins.add(value, source, 0)
  for (const [name, member] of Object.entries(value)) {
    origins.setMember(value, Array.isArray(value) ? Number(name) : name, { source, keyAt: 0, valueAt: 0 })
    place(member, { source, origins, depth: depth - 1 })
  }
}
