/** Owns which fields of a request a signature covers, and which it must. */
import type { SignedField } from '../aws-signature/canonical-request.ts'
import type { GatewayRequest } from '../messages/request.ts'
import { type ClaimedSignature, type Refuse, refuseUnsigned } from './claimed-signature.ts'

/** @throws what `refuse` makes, for a field that is said to be signed and did not come */
export function toSignedFields(request: GatewayRequest, claim: ClaimedSignature, refuse: Refuse): SignedField[] {
  return claim.signedNames.map((name) => {
    // RFC 9113 §8.3.1: in HTTP/2 it is `:authority`, and there may be no field of this name.
    const values = name === 'host' ? [request.authority] : request.headers.getAll(name)
    if (values.length === 0) {
      // It may have come in `Connection`, too, and then was taken out as one of this hop (RFC 9110 §7.6.1).
      throw refuse('signed-field-missing', `The field ${name} is said to be signed, and is not there.`)
    }
    return { name, values }
  })
}

export interface FieldDuties {
  /** Lower case, with dashes. */
  readonly required: ReadonlySet<string>
  readonly refuse: Refuse
}

/**
 * Whoever has a signed request may add fields to it: none of those that mean something to AWS or to the operator, and none that
 * others could take for a signed one. `My_Role` is `My-Role` to CGI and WSGI.
 */
export function assertFieldsSigned(
  { headers }: GatewayRequest,
  { form, signedNames }: ClaimedSignature,
  { required, refuse }: FieldDuties,
): void {
  const signed = new Set(signedNames)
  const variables = new Set(signedNames.map(toDashed))
  for (let i = 0; i < headers.size; i++) {
    const name = headers.nameAt(i).toLowerCase()
    if (signed.has(name)) continue
    const dashed = toDashed(name)
    // Some services want it added after signing. Its value is compared with the one that belongs to the key.
    if (name === 'x-amz-security-token' && form === 'header') continue
    if (dashed.startsWith('x-amz-') || required.has(dashed) || variables.has(dashed)) throw refuseUnsigned(name, refuse)
  }
}

function toDashed(name: string): string {
  return name.replaceAll('_', '-')
}
