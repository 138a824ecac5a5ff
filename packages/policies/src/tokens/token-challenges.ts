/** Owns how a client is told by which schemes a token is taken (RFC 6750 §3, RFC 9449 §7.1), and what is wrong with the way it came. */
import { ASYMMETRIC_ALGORITHMS } from './jws-algorithms.ts'
import type { TokenPlaces } from './token-places.ts'

export type Challenges = readonly (readonly [name: string, value: string])[]

interface TakenSchemes {
  readonly dpop: 'off' | 'allow' | 'require'
  readonly places: Pick<TokenPlaces, 'dpop'>
}

/** `parameters`: `realm="api"`, `error="invalid_token"`… The same for each scheme that is taken. */
export function toChallenges(parameters: readonly string[], { dpop, places }: TakenSchemes): Challenges {
  const bearer = dpop === 'require' ? [] : [`Bearer ${parameters.join(', ')}`]
  const bound =
    places.dpop === undefined ? [] : [`DPoP ${[...parameters, `algs="${ASYMMETRIC_ALGORITHMS.join(' ')}"`].join(', ')}`]
  return [...bearer, ...bound].map((challenge) => ['WWW-Authenticate', challenge])
}

const DETAILS = new Map([
  ['other-scheme', 'The token has to be sent with the scheme that it is made for.'],
  ['dpop-missing', 'The token needs a proof in the header field DPoP.'],
  ['dpop-replayed', 'This proof was sent before. Make a new one for each request.'],
  ['dpop-not-now', 'The proof in DPoP is too old, or not yet valid.'],
])

/** What an honest client can do about how it sent its token; undefined where there is nothing to say. */
export function findBindingDetail(fault: string): string | undefined {
  return DETAILS.get(fault)
}
