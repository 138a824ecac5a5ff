/**
 * Owns connections to addresses that people have named: each is judged as it stands, or as its name resolves; what was judged is what is
 * connected to, and is never looked up again.
 */
import { lookup } from 'node:dns'
import type { IncomingMessage } from 'node:http'
import { request as requestTls } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'

// As a module, it loads undici as well for what it exports beside these.
const { request: requestPlain } = process.getBuiltinModule('node:http')

export interface AddressJudge {
  permits(address: string): boolean
  /** Why a host without any address that is permitted is not called. */
  toRefusal(host: string): Error
}

export interface Call {
  readonly url: URL
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
  readonly judge: AddressJudge
  /** Ends it, the answer too. */
  readonly signal: AbortSignal
}

/** Gives the head of the answer, whose content is to be read or destroyed. A redirect is an answer: where it leads was named by nobody. @rejects Error that says why */
export async function callOut({ url, method, headers, body, judge, signal }: Call): Promise<IncomingMessage> {
  const host = url.hostname.replace(/^\[|\]$/g, '')
  // It is never looked up.
  if (isIP(host) !== 0 && !judge.permits(host)) throw judge.toRefusal(host)
  const request = url.protocol === 'https:' ? requestTls : requestPlain
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  // On a connection of its own: one that was kept open was judged by somebody else.
  const call = request(url, { method, headers, signal, agent: false, lookup: toLookup(judge) }, resolve)
  call.on('error', reject)
  call.end(body)
  return await promise
}

function toLookup(judge: AddressJudge): LookupFunction {
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
