/** Owns how an address is written for people: the one spelling of RFC 5952 §4. */
import type { AddressKey } from './address.ts'

export function toAddressText(key: AddressKey): string {
  const units = Array.from(key, (unit) => unit.charCodeAt(0))
  if (units.length === 2) return units.flatMap((unit) => [unit >>> 8, unit & 0xff]).join('.')
  const groups = units.map((unit) => unit.toString(16))
  const { start, length } = findLongestZeros(units)
  // RFC 5952 §4.2.2: one group alone is not shortened.
  if (length < 2) return groups.join(':')
  return `${groups.slice(0, start).join(':')}::${groups.slice(start + length).join(':')}`
}

/** RFC 5952 §4.2.3: of equal ones the first. */
function findLongestZeros(units: readonly number[]): { start: number; length: number } {
  let longest = { start: 0, length: 0 }
  let length = 0
  for (const [at, unit] of units.entries()) {
    length = unit === 0 ? length + 1 : 0
    if (length > longest.length) longest = { start: at - length + 1, length }
  }
  return longest
}
