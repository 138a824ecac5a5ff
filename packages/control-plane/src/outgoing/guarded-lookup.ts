/** Owns looking names up for connections: what a name resolves to is judged, is what is connected to, and is never looked up again. */
import { lookup } from 'node:dns'
import type { LookupFunction } from 'node:net'

export interface AddressJudge {
  permits(address: string): boolean
  /** Why a host without any address that is permitted is not called. */
  toRefusal(host: string): Error
}

export function createGuardedLookup(judge: AddressJudge): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, [])
      const permitted = addresses.filter(({ address }) => judge.permits(address))
      const [first] = permitted
      if (first === undefined) return callback(judge.toRefusal(hostname), [])
      if (options.all === true) callback(null, permitted)
      else callback(null, first.address, first.family)
    })
  }
}
