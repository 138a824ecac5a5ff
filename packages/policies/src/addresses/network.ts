/** Owns whose an address is: an IPv6 network belongs to one customer, who may use a new address of it for each request. */
import { toAddressKey } from './address.ts'

const BITS_PER_UNIT = 16

/** An IPv4 address as it is; of an IPv6 address the key of its network, so many bits of it. */
export function toNetwork(address: string, ipv6PrefixBits: number): string {
  if (!address.includes(':')) return address
  const key = toAddressKey(address)
  // A mapped IPv4 address is two units long.
  if (key === undefined || key.length === 2) return address
  const units = Math.floor(ipv6PrefixBits / BITS_PER_UNIT)
  const bits = ipv6PrefixBits % BITS_PER_UNIT
  if (bits === 0) return key.slice(0, units)
  return key.slice(0, units) + String.fromCharCode(key.charCodeAt(units) & (0xffff << (BITS_PER_UNIT - bits)))
}
