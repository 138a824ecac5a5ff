/** Owns the reading of a signed request, and all of its checks that need no key. */
import { parseQuery, type QueryPair, type SignedField } from '../aws-signature/canonical-request.ts'
import type { GatewayRequest } from '../messages/request.ts'
import type { AwsSigv4Options } from './aws-sigv4-options.ts'
import { type ClaimedSignature, findClaimedSignature, type Refuse } from './claimed-signature.ts'
import { type Payload, readPayload } from './payload.ts'
import { assertFieldsSigned, toSignedFields } from './signed-fields.ts'

/** A request as far as its signature covers it. */
export interface SignedRequest {
  readonly method: string
  /** As sent. */
  readonly path: string
  readonly pairs: readonly QueryPair[]
  readonly fields: readonly SignedField[]
  readonly payload: Payload
  readonly claim: ClaimedSignature
}

/** What is asked of a request before its signature is looked at. */
export class SignedRequestReader {
  readonly #options: AwsSigv4Options
  readonly #refuse: Refuse
  readonly #required: ReadonlySet<string>

  constructor(options: AwsSigv4Options, refuse: Refuse) {
    this.#options = options
    this.#refuse = refuse
    this.#required = new Set(options.requiredSignedHeaders.map((name) => name.toLowerCase().replaceAll('_', '-')))
  }

  /** `now`: milliseconds since the epoch. Undefined: the request is not signed. @throws Problem `credential-invalid` */
  read(request: GatewayRequest, now: number): SignedRequest | undefined {
    const { clockSkewSeconds, service, presigned, unsignedPayload } = this.#options
    const refuse = this.#refuse
    const { path, query } = splitTarget(request.rawTarget)
    const pairs = parseQuery(query)
    const claim = findClaimedSignature(request, pairs, refuse)
    if (claim === undefined) return undefined
    if (claim.form === 'query' && presigned === 'refuse') {
      throw refuse('presigned', 'Presigned requests are not taken here. Sign the request in its Authorization field.')
    }
    assertScope(claim, this.#options, refuse)
    assertTimely(claim, { ageMs: now - claim.signedAtMs, skewMs: clockSkewSeconds * 1000, refuse })
    const fields = toSignedFields(request, claim, refuse)
    assertFieldsSigned(request, claim, { required: this.#required, refuse })
    const rules = { service, takesUnsigned: unsignedPayload === 'allow', refuse }
    const payload = readPayload(request, { claim, pairs }, rules)
    return { method: request.method, path, pairs, fields, payload, claim }
  }
}

/** RFC 9112 §3.2.2: what a proxy is sent begins with scheme and authority. */
function splitTarget(rawTarget: string): { readonly path: string; readonly query: string } {
  const target = rawTarget.startsWith('/') ? rawTarget : rawTarget.replace(/^[A-Za-z][A-Za-z0-9+.-]*:\/\/[^/?]*/, '')
  const at = target.indexOf('?')
  const path = at < 0 ? target : target.slice(0, at)
  return { path: path === '' ? '/' : path, query: at < 0 ? '' : target.slice(at + 1) }
}

/** A signature for another day, place or service opens nothing here. */
function assertScope(
  { scope, amzDate }: ClaimedSignature,
  { region, service }: { readonly region: string; readonly service: string },
  refuse: Refuse,
): void {
  if (scope.region !== region || scope.service !== service) {
    throw refuse('scope', `Sign for the service ${service} in the region ${region}.`)
  }
  if (scope.day !== amzDate.slice(0, 8)) {
    throw refuse('scope', 'The date in the credential is not the day of the date that was signed.')
  }
}

interface Age {
  readonly ageMs: number
  readonly skewMs: number
  readonly refuse: Refuse
}

function assertTimely({ expiresSeconds }: ClaimedSignature, { ageMs, skewMs, refuse }: Age): void {
  if (ageMs < -skewMs) {
    throw refuse('not-yet-valid', 'The request was signed for a time that has not come yet. Set your clock.')
  }
  const mostMs = expiresSeconds === undefined ? skewMs : expiresSeconds * 1000
  if (ageMs > mostMs) throw refuse('expired', 'The signature is too old. Set your clock, and sign the request anew.')
}
