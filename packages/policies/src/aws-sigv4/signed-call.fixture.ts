/** Owns requests of tests that are signed as clients sign them, and the policy they are sent to. */
import { hash } from 'node:crypto'
import { Secret } from '@gatewright/model/runtime'
import {
  type AwsRequestToSign,
  EMPTY_PAYLOAD_HASH,
  type Field,
  presignAwsRequest,
  signAwsRequest,
} from '../aws-signature/sign-aws-request.ts'
import { splitTarget } from '../aws-signature/suite-request.fixture.ts'
import { FakeClock, type PolicyRun, type PolicyRunSetup, run, type TestRequest, withApps } from '../testing/index.ts'
import { awsSigv4 } from './aws-sigv4.ts'

export const NOW = Date.UTC(2026, 0, 31, 12)
export const HOST = 'api.example.com'
export const SECRET = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY'
export const ACME = { accessKeyId: 'AKIDACME', secretAccessKey: SECRET, app: 'acme', plan: 'gold' }

type Options = Parameters<typeof run<typeof awsSigv4.options>>[1]

export function guarded(options: Partial<NonNullable<Options>> = {}, setup: PolicyRunSetup = {}): PolicyRun {
  const given = { region: 'eu-central-1', service: 'execute-api', credentials: [ACME], ...options }
  return run(awsSigv4, given, { clock: new FakeClock(NOW), credentials: withApps('acme'), ...setup })
}

export interface CallToSign {
  readonly method?: string
  readonly target?: string
  /** Beside `Host`; all are signed. */
  readonly headers?: readonly Field[]
  readonly body?: string
  readonly accessKeyId?: string
  readonly secret?: string
  readonly sessionToken?: string
  readonly region?: string
  readonly service?: string
  /** Milliseconds after `NOW`. */
  readonly laterMs?: number
  readonly payloadHash?: string
  readonly tellsPayloadHash?: boolean
}

function toRequestToSign(call: CallToSign): AwsRequestToSign & { readonly target: string } {
  const { target = '/', headers = [], body, sessionToken, laterMs = 0, tellsPayloadHash } = call
  return {
    ...{ target, method: call.method ?? 'GET', ...splitTarget(target), headers: [['Host', HOST], ...headers] },
    ...{ region: call.region ?? 'eu-central-1', service: call.service ?? 'execute-api', now: NOW + laterMs },
    credentials: {
      accessKeyId: call.accessKeyId ?? ACME.accessKeyId,
      secretAccessKey: new Secret(call.secret ?? SECRET),
      ...(sessionToken !== undefined && { sessionToken: new Secret(sessionToken) }),
    },
    payloadHash: call.payloadHash ?? (body === undefined ? EMPTY_PAYLOAD_HASH : hash('sha256', body)),
    ...(tellsPayloadHash !== undefined && { tellsPayloadHash }),
  }
}

export interface SignedCall extends TestRequest {
  readonly target: string
  readonly headers: readonly Field[]
}

/** Signed in fields. */
export function signed(call: CallToSign = {}): SignedCall {
  const request = toRequestToSign(call)
  return {
    ...{ method: request.method, target: request.target, host: HOST },
    headers: [...request.headers, ...signAwsRequest(request)],
    ...(call.body !== undefined && { body: call.body }),
  }
}

/** Signed in the query. */
export function presigned(call: CallToSign & { readonly expiresSeconds?: number } = {}): SignedCall {
  const { expiresSeconds = 60, payloadHash, body } = call
  const request = toRequestToSign(call)
  const { path } = splitTarget(request.target)
  const { payloadHash: bodyHash, ...rest } = request
  // S3 takes a presigned body for an unsigned one.
  const said = payloadHash ?? (body === undefined || call.service === 's3' ? undefined : bodyHash)
  const query = presignAwsRequest({ ...rest, expiresSeconds, ...(said !== undefined && { payloadHash: said }) })
  return {
    ...{ method: request.method, target: `${path}?${query}`, host: HOST },
    headers: [...request.headers],
    ...(body !== undefined && { body }),
  }
}

/** The same request, with something changed after it was signed. */
export function withFields(call: SignedCall, change: (fields: readonly Field[]) => readonly Field[]): SignedCall {
  return { ...call, headers: change(call.headers) }
}

export function withAuthorization(call: SignedCall, change: (value: string) => string): SignedCall {
  return withFields(call, (fields) =>
    fields.map(([name, value]) => [name, name === 'Authorization' ? change(value) : value]),
  )
}
