/** Owns the signing of requests with Signature Version 4: as header fields, or as a query for whoever holds no key. */
import type { Secret } from '@gatewright/model/runtime'
import { findFieldFault } from '../messages/header-list.ts'
import {
  compareTexts,
  hashCanonical,
  type PathForm,
  parseQuery,
  type SignedField,
  toCanonicalPath,
  toCanonicalQuery,
  toCanonicalRequest,
  toPathForm,
  toSignedNames,
} from './canonical-request.ts'
import { escapeOctets } from './octet-escapes.ts'
import {
  ALGORITHM,
  getSigningKey,
  type SigningScope,
  signText,
  toAmzDate,
  toScopeText,
  toStringToSign,
} from './signing-scope.ts'

/** Stands for the hash of a body that is not covered by the signature. Only where the service takes it: S3, over TLS. */
export const UNSIGNED_PAYLOAD = 'UNSIGNED-PAYLOAD'

/** The seconds for which S3 takes a presigned request: a week. */
export const MOST_EXPIRES_SECONDS = 604_800

export interface AwsCredentials {
  readonly accessKeyId: string
  readonly secretAccessKey: Secret
  /** Of temporary credentials. */
  readonly sessionToken?: Secret | undefined
}

export type Field = readonly [name: string, value: string]

interface RequestToSign {
  /** As sent: upper case for the usual ones. */
  readonly method: string
  /** As sent, percent-encoded; starts with a slash. */
  readonly path: string
  /** As sent, percent-encoded, without `?`; '' for none. */
  readonly query: string
  /**
   * The fields that the signature covers: `Host` is one of them, and so should be `Content-Type` and every `X-Amz-…`. Leave out
   * what changes on the way (`Connection`, `Via`, `X-Forwarded-…`, `User-Agent`): a signature over it would break.
   */
  readonly headers: Iterable<Field>
  readonly credentials: AwsCredentials
  /** `eu-central-1` */
  readonly region: string
  /** As in scopes: `execute-api`, `s3`, `lambda`. */
  readonly service: string
  /** Milliseconds since the epoch. */
  readonly now: number
  /** What the service does with paths; by default what AWS does. */
  readonly pathForm?: PathForm
}

export interface AwsRequestToSign extends RequestToSign {
  /** Lower-case hex of the body's SHA-256, or `UNSIGNED_PAYLOAD`. Of no body: that of nothing. */
  readonly payloadHash: string
  /** Says the hash in a field of its own, `X-Amz-Content-Sha256`, as S3 wants it; by default for S3, and where nothing else says that the body is not signed. */
  readonly tellsPayloadHash?: boolean
}

/**
 * The fields to set on a request so that it is signed: `X-Amz-Date`, `Authorization`, and where they are due
 * `X-Amz-Security-Token` and `X-Amz-Content-Sha256`. A request that has some of them already loses them first. Pure, but for the
 * derived key, which is remembered as long as the secret.
 *
 * @throws TypeError when there is no `Host`, or a field cannot stand in a message
 * @throws RangeError when path or query hold what is not percent-encoded and outside of ISO 8859-1
 */
export function signAwsRequest(request: AwsRequestToSign): Field[] {
  const { credentials, service, payloadHash } = request
  const { tellsPayloadHash = toPathForm(service) === 's3' || payloadHash === UNSIGNED_PAYLOAD } = request
  const amzDate = toAmzDate(request.now)
  const added: Field[] = [['X-Amz-Date', amzDate]]
  if (credentials.sessionToken !== undefined) added.push(['X-Amz-Security-Token', credentials.sessionToken.reveal()])
  if (tellsPayloadHash) added.push(['X-Amz-Content-Sha256', payloadHash])
  const fields = toSignedFields(request.headers, { added, replaced: REPLACED_FIELDS })
  const scope = toScope(request, amzDate)
  const signature = sign(request, { amzDate, scope, fields, query: request.query, payloadHash })
  const credential = `${credentials.accessKeyId}/${toScopeText(scope)}`
  added.push([
    'Authorization',
    `${ALGORITHM} Credential=${credential}, SignedHeaders=${toSignedNames(fields)}, Signature=${signature}`,
  ])
  return added
}

export interface AwsRequestToPresign extends RequestToSign {
  /** For how long the request may be sent; 1 to `MOST_EXPIRES_SECONDS`. */
  readonly expiresSeconds: number
  /** By default unsigned for S3, and that of nothing elsewhere. */
  readonly payloadHash?: string
}

/**
 * The query, without `?`, with which a request is signed. Whoever sends it sends the same fields, and none of an earlier signature.
 * @throws as `signAwsRequest` does
 */
export function presignAwsRequest(request: AwsRequestToPresign): string {
  const { credentials, expiresSeconds } = request
  if (!Number.isInteger(expiresSeconds) || expiresSeconds < 1 || expiresSeconds > MOST_EXPIRES_SECONDS) {
    throw new RangeError(`a presigned request is good for 1 to ${MOST_EXPIRES_SECONDS} seconds, not ${expiresSeconds}`)
  }
  const amzDate = toAmzDate(request.now)
  const scope = toScope(request, amzDate)
  const fields = toSignedFields(request.headers, { added: [], replaced: REPLACED_BY_QUERY })
  const parameters: Field[] = [
    ['X-Amz-Algorithm', ALGORITHM],
    ['X-Amz-Credential', `${credentials.accessKeyId}/${toScopeText(scope)}`],
    ['X-Amz-Date', amzDate],
    ['X-Amz-Expires', `${expiresSeconds}`],
    ['X-Amz-SignedHeaders', toSignedNames(fields)],
  ]
  if (credentials.sessionToken !== undefined) {
    parameters.push(['X-Amz-Security-Token', credentials.sessionToken.reveal()])
  }
  const added = parameters.map(([name, value]) => `${name}=${escapeOctets(value)}`).join('&')
  const query = request.query === '' ? added : `${request.query}&${added}`
  const signature = sign(request, { amzDate, scope, fields, query, payloadHash: toPresignedPayload(request) })
  return `${query}&X-Amz-Signature=${signature}`
}

/** SHA-256 of no octets. */
export const EMPTY_PAYLOAD_HASH = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'

function toPresignedPayload({ payloadHash, service }: AwsRequestToPresign): string {
  return payloadHash ?? (toPathForm(service) === 's3' ? UNSIGNED_PAYLOAD : EMPTY_PAYLOAD_HASH)
}

function toScope({ region, service }: RequestToSign, amzDate: string): SigningScope {
  return { day: amzDate.slice(0, 8), region, service }
}

interface SignedParts {
  readonly amzDate: string
  readonly scope: SigningScope
  readonly fields: readonly SignedField[]
  readonly query: string
  readonly payloadHash: string
}

function sign(request: RequestToSign, { amzDate, scope, fields, query, payloadHash }: SignedParts): string {
  const canonical = toCanonicalRequest({
    method: request.method,
    path: toCanonicalPath(request.path, request.pathForm ?? toPathForm(request.service)),
    query: toCanonicalQuery(parseQuery(query)),
    fields,
    payloadHash,
  })
  const text = toStringToSign({ amzDate, scope, canonicalHash: hashCanonical(canonical) })
  return signText(getSigningKey(request.credentials.secretAccessKey, scope), text)
}

/** What a signature says itself: an earlier one's is gone. */
const REPLACED_BY_QUERY: ReadonlySet<string> = new Set(['authorization', 'x-amz-date', 'x-amz-security-token'])
const REPLACED_FIELDS: ReadonlySet<string> = new Set([...REPLACED_BY_QUERY, 'x-amz-content-sha256'])

interface FieldChanges {
  readonly added: readonly Field[]
  /** Lower case. */
  readonly replaced: ReadonlySet<string>
}

function toSignedFields(headers: Iterable<Field>, { added, replaced }: FieldChanges): SignedField[] {
  const byName = new Map<string, string[]>()
  const take = ([name, value]: Field): void => {
    const fault = findFieldFault(name, value)
    if (fault !== undefined) throw new TypeError(fault)
    const lower = name.toLowerCase()
    const values = byName.get(lower)
    if (values === undefined) byName.set(lower, [value])
    else values.push(value)
  }
  for (const field of headers) if (!replaced.has(field[0].toLowerCase())) take(field)
  added.forEach(take)
  if (!byName.has('host')) throw new TypeError('a request without Host cannot be signed')
  return [...byName]
    .map(([name, values]): SignedField => ({ name, values }))
    .sort(({ name }, { name: other }) => compareTexts(name, other))
}
