/** Owns who the client is when others speak for it: forwarding fields are believed from trusted peers only, right to left. */
import { BlockList, isIP, isIPv6 } from 'node:net'
import type { HeaderList } from '@gatewright/policies'

/** `::ffff:192.0.2.1` is 192.0.2.1: one address, one bucket, one line in the log. */
export function toPlainAddress(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address
}

export class TrustedProxies {
  readonly #list = new BlockList()
  readonly isEmpty: boolean

  /** Addresses and CIDR ranges; loopback is trusted only when it is named. */
  constructor(ranges: readonly string[]) {
    this.isEmpty = ranges.length === 0
    for (const range of ranges) {
      const [address = '', prefix] = range.split('/')
      const family = isIPv6(address) ? 'ipv6' : 'ipv4'
      if (prefix === undefined) this.#list.addAddress(address, family)
      else this.#list.addSubnet(address, Number(prefix), family)
    }
  }

  has(address: string): boolean {
    if (this.isEmpty) return false
    return this.#list.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')
  }
}

/**
 * The nearest address that no trusted proxy has: what is left of it, anybody may have written. Where both fields are there and
 * disagree, one of them is a stranger's that the proxy passed on, and there is no telling which: neither is believed.
 */
export function findClientAddress(headers: HeaderList, peer: string, trusted: TrustedProxies): string {
  const list = headers.get('x-forwarded-for')
  const forwarded = headers.get('forwarded')
  const byList = list === undefined ? undefined : walk(list.split(','), peer, trusted)
  const byForwarded = forwarded === undefined ? undefined : walk(parseForwarded(forwarded), peer, trusted)
  if (byList !== undefined && byForwarded !== undefined && byList !== byForwarded) return peer
  return byList ?? byForwarded ?? peer
}

/** From the nearest hop back, as far as each is trusted to say who came before it. */
function walk(chain: readonly string[], peer: string, trusted: TrustedProxies): string {
  let client = peer
  for (let i = chain.length - 1; i >= 0 && trusted.has(client); i--) {
    const address = toAddress(chain[i] ?? '')
    // An unreadable entry ends what can be believed.
    if (address === undefined) break
    client = address
  }
  return client
}

/** The `for` of each element (RFC 7239 §4), oldest first; commas and semicolons in quoted strings are text. */
function parseForwarded(value: string): string[] {
  const elements: string[] = []
  let found = ''
  // A pair, or the comma between two elements.
  for (const [pair, name = '', quoted, token] of value.matchAll(
    /([\w!#$%&'*+.^`|~-]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s",;]*))|,/g,
  )) {
    if (pair === ',') {
      elements.push(found)
      found = ''
    } else if (name.toLowerCase() === 'for') {
      found = token ?? quoted?.replace(/\\(.)/g, '$1') ?? ''
    }
  }
  return [...elements, found]
}

/** With or without a port, brackets and blanks. */
function toAddress(entry: string): string | undefined {
  const text = entry.trim()
  const bare = /^\[([^\]]+)\](?::\d+)?$/.exec(text)?.[1] ?? (/^[\d.]+:\d+$/.test(text) ? text.split(':')[0] : text)
  return bare !== undefined && isIP(bare) !== 0 ? toPlainAddress(bare) : undefined
}
