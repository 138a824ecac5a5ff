/** Owns which addresses the gateway may connect to because a configuration names them: looked at after DNS, for every connection. */
import { type LookupAddress, type LookupAllOptions, lookup } from 'node:dns'
import { BlockList, isIP, type LookupFunction, Socket } from 'node:net'
import { isDeepStrictEqual } from 'node:util'
import type { EgressRules } from '@gatewright/model/runtime'
import { CallFault, NEVER_CALLED, toEmbeddedAddresses } from '@gatewright/policies'

/** As `lookup` of `node:dns`. */
export type ResolveAll = (
  hostname: string,
  options: LookupAllOptions,
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void

export class EgressGuard {
  readonly rules: EgressRules
  readonly #denied = new BlockList()
  readonly #allowed = new BlockList()
  readonly #resolve: ResolveAll

  constructor(rules: EgressRules, resolve: ResolveAll = lookup) {
    this.rules = rules
    for (const range of [...NEVER_CALLED, ...rules.deny]) addRange(this.#denied, range)
    for (const range of rules.allow) addRange(this.#allowed, range)
    this.#resolve = resolve
  }

  /** It is allowed as it is written, or else none of what is reached by it is denied. */
  permits(address: string): boolean {
    if (isIn(this.#allowed, address)) return true
    return [address, ...toEmbeddedAddresses(address)].every(
      (each) => isIn(this.#allowed, each) || !isIn(this.#denied, each),
    )
  }

  /** @throws CallFault egress-denied */
  check(address: string): void {
    if (!this.permits(address)) throw toDenied(address)
  }

  /**
   * For `net.connect`: what a name resolves to is what is connected to, and nothing else is looked up afterwards. Addresses that are
   * denied are left out, as if the name did not have them.
   */
  readonly lookup: LookupFunction = (hostname, options, callback) => {
    this.#resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, [])
      const permitted = addresses.filter(({ address }) => this.permits(address))
      const [first] = permitted
      if (first === undefined) return callback(toUnreachable(hostname, addresses), [])
      if (options.all === true) callback(null, permitted)
      else callback(null, first.address, first.family)
    })
  }

  /** For who connects to an address, whether it is one already or a name. @rejects CallFault, the system's error */
  getAddress(hostname: string): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<string>()
    this.lookup(hostname, {}, (error, address) => (error === null ? resolve(String(address)) : reject(error)))
    return promise
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
  #guard = NO_EGRESS_RULES

  get(rules: EgressRules): EgressGuard {
    if (!isDeepStrictEqual(rules, this.#guard.rules)) this.#guard = new EgressGuard(rules)
    return this.#guard
  }
}

function isIn(list: BlockList, address: string): boolean {
  return list.check(address, address.includes(':') ? 'ipv6' : 'ipv4')
}

function toDenied(address: string): CallFault {
  return toFault('egress-denied', `${address} is not to be called: \`egress\` says what is`)
}

function toUnreachable(hostname: string, [first]: readonly LookupAddress[]): CallFault {
  // Node takes an empty list for a mistake in the program, and ends it.
  return first === undefined ? toFault('ENOTFOUND', `${hostname} has no address`) : toDenied(first.address)
}

/** As the system's own errors say why a connection failed. */
function toFault(reason: string, message: string): CallFault {
  return Object.assign(new CallFault(reason, message), { code: reason })
}

function addRange(list: BlockList, range: string): void {
  const [address = '', prefix] = range.split('/')
  const family = address.includes(':') ? 'ipv6' : 'ipv4'
  if (prefix === undefined) list.addAddress(address, family)
  else list.addSubnet(address, Number(prefix), family)
}
