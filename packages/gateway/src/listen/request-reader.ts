/** Owns the way from a client's bytes to a request's head: complete, framed, with one target and one host; or why it is refused. */
import type { ListenerLimits } from '@gatewright/model'
import { HeaderList } from '@gatewright/policies'
import { NO_BODY } from '../http1/framing.ts'
import { type HeadLimits, HeadParser } from '../http1/head-parser.ts'
import { type Authority, agree, parseAuthority } from '../http1/host.ts'
import { malformed, Refusal } from '../http1/refusal.ts'
import { RequestHead } from '../http1/request-head.ts'
import { parseTarget, type RequestTarget } from './request-target.ts'

export const READER_REFUSALS = {
  // RFC 9110 §9.3.6 and §9.3.8: a gateway to origins tunnels for nobody, and TRACE would show a client's fields to others.
  method: new Refusal('method-not-allowed', 'method', 'CONNECT and TRACE are answered nowhere on this gateway.'),
  host: malformed('host', 'The Host field must hold one valid host name or address, with an optional port.'),
  disagreement: malformed('host-disagreement', 'The Host field and the absolute request target name different places.'),
} as const

/** A complete head, and where its body begins. */
export interface ReadHead {
  readonly headers: HeaderList
  readonly target: RequestTarget
  readonly authority: Authority | undefined
  /** A length, `CHUNKED` or `NO_BODY`. */
  readonly framing: number
  /** Index into the chunk that completed the head. */
  readonly bodyAt: number
  /** The token of `Upgrade`, lower case, where the connection may be upgraded. */
  readonly upgrade: string | undefined
}

export class RequestReader {
  readonly head = new RequestHead()
  readonly #parser: HeadParser
  readonly #scheme: 'http' | 'https'
  /** Clients say the same Host again and again. */
  #lastHost: string | undefined
  #lastAuthority: Authority | undefined

  constructor(limits: ListenerLimits, scheme: 'http' | 'https' = 'http') {
    this.#scheme = scheme
    this.#parser = new HeadParser(toHeadLimits(limits), this.head.scanLine, { skipsEmptyLine: true })
  }

  changeLimits(limits: ListenerLimits): void {
    this.#parser.limits = toHeadLimits(limits)
  }

  /** Takes more bytes; undefined: the head is not complete. */
  read(chunk: Buffer): ReadHead | Refusal | undefined {
    const parser = this.#parser
    if (!parser.hasBegun) {
      // A head that is refused must not be recorded, or answered, as the one before.
      this.head.method = ''
      this.head.target = ''
    }
    const headers = parser.push(chunk)
    return headers instanceof HeaderList ? this.#finish(headers) : headers
  }

  #finish(headers: HeaderList): ReadHead | Refusal {
    const { head } = this
    const refusal = head.readFields(headers)
    if (refusal !== undefined) return refusal
    if (head.method === 'CONNECT' || head.method === 'TRACE') return READER_REFUSALS.method
    const target = parseTarget(head.target, head.method, this.#scheme)
    if (target instanceof Refusal) return target
    const authority = this.#readAuthority(headers, target)
    if (authority instanceof Refusal) return authority
    const { bodyAt } = this.#parser
    this.#parser.reset()
    return { headers, target, authority, framing: head.body, bodyAt, upgrade: this.#toUpgrade(headers) }
  }

  /** RFC 9112 §3.2: an absolute target must agree with Host, and then is what counts. */
  #readAuthority(headers: HeaderList, target: RequestTarget): Authority | undefined | Refusal {
    const { hostAt } = this.head
    if (hostAt < 0) return target.authority
    const value = headers.valueAt(hostAt)
    if (value !== this.#lastHost) {
      const authority = parseAuthority(value)
      if (authority === undefined) return READER_REFUSALS.host
      this.#lastHost = value
      this.#lastAuthority = authority
    }
    const host = this.#lastAuthority
    if (
      target.authority !== undefined &&
      host !== undefined &&
      !agree(target.authority, host, this.#scheme === 'http' ? 80 : 443)
    ) {
      return READER_REFUSALS.disagreement
    }
    return host
  }

  /** RFC 9110 §7.8: only where `Connection` says so too, and never from 1.0; a body would be read as the new protocol's bytes. */
  #toUpgrade(headers: HeaderList): string | undefined {
    const { head } = this
    const isAsked = head.upgradeAt >= 0 && head.connection.upgrade
    if (!isAsked || head.minorVersion === 0 || head.body !== NO_BODY) return undefined
    return headers.valueAt(head.upgradeAt).toLowerCase()
  }
}

function toHeadLimits({ requestLineBytes, headerBytes, headerFields }: ListenerLimits): HeadLimits {
  return { firstLineBytes: requestLineBytes, headerBytes, headerFields }
}
