/** Owns which addresses the gateway may connect to because a configuration names them: looked at after DNS, for every connection. */
import { type LookupAddress, lookup } from 'node:dns'
import { BlockList, isIP, type LookupFunction, Socket } from 'node:net'
import { isDeepStrictEqual } from 'node:util'
import type { EgressRules } from '@gatewright/model/runtime'
import { CallFault } from '@gatewright/policies'

/**
 * Where machines of clouds tell who they are, with keys for everything (RFC 3927, and what some have beside it); and what is no
 * unicast address of anybody.
 */
const ALWAYS_DENIED = ['169.254.0.0/16', 'fe80::/10', 'fd00:ec2::254/128', '100.100.100.200/32', '0.0.0.0/8', '::/128']

export class EgressGuard {
  readonly #denied = new BlockList()
  readonly #allowed = new BlockList()

  constructor({ deny, allow }: EgressRules) {
    for (const range of [...ALWAYS_DENIED, ...deny]) addRange(this.#denied, range)
    for (const range of allow) addRange(this.#allowed, range)
  }

  /** @throws CallFault egress-denied */
  check(address: string): void {
    const family = address.includes(':') ? 'ipv6' : 'ipv4'
    // An IPv4 address in IPv6 is found under either form.
    if (this.#allowed.check(address, family) || !this.#denied.check(address, family)) return
    const fault = new CallFault('egress-denied', `${address} is not to be called: \`egress\` says what is`)
    // As the system's own errors say why a connection failed.
    throw Object.assign(fault, { code: fault.reason })
  }

  /** For `net.connect`: what a name resolves to is what is connected to, and nothing else is looked up afterwards. */
  readonly lookup: LookupFunction = (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, [])
      try {
        for (const { address } of addresses) this.check(address)
      } catch (fault) {
        return callback(fault as NodeJS.ErrnoException, [])
      }
      if (options.all === true) return callback(null, addresses)
      const [first] = addresses as LookupAddress[]
      callback(null, first?.address ?? '', first?.family)
    })
  }

  /** An address in the place of a name is never looked up. @throws CallFault */
  checkLiteral(hostname: string): void {
    const bare = hostname.replace(/^\[|\]$/g, '')
    if (isIP(bare) !== 0) this.check(bare)
  }

  /** In the place of a connection to this host: a socket that fails, as one does whose host cannot be reached. undefined: connect. */
  refuse(hostname: string): Socket | undefined {
    try {
      this.checkLiteral(hostname)
      return undefined
    } catch (fault) {
      const socket = new Socket()
      process.nextTick(() => socket.destroy(fault as Error))
      return socket
    }
  }
}

/** What is always denied, and nothing else. */
export const NO_EGRESS_RULES = new EgressGuard({ deny: [], allow: [] })

/** One guard for equal rules, whoever asks: building it takes a while where the rules are long. */
export class EgressGuards {
  #rules: EgressRules | undefined
  #guard = NO_EGRESS_RULES

  get(rules: EgressRules): EgressGuard {
    if (!isDeepStrictEqual(rules, this.#rules)) {
      this.#rules = rules
      this.#guard = new EgressGuard(rules)
    }
    return this.#guard
  }
}

function addRange(list: BlockList, range: string): void {
  const [address = '', prefix] = range.split('/')
  const family = address.includes(':') ? 'ipv6' : 'ipv4'
  if (prefix === undefined) list.addAddress(address, family)
  else list.addSubnet(address, Number(prefix), family)
}
