/** Owns content hashes: equal data has an equal hash, whatever the order of its keys. */
import { hash } from 'node:crypto'

/** SHA-256 of the canonical JSON of plain data, in lower-case hex. */
export function toContentHash(value: unknown): string {
  return toTextHash(toCanonicalJson(value))
}

/** SHA-256 of a text's UTF-8 bytes, in lower-case hex. */
export function toTextHash(text: string): string {
  return hash('sha256', text)
}

/** JSON without spaces and with sorted keys (in the manner of RFC 8785); members that are `undefined` are left out. */
export function toCanonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => toCanonicalJson(item ?? null)).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value ?? null)
  // Tens of thousands of routes are hashed at a start: one text that grows takes half as long as a list of its members.
  let members = ''
  for (const key of Object.keys(value).sort()) {
    const member = (value as Record<string, unknown>)[key]
    if (member !== undefined) members += `${members === '' ? '' : ','}${JSON.stringify(key)}:${toCanonicalJson(member)}`
  }
  return `{${members}}`
}
