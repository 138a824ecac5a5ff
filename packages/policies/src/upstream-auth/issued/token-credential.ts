/** Owns tokens that are issued to the gateway and sent as they are: in which field, and behind which word. */
import type { Exchange } from '../../exchange.ts'
import { setSecretField, type UpstreamAuthServices, type UpstreamCredential } from '../upstream-credential.ts'
import { type CredentialSpec, FetchedCredential } from './fetched-credential.ts'

/** Where a token is said: `Authorization: Bearer …`, or another field. */
export interface TokenField {
  readonly header: string
  readonly scheme: string
}

export const BEARER: TokenField = { header: 'Authorization', scheme: 'Bearer' }

export function createTokenCredential(
  spec: Omit<CredentialSpec<string, string>, 'read'>,
  { header, scheme }: TokenField,
  services: UpstreamAuthServices,
): UpstreamCredential {
  const credential = new FetchedCredential({ ...spec, read: (token: string) => `${scheme} ${token}` }, services)
  const put = (exchange: Exchange, text: string): void => setSecretField(exchange.request.headers, header, text)
  return {
    apply(exchange) {
      const known = credential.get()
      if (typeof known === 'string') return put(exchange, known)
      return known.then((text) => put(exchange, text))
    },
    doubt: () => credential.doubt(),
  }
}
