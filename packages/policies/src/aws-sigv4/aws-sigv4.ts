/** Owns who calls, by a signature of AWS Signature Version 4 over the request. */
import { toPathForm } from '../aws-signature/canonical-request.ts'
import { EMPTY_PAYLOAD_HASH } from '../aws-signature/sign-aws-request.ts'
import { findAppPlan } from '../callers/find-app-plan.ts'
import { GuessGuard } from '../callers/guess-guard.ts'
import { recognise } from '../callers/recognise.ts'
import { tellUpstream, toIdentityFields } from '../callers/upstream-facts.ts'
import type { Exchange } from '../exchange.ts'
import type { GatewayRequest } from '../messages/request.ts'
import { withoutParameter } from '../messages/search.ts'
import { definePolicy } from '../policy.ts'
import { Problem } from '../problem.ts'
import { awsSigv4Options } from './aws-sigv4-options.ts'
import { proveChunks } from './chunked-body.ts'
import { type ClaimedSignature, CREDENTIAL_PARAMETERS, type Refuse } from './claimed-signature.ts'
import { hashBody, type Payload } from './payload.ts'
import { type KnownKey, SignatureCheck, type Verdict } from './signature-check.ts'
import { type SignedRequest, SignedRequestReader } from './signed-request.ts'

const APP_FAULT = 'The app that this access key belongs to is disabled, or unknown here.'

export const awsSigv4 = definePolicy({
  name: 'aws-sigv4',
  phase: 'authenticate',
  summary: 'Recognises the caller by an AWS Signature Version 4, and refuses requests without a valid one.',
  options: awsSigv4Options,
  examples: [
    {
      says: 'Takes requests that are signed as for API Gateway.',
      options: {
        region: 'eu-central-1',
        service: 'execute-api',
        credentials: [{ accessKeyId: 'AKIDEXAMPLE', secretAccessKey: '${env:ACME_SECRET_KEY}', app: 'acme' }],
      },
    },
    {
      says: 'Stands before an object store: takes presigned URLs, and uploads of any length in signed chunks.',
      options: {
        region: 'us-east-1',
        service: 's3',
        presigned: 'allow',
        credentials: [
          { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: '${file:/run/secrets/backup}', app: 'backup', plan: 'bulk' },
        ],
      },
    },
  ],
  identityFields: ({ toUpstream }) => toIdentityFields(toUpstream),
  credentialPlaces: () => [
    { in: 'header', name: 'Authorization', scheme: 'AWS4-HMAC-SHA256' },
    { in: 'header', name: 'X-Amz-Security-Token' },
    ...CREDENTIAL_PARAMETERS.map((name) => ({ in: 'query', name }) as const),
  ],

  create(options, services) {
    const { clock, credentials } = services
    const { anonymous, bodyLimitBytes, forward, region, service, toUpstream } = options
    // RFC 9110 §11.6.1: a 401 carries a challenge. The scheme has no registered parameters; these say what to sign for.
    const headers = [['WWW-Authenticate', `AWS4-HMAC-SHA256 region="${region}", service="${service}"`]] as const
    const refuse: Refuse = (reason, detail) => new Problem('credential-invalid', { detail, headers, reason })
    const missing = new Problem('credential-missing', {
      detail: `Sign the request with AWS Signature Version 4, for the service ${service} in the region ${region}.`,
      headers,
    })
    const reader = new SignedRequestReader(options, refuse)
    const check = new SignatureCheck(options.credentials, options.pathForm ?? toPathForm(service))
    const guard = new GuessGuard(services, 'aws-signature', options.attempts)

    function verify(exchange: Exchange, signed: SignedRequest, payloadHash: string) {
      const verdict = check.check(signed, payloadHash)
      if (verdict.holds) return verdict
      guard.failed(exchange)
      throw toRefusal(verdict, headers)
    }

    function admit(exchange: Exchange, { claim }: SignedRequest, { key }: { readonly key: KnownKey }): void {
      const { request, route } = exchange
      const { app, accessKeyId } = key
      const ofApp = findAppPlan(credentials, { app, api: route.api }, (fault) => refuse(fault, APP_FAULT))
      const credential = { kind: 'aws-sigv4', id: accessKeyId }
      const caller = recognise(exchange, { id: app, app, plan: key.plan ?? ofApp, credential })
      if (!forward) removeSignature(request, claim)
      if (toUpstream !== undefined) tellUpstream(request, caller, toUpstream)
    }

    /** Where the body has to be read for it. */
    async function proveBody(exchange: Exchange, signed: SignedRequest): Promise<void> {
      const { request } = exchange
      const { payload } = signed
      if (payload.kind !== 'hashed') {
        const bodyHash = await hashBody(request, bodyLimitBytes)
        return admit(exchange, signed, verify(exchange, signed, bodyHash))
      }
      // A body is read for nobody whose signature does not hold.
      const verdict = verify(exchange, signed, payload.payloadHash)
      if ((await hashBody(request, bodyLimitBytes)) !== payload.payloadHash) throw refuseBody(refuse)
      admit(exchange, signed, verdict)
    }

    return function awsSigv4(exchange, next) {
      const { request } = exchange
      const signed = reader.read(request, clock.now())
      if (signed === undefined) {
        if (!anonymous) throw missing
        return next(exchange)
      }
      guard.admit(exchange)
      const { payload, claim } = signed
      if (needsBody(payload) && !request.body.isEmpty) {
        return proveBody(exchange, signed).then(() => next(exchange))
      }
      const payloadHash = payload.kind === 'whole' ? EMPTY_PAYLOAD_HASH : payload.payloadHash
      const verdict = verify(exchange, signed, payloadHash)
      if (payload.kind === 'hashed' && payloadHash !== EMPTY_PAYLOAD_HASH) throw refuseBody(refuse)
      if (payload.kind === 'chunked') {
        const seed = payload.isSigned ? { ...claim, key: verdict.signingKey } : undefined
        proveChunks(request, { ...payload, seed, mostChunkBytes: bodyLimitBytes, keepsLines: forward, refuse })
      }
      admit(exchange, signed, verdict)
      return next(exchange)
    }
  },
})

function needsBody({ kind }: Payload): boolean {
  return kind === 'hashed' || kind === 'whole'
}

function refuseBody(refuse: Refuse): Problem {
  return refuse('payload-mismatch', 'The body is not the one that was signed: its SHA-256 is another.')
}

/** To a guesser, an unknown key and a wrong signature are the same. */
function toRefusal(verdict: Verdict & { holds: false }, headers: Problem['headers']): Problem {
  const { why, canonicalHash } = verdict
  if (why === 'session-token') {
    const detail = 'The session token is not the one that belongs to this access key.'
    return new Problem('credential-invalid', { detail, headers, reason: why })
  }
  return new Problem('credential-invalid', {
    detail:
      'The signature is not the one of this request and of a key that is known here. Compare `canonical_request_sha256` with the last line of your string to sign: where they are equal, the key is wrong.',
    headers,
    reason: why,
    extensions: { canonical_request_sha256: canonicalHash },
  })
}

function removeSignature(request: GatewayRequest, { form }: ClaimedSignature): void {
  request.headers.delete('x-amz-security-token')
  if (form === 'header') request.headers.delete('authorization')
  else for (const name of CREDENTIAL_PARAMETERS) request.search = withoutParameter(request.search, name)
}
