/** Owns the options of `upstream-auth`: one of the ways to say who the gateway is. */
import type { z } from 'zod'
import { awsSchema } from './aws/aws-credential.ts'
import { azureSchema } from './azure/azure-credential.ts'
import { basicSchema, bearerSchema, keySchema } from './fixed-credential.ts'
import { googleSchema } from './google/google-credential.ts'
import { clientCredentialsSchema } from './oauth2/client-credentials.ts'
import { tokenExchangeSchema } from './oauth2/token-exchange.ts'
import { ociSchema } from './oci/oci-credential.ts'
import { oneOf } from './one-of.ts'

export const upstreamAuthOptions = oneOf({
  basic: basicSchema,
  bearer: bearerSchema,
  key: keySchema,
  clientCredentials: clientCredentialsSchema,
  tokenExchange: tokenExchangeSchema,
  google: googleSchema,
  azure: azureSchema,
  aws: awsSchema,
  oci: ociSchema,
})

export type UpstreamAuthOptions = z.output<typeof upstreamAuthOptions>
