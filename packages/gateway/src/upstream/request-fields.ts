/** Owns the head of a request on its way to a target: its line, its `Host`, the client's fields, and what the gateway says of itself. */
import { type GatewayRequest, type HeaderList, KNOWN_FIELDS, TWIN_FIELD } from '@gatewright/policies'
import type { GatewayExchange } from '../exchange/gateway-exchange.ts'
import { createFieldMask, type FieldMask, serializeFields } from '../http1/serialize-head.ts'
import type { HeadWriter } from '../http2/head-writer.ts'
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
export function toUpstreamHead(facts: RequestFacts): string {
  const { exchange, root, model, upgrade } = facts
  const { headers } = exchange.request
  const line = `${exchange.request.method} ${toUpstreamPath(facts)} HTTP/1.1\r\n`
  checkLine(line)
  let head = `${line}Host: ${toUpstreamHost(facts)}\r\n`
  head += `${serializeFields(headers, toDropped(facts))}${toForwardingText(root)}`
  if (model.via) head += VIA[exchange.request.httpVersion]
  head += `X-Request-Id: ${exchange.id}\r\ntraceparent: ${toTraceParent(root)}\r\n`
  if (upgrade !== undefined) head += `Connection: Upgrade\r\nUpgrade: ${upgrade}\r\n`
  return head
}

// RFC 9112 §3: a client's line is valid already; what a policy makes of it could hold a second one.
const LINE = /^[!-~]+ [!-~\x80-\xff]+ HTTP\/1\.1\r\n$/

function checkLine(line: string): void {
  if (!LINE.test(line)) throw new TypeError(`a policy made a request line that cannot be sent: ${JSON.stringify(line)}`)
}

/** RFC 9110 §7.6.3: the version in which the request was received. */
const VIA = {
  '1.0': 'Via: 1.0 gatewright\r\n',
  '1.1': 'Via: 1.1 gatewright\r\n',
  '2': 'Via: 2 gatewright\r\n',
} as const

function toUpstreamHost({ exchange, model, target }: RequestFacts): string {
  const { hostHeader } = model
  if (hostHeader === 'upstream') return target.authority
  return hostHeader === 'preserve' ? exchange.request.authority || target.authority : hostHeader.value
}

function toUpstreamPath({ exchange, target }: RequestFacts): string {
  const { path, search } = exchange.request
  return path === '*' ? '*' : target.pathPrefix + path + search
}

function toDropped({ exchange }: RequestFacts): FieldMask {
  return exchange.client.isPeerTrusted ? DROPPED : DROPPED_FROM_STRANGERS
}

/** W3C Trace Context §3.2. */
function toTraceParent({ traceId, spanId, traceFlags }: GatewayExchange): string {
  return `00-${traceId}-${spanId}-${traceFlags}`
}

/** The same head in HTTP/2 (RFC 9113 §8.3.1), its length included. `start` is called once nothing can go wrong any more. */
export function writeUpstreamHead(facts: RequestFacts, bodyBytes: number | undefined, start: () => HeadWriter): void {
  const { exchange, root, model, target, upgrade } = facts
  const { headers } = exchange.request
  const method = upgrade === undefined ? exchange.request.method : 'CONNECT'
  const path = toUpstreamPath(facts)
  checkLine(`${method} ${path} HTTP/1.1\r\n`)
  const forwarding = listForwardingFields(root)
  const writer = start()
  const { scheme } = target
  const authority = toUpstreamHost(facts)
  writer.request({ method, scheme, authority, path, ...(upgrade !== undefined && { protocol: upgrade }) })
  writer.fields(upgrade === undefined ? headers : toTunnelFields(headers), toDropped(facts))
  // RFC 9113 §8.2.2: all that may be said of TE.
  if (TAKES_TRAILERS.test(headers.get('te') ?? '')) writer.field('te', 'trailers')
  for (let i = 0; i < forwarding.length; i += 2) writer.field(forwarding[i] ?? '', forwarding[i + 1] ?? '')
  if (model.via) writer.field('via', `${exchange.request.httpVersion} gatewright`)
  writer.field('x-request-id', exchange.id).field('traceparent', toTraceParent(root))
  if (bodyBytes !== undefined && (bodyBytes > 0 || anticipatesContent(method))) {
    writer.field('content-length', `${bodyBytes}`)
  }
}

/** RFC 8441 §5: the handshake has no key, because the stream says what it is. */
function toTunnelFields(headers: HeaderList): HeaderList {
  const fields = headers.clone()
  fields.delete('sec-websocket-key')
  return fields
}

const TAKES_TRAILERS = /(?:^|,)[ \t]*trailers[ \t]*(?:,|$)/i

/** RFC 9112 §6: a length where it is known, else chunked; nothing where a request of this kind has no content. */
export function toUpstreamFields(method: string, bodyBytes: number | undefined): string {
  if (bodyBytes === undefined) return 'Transfer-Encoding: chunked\r\n\r\n'
  if (bodyBytes > 0) return `Content-Length: ${bodyBytes}\r\n\r\n`
  return anticipatesContent(method) ? 'Content-Length: 0\r\n\r\n' : '\r\n'
}

/** RFC 9110 §8.6: then it is said that there is none. */
function anticipatesContent(method: string): boolean {
  return method === 'POST' || method === 'PUT' || method === 'PATCH'
}

let lastAddress = ''
let lastAuthority = ''
let lastPort = 0
let lastScheme = ''
let lastFields: readonly string[] = []
let lastText = ''

function toForwardingText(exchange: GatewayExchange): string {
  const fields = listForwardingFields(exchange)
  return fields === lastFields ? lastText : toText(fields)
}

function toText(fields: readonly string[]): string {
  let text = ''
  for (let i = 0; i < fields.length; i += 2) text += `${fields[i]}: ${fields[i + 1]}\r\n`
  return text
}

/** Names and values, in turn. What a stranger said of itself is replaced; what a trusted peer said is extended. */
function listForwardingFields(exchange: GatewayExchange): readonly string[] {
  const { client, request, clientSide } = exchange
  if (client.isPeerTrusted) return extendForwardingFields(request, exchange)
  const isSameClient = client.peerAddress === lastAddress && request.authority === lastAuthority
  if (isSameClient && clientSide.localPort === lastPort && request.scheme === lastScheme) return lastFields
  lastAddress = client.peerAddress
  lastAuthority = request.authority
  lastPort = clientSide.localPort
  lastScheme = request.scheme
  const host = lastAuthority === '' ? [] : ['X-Forwarded-Host', lastAuthority]
  const port = ['X-Forwarded-Port', `${lastPort}`]
  lastFields = ['X-Forwarded-For', lastAddress, 'X-Forwarded-Proto', lastScheme, ...host, ...port]
  lastText = toText(lastFields)
  return lastFields
}

function extendForwardingFields(request: GatewayRequest, { client, clientSide }: GatewayExchange): string[] {
  const { headers } = request
  const chain = headers.get('x-forwarded-for')
  const forwarded = headers.get('forwarded')
  const fields = ['X-Forwarded-For', `${chain === undefined ? '' : `${chain}, `}${client.peerAddress}`]
  fields.push('X-Forwarded-Proto', headers.get('x-forwarded-proto') ?? request.scheme)
  const host = headers.get('x-forwarded-host') ?? request.authority
  if (host !== '') fields.push('X-Forwarded-Host', host)
  fields.push('X-Forwarded-Port', headers.get('x-forwarded-port') ?? `${toPort(request, clientSide.localPort)}`)
  // RFC 7239 §4: an element more, where the field is in use.
  if (forwarded !== undefined) {
    const node = client.peerAddress.includes(':') ? `"[${client.peerAddress}]"` : client.peerAddress
    fields.push('Forwarded', `${forwarded}, for=${node};proto=${request.scheme}`)
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
