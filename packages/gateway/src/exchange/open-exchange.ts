/** Owns the beginning of an exchange: its id, who the client is, which trace it belongs to, and what a client may not say. */
import {
  type Client,
  GatewayRequest,
  type HeaderList,
  KNOWN_FIELDS,
  MARKS_PER_FIELD,
  type RouteFacts,
} from '@gatewright/policies'
import type { ClientConnection, ReceivedRequest } from '../listen/connection-contract.ts'
import type { HeldFields } from '../snapshot/held-fields.ts'
import { findClientAddress, type TrustedProxies } from './client-address.ts'
import { drawIds } from './exchange-id.ts'
import { GatewayExchange } from './gateway-exchange.ts'

const NO_ROUTE: RouteFacts = { api: '', route: '', template: '' }

/** What `Connection` may not take away: the gateway frames, routes or accounts by it (RFC 9110 §7.6.1 leaves the choice to us). */
const KEPT_FIELDS = new Set([
  'host',
  'content-length',
  'transfer-encoding',
  'content-type',
  'content-encoding',
  'authorization',
  'cookie',
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-forwarded-host',
  'x-forwarded-port',
  'x-request-id',
  'traceparent',
  'tracestate',
  'via',
  'date',
  'expect',
])

// W3C Trace Context §3.2: version 00, ids that are not all zero.
const TRACEPARENT = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})$/

interface Opening {
  readonly connection: ClientConnection
  readonly trusted: TrustedProxies
  /** The normal form; the received one for what has none. */
  readonly path: string
  readonly heldFields: HeldFields
}

export function openExchange(received: ReceivedRequest, opening: Opening): GatewayExchange {
  const { connection, trusted, path, heldFields } = opening
  const { headers, authority } = received
  const isPeerTrusted = trusted.has(connection.peerAddress)
  const client: Client = isPeerTrusted
    ? {
        address: findClientAddress(headers, connection.peerAddress, trusted),
        port: connection.peerPort,
        peerAddress: connection.peerAddress,
        isPeerTrusted,
        certificate: connection.tls?.certificate,
      }
    : connection.strangerFacts
  if (connection.connectionFields.length > 0) removeConnectionFields(received, connection.connectionFields)
  if (heldFields.anywhere.size > 0) removeIdentityFields(received, heldFields.anywhere)
  if (heldFields.inTrailers.size > 0) connection.dropTrailers(heldFields.inTrailers)
  if (!isPeerTrusted) removeForwardingFields(headers)
  const ids = drawIds()
  const exchange = new GatewayExchange({
    id: ids.slice(0, 32),
    spanId: ids.slice(32),
    client,
    clientSide: connection,
    route: NO_ROUTE,
    receivedAtMs: Date.now(),
    startedAtMs: performance.now(),
    request: new GatewayRequest({
      method: received.method,
      rawTarget: received.rawTarget,
      path,
      search: received.target.search,
      scheme: toScheme(headers, { isPeerTrusted, isEncrypted: connection.tls !== undefined }),
      host: authority?.host ?? '',
      authority: authority?.received ?? '',
      httpVersion: received.httpVersion,
      headers,
      body: received.body,
    }),
  })
  const { tunnelIdleMs, tunnelMaxAgeMs } = connection.settings.limits
  exchange.tunnelIdleMs = tunnelIdleMs
  if (tunnelMaxAgeMs > 0) exchange.tunnelMaxAgeMs = tunnelMaxAgeMs
  continueTrace(exchange)
  return exchange
}

/** Continued from trusted peers; a stranger's is a link at most, and its sampled flag nothing. */
function continueTrace(exchange: GatewayExchange): void {
  const { headers } = exchange.request
  // The usual request has none.
  if (headers.indexOfKnown(KNOWN_FIELDS.traceparent) < 0) return
  const received = headers.get('traceparent')
  const parent = received === undefined ? null : TRACEPARENT.exec(received)
  if (parent === null) return
  if (!exchange.client.isPeerTrusted) {
    exchange.traceLink = received
    return
  }
  exchange.traceId = parent[1] ?? exchange.id
  exchange.traceFlags = parent[2] ?? '00'
}

/** One look at each field, however long the list is that a client sends. */
function removeConnectionFields({ headers }: ReceivedRequest, names: readonly string[]): void {
  const named = new Set(names)
  for (let i = headers.size - 1; i >= 0; i--) {
    const name = headers.nameAt(i).toLowerCase()
    if (named.has(name) && !KEPT_FIELDS.has(name)) headers.deleteAt(i)
  }
}

/** Upstreams believe these fields, so a client's own never pass; `_` is `-` to many of them (CGI, WSGI). */
function removeIdentityFields({ headers }: ReceivedRequest, names: ReadonlySet<string>): void {
  for (let i = headers.size - 1; i >= 0; i--) {
    if (names.has(headers.nameAt(i).toLowerCase().replaceAll('_', '-'))) headers.deleteAt(i)
  }
}

const LOWER_X = 0x78
const FORWARDING_FIELD = /^x[-_](?:forwarded(?:[-_].*)?|real[-_]ip)$/i

/** What only a proxy may say, however a stranger spells it: `X_Forwarded_For` is `X-Forwarded-For` to CGI and WSGI. */
function removeForwardingFields(headers: HeaderList): void {
  for (let i = headers.size - 1; i >= 0; i--) {
    // One look at the first letter spares most fields the rest.
    if (
      (headers.text.charCodeAt(headers.marks[i * MARKS_PER_FIELD] ?? 0) | 0x20) !== LOWER_X &&
      headers.items === undefined
    )
      continue
    if (FORWARDING_FIELD.test(headers.nameAt(i))) headers.deleteAt(i)
  }
}

/** What a trusted peer says of the way before it; of several, the nearest to the client. Else what its connection speaks. */
function toScheme(
  headers: HeaderList,
  { isPeerTrusted, isEncrypted }: { readonly isPeerTrusted: boolean; readonly isEncrypted: boolean },
): 'http' | 'https' {
  const own = isEncrypted ? 'https' : 'http'
  if (!isPeerTrusted) return own
  const said =
    headers.get('x-forwarded-proto') ?? /(?:^|[;,])\s*proto="?(\w+)/i.exec(headers.get('forwarded') ?? '')?.[1]
  if (said === undefined) return own
  return said.split(',')[0]?.trim().toLowerCase() === 'https' ? 'https' : 'http'
}
