/** Owns the field names that the gateway itself acts on: each has a number, so that the hot path compares numbers. */

/** 0 is every other field. */
export const KNOWN_FIELDS = {
  host: 1,
  'content-length': 2,
  'transfer-encoding': 3,
  connection: 4,
  'keep-alive': 5,
  'proxy-connection': 6,
  'proxy-authorization': 7,
  'proxy-authenticate': 8,
  te: 9,
  trailer: 10,
  upgrade: 11,
  expect: 12,
  forwarded: 13,
  'x-forwarded-for': 14,
  'x-forwarded-proto': 15,
  'x-forwarded-host': 16,
  'x-forwarded-port': 17,
  'x-request-id': 18,
  traceparent: 19,
  tracestate: 20,
  via: 21,
  date: 22,
  location: 23,
  'content-type': 24,
  proxy: 25,
} as const

/**
 * The number of fields that are spelled with `_` for a `-` of one above: CGI, WSGI and their like make one variable of the two.
 * None of them is ever taken for the field itself.
 */
export const TWIN_FIELD = 26

const numbers = new Map<string, number>(Object.entries(KNOWN_FIELDS))

/** By length of the name; each as lower-case octets. */
const byLength: { readonly octets: Uint8Array; readonly number: number }[][] = []
for (const [name, number] of numbers) {
  const sameLength = byLength[name.length] ?? []
  sameLength.push({ octets: Buffer.from(name, 'latin1'), number })
  byLength[name.length] = sameLength
}

const UPPER_A = 0x41
const UPPER_Z = 0x5a
const CASE_BIT = 0x20
const DASH = 0x2d
const UNDERSCORE = 0x5f

/** Does `name` stand at `text[start]`, letter case aside? Only A–Z fold: `^` and `~` differ by the same bit and are both tokens. */
export function isSameName(text: string, start: number, name: string): boolean {
  for (let i = 0; i < name.length; i++) {
    const code = text.charCodeAt(start + i)
    const other = name.charCodeAt(i)
    if (code !== other && toLower(code) !== toLower(other)) return false
  }
  return true
}

function toLower(code: number): number {
  return code >= UPPER_A && code <= UPPER_Z ? code | CASE_BIT : code
}

/** The number of the field of that name, in any case, or 0. */
export function findKnownField(name: string): number {
  const number = numbers.get(name) ?? numbers.get(name.toLowerCase())
  if (number !== undefined) return number
  return name.includes('_') && numbers.has(name.toLowerCase().replaceAll('_', '-')) ? TWIN_FIELD : 0
}

/** Are these two names, in any case, of which one has `_` where the other has `-`? */
export function isTwinName(name: string, other: string): boolean {
  if (name.length !== other.length) return false
  let differs = false
  for (let i = 0; i < name.length; i++) {
    const code = name.charCodeAt(i)
    const its = other.charCodeAt(i)
    if (code === its || toLower(code) === toLower(its)) continue
    if (!((code === DASH && its === UNDERSCORE) || (code === UNDERSCORE && its === DASH))) return false
    differs = true
  }
  return differs
}

/** The number of the field whose name is `octets[start, end)`, in any case, or 0. */
export function toKnownField(octets: Uint8Array, start: number, end: number): number {
  const candidates = byLength[end - start]
  if (candidates === undefined) return 0
  for (let i = 0; i < candidates.length; i++) {
    const candidate = candidates[i]
    if (candidate === undefined) continue
    const likeness = compareOctets(octets, start, candidate.octets)
    if (likeness !== OTHER) return likeness === SAME ? candidate.number : TWIN_FIELD
  }
  return 0
}

const OTHER = 0
const SAME = 1
const TWIN = 2

function compareOctets(octets: Uint8Array, start: number, lowerName: Uint8Array): number {
  let likeness = SAME
  for (let i = 0; i < lowerName.length; i++) {
    const octet = octets[start + i] ?? 0
    if (toLower(octet) === lowerName[i]) continue
    if (octet !== UNDERSCORE || lowerName[i] !== DASH) return OTHER
    likeness = TWIN
  }
  return likeness
}
