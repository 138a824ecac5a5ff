/** Owns the head of a request on its way to a target: its line, its `Host`, the client's fields, and what the gateway says of itself. */
import { type GatewayRequest, KNOWN_FIELDS, TWIN_FIELD } from '@gatewright/policies'
import type { GatewayExchange } from '../exchange/gateway-exchange.ts'
import { createFieldMask, serializeFields } from '../http1/serialize-head.ts'
import type { OutgoingRequest } from './carried-request.ts'

// RFC 9110 §7.6.1: what belonged to the client's connection. The rest is what the gateway says itself.
const DROPPED = createFieldMask([
  KNOWN_FIELDS.host,
  KNOWN_FIELDS['content-length'],
  KNOWN_FIELDS['transfer-encoding'],
  KNOWN_FIELDS.connection,
  KNOWN_FIELDS['keep-alive'],
  KNOWN_FIELDS['proxy-connection'],
  KNOWN_FIELDS['proxy-authorization'],
  KNOWN_FIELDS.te,
  KNOWN_FIELDS.upgrade,
  KNOWN_FIELDS.expect,
  KNOWN_FIELDS.forwarded,
  KNOWN_FIELDS['x-forwarded-for'],
  KNOWN_FIELDS['x-forwarded-proto'],
  KNOWN_FIELDS['x-forwarded-host'],
  KNOWN_FIELDS['x-forwarded-port'],
  KNOWN_FIELDS['x-request-id'],
  KNOWN_FIELDS.traceparent,
  // CVE-2016-5385: CGI makes `HTTP_PROXY` of it, which clients of HTTP take for their proxy.
  KNOWN_FIELDS.proxy,
  TWIN_FIELD,
])
const DROPPED_FROM_STRANGERS = DROPPED.slice()
DROPPED_FROM_STRANGERS[KNOWN_FIELDS.tracestate] = 1

/** What of a request decides about its head. */
export type RequestFacts = Pick<OutgoingRequest, 'exchange' | 'root' | 'model' | 'target' | 'upgrade'>

/** Everything but the framing fields and the empty line: those are `toUpstreamFields`. */
export function toUpstreamHead({ exchange, root, model, target, upgrade }: RequestFacts): string {
  const { request, client } = exchange
  const { hostHeader, via } = model
  let host = target.authority
  if (hostHeader !== 'upstream')
    host = hostHeader === 'preserve' ? request.authority || target.authority : hostHeader.value
  const path = request.path === '*' ? '*' : target.pathPrefix + request.path + request.search
  const fields = serializeFields(request.headers, client.isPeerTrusted ? DROPPED : DROPPED_FROM_STRANGERS)
  const line = `${request.method} ${path} HTTP/1.1\r\n`
  if (!LINE.test(line)) throw new TypeError(`a policy made a request line that cannot be sent: ${JSON.stringify(line)}`)
  let head = `${line}Host: ${host}\r\n${fields}${toForwardingFields(root)}`
  if (via) head += VIA
  head += `X-Request-Id: ${exchange.id}\r\ntraceparent: 00-${root.traceId}-${root.spanId}-${root.traceFlags}\r\n`
  if (upgrade !== undefined) head += `Connection: Upgrade\r\nUpgrade: ${upgrade}\r\n`
  return head
}

// RFC 9112 §3: a client's line is valid already; what a policy makes of it could hold a second one.
const LINE = /^[!-~]+ [!-~\x80-\xff]+ HTTP\/1\.1\r\n$/

const VIA = 'Via: 1.1 gatewright\r\n'

/** RFC 9112 §6: a length where it is known, else chunked; nothing where a request of this kind has no content. */
export function toUpstreamFields(method: string, bodyBytes: number | undefined): string {
  if (bodyBytes === undefined) return 'Transfer-Encoding: chunked\r\n\r\n'
  if (bodyBytes > 0) return `Content-Length: ${bodyBytes}\r\n\r\n`
  // RFC 9110 §8.6: methods that anticipate content say that there is none.
  return method === 'POST' || method === 'PUT' || method === 'PATCH' ? 'Content-Length: 0\r\n\r\n' : '\r\n'
}

let lastAddress = ''
let lastAuthority = ''
let lastPort = 0
let lastScheme = ''
let lastFields = ''

/** What a stranger said of itself is replaced; what a trusted peer said is extended. */
function toForwardingFields(exchange: GatewayExchange): string {
  const { client, request, clientSide } = exchange
  if (client.isPeerTrusted) return extendForwardingFields(request, exchange)
  const isSameClient = client.peerAddress === lastAddress && request.authority === lastAuthority
  if (isSameClient && clientSide.localPort === lastPort && request.scheme === lastScheme) return lastFields
  lastAddress = client.peerAddress
  lastAuthority = request.authority
  lastPort = clientSide.localPort
  lastScheme = request.scheme
  lastFields = `X-Forwarded-For: ${lastAddress}\r\nX-Forwarded-Proto: ${request.scheme}\r\n${
    lastAuthority === '' ? '' : `X-Forwarded-Host: ${lastAuthority}\r\n`
  }X-Forwarded-Port: ${lastPort}\r\n`
  return lastFields
}

function extendForwardingFields(request: GatewayRequest, { client, clientSide }: GatewayExchange): string {
  const { headers } = request
  const chain = headers.get('x-forwarded-for')
  const forwarded = headers.get('forwarded')
  let fields = `X-Forwarded-For: ${chain === undefined ? '' : `${chain}, `}${client.peerAddress}\r\n`
  fields += `X-Forwarded-Proto: ${headers.get('x-forwarded-proto') ?? request.scheme}\r\n`
  const host = headers.get('x-forwarded-host') ?? request.authority
  if (host !== '') fields += `X-Forwarded-Host: ${host}\r\n`
  fields += `X-Forwarded-Port: ${headers.get('x-forwarded-port') ?? toPort(request, clientSide.localPort)}\r\n`
  // RFC 7239 §4: an element more, where the field is in use.
  if (forwarded !== undefined) {
    const node = client.peerAddress.includes(':') ? `"[${client.peerAddress}]"` : client.peerAddress
    fields += `Forwarded: ${forwarded}, for=${node};proto=${request.scheme}\r\n`
  }
  return fields
}

/** The port that the client addressed, where a trusted peer says the scheme and not the port. */
function toPort({ headers, scheme, authority }: GatewayRequest, localPort: number): number {
  if (!headers.has('x-forwarded-proto')) return localPort
  const said = /:(\d+)$/.exec(headers.get('x-forwarded-host') ?? authority)?.[1]
  if (said !== undefined) return Number(said)
  return scheme === 'https' ? 443 : 80
}
