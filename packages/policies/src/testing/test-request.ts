/** Owns requests as tests write them: only what matters to the test. */
import { type Body, BytesBody, EMPTY_BODY } from '../messages/body.ts'
import { HeaderList } from '../messages/header-list.ts'
import { GatewayRequest } from '../messages/request.ts'

export interface TestRequest {
  /** GET if absent. */
  readonly method?: string
  /** Path and query, as sent: `/orders?page=2`; `/` if absent. */
  readonly target?: string
  readonly scheme?: 'http' | 'https'
  /** The authority; `api.example.com` if absent. */
  readonly host?: string
  /** By name, or as pairs where a name comes twice. */
  readonly headers?: Readonly<Record<string, string>> | readonly (readonly [name: string, value: string])[]
  readonly body?: string | Body
  /** Values of the route's `{name}`s, percent-encoded. */
  readonly parameters?: Readonly<Record<string, string>>
}

export function toRequest(request: TestRequest = {}): GatewayRequest {
  const { method = 'GET', target = '/', scheme = 'http', host = 'api.example.com', headers = [], body } = request
  const queryAt = target.indexOf('?')
  const made = new GatewayRequest({
    method,
    rawTarget: target,
    path: queryAt < 0 ? target : target.slice(0, queryAt),
    search: queryAt < 0 ? '' : target.slice(queryAt),
    scheme,
    host: host.replace(/:\d+$/, '').toLowerCase(),
    authority: host,
    headers: HeaderList.of(isPairs(headers) ? headers : Object.entries(headers)),
    body: typeof body === 'string' ? BytesBody.ofText(body) : (body ?? EMPTY_BODY),
  })
  if (request.parameters !== undefined) made.matched = { parameters: request.parameters }
  return made
}

type Headers = NonNullable<TestRequest['headers']>

function isPairs(headers: Headers): headers is readonly (readonly [name: string, value: string])[] {
  return Array.isArray(headers)
}
