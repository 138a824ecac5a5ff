/** Owns what a request says of its own signature: read off its fields or its query, strictly, and not yet believed. */
import { compareTexts, type QueryPair } from '../aws-signature/canonical-request.ts'
import { MOST_EXPIRES_SECONDS } from '../aws-signature/sign-aws-request.ts'
import {
  ALGORITHM,
  parseAmzDate,
  parseCredential,
  type SigningScope,
  toAmzDate,
} from '../aws-signature/signing-scope.ts'
import type { HeaderList } from '../messages/header-list.ts'
import type { GatewayRequest } from '../messages/request.ts'
import type { Problem } from '../problem.ts'

/** What to throw. `reason` is for records; `detail` says to an honest client what to do. */
export type Refuse = (reason: string, detail: string) => Problem

export interface ClaimedSignature {
  readonly form: 'header' | 'query'
  readonly accessKeyId: string
  readonly scope: SigningScope
  /** As it goes into the string to sign. */
  readonly amzDate: string
  /** Milliseconds since the epoch. */
  readonly signedAtMs: number
  /** Of a presigned request. */
  readonly expiresSeconds: number | undefined
  /** Lower case, in order, each once; `host` is among them. */
  readonly signedNames: readonly string[]
  /** Lower-case hex of 32 octets. */
  readonly signature: string
  readonly sessionToken: string | undefined
}

/** The parameters that presign a request. The signature covers all of them but itself. */
export const SIGNATURE_PARAMETER = 'X-Amz-Signature'
export const TOKEN_PARAMETER = 'X-Amz-Security-Token'
export const CREDENTIAL_PARAMETERS = [
  'X-Amz-Algorithm',
  'X-Amz-Credential',
  'X-Amz-Date',
  'X-Amz-Expires',
  'X-Amz-SignedHeaders',
  SIGNATURE_PARAMETER,
  TOKEN_PARAMETER,
] as const

const LOWER_PARAMETERS: ReadonlySet<string> = new Set(CREDENTIAL_PARAMETERS.map((name) => name.toLowerCase()))

/** Any of these, in any case: somebody meant to sign. */
const SIGNING_PARAMETERS = new Set(['x-amz-algorithm', 'x-amz-credential', 'x-amz-signature'])

/** More than any client signs; each costs a look through the head. */
const MOST_SIGNED_FIELDS = 64
const LOWER_TOKEN = /^[a-z0-9!#$%&'*+\-.^_`|~]+$/
const SIGNATURE = /^[0-9a-f]{64}$/

/** Undefined: the request does not claim to be signed. @throws what `refuse` makes */
export function findClaimedSignature(
  request: GatewayRequest,
  pairs: readonly QueryPair[],
  refuse: Refuse,
): ClaimedSignature | undefined {
  const authorization = findAuthorization(request.headers, refuse)
  const isPresigned = pairs.some(([name]) => SIGNING_PARAMETERS.has(name.toLowerCase()))
  if (authorization === undefined) return isPresigned ? readQuery(request, pairs, refuse) : undefined
  if (isPresigned) {
    throw refuse('two-signatures', 'The request is signed in Authorization and in its query. Sign it once.')
  }
  return readHeaders(request.headers, authorization, refuse)
}

/** What stands behind the scheme. Schemes that are not of AWS are somebody else's. */
function findAuthorization(headers: HeaderList, refuse: Refuse): string | undefined {
  const values = headers.getAll('authorization')
  const ours = values.find((value) => /^aws(?:4|[ \t]|$)/i.test(value))
  if (ours === undefined) return undefined
  // RFC 9110 §5.3: a field that is no list comes once; two say who calls twice, even where they agree.
  if (values.length > 1) throw refuse('two-authorizations', 'There are several Authorization fields. Send one.')
  const end = ours.indexOf(' ')
  // RFC 9110 §11.1: schemes in any case.
  if (end >= 0 && ours.slice(0, end).toUpperCase() === ALGORITHM) return ours.slice(end + 1)
  throw refuseAlgorithm(refuse)
}

/** SigV4a (`AWS4-ECDSA-P256-SHA256`) and Version 2 (`AWS`) among others. */
function refuseAlgorithm(refuse: Refuse): Problem {
  return refuse('algorithm', `Sign with ${ALGORITHM}: no other algorithm is taken here, SigV4a and Version 2 neither.`)
}

function readHeaders(headers: HeaderList, authorization: string, refuse: Refuse): ClaimedSignature {
  const parameters = new Map<string, string>()
  for (const part of authorization.split(',')) {
    const parameter = /^[ \t]*(Credential|SignedHeaders|Signature)=([^ \t]*)[ \t]*$/.exec(part)
    const [, name = '', value = ''] = parameter ?? []
    if (parameter === null || parameters.has(name)) {
      const form = `${ALGORITHM} Credential=…, SignedHeaders=…, Signature=…`
      throw refuse('malformed', `Authorization is not written as \`${form}\`.`)
    }
    parameters.set(name, value)
  }
  const { amzDate, signedAtMs, field } = readDate(headers, refuse)
  const claim = {
    ...({ form: 'header', amzDate, signedAtMs, expiresSeconds: undefined } as const),
    ...readCommon((name) => parameters.get(name), refuse),
    sessionToken: findOnly(headers, 'x-amz-security-token', refuse),
  }
  if (!claim.signedNames.includes(field)) throw refuseUnsigned(field, refuse)
  return claim
}

export function refuseUnsigned(field: string, refuse: Refuse): Problem {
  return refuse('unsigned-field', `The field ${field} is not covered by the signature. Sign it, or leave it out.`)
}

/** `X-Amz-Date` goes before `Date`, which may be a date of HTTP or one of ISO 8601. */
function readDate(headers: HeaderList, refuse: Refuse) {
  const amzDate = findOnly(headers, 'x-amz-date', refuse)
  const field = amzDate === undefined ? 'date' : 'x-amz-date'
  const text = amzDate ?? findOnly(headers, 'date', refuse)
  if (text === undefined) throw refuse('date', 'The request does not say when it was signed. Send X-Amz-Date.')
  const signedAtMs = parseAmzDate(text) ?? (field === 'date' ? parseHttpDate(text) : undefined)
  if (signedAtMs === undefined) throw refuseDate(refuse)
  return { field, signedAtMs, amzDate: toAmzDate(signedAtMs) }
}

function refuseDate(refuse: Refuse): Problem {
  return refuse('date', 'The date of the signature is not written as 20260131T235959Z.')
}

/** RFC 9110 §5.6.7: IMF-fixdate, which is what senders write. */
function parseHttpDate(text: string): number | undefined {
  const epochMs = Date.parse(text)
  return !Number.isNaN(epochMs) && new Date(epochMs).toUTCString() === text ? epochMs : undefined
}

function readQuery({ headers }: GatewayRequest, pairs: readonly QueryPair[], refuse: Refuse): ClaimedSignature {
  const parameters = new Map<string, string>()
  const seen = new Set<string>()
  for (const [name, value] of pairs) {
    const lower = name.toLowerCase()
    if (!LOWER_PARAMETERS.has(lower)) continue
    if (seen.has(lower)) throw refuse('repeated-parameter', `The parameter ${lower} is there twice. Send it once.`)
    seen.add(lower)
    parameters.set(name, value)
  }
  if (parameters.get('X-Amz-Algorithm') !== ALGORITHM) throw refuseAlgorithm(refuse)
  const amzDate = parameters.get('X-Amz-Date') ?? ''
  const signedAtMs = parseAmzDate(amzDate)
  if (signedAtMs === undefined) throw refuseDate(refuse)
  const dateField = findOnly(headers, 'x-amz-date', refuse)
  if (dateField !== undefined && dateField !== amzDate) {
    throw refuse('date', 'The query and the field X-Amz-Date give two dates of the signature. Give one.')
  }
  const tokenField = findOnly(headers, 'x-amz-security-token', refuse)
  const token = parameters.get(TOKEN_PARAMETER)
  if (token !== undefined && tokenField !== undefined) {
    throw refuse('session-token', 'There is a session token in the query and one in a field. Send one.')
  }
  return {
    ...{ form: 'query', amzDate, signedAtMs, expiresSeconds: readExpires(parameters.get('X-Amz-Expires'), refuse) },
    ...readCommon((name) => parameters.get(`X-Amz-${name}`), refuse),
    sessionToken: token ?? tokenField,
  }
}

function readExpires(text: string | undefined, refuse: Refuse): number {
  const seconds = text !== undefined && /^[1-9]\d{0,5}$/.test(text) ? Number(text) : 0
  if (seconds >= 1 && seconds <= MOST_EXPIRES_SECONDS) return seconds
  throw refuse('expires', `X-Amz-Expires is a number of seconds from 1 to ${MOST_EXPIRES_SECONDS}.`)
}

type Find = (name: 'Credential' | 'SignedHeaders' | 'Signature') => string | undefined

function readCommon(find: Find, refuse: Refuse) {
  const credential = parseCredential(find('Credential') ?? '')
  if (credential === undefined) {
    throw refuse(
      'malformed',
      'The credential is not written as <access key id>/<date>/<region>/<service>/aws4_request.',
    )
  }
  const { accessKeyId, ...scope } = credential
  const signature = find('Signature') ?? ''
  if (!SIGNATURE.test(signature)) throw refuse('malformed', 'The signature is not 64 digits of lower-case hex.')
  return { accessKeyId, scope, signature, signedNames: readSignedNames(find('SignedHeaders') ?? '', refuse) }
}

/** In order and each once, as whoever computed the signature had them: any other spelling is another way to say the same. */
function readSignedNames(text: string, refuse: Refuse): string[] {
  const names = text.split(';', MOST_SIGNED_FIELDS + 1)
  if (names.length > MOST_SIGNED_FIELDS) {
    throw refuse('signed-fields', `A signature covers at most ${MOST_SIGNED_FIELDS} fields here.`)
  }
  const isOrdered = names.every((name, at) => at === 0 || compareTexts(names[at - 1] ?? '', name) < 0)
  if (!isOrdered || !names.every((name) => LOWER_TOKEN.test(name))) {
    throw refuse('signed-fields', 'SignedHeaders are names in lower case, in order, each once, with `;` between them.')
  }
  // AWS IAM User Guide, "Create a canonical request": the host is always signed, else the signature opens every door.
  if (!names.includes('host')) throw refuseUnsigned('host', refuse)
  return names
}

/** The one value of a field that is no list. */
export function findOnly(headers: HeaderList, lowerName: string, refuse: Refuse): string | undefined {
  const at = headers.indexOf(lowerName)
  if (at < 0) return undefined
  if (headers.indexOf(lowerName, at + 1) < 0) return headers.valueAt(at)
  throw refuse('repeated-field', `The field ${lowerName} is there twice. Send it once.`)
}
