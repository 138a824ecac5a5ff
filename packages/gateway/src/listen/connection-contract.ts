/** Owns what a client connection and the gateway behind it promise each other. */
import type { ListenerHttp2, ListenerLimits } from '@gatewright/model'
import type { BytesBody, Client, EMPTY_BODY, GatewayResponse, HeaderList, StreamBody } from '@gatewright/policies'
import type { TrustedProxies } from '../exchange/client-address.ts'
import type { BrokenOffBy, ClientSide, Ended, GatewayExchange } from '../exchange/gateway-exchange.ts'
import type { Authority } from '../http1/host.ts'
import type { Refusal } from '../http1/refusal.ts'
import type { ClientTunnelEnd } from '../sockets/tunnel-end.ts'
import type { DeadlineWheel } from '../timers/deadline-wheel.ts'
import type { Judgement } from '../tls/client-certificate.ts'
import type { Demands } from '../tls/demands.ts'
import type { RequestTarget } from './request-target.ts'

/** A request as it came off the wire, before the gateway looked at its path. */
export interface ReceivedRequest {
  readonly method: string
  readonly rawTarget: string
  readonly target: RequestTarget
  readonly authority: Authority | undefined
  readonly httpVersion: '1.0' | '1.1' | '2'
  readonly headers: HeaderList
  readonly body: BytesBody | StreamBody | typeof EMPTY_BODY
  /** The token of `Upgrade`, lower case, where the connection may be upgraded. */
  readonly upgrade: string | undefined
}

/** What a TLS handshake came to. */
export interface ConnectionTls extends Judgement {
  /** `TLSv1.3`. */
  readonly version: string
  /** Demanded of it by the name that its client said. */
  readonly demands: Demands
}

/** Whose a connection is, where its socket does not say it. */
export interface ConnectionOrigin {
  /** Whom a trusted balancer speaks for. */
  readonly peer?: { readonly address: string; readonly port: number } | undefined
  readonly tls?: ConnectionTls | undefined
}

export function toStrangerFacts({
  peerAddress,
  peerPort,
  tls,
}: Pick<ClientConnection, 'peerAddress' | 'peerPort' | 'tls'>): Client {
  return {
    address: peerAddress,
    port: peerPort,
    peerAddress,
    isPeerTrusted: false,
    certificate: tls?.certificate,
  }
}

/** A client's connection as its listener sees it. */
export interface OpenConnection {
  readonly peerAddress: string
  /** Nothing is under way on it. */
  readonly isIdle: boolean
  /** Bytes that came before it was there. */
  onData(chunk: Buffer): void
  onSettingsChanged(): void
  closeGracefully(): void
  /** There are too many connections, in all or of this address. */
  refuseCrowd(): void
  /** Closes now, whatever is under way; `by` is for the record. */
  destroy(by?: BrokenOffBy): void
}

/** A client's connection as the gateway sees it, whatever protocol it speaks. */
export interface ClientConnection extends ClientSide {
  readonly settings: ConnectionSettings
  /** The other end; with PROXY protocol, who it says it speaks for. */
  readonly peerAddress: string
  readonly peerPort: number
  /** Who a client is for whom nobody else may speak. */
  readonly strangerFacts: Client
  readonly httpVersion: '1.1' | '2'
  /** What was agreed on and proven in TLS; undefined: there is none. */
  readonly tls: ConnectionTls | undefined
  /** Lower-case names that this request's `Connection` field meant for this connection only. */
  readonly connectionFields: readonly string[]
  /** The exchange whose answer comes next. */
  begin(exchange: GatewayExchange): void
  /** Names that the body's trailers may not hold. */
  dropTrailers(names: ReadonlySet<string>): void
  /** Sets the largest body accepted from here on. False: more came already. */
  limitBody(limitBytes: number): boolean
  /** No further request: an idle connection closes, a busy one after its answer. */
  closeGracefully(): void
}

/** Who answers what connections receive. */
export interface RequestReceiver {
  receive(request: ReceivedRequest, connection: ClientConnection): void
  /** Not valid HTTP, or more than is allowed: answered without a route. */
  refuse(refusal: Refusal, head: { method: string; target: string }, connection: ClientConnection): void
  /** The last byte of an answer was written, or it never will be. */
  onEnded(exchange: GatewayExchange, ended: Ended): void
  /** The answer is a 101: the socket is the tunnel's from here on. */
  openTunnel(exchange: GatewayExchange, response: GatewayResponse, client: ClientTunnelEnd): void
}

/** What a listener answers before anything is routed. */
export interface RequestGate {
  /** The value of `Strict-Transport-Security`, where the listener says it. */
  readonly hsts: string | undefined
  /** undefined: the request goes on. */
  findAnswer(received: ReceivedRequest, connection: Pick<ClientConnection, 'tls'>): GatewayResponse | undefined
}

export interface ConnectionSettings {
  readonly receiver: RequestReceiver
  readonly wheel: DeadlineWheel
  readonly limits: ListenerLimits
  readonly http2: ListenerHttp2
  readonly localPort: number
  readonly trusted: TrustedProxies
  readonly gate: RequestGate
  /** True while the gateway drains: every answer closes its connection. */
  readonly isDraining: boolean
  onClosed(connection: OpenConnection): void
}
