/** Owns tokens that are issued to the gateway and sent as they are, as `Bearer …`. */
import type { Exchange } from '../../exchange.ts'
import { setSecretField, type UpstreamAuthServices, type UpstreamCredential } from '../upstream-credential.ts'
import { type CredentialSpec, FetchedCredential } from './fetched-credential.ts'

export function createTokenCredential(
  spec: Omit<CredentialSpec<string, string>, 'read'>,
  services: UpstreamAuthServices,
  header = 'Authorization',
): UpstreamCredential {
  const credential = new FetchedCredential({ ...spec, read: (token: string) => `Bearer ${token}` }, services)
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
