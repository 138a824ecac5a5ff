/** Owns tokens that the gateway is issued as itself (RFC 6749 §4.4). */
import { z } from 'zod'
import { toSenseless } from '../../calls/json-answer.ts'
import { toAccessToken } from '../issued/issuer-call.ts'
import { createTokenCredential } from '../issued/token-credential.ts'
import type { UpstreamAuthServices, UpstreamCredential } from '../upstream-credential.ts'
import { createTokenEndpoint, reportTokenEndpoint, tokenEndpointOptions } from './token-endpoint.ts'

export const clientCredentialsSchema = z.strictObject(tokenEndpointOptions).superRefine(reportTokenEndpoint).meta({
  description:
    'An access token that an authorization server issues to the gateway itself (RFC 6749 §4.4): one for all threads, renewed before it ends.',
})

export function createClientCredentials(
  options: z.output<typeof clientCredentialsSchema>,
  services: UpstreamAuthServices,
): UpstreamCredential {
  const endpoint = createTokenEndpoint(options, services)
  return createTokenCredential(
    {
      source: endpoint.name,
      depends: ['client_credentials', ...endpoint.depends],
      async issue() {
        const answer = await endpoint.ask([['grant_type', 'client_credentials']])
        if (answer.status !== 200) throw toSenseless(`status-${answer.status}`)
        return toAccessToken(answer, services.clock.now())
      },
    },
    services,
  )
}
