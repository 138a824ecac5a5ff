/** Owns how the control plane asks somebody that people have named: only what may be called, and never for long or for much. */
import type { IncomingMessage } from 'node:http'
import { NEVER_CALLED, toEmbeddedAddresses } from '@gatewright/policies'
import { type AddressJudge, callOut } from './call-out.ts'
import { isListed, toNetworkList } from './network-list.ts'

const TIMEOUT_MS = 10_000
const MOST_BYTES = 1024 * 1024
const LOCAL = /^(?:localhost|127\.0\.0\.1|\[::1\])$/

const denied = toNetworkList(NEVER_CALLED)

/** What somebody is asked with, as libraries say it. */
export interface OutgoingRequest {
  readonly method?: string
  readonly headers?: RequestInit['headers']
  readonly body?: unknown
}

/** As `fetch`, which follows no redirect: where somebody is sent to was named by nobody. @rejects Error that says why */
export async function outgoingFetch(
  address: string,
  { method = 'GET', headers, body }: OutgoingRequest = {},
): Promise<Response> {
  const url = new URL(address)
  assertSafe(url)
  const answer = await callOut({
    url,
    method,
    headers: Object.fromEntries(new Headers(headers)),
    ...(body != null && { body: String(body) }),
    judge,
    signal: AbortSignal.timeout(TIMEOUT_MS),
  })
  return await read(answer)
}

/** Keys and tokens go by TLS, except on this machine. @throws Error */
function assertSafe({ protocol, hostname }: URL): void {
  if (protocol === 'https:' || (protocol === 'http:' && LOCAL.test(hostname))) return
  throw new Error('it is not asked without TLS: say https://')
}

async function read(answer: IncomingMessage): Promise<Response> {
  const pieces: Buffer[] = []
  let bytes = 0
  for await (const piece of answer as AsyncIterable<Buffer>) {
    bytes += piece.length
    if (bytes > MOST_BYTES) {
      answer.destroy()
      throw new Error(`its answer has more than ${MOST_BYTES} bytes`)
    }
    pieces.push(piece)
  }
  const status = answer.statusCode ?? 0
  const fields = Object.entries(answer.headersDistinct).flatMap(([name, values = []]) =>
    values.map((value): [string, string] => [name, value]),
  )
  // RFC 9110 §15.3.5 and §15.4.5: these have no content, and the constructor takes none.
  const hasContent = status !== 204 && status !== 304
  return new Response(hasContent ? Buffer.concat(pieces) : null, { status, headers: fields })
}

const judge: AddressJudge = {
  permits: (address) => [address, ...toEmbeddedAddresses(address)].every((each) => !isListed(denied, each)),
  toRefusal: (host) => new Error(`${host} has no address that may be called`),
}
