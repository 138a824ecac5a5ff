/** Owns the options of `upstream-auth`: one of the ways to say who the gateway is. */
import { z } from 'zod'
import { awsSchema } from './aws/aws-credential.ts'
import { azureSchema } from './azure/azure-credential.ts'
import { basicSchema, bearerSchema, keySchema } from './fixed-credential.ts'
import { googleSchema } from './google/google-credential.ts'
import { clientCredentialsSchema } from './oauth2/client-credentials.ts'
import { tokenExchangeSchema } from './oauth2/token-exchange.ts'
import { ociSchema } from './oci/oci-credential.ts'

const ways = {
  basic: basicSchema.optional(),
  bearer: bearerSchema.optional(),
  key: keySchema.optional(),
  clientCredentials: clientCredentialsSchema.optional(),
  tokenExchange: tokenExchangeSchema.optional(),
  google: googleSchema.optional(),
  azure: azureSchema.optional(),
  aws: awsSchema.optional(),
  oci: ociSchema.optional(),
}

const names = Object.keys(ways) as (keyof typeof ways)[]

export const upstreamAuthOptions = z
  .strictObject(ways)
  .superRefine((options, context) => {
    const said = names.filter((name) => options[name] !== undefined)
    if (said.length === 1) return
    const message =
      said.length === 0
        ? `say how the gateway proves who it is: one of ${names.join(', ')}`
        : `the upstream is told one credential, not ${said.length}: keep one of ${said.join(', ')}`
    context.addIssue({ code: 'custom', message })
  })
  // For editors, which read the JSON Schema.
  .meta({ minProperties: 1, maxProperties: 1 })

export type UpstreamAuthOptions = z.output<typeof upstreamAuthOptions>
