/** Owns which key of an issuer a token is checked with, and what comes of it. */
import type { CompactJws } from './compact-jws.ts'
import { isJwsAlgorithm, isSignedBy } from './jws-algorithms.ts'
import type { VerificationKey } from './verification-key.ts'

/** `unknown-key`: the issuer may have a new one. The others are final. */
export type SignatureFault = 'algorithm' | 'unknown-key' | 'ambiguous-key' | 'signature'

/** Without a `kid` each key that fits is tried: so many, no more. */
const MOST_TRIED = 4

/** undefined: it is signed by one of these keys. */
export function findSignatureFault(jws: CompactJws, keys: readonly VerificationKey[]): SignatureFault | undefined {
  const { alg, kid } = jws.header
  if (!isJwsAlgorithm(alg)) return 'algorithm'
  const named = kid === undefined ? keys : findNamed(keys, kid)
  if (named.length === 0) return 'unknown-key'
  const fitting = named.filter(({ algorithms }) => algorithms.includes(alg))
  if (fitting.length === 0) return kid === undefined ? 'unknown-key' : 'algorithm'
  // RFC 7517 §4.5: two keys of one id are two answers to one question.
  if (fitting.length > 1 && fitting.some((key) => kid !== undefined && key.kid === kid)) return 'ambiguous-key'
  const isSigned = fitting.slice(0, MOST_TRIED).some(({ key }) => isSignedBy(alg, key, jws))
  return isSigned ? undefined : 'signature'
}

/** A key that has no id may be any. */
function findNamed(keys: readonly VerificationKey[], kid: string): readonly VerificationKey[] {
  const named = keys.filter((key) => key.kid === kid)
  return named.length > 0 ? named : keys.filter((key) => key.kid === undefined)
}
