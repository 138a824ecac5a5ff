/** Owns the reading of one CIDR range, and what is wrong with a text that is none. */
import { type AddressUnits, readUnits, toAddressKey, toKey } from './address.ts'
import { toAddressText } from './address-text.ts'

/** A range that is read into it, again and again: a list of a hundred thousand makes one. */
export class RangeReader {
  /** Of the first address. */
  readonly first = new Uint16Array(8)
  /** Of the first address, 2 for IPv4 and 8 for IPv6; 0 while there is none. */
  length: AddressUnits = 0
  /** Of the prefix; in IPv4's own count for what is IPv4 inside IPv6. */
  bits = 0

  /** RFC 4632 §3.1: address, slash, length of the prefix. Says what is wrong with the text, if something is. */
  read(text: string): string | undefined {
    const slash = text.indexOf('/')
    const end = slash < 0 ? text.length : slash
    this.length = readUnits(text, end, this.first)
    if (this.length === 0) return describeNoRange(text)
    const most = this.length * 16
    this.bits = most
    if (slash < 0) return undefined
    // A range of v4-mapped addresses, ::ffff:10.0.0.0/104, is the IPv4 range 10.0.0.0/8.
    const around = this.length === 2 && text.includes(':') ? 96 : 0
    const prefix = parsePrefix(text, slash + 1)
    if (prefix === undefined || prefix < around || prefix > around + most) {
      return `${quote(text)}: the prefix length is a number from ${around} to ${around + most}`
    }
    this.bits = prefix - around
    return this.#hasHostBits() ? this.#describeHostBits(text) : undefined
  }

  /** A range that begins inside of itself is somebody's mistake. */
  #hasHostBits(): boolean {
    for (let at = this.bits >>> 4; at < this.length; at++) {
      if (((this.first[at] ?? 0) & toHostMask(this.bits - at * 16)) !== 0) return true
    }
    return false
  }

  #describeHostBits(text: string): string {
    const network = this.first.map((unit, at) => unit & ~toHostMask(this.bits - at * 16))
    const length = this.length === 2 ? 2 : 8
    const meant = `${toAddressText(toKey(network, length))}/${this.bits}`
    return `${quote(text)} has bits set behind its prefix: did you mean the network's own address, ${meant}, or one address without a prefix?`
  }
}

/** The bits of a unit that belong to no prefix, where so many of it do: all below 1, none from 16 on. */
export function toHostMask(prefixBits: number): number {
  return prefixBits <= 0 ? 0xffff : prefixBits >= 16 ? 0 : 0xffff >>> prefixBits
}

/** Up to three digits, without leading zeros. */
function parsePrefix(text: string, start: number): number | undefined {
  const digits = text.length - start
  if (digits < 1 || digits > 3 || (digits > 1 && text[start] === '0')) return undefined
  let prefix = 0
  for (let at = start; at < text.length; at++) {
    const digit = text.charCodeAt(at) - 0x30
    if (digit < 0 || digit > 9) return undefined
    prefix = prefix * 10 + digit
  }
  return prefix
}

function describeNoRange(text: string): string {
  const [address = '', ...behind] = text.split('%')
  const zone = behind.length > 0 && toAddressKey(address) !== undefined
  return zone
    ? `${quote(text)} names a zone, which means something on one machine alone: write ${address}`
    : `${quote(text)} is no IP address or CIDR range; write 192.0.2.7, 10.0.0.0/8 or 2001:db8::/32`
}

/** Longer than any address; what is longer is somebody's document. */
const LONGEST_SHOWN = 60

function quote(text: string): string {
  return JSON.stringify(text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}…` : text)
}
