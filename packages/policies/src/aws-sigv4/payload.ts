/** Owns what a signed request says about its body, and the proof of it. */
import { hash } from 'node:crypto'
import { type QueryPair, toPathForm } from '../aws-signature/canonical-request.ts'
import { UNSIGNED_PAYLOAD } from '../aws-signature/sign-aws-request.ts'
import { BytesBody } from '../messages/body.ts'
import type { GatewayRequest } from '../messages/request.ts'
import { type ClaimedSignature, findOnly, type Refuse } from './claimed-signature.ts'

export type Payload =
  /** The body hashes to this. */
  | { readonly kind: 'hashed'; readonly payloadHash: string }
  /** Nothing is said: what came is what was signed, or nothing was. */
  | { readonly kind: 'whole' }
  | { readonly kind: 'unsigned'; readonly payloadHash: string }
  | ChunkedPayload

export interface ChunkedPayload {
  readonly kind: 'chunked'
  readonly payloadHash: string
  readonly isSigned: boolean
  readonly hasTrailer: boolean
  /** What the chunks hold together. */
  readonly decodedBytes: number
}

export interface PayloadRules {
  /** As in scopes. */
  readonly service: string
  readonly takesUnsigned: boolean
  readonly refuse: Refuse
}

/** Amazon S3 API Reference, "Authenticating Requests: Using the Authorization Header". */
const CHUNKED = new Map([
  ['STREAMING-AWS4-HMAC-SHA256-PAYLOAD', { isSigned: true, hasTrailer: false }],
  ['STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER', { isSigned: true, hasTrailer: true }],
  ['STREAMING-UNSIGNED-PAYLOAD-TRAILER', { isSigned: false, hasTrailer: true }],
])
const CONTENT_HASH = 'x-amz-content-sha256'

interface ReadPayload {
  readonly claim: ClaimedSignature
  readonly pairs: readonly QueryPair[]
}

/** @throws what `refuse` makes */
export function readPayload(
  request: GatewayRequest,
  { claim, pairs }: ReadPayload,
  { service, takesUnsigned, refuse }: PayloadRules,
): Payload {
  const payloadHash = findPayloadHash(request, { claim, pairs }, { service, refuse })
  if (payloadHash === undefined) return { kind: 'whole' }
  if (/^[0-9a-f]{64}$/.test(payloadHash)) return { kind: 'hashed', payloadHash }
  const chunks = CHUNKED.get(payloadHash)
  const isUnsigned = payloadHash === UNSIGNED_PAYLOAD || chunks?.isSigned === false
  // A presigned GET of S3 never says more, and there is nothing to be said.
  const isNothing = request.body.isEmpty && (request.method === 'GET' || request.method === 'HEAD')
  if (isUnsigned && !takesUnsigned && !isNothing) {
    throw refuse('unsigned-payload', 'The signature does not cover the body. Sign its SHA-256, too.')
  }
  if (payloadHash === UNSIGNED_PAYLOAD) return { kind: 'unsigned', payloadHash }
  if (chunks === undefined || claim.form === 'query') {
    throw refuse(
      'payload-hash',
      `${CONTENT_HASH} is the SHA-256 of the body in lower-case hex, or a word that is known here.`,
    )
  }
  return { kind: 'chunked', payloadHash, ...chunks, decodedBytes: readDecodedBytes(request, refuse) }
}

function findPayloadHash(
  { headers }: GatewayRequest,
  { claim, pairs }: ReadPayload,
  { service, refuse }: Pick<PayloadRules, 'service' | 'refuse'>,
): string | undefined {
  const field = findOnly(headers, CONTENT_HASH, refuse)
  if (claim.form === 'header') return field
  // Where S3's own clients presign, some say it in the query.
  const said = pairs.filter(([name]) => name.toLowerCase() === CONTENT_HASH).map(([, value]) => value)
  if (field !== undefined) said.push(field)
  const [first, ...others] = said
  if (others.some((other) => other !== first)) throw refuse('payload-hash', `There are two values of ${CONTENT_HASH}.`)
  return first ?? (toPathForm(service) === 's3' ? UNSIGNED_PAYLOAD : undefined)
}

function readDecodedBytes({ headers }: GatewayRequest, refuse: Refuse): number {
  const text = findOnly(headers, 'x-amz-decoded-content-length', refuse) ?? ''
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw refuse('decoded-length', 'A body in chunks comes with X-Amz-Decoded-Content-Length, a number of bytes.')
}

/** Reads the body. @rejects Problem `body-too-large` */
export async function hashBody(request: GatewayRequest, limitBytes: number): Promise<string> {
  const bytes = await request.body.bytes({ limitBytes })
  // RFC 9110 §6.5.1: trailers came behind what was signed, and whoever takes them for fields would believe them.
  request.body = new BytesBody(bytes)
  return hash('sha256', bytes)
}
