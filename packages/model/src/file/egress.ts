/** Owns how a file describes whom the gateway may call on behalf of its configuration. */
import { z } from 'zod'

const rangesSchema = z.array(z.string().min(1)).default([])

export const egressSchema = z
  .strictObject({
    deny: rangesSchema.meta({
      description: 'Addresses and CIDR ranges that are not called: `[10.0.0.0/8, 127.0.0.0/8]`, for instance.',
    }),
    allow: rangesSchema.meta({ description: 'Addresses and CIDR ranges that are called, whatever is denied.' }),
  })
  .prefault({})
  .meta({
    id: 'Egress',
    description:
      'Whom policies may call (identity providers, introspection, other services), by address, after DNS. Link-local addresses, where clouds tell machines who they are, are never called unless they are allowed.',
  })
