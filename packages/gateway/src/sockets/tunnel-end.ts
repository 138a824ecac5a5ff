/** Owns what a tunnel needs of each of its two connections. */
import type { Duplex } from 'node:stream'
import type { GatewayResponse } from '@gatewright/policies'
import type { GatewayExchange } from '../exchange/gateway-exchange.ts'

/** A socket, or a stream of HTTP/2 that stands for one. */
export interface TunnelSocket extends Duplex {
  /** Ends once what was written is out. */
  destroySoon(): void
}

export interface TunnelEnd {
  readonly socket: TunnelSocket
  /** What was read behind the request or the 101, and belongs to the other side. */
  readonly rest: Uint8Array
  /** Hands over what is read from here on, in memory that stays. */
  readWith(reader: (chunk: Buffer) => void): void
  /** The tunnel has ended. */
  release(): void
}

/** The end that asked for it. */
export interface ClientTunnelEnd extends TunnelEnd {
  /** Says yes, as the 101 of the upstream does. False: that says something else than it was asked, and there is no tunnel. */
  accept(exchange: GatewayExchange, response: GatewayResponse): boolean
}
