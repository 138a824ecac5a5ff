/** Owns the question that a service is asked about a request, in each of the protocols: what it sees, and what only the gateway may say. */
import { tellUpstream, toIdentityFields, type UpstreamFacts } from '../callers/upstream-facts.ts'
import type { Caller, Exchange } from '../exchange.ts'
import { HeaderList } from '../messages/header-list.ts'
import type { GatewayRequest } from '../messages/request.ts'
import { toTokenPlace } from '../tokens/token-places.ts'
import { type FieldChoice, pickFields } from './check-fields.ts'
import type { ExternalAuthOptions, Protocol } from './external-auth-options.ts'

/** All that the service sees, but the exchange's id. */
export interface Check {
  readonly url: string
  readonly method: string
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: string | Uint8Array | undefined
}

/** `body` is the request's, where the options ask for it. */
export type ToCheck = (exchange: Exchange, body: Uint8Array | undefined) => Check

const USUAL_FIELDS: Readonly<Record<Protocol, FieldChoice>> = {
  'envoy-ext-authz': ['Authorization'],
  'traefik-forward-auth': 'all',
  'nginx-auth-request': 'all',
  generic: ['Authorization', 'Cookie'],
}

export function compileCheck(options: ExternalAuthOptions): ToCheck {
  const { url, protocol, sendCaller } = options
  const choice = toChoice(options)

  function toFields(exchange: Exchange, more: Check['headers']): Check['headers'] {
    const headers = HeaderList.of(pickFields(exchange.request.headers, choice))
    for (const [name, value] of [...toForwardingFields(exchange), ...more]) headers.set(name, value)
    if (sendCaller !== undefined) tellService(headers, exchange.caller, sendCaller)
    return [...headers]
  }

  switch (protocol) {
    case 'envoy-ext-authz': {
      const prefix = url.replace(/\/$/, '')
      return (exchange, body) => ({
        url: prefix + toUri(exchange.request),
        method: exchange.request.method,
        headers: toFields(exchange, exchange.request.authority === '' ? [] : [['Host', exchange.request.authority]]),
        body,
      })
    }
    case 'traefik-forward-auth':
      return (exchange, body) => ({
        url,
        method: 'GET',
        headers: toFields(exchange, [
          ['X-Forwarded-Method', exchange.request.method],
          ['X-Forwarded-Uri', toUri(exchange.request)],
        ]),
        body,
      })
    case 'nginx-auth-request':
      return (exchange) => ({
        url,
        method: 'GET',
        headers: toFields(exchange, toOriginalFields(exchange)),
        body: undefined,
      })
    case 'generic':
      return (exchange, body) => ({
        url,
        method: 'POST',
        headers: [
          ['Accept', 'application/json'],
          ['Content-Type', 'application/json'],
        ],
        body: JSON.stringify(toDocument(exchange, choice, body)),
      })
  }
}

/** The credential is what it is all about: the service always sees it. */
function toChoice({ protocol, sendFields, credential, bodyBytes }: ExternalAuthOptions): FieldChoice {
  const choice = sendFields ?? USUAL_FIELDS[protocol]
  if (choice === 'all') return choice
  const place = credential && toTokenPlace(credential)
  const more = place?.in === 'header' ? [place.name] : place?.in === 'cookie' ? ['Cookie'] : []
  if (bodyBytes > 0) more.push('Content-Type')
  const names = new Map([...choice, ...more].map((name) => [name.toLowerCase(), name]))
  return [...names.values()]
}

/** What the gateway knows of the client, and nothing of what a client or a proxy before it says of itself. */
function toForwardingFields({ client, request }: Exchange): Check['headers'] {
  const host: Check['headers'] = request.authority === '' ? [] : [['X-Forwarded-Host', request.authority]]
  return [
    ['X-Forwarded-For', client.address],
    ['X-Forwarded-Proto', request.scheme],
    ...host,
    // As received: who decides by it decides about another path than the one that is matched.
    ['X-Raw-Target', request.rawTarget],
  ]
}

function toOriginalFields({ client, request }: Exchange): Check['headers'] {
  const uri = toUri(request)
  const url: Check['headers'] =
    request.authority === '' ? [] : [['X-Original-URL', `${request.scheme}://${request.authority}${uri}`]]
  return [['X-Original-Method', request.method], ['X-Original-URI', uri], ...url, ['X-Real-IP', client.address]]
}

function tellService(headers: HeaderList, caller: Caller | undefined, facts: UpstreamFacts): void {
  if (caller !== undefined) tellUpstream({ headers }, caller, facts)
  // Nobody: then the fields are not there, and do not say what the client says in them.
  else for (const name of toIdentityFields(facts)) headers.delete(name)
}

/**
 * The path that was matched, and the query. Whatever is no URI character is escaped, so that no reader of URLs makes another
 * path of it: the WHATWG's takes `\` for `/` and cuts at `#`.
 */
function toUri({ matchedPath, search }: GatewayRequest): string {
  const path = matchedPath.startsWith('/') ? matchedPath : `/${matchedPath}`
  return escapeOthers(path + search)
}

// RFC 3986 §3.3, §3.4: what a path and a query are made of.
function escapeOthers(text: string): string {
  return text.replace(
    /[^!$&'()*+,\-./0-9:;=?@A-Z_a-z~%]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  )
}

/** The document of the generic protocol. */
function toDocument(exchange: Exchange, choice: FieldChoice, body: Uint8Array | undefined): object {
  const { request, client, route, caller } = exchange
  // Without a prototype, so that a field named `__proto__` is one.
  const headers: Record<string, string[]> = Object.create(null)
  for (const [name, value] of pickFields(request.headers, choice)) {
    const lower = name.toLowerCase()
    headers[lower] = [...(headers[lower] ?? []), value]
  }
  return {
    request: {
      method: request.method,
      scheme: request.scheme,
      host: request.host,
      path: request.matchedPath,
      query: request.search,
      rawTarget: request.rawTarget,
      headers,
      ...(body !== undefined && { body: Buffer.from(body).toString('base64') }),
    },
    client: { address: client.address },
    route: { api: route.api, route: route.route, template: route.template, operation: route.operation ?? null },
    caller: caller === undefined ? null : toCallerFacts(caller),
  }
}

/** What is known of a caller, as data. */
export function toCallerFacts({ id, app, plan, scopes, groups, claims }: Caller): object {
  return { id, app: app ?? null, plan: plan ?? null, scopes: scopes ?? [], groups: groups ?? [], claims: claims ?? {} }
}
