/** Owns where a request says its token: as a bearer's, or as one that is bound to a key of its client. */
import { z } from 'zod'
import {
  type CredentialPlace,
  createCredentialPlace,
  fieldNameSchema,
  type PlaceOptions,
} from '../callers/credential-place.ts'
import type { GatewayRequest } from '../messages/request.ts'

/** Stand in the options of whatever looks for a token. */
export const tokenPlaceShape = {
  in: z.enum(['header', 'query', 'cookie']).default('header').meta({ description: 'Where the token stands.' }),
  name: fieldNameSchema.optional().meta({
    description:
      'Name of the header field, query parameter or cookie. `Authorization` if absent; in query and cookie `access_token` (RFC 6750 §2.3).',
  }),
  scheme: z
    .string()
    .regex(/^[A-Za-z][A-Za-z0-9-]*$|^$/, 'use letters, digits and dashes')
    .optional()
    .meta({
      description:
        'What stands before the token in a header field: `Bearer` in `Authorization`, else nothing, if absent. Empty: nothing.',
    }),
}

interface TokenPlaceOptions {
  readonly in: PlaceOptions['in']
  readonly name?: string | undefined
  readonly scheme?: string | undefined
}

/** With what is not said as it usually is. */
export function toTokenPlace(options: TokenPlaceOptions): PlaceOptions {
  const { in: where } = options
  if (where !== 'header') return { in: where, name: options.name ?? 'access_token' }
  const { name = 'Authorization' } = options
  const { scheme = name.toLowerCase() === 'authorization' ? 'Bearer' : '' } = options
  return scheme === '' ? { in: where, name } : { in: where, name, scheme }
}

/** Stands in the options of policies that take tokens, as `dpop` and `dpopMaxAgeSeconds`. */
export const dpopSchema = z
  .enum(['off', 'allow', 'require'])
  .default('allow')
  .meta({ description: 'Tokens that are bound to a key of the client, with a proof in `DPoP` (RFC 9449).' })

export const dpopMaxAgeSchema = z
  .int()
  .min(5)
  .max(3600)
  .default(300)
  .meta({ description: 'How old such a proof may be. Each is taken once.' })

export interface PresentedToken {
  /** `TWO_CREDENTIALS` where there are two different ones. */
  readonly token: string
  readonly place: CredentialPlace
  /** By which scheme it came. */
  readonly scheme: 'bearer' | 'dpop'
}

export class TokenPlaces {
  readonly bearer: CredentialPlace
  /** RFC 9449 §7.1: they come under a scheme of their own. Undefined: they are not taken. */
  readonly dpop: CredentialPlace | undefined

  constructor(options: PlaceOptions, dpop: 'off' | 'allow' | 'require') {
    this.bearer = createCredentialPlace(options)
    const { scheme, ...place } = options
    if (dpop !== 'off' && scheme !== undefined) this.dpop = createCredentialPlace({ ...place, scheme: 'DPoP' })
  }

  find(request: GatewayRequest): PresentedToken | undefined {
    const token = this.bearer.find(request)
    if (token !== undefined) return { token, place: this.bearer, scheme: 'bearer' }
    const bound = this.dpop?.find(request)
    return bound === undefined || this.dpop === undefined
      ? undefined
      : { token: bound, place: this.dpop, scheme: 'dpop' }
  }

  /** Of options that say so: for a definition's `credentialPlaces`. */
  static list(options: PlaceOptions, dpop: 'off' | 'allow' | 'require'): PlaceOptions[] {
    return dpop === 'off' || options.scheme === undefined ? [options] : [options, { ...options, scheme: 'DPoP' }]
  }

  /** Where there is none, or it is sent on: no field stays that an upstream could read for it. */
  keep(request: GatewayRequest): void {
    this.bearer.keep(request)
  }

  /** The proof goes with its token. */
  remove(request: GatewayRequest, { place, scheme }: PresentedToken): void {
    place.remove(request)
    if (scheme === 'dpop') request.headers.delete('dpop')
  }
}
