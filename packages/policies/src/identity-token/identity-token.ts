/** Owns what upstreams are told about the caller in a token that the gateway signs: they need not trust the network for it. */
import { randomUUID } from 'node:crypto'
import { Remembered } from '../callers/remembered.ts'
import type { Exchange } from '../exchange.ts'
import { definePolicy } from '../policy.ts'
import { Problem } from '../problem.ts'
import type { Clock, PolicyServices } from '../services.ts'
import { JwsSigner } from '../tokens/jws-signer.ts'
import { getSigningKey } from '../tokens/signing-key.ts'
import { IdentityClaims } from './identity-claims.ts'
import { type IdentityTokenOptions, identityTokenOptions } from './identity-token-options.ts'

/** So much of its time a token has at least when it is sent: a request may wait, and be sent again. */
const LEAST_LEFT_MS = 30_000

export const identityToken = definePolicy({
  name: 'identity-token',
  phase: 'transform',
  summary: 'Tells the upstream who calls, in a token (JWT) that the gateway signs.',
  options: identityTokenOptions,
  examples: [
    {
      says: 'Sends `X-Identity-Token` to one upstream, which finds the key where the policy `jwks` publishes it.',
      options: {
        issuer: 'https://gateway.example.com',
        audience: 'orders',
        keys: [{ key: '${file:/run/secrets/identity.pem}' }],
      },
    },
    {
      says: 'Sends it as `Authorization: Bearer`, for an audience that each API has, with claims of the caller’s own token and another one.',
      options: {
        issuer: 'https://gateway.example.com',
        audience: '${api.id}',
        keys: [{ key: '${file:/run/secrets/identity.pem}' }, { key: '${file:/run/secrets/identity-old.pem}' }],
        header: 'Authorization',
        copy: ['email'],
        claims: { client_address: '${client.address}' },
        include: ['app', 'scope', 'groups'],
        ttlSeconds: 60,
      },
    },
  ],
  // Whoever takes `Authorization` from clients everywhere takes away how they say who they are.
  identityFields: ({ header }) => (isAuthorization(header) ? [] : [header]),

  create(options, services) {
    const { header, anonymous } = options
    const scheme = options.scheme ?? (isAuthorization(header) ? 'Bearer' : undefined)
    const prefix = scheme === undefined ? '' : `${scheme} `
    const tokens = new IdentityTokens(options, services)
    const nobody = new Problem('access-denied', {
      detail: 'This is only for callers who say who they are. Send a credential.',
      reason: 'no-caller',
    })

    return function identityToken(exchange, next) {
      if (exchange.caller === undefined && !anonymous) throw nobody
      const { headers } = exchange.request
      headers.setSecret(header, prefix + tokens.getFor(exchange))
      return next(exchange)
    }
  },
})

function isAuthorization(header: string): boolean {
  return header.toLowerCase() === 'authorization'
}

/** Of one use, on one thread. */
class IdentityTokens {
  readonly #claims: IdentityClaims
  readonly #signer: JwsSigner
  readonly #made: Remembered<string>
  readonly #clock: Clock
  readonly #ttlSeconds: number
  readonly #usedForMs: number
  readonly #maxBytes: number

  constructor(options: IdentityTokenOptions, { clock, variables }: PolicyServices) {
    const { keys, type, remember, ttlSeconds, maxTokenBytes } = options
    const [first] = keys
    // The schema asks for one.
    if (first === undefined) throw new Error('there is no key')
    this.#claims = new IdentityClaims(options, variables)
    this.#signer = new JwsSigner(getSigningKey(first), type)
    this.#made = new Remembered(remember, clock)
    this.#clock = clock
    this.#ttlSeconds = ttlSeconds
    this.#usedForMs = ttlSeconds * 1000 - Math.min(LEAST_LEFT_MS, ttlSeconds * 500)
    this.#maxBytes = maxTokenBytes
  }

  /** @throws Problem where an expression fails, or it would be too long */
  getFor(exchange: Exchange): string {
    const claims = this.#claims.toJson(exchange)
    const made = this.#made.get(claims)
    if (made !== undefined) return made
    const iat = Math.floor(this.#clock.now() / 1000)
    const token = this.#signer.sign(`${claims},"iat":${iat},"exp":${iat + this.#ttlSeconds},"jti":"${randomUUID()}"}`)
    if (token.length > this.#maxBytes) {
      throw new Problem('access-denied', {
        detail: 'There is more to say about you than fits in a request. Call with fewer scopes, groups or claims.',
        reason: 'identity-too-large',
      })
    }
    this.#made.set(claims, token, iat * 1000 + this.#usedForMs)
    return token
  }
}
