/** Owns how the gateway proves who it is to AWS, and to what speaks its Signature Version 4: each request is signed anew. */
import { hash } from 'node:crypto'
import { z } from 'zod'
import {
  type AwsCredentials,
  EMPTY_PAYLOAD_HASH,
  type Field,
  signAwsRequest,
  UNSIGNED_PAYLOAD,
} from '../../aws-signature/sign-aws-request.ts'
import { callTimeoutSchema } from '../../calls/call-options.ts'
import type { HeaderList } from '../../messages/header-list.ts'
import type { GatewayResponse } from '../../messages/response.ts'
import type { PolicyFile } from '../../policy.ts'
import { type ClientFieldRules, clientFieldsSchema, createClientFieldRemoval } from '../signed/client-fields.ts'
import {
  payloadSchema,
  type SignedPlace,
  signedBodyLimitSchema,
  signedUrlSchema,
  toSignedPath,
  toSignedPlace,
} from '../signed/signed-place.ts'
import { createSigningCredential } from '../signed/signing-credential.ts'
import { setSecretField, type UpstreamAuthServices, type UpstreamCredential } from '../upstream-credential.ts'
import { awsKeysSchema, createAwsKeys, listAwsKeyFiles } from './aws-keys.ts'

/** What AWS calls its own. */
const AWS_PREFIX = 'x-amz-'

/** AWS IAM User Guide, "Elements of an AWS API request signature": in fields, and in queries where a request is presigned. */
const RULES: ClientFieldRules = {
  // Stores of Google (Cloud Storage, "Interoperability") and Alibaba take this signature, and act on fields of these names.
  prefixes: [AWS_PREFIX, 'x-goog-', 'x-oss-'],
  own: new Set(
    [
      'algorithm',
      'credential',
      'date',
      'expires',
      'signedheaders',
      'signature',
      'security-token',
      'content-sha256',
    ].map((name) => AWS_PREFIX + name),
  ),
}

const scopePart = z.string().regex(/^[A-Za-z0-9-]{1,64}$/, 'use letters, digits and - only')

export const awsSchema = z
  .strictObject({
    url: signedUrlSchema,
    region: scopePart.meta({ description: 'The region that requests are signed for, such as `eu-central-1`.' }),
    service: scopePart.meta({
      description: 'The service that requests are signed for, such as `execute-api`, `lambda`, `s3`.',
    }),
    payload: payloadSchema('S3 takes an unsigned one over TLS, and VPC Lattice takes no other.'),
    bodyLimitBytes: signedBodyLimitSchema,
    clientFields: clientFieldsSchema(
      RULES,
      'X-Amz-',
      '`X-Amz-Copy-Source` reads what the client may not, `X-Amz-Acl` gives away what it wrote.',
    ),
    credentials: awsKeysSchema,
    timeoutMs: callTimeoutSchema,
  })
  .meta({
    description:
      'Signs requests for AWS (Signature Version 4). Method, path and query are signed as they go out: the routes say what clients may do with the keys. Issuers of temporary keys on the machine have addresses that `egress` has to allow.',
  })

type AwsOptions = z.output<typeof awsSchema>

export function listAwsFiles({ credentials }: AwsOptions): PolicyFile[] {
  return listAwsKeyFiles(credentials, ['aws', 'credentials'])
}

export function createAws(options: AwsOptions, services: UpstreamAuthServices): UpstreamCredential {
  const { region, service, timeoutMs, payload, bodyLimitBytes } = options
  const place = toSignedPlace(options.url)
  const keys = createAwsKeys(options.credentials, { region, timeoutMs }, services)

  function toPayloadHash(body: Uint8Array | undefined): string {
    if (payload === 'unsigned') return UNSIGNED_PAYLOAD
    return body === undefined ? EMPTY_PAYLOAD_HASH : hash('sha256', body)
  }

  const credential = createSigningCredential<AwsCredentials>({
    keys,
    bodyLimitBytes,
    prepare: createClientFieldRemoval(RULES, options.clientFields),
    needsBody: ({ body }) => payload === 'signed' && !body.isEmpty,
    sign(request, credentials, body) {
      const { method, headers, search } = request
      const added = signAwsRequest({
        ...{ method, path: toSignedPath(place, request), query: search.slice(1), headers: listCovered(headers, place) },
        ...{ credentials, region, service, payloadHash: toPayloadHash(body), now: services.clock.now() },
      })
      for (const [name, value] of added) setField(headers, name, value)
    },
  })
  return { ...credential, isRefused }
}

/** AWS says 403, or even 400, of keys that are over or unknown ("Common error types"), and of much else. */
const REFUSED = /^(?:ExpiredToken|InvalidClientTokenId|UnrecognizedClient)/

function isRefused({ status, headers }: GatewayResponse): boolean {
  return status === 401 || (status >= 400 && REFUSED.test(headers.get('x-amzn-errortype') ?? ''))
}

/** What neither the gateway nor a hop behind it changes, and AWS acts on. */
function listCovered(headers: HeaderList, { authority }: SignedPlace): Field[] {
  const covered: Field[] = [['Host', authority]]
  for (const [name, value] of headers) {
    const lower = name.toLowerCase()
    if (lower === 'content-type' || RULES.prefixes.some((prefix) => lower.startsWith(prefix)))
      covered.push([name, value])
  }
  return covered
}

const SECRETS: ReadonlySet<string> = new Set(['Authorization', 'X-Amz-Security-Token'])

function setField(headers: HeaderList, name: string, value: string): void {
  if (SECRETS.has(name)) setSecretField(headers, name, value)
  else headers.set(name, value)
}
