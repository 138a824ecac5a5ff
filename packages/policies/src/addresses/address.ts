/** Owns IP addresses as comparable keys: no sockets, no platform, one spelling per address. */

/**
 * An address as a text that sorts like its number: one character for each 16 bits, so 2 for IPv4 and 8 for IPv6.
 * JavaScript compares texts by these units (ECMA-262 §7.2.12), which makes ranges plain `<=`.
 */
export type AddressKey = string

/** Units of 16 bits in an address: IPv4, IPv6; 0: it is none. */
export type AddressUnits = 0 | 2 | 8

const scratch = new Uint16Array(8)

/** The key of an IPv4 or IPv6 address, or undefined. `::ffff:192.0.2.1` is 192.0.2.1; a zone (`%eth0`) is ignored. */
export function toAddressKey(address: string): AddressKey | undefined {
  const zone = address.indexOf('%')
  // RFC 4007 §11: only IPv6 has zones.
  if (zone >= 0 && !address.includes(':')) return undefined
  const units = readUnits(address, zone < 0 ? address.length : zone, scratch)
  return units === 0 ? undefined : toKey(scratch, units)
}

/** The key of the address that stands in the first units. */
export function toKey(units: Uint16Array, length: 2 | 8): AddressKey {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = units
  return length === 2 ? String.fromCharCode(a, b) : String.fromCharCode(a, b, c, d, e, f, g, h)
}

/**
 * Reads the address that goes from the beginning of a text to `end` into the first units, and says how many it has. What is
 * IPv4 inside IPv6 (RFC 4291 §2.5.5.2) is IPv4. Hot: no text is cut and nothing is allocated.
 */
export function readUnits(text: string, end: number, units: Uint16Array): AddressUnits {
  const colon = text.indexOf(':')
  if (colon < 0 || colon >= end) {
    const value = readIpv4(text, 0, end)
    if (value < 0) return 0
    putIpv4(value, units, 0)
    return 2
  }
  if (!readIpv6(text, end, units)) return 0
  if (units[5] !== 0xffff || units.findIndex((unit) => unit !== 0) !== 5) return 8
  units.copyWithin(0, 6)
  return 2
}

const ZERO = 0x30
const DOT = 0x2e
const COLON = 0x3a

function putIpv4(value: number, units: Uint16Array, at: number): void {
  units[at] = value >>> 16
  units[at + 1] = value & 0xffff
}

/** Four decimal numbers without leading zeros: `010` is 8 to some readers and 10 to others. The number, or -1. */
function readIpv4(text: string, start: number, end: number): number {
  let value = 0
  let octet = -1
  let octets = 0
  for (let i = start; i <= end; i++) {
    const code = i < end ? text.charCodeAt(i) : DOT
    if (code === DOT) {
      if (octet < 0 || ++octets > 4) return -1
      value = value * 256 + octet
      octet = -1
      continue
    }
    const digit = code - ZERO
    if (digit < 0 || digit > 9 || octet === 0) return -1
    octet = octet < 0 ? digit : octet * 10 + digit
    if (octet > 255) return -1
  }
  return octets === 4 ? value : -1
}

/** RFC 4291 §2.2: eight groups, `::` for one or more zero groups, the last two perhaps as IPv4. */
function readIpv6(text: string, end: number, units: Uint16Array): boolean {
  let count = 0
  /** Where `::` stands, in groups. */
  let gap = -1
  let at = 0
  if (text.charCodeAt(0) === COLON) {
    if (end < 2 || text.charCodeAt(1) !== COLON) return false
    gap = 0
    at = 2
  }
  while (at < end) {
    if (count === 8) return false
    const start = at
    let group = 0
    for (let digit = toHexDigit(text.charCodeAt(at)); at < end && digit >= 0; digit = toHexDigit(text.charCodeAt(at))) {
      group = group * 16 + digit
      at++
    }
    if (at < end && text.charCodeAt(at) === DOT) {
      const ipv4 = readIpv4(text, start, end)
      if (ipv4 < 0 || count > 6) return false
      putIpv4(ipv4, units, count)
      count += 2
      break
    }
    if (at === start || at > start + 4) return false
    units[count] = group
    count++
    if (at === end) break
    if (text.charCodeAt(at) !== COLON) return false
    at++
    if (at === end) return false
    if (text.charCodeAt(at) !== COLON) continue
    if (gap >= 0) return false
    gap = count
    at++
  }
  if (gap < 0) return count === 8
  // It stands for at least one group.
  if (count > 7) return false
  units.copyWithin(8 - count + gap, gap, count)
  units.fill(0, gap, 8 - count + gap)
  return true
}

/** -1: it is none. */
function toHexDigit(code: number): number {
  if (code >= ZERO && code <= 0x39) return code - ZERO
  const letter = code | 0x20
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1
}
