/** Owns lists of networks: `10.0.0.0/8`, `2001:db8::/32`, or single addresses. */
import { BlockList } from 'node:net'

export function toNetworkList(networks: readonly string[]): BlockList {
  const list = new BlockList()
  for (const network of networks) {
    const [address = '', bits] = network.split('/')
    if (bits === undefined) list.addAddress(address, toFamily(address))
    else list.addSubnet(address, Number(bits), toFamily(address))
  }
  return list
}

export function isListed(list: BlockList, address: string): boolean {
  return list.check(address, toFamily(address))
}

function toFamily(address: string): 'ipv4' | 'ipv6' {
  return address.includes(':') ? 'ipv6' : 'ipv4'
}
