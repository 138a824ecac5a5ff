/** Owns whom a token is bound to (`cnf`, RFC 7800): it is of use to nobody else. */
import type { Exchange } from '../exchange.ts'
import type { DpopProofs } from './dpop-proof.ts'
import { toCertificateThumbprint } from './thumbprint.ts'

export interface Presented {
  readonly token: string
  /** By which scheme it came. */
  readonly scheme: 'bearer' | 'dpop'
  /** Undefined: proofs are not taken here. */
  readonly proofs: DpopProofs | undefined
}

type Confirmation = Readonly<Record<string, unknown>>

/** What is known of the binding without looking at the request: most tokens have none. */
export function findConfirmation(claims: Readonly<Record<string, unknown>>): Confirmation | 'malformed' | undefined {
  const { cnf } = claims
  if (cnf === undefined) return undefined
  const isBinding = typeof cnf === 'object' && cnf !== null && !Array.isArray(cnf) && Object.keys(cnf).length > 0
  return isBinding ? (cnf as Confirmation) : 'malformed'
}

/** Why whoever sends this token may not use it; undefined: they may. @rejects Problem rate-limited */
export async function findBindingFault(
  confirmation: Confirmation | 'malformed' | undefined,
  exchange: Exchange,
  { token, scheme, proofs }: Presented,
): Promise<string | undefined> {
  if (confirmation === 'malformed') return 'confirmation-malformed'
  const { jkt, 'x5t#S256': x5t, ...others } = confirmation ?? {}
  // RFC 7800 §3.1 lets others be ignored; then a token that is bound would be anybody's.
  if (Object.keys(others).length > 0) return 'confirmation-unknown'
  if (x5t !== undefined) {
    // RFC 8705 §3
    const { certificate } = exchange.client
    if (certificate === undefined || toCertificateThumbprint(certificate) !== x5t) return 'other-certificate'
  }
  // RFC 9449 §7.1, §7.2: bound to a key, it is no bearer token; and not bound to one, a proof proves nothing.
  if (scheme === 'dpop' ? jkt === undefined : jkt !== undefined) return 'other-scheme'
  if (jkt === undefined) return undefined
  if (proofs === undefined) return 'dpop-not-taken'
  return typeof jkt === 'string' ? await proofs.findFault(exchange, { token, thumbprint: jkt }) : 'dpop-other-key'
}

/** Honest clients come with such proofs as well, whose clocks differ or who try again: those are no guesses. */
export function isGuess(bindingFault: string): boolean {
  return bindingFault !== 'dpop-replayed' && bindingFault !== 'dpop-not-now'
}
