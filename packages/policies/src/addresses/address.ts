/** Owns IP addresses as comparable keys: no sockets, no platform, one spelling per address. */

/**
 * An address as a text that sorts like its number: one character for each 16 bits, so 2 for IPv4 and 8 for IPv6.
 * JavaScript compares texts by these units (ECMA-262 §7.2.12), which makes ranges plain `<=`.
 */
export type AddressKey = string

/** What IPv4 looks like inside IPv6 (RFC 4291 §2.5.5.2). */
const MAPPED_PREFIX = '\0\0\0\0\0\uffff'

/** The key of an IPv4 or IPv6 address, or undefined. `::ffff:192.0.2.1` is 192.0.2.1; a zone (`%eth0`) is ignored. */
export function toAddressKey(address: string): AddressKey | undefined {
  if (!address.includes(':')) return parseIpv4(address)
  const zone = address.indexOf('%')
  const key = parseIpv6(zone < 0 ? address : address.slice(0, zone))
  return key?.startsWith(MAPPED_PREFIX) ? key.slice(MAPPED_PREFIX.length) : key
}

const ZERO = 0x30
const DOT = 0x2e

/** Four decimal numbers without leading zeros: `010` is 8 to some readers and 10 to others. */
function parseIpv4(text: string): AddressKey | undefined {
  let value = 0
  let octet = -1
  let octets = 0
  for (let i = 0; i <= text.length; i++) {
    const code = i < text.length ? text.charCodeAt(i) : DOT
    if (code === DOT) {
      if (octet < 0 || ++octets > 4) return undefined
      value = value * 256 + octet
      octet = -1
      continue
    }
    const digit = code - ZERO
    if (digit < 0 || digit > 9 || octet === 0) return undefined
    octet = octet < 0 ? digit : octet * 10 + digit
    if (octet > 255) return undefined
  }
  return octets === 4 ? String.fromCharCode(value >>> 16, value & 0xffff) : undefined
}

/** RFC 4291 §2.2: eight groups, `::` for one or more zero groups, the last two perhaps as IPv4. */
function parseIpv6(text: string): AddressKey | undefined {
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const [head = '', tail] = halves
  const before = parseGroups(head, tail === undefined)
  const after = tail === undefined ? '' : parseGroups(tail, true)
  if (before === undefined || after === undefined) return undefined
  const missing = 8 - before.length - after.length
  if (tail === undefined) return missing === 0 ? before : undefined
  return missing >= 1 ? before + '\0'.repeat(missing) + after : undefined
}

const GROUP = /^[0-9a-f]{1,4}$/i

function parseGroups(text: string, mayEndInIpv4: boolean): string | undefined {
  if (text === '') return ''
  let key = ''
  const groups = text.split(':')
  for (const [index, group] of groups.entries()) {
    if (mayEndInIpv4 && index === groups.length - 1 && group.includes('.')) {
      const ipv4 = parseIpv4(group)
      if (ipv4 === undefined) return undefined
      key += ipv4
    } else {
      if (!GROUP.test(group)) return undefined
      key += String.fromCharCode(Number.parseInt(group, 16))
    }
  }
  return key
}
