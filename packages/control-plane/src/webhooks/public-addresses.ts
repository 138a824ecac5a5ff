/** Owns which addresses a webhook may lead to: what is somebody's on the internet, and what the operator allows beside it. */
import type { BlockList } from 'node:net'
import type { AddressJudge } from '../outgoing/call-out.ts'
import { isListed, toNetworkList } from '../outgoing/network-list.ts'

/** IANA's registries of special addresses (RFC 6890), and one where a cloud tells machines who they are. */
const NOT_PUBLIC = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/3',
  '168.63.129.16/32',
  // Within 2000::/3, but tunnels to whatever IPv4 address they hold, and examples.
  '2001::/23',
  '2001:db8::/32',
  '2002::/16',
]
/** RFC 4291 §2.4 and IANA: nothing else is assigned. Forms that stand for IPv4 addresses are outside of it. */
const GLOBAL = '2000::/3'

export class PublicAddresses implements AddressJudge {
  readonly #denied = toNetworkList(NOT_PUBLIC)
  readonly #global = toNetworkList([GLOBAL])
  readonly #allowed: BlockList

  /** `allowed`: networks, `10.0.0.0/8`, or addresses. */
  constructor(allowed: readonly string[] = []) {
    this.#allowed = toNetworkList(allowed)
  }

  permits(address: string): boolean {
    if (isListed(this.#allowed, address)) return true
    if (isListed(this.#denied, address)) return false
    return !address.includes(':') || isListed(this.#global, address)
  }

  toRefusal(host: string): Error {
    return new Error(
      `${host} is no public address: the control plane sends nothing there unless --control-webhook-allow names it.`,
    )
  }
}
