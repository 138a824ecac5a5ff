/** Owns what the data plane itself keeps of an exchange: where it came in, what it asked of the connection, what is recorded. */
import { Exchange, type ExchangeParts, type GatewayResponse, type HeaderList, type Problem } from '@gatewright/policies'
import { type LocatedTarget, toClientLocation } from '../respond/location.ts'
import type { ApiRuntime } from '../snapshot/runtime.ts'
import type { ShownCertificate } from '../tls/client-certificate.ts'
import type { Undecided } from './undecided.ts'

/** Who broke an exchange off at the client's side: the client, or this gateway at the deadline of its drain. */
export type BrokenOffBy = 'client-left' | 'drain-timeout'

/** How an exchange ended: every byte was written, or somebody broke off. */
export type Ended = 'answered' | BrokenOffBy | 'upstream-broke'

/** The head of an interim answer (RFC 9110 §15.2). */
export interface InterimHead {
  readonly status: number
  readonly reason: string
  readonly fields: HeaderList
}

/** What an exchange needs of the connection it came in on. It says which one it is: its turn there may be over. */
export interface ClientSide {
  readonly localPort: number
  /** undefined: it came without TLS. */
  readonly tls?: { readonly version: string; readonly shown: ShownCertificate | undefined } | undefined
  sendInterim(exchange: GatewayExchange, head: InterimHead): void
  /** A call of gRPC goes to a target that takes such: its body brings messages when they come. */
  expectMessages(exchange: GatewayExchange): void
  answer(exchange: GatewayExchange, response: GatewayResponse): void
}

export interface GatewayExchangeParts extends ExchangeParts {
  readonly clientSide: ClientSide
  readonly spanId: string
  readonly startedAtMs: number
}

export class GatewayExchange extends Exchange {
  readonly clientSide: ClientSide
  readonly spanId: string
  /** On the monotonic clock, when the head was complete. */
  readonly startedAtMs: number
  /** The token of `Upgrade` that may become a tunnel; undefined: none was asked for, or it was dropped. */
  upgrade: string | undefined = undefined
  api: ApiRuntime | undefined = undefined
  /** Which of several releases answers, where the app decides it that calls. */
  undecided: Undecided | undefined = undefined
  /** Length of what was taken off the path before it went upstream. */
  strippedBasePath = ''
  /** The `traceparent` that came from a peer that is not trusted: a link, not a parent. */
  traceLink: string | undefined = undefined
  /** The trace this exchange belongs to: its own id, unless a trusted peer's was continued. */
  traceId: string
  traceFlags = '00'
  /** Of the answer that went out. */
  status = 0
  problem: Problem | undefined = undefined
  /** Why it is answered without a route. */
  refusedBy: unknown = undefined
  /** How long a tunnel or an event stream may stay silent, and how long a tunnel may live at all. */
  tunnelIdleMs = 3_600_000
  tunnelMaxAgeMs = Number.POSITIVE_INFINITY
  /** Until when a call of gRPC is to be answered, on the monotonic clock. */
  grpcDeadlineAtMs = Number.POSITIVE_INFINITY
  upstreamId = ''
  upstreamTarget = ''
  upstreamStatus = 0
  attempts = 0
  bytesIn = 0
  bytesOut = 0

  constructor(parts: GatewayExchangeParts) {
    super(parts)
    this.clientSide = parts.clientSide
    this.spanId = parts.spanId
    this.startedAtMs = parts.startedAtMs
    this.traceId = parts.id
  }

  /** RFC 9110 §15.2: a proxy relays 1xx answers, but never to an HTTP/1.0 client. */
  sendInterim(head: InterimHead): void {
    if (this.request.httpVersion !== '1.0') this.clientSide.sendInterim(this, head)
  }

  answer(response: GatewayResponse): void {
    this.clientSide.answer(this, response)
  }

  toClientLocation(location: string, target: LocatedTarget): string {
    const { request } = this
    return toClientLocation(location, {
      target,
      clientOrigin: request.authority === '' ? '' : `${request.scheme}://${request.authority}`,
      basePath: this.strippedBasePath,
    })
  }
}
