/** Owns what a route allows of a request beside its policies: how long its body may be, and what it may become. */
import { Problem } from '@gatewright/policies'
import type { ClientConnection, ReceivedRequest } from '../listen/connection-contract.ts'
import { toBodyTooLarge } from '../listen/request-body.ts'
import type { RouteRuntime } from '../snapshot/runtime.ts'

export type Allowance = Pick<RouteRuntime, 'upgrades' | 'bodyBytes'>

/** undefined: the request may go on. */
export function findRefusal(
  received: ReceivedRequest,
  allowance: Allowance,
  connection: ClientConnection,
): Problem | undefined {
  if (asksTunnel(received) && toAllowedUpgrade(received, allowance) === undefined) return toTunnelProblem()
  const limitBytes = allowance.bodyBytes ?? connection.settings.limits.bodyBytes
  return connection.limitBody(limitBytes) && !isLonger(received, limitBytes) ? undefined : toBodyTooLarge(limitBytes)
}

/** A body whose length is known is refused before a byte of it is read. */
function isLonger({ body }: ReceivedRequest, limitBytes: number): boolean {
  return body.sizeBytes !== undefined && body.sizeBytes > limitBytes
}

/** Of an extended CONNECT (RFC 8441 §4): without a tunnel it is no request at all. */
export function asksTunnel({ httpVersion, upgrade }: Pick<ReceivedRequest, 'httpVersion' | 'upgrade'>): boolean {
  return httpVersion === '2' && upgrade !== undefined
}

export function toTunnelProblem(): Problem {
  return new Problem('protocol-not-supported', { detail: 'What :protocol asks for is not spoken here.' })
}

/** `websocket` everywhere; other tokens where the route names them. `h2c` and the like are dropped: the request is answered in HTTP/1.1. */
export function toAllowedUpgrade({ upgrade, method }: ReceivedRequest, { upgrades }: Allowance): string | undefined {
  // RFC 6455 §4.1: the handshake is a GET.
  if (upgrade === 'websocket') return method === 'GET' ? upgrade : undefined
  return upgrade !== undefined && upgrades.includes(upgrade) ? upgrade : undefined
}
