/** Owns what the readers of JSON and of YAML share: where they report, how deep they go, which keys they refuse. */
import type { Path } from '../finding.ts'
import type { Origins } from './origins.ts'
import type { SourceText } from './source-text.ts'

/** Deeper nesting than any real document has; stops a text from exhausting the stack. */
export const DEPTH_MAX = 128

/** What the two readers share while they walk one text. */
export interface Reading {
  readonly source: SourceText
  readonly origins: Origins
  readonly tags: 'refuse' | 'ignore'
  /** How deep the text stands in the whole; 0 if absent. */
  readonly depth?: number
  /** A text that is read by itself cannot know what an alias stands for elsewhere. */
  readonly refusesAliases?: boolean
  /** The value that begins at this offset, and its end, where it is read by itself. JSON only. */
  findPiece?(at: number, depth: number): { readonly value: unknown; readonly end: number } | undefined
  fault(code: string, message: string, where: { offset: number; path?: Path; suggestion?: string }): void
}

/** Of the root of what is read: names nothing, and is as long as the text stands deep. */
export function toPathAt({ depth = 0 }: Reading): (string | number)[] {
  return Array<string>(depth).fill('')
}

/** `__proto__` would change the object that holds it instead of being a member of it. */
export function checkKey(reading: Reading, key: string, where: { offset: number; path: Path }): boolean {
  if (key !== '__proto__') return true
  reading.fault('forbidden-key', 'The key "__proto__" is not allowed.', where)
  return false
}

export function reportDuplicateKey(
  reading: Reading,
  key: string,
  where: { offset: number; path: Path; firstLine: number },
): void {
  reading.fault('duplicate-key', `The key "${key}" stands here twice; the first is on line ${where.firstLine}.`, {
    offset: where.offset,
    path: where.path,
    suggestion: 'Remove one of the two, or join what they say.',
  })
}
