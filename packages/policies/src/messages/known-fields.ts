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
} as const

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
  return numbers.get(name) ?? numbers.get(name.toLowerCase()) ?? 0
}

/** The number of the field whose name is `octets[start, end)`, in any case, or 0. */
export function toKnownField(octets: Uint8Array, start: number, end: number): number {
  const candidates = byLength[end - start]
  if (candidates === undefined) return 0
  for (let i = 0; i < candidates.length; i++) {
    const candidate = candidates[i]
    if (candidate !== undefined && isSameOctets(octets, start, candidate.octets)) return candidate.number
  }
  return 0
}

function isSameOctets(octets: Uint8Array, start: number, lowerName: Uint8Array): boolean {
  for (let i = 0; i < lowerName.length; i++) {
    if (toLower(octets[start + i] ?? 0) !== lowerName[i]) return false
  }
  return true
}
