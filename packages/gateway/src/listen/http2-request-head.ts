/** Owns the step from a head of HTTP/2 to a request as HTTP/1.1 would have brought it: the same checks, the same shape (RFC 9113 §8.3.1, RFC 8441 §5). */
import { randomBytes } from 'node:crypto'
import { HeaderList } from '@gatewright/policies'
import { parseAuthority } from '../http1/host.ts'
import { Refusal } from '../http1/refusal.ts'
import { REQUEST_REFUSALS } from '../http1/request-head.ts'
import type { DecodedHead } from '../http2/decoded-head.ts'
import type { ReceivedRequest } from './connection-contract.ts'
import { READER_REFUSALS } from './request-reader.ts'
import { parseTarget } from './request-target.ts'

export interface Http2RequestHead extends Omit<ReceivedRequest, 'body'> {
  readonly expectsContinue: boolean
}

/** Of a request that is refused: nothing of it is looked at. */
export const NO_HEAD: Http2RequestHead = {
  method: '',
  rawTarget: '',
  target: { path: '', search: '', authority: undefined },
  authority: undefined,
  httpVersion: '2',
  headers: HeaderList.of(),
  upgrade: undefined,
  expectsContinue: false,
}

/** The list of fields becomes the request's. */
export function toRequestHead(head: DecodedHead): Http2RequestHead | Refusal {
  const { method, path, protocol, headers } = head
  const isExtended = protocol !== ''
  if ((method === 'CONNECT' && !isExtended) || method === 'TRACE') return READER_REFUSALS.method
  const target = parseTarget(path, isExtended ? 'GET' : method, 'https')
  if (target instanceof Refusal) return target
  const said = head.authority !== '' ? head.authority : (headers.get('host') ?? '')
  const authority = parseAuthority(said)
  if (authority === undefined) return READER_REFUSALS.host
  const expectation = headers.get('expect')
  if (expectation !== undefined && expectation.toLowerCase() !== '100-continue') return REQUEST_REFUSALS.expectation
  // What an upstream of HTTP/1.1 has to prove that it understood (RFC 6455 §4.1).
  if (protocol === 'websocket') headers.set('Sec-WebSocket-Key', randomBytes(16).toString('base64'))
  return {
    method: isExtended ? 'GET' : method,
    rawTarget: path,
    target,
    authority,
    httpVersion: '2',
    headers,
    upgrade: isExtended ? protocol.toLowerCase() : undefined,
    expectsContinue: expectation !== undefined,
  }
}
