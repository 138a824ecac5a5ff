/** Owns the check of a claimed signature against the keys that are known, in equal time for those that are not. */
import { hash, randomBytes, timingSafeEqual } from 'node:crypto'
import { Secret } from '@gatewright/model/runtime'
import {
  hashCanonical,
  type PathForm,
  type QueryPair,
  toCanonicalPath,
  toCanonicalQuery,
  toCanonicalRequest,
} from '../aws-signature/canonical-request.ts'
import { getSigningKey, isSameSignature, signText, toStringToSign } from '../aws-signature/signing-scope.ts'
import { type ClaimedSignature, SIGNATURE_PARAMETER, TOKEN_PARAMETER } from './claimed-signature.ts'
import type { SignedRequest } from './signed-request.ts'

export interface KnownKey {
  readonly accessKeyId: string
  readonly secretAccessKey: Secret
  readonly sessionToken?: Secret | undefined
  readonly app: string
  readonly plan?: string | undefined
}

export type Verdict =
  | { readonly holds: true; readonly key: KnownKey; readonly signingKey: Buffer }
  | {
      readonly holds: false
      readonly why: 'unknown' | 'signature-mismatch' | 'session-token'
      /** Of the canonical request as it was computed here: whoever signs compares it with theirs. Lower-case hex. */
      readonly canonicalHash: string
    }

export class SignatureCheck {
  readonly #keys: ReadonlyMap<string, KnownKey>
  readonly #pathForm: PathForm
  /** An unknown access key is checked as well, against a secret that nobody has: how long it takes tells nothing. */
  readonly #decoy = new Secret(randomBytes(30).toString('base64'))

  constructor(keys: readonly KnownKey[], pathForm: PathForm) {
    this.#keys = new Map(keys.map((key) => [key.accessKeyId, key]))
    this.#pathForm = pathForm
  }

  check(request: SignedRequest, payloadHash: string): Verdict {
    const { claim } = request
    const key = this.#keys.get(claim.accessKeyId)
    const signingKey = getSigningKey(key?.secretAccessKey ?? this.#decoy, claim.scope)
    const covered = request.pairs.filter(([name]) => name !== SIGNATURE_PARAMETER || claim.form === 'header')
    const canonicalHash = this.#hash(request, covered, payloadHash)
    let isSame = isSigned(claim, signingKey, canonicalHash)
    if (!isSame && claim.form === 'query' && claim.sessionToken !== undefined) {
      // Some services want it added after signing. Its value is compared below with the one that belongs to the key.
      const withoutToken = covered.filter(([name]) => name !== TOKEN_PARAMETER)
      isSame = isSigned(claim, signingKey, this.#hash(request, withoutToken, payloadHash))
    }
    if (key === undefined) return { holds: false, why: 'unknown', canonicalHash }
    if (!isSame) return { holds: false, why: 'signature-mismatch', canonicalHash }
    if (!isSameToken(claim.sessionToken, key.sessionToken)) return { holds: false, why: 'session-token', canonicalHash }
    return { holds: true, key, signingKey }
  }

  #hash({ method, path, fields }: SignedRequest, pairs: readonly QueryPair[], payloadHash: string): string {
    return hashCanonical(
      toCanonicalRequest({
        ...{ method, fields, payloadHash },
        path: toCanonicalPath(path, this.#pathForm),
        query: toCanonicalQuery(pairs),
      }),
    )
  }
}

function isSigned({ amzDate, scope, signature }: ClaimedSignature, signingKey: Buffer, canonicalHash: string): boolean {
  return isSameSignature(signText(signingKey, toStringToSign({ amzDate, scope, canonicalHash })), signature)
}

function isSameToken(claimed: string | undefined, known: Secret | undefined): boolean {
  if (claimed === undefined || known === undefined) return claimed === known
  return timingSafeEqual(hash('sha256', claimed, 'buffer'), hash('sha256', known.reveal(), 'buffer'))
}
