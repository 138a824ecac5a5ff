/** Owns the question about one token (RFC 7662 §2.1), and where it is put. */

import { type ClientOptions, createClientProof } from '../authorization-servers/client-authentication.ts'
import { createServerEndpoint } from '../authorization-servers/server-endpoint.ts'
import type { CallTls, PolicyServices } from '../services.ts'
import { parseIntrospection, type TokenFacts } from './introspection-answer.ts'

/** An answer about one token has a handful of claims; groups may be many. */
const MOST_BYTES = 64 * 1024

export interface IntrospectionCallOptions {
  readonly endpoint?: string | undefined
  readonly issuer?: string | undefined
  readonly client: ClientOptions
  readonly timeoutMs: number
  readonly tls: CallTls | undefined
}

/** What it returns resolves to undefined for a token that is not active. @rejects CallFault */
export function createIntrospection(
  { endpoint, issuer, client, timeoutMs, tls }: IntrospectionCallOptions,
  services: Pick<PolicyServices, 'http' | 'shared' | 'clock'>,
): (token: string) => Promise<TokenFacts | undefined> {
  const place = createServerEndpoint('introspection', { endpoint, issuer, timeoutMs, tls }, services)
  const prove = createClientProof(client, services.clock)

  return async function introspect(token) {
    const url = await place.get()
    const { headers, form } = prove(issuer ?? url)
    const body = new URLSearchParams([
      ['token', token],
      ['token_type_hint', 'access_token'],
      ...form.map(([name, value]) => [name, value]),
    ])
    try {
      const answer = await services.http.send({
        url,
        method: 'POST',
        headers: [['Accept', 'application/json'], ['Content-Type', 'application/x-www-form-urlencoded'], ...headers],
        body: body.toString(),
        timeoutMs,
        limitBytes: MOST_BYTES,
        // Asked twice, it is answered the same.
        mayRepeat: true,
        ...(tls !== undefined && { tls }),
      })
      return parseIntrospection(answer)
    } catch (fault) {
      place.doubt()
      throw fault
    }
  }
}
