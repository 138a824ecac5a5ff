/** Owns content hashes: equal data has an equal hash, whatever the order of its keys. */
import { createHash } from 'node:crypto'

/** SHA-256 of the canonical JSON of plain data, in lower-case hex. */
export function toContentHash(value: unknown): string {
  return toTextHash(toCanonicalJson(value))
}

/** SHA-256 of a text's UTF-8 bytes, in lower-case hex. */
export function toTextHash(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/** JSON without spaces and with sorted keys (in the manner of RFC 8785); members that are `undefined` are left out. */
export function toCanonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => toCanonicalJson(item ?? null)).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value ?? null)
  const members: string[] = []
  for (const [key, member] of Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (member !== undefined) members.push(`${JSON.stringify(key)}:${toCanonicalJson(member)}`)
  }
  return `{${members.join(',')}}`
}
