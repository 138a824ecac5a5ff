/** Owns how a file describes whom the gateway may connect to on behalf of its configuration. */
import { z } from 'zod'

const rangesSchema = z.array(z.string().min(1)).default([])

export const egressSchema = z
  .strictObject({
    deny: rangesSchema.meta({
      description: 'Addresses and CIDR ranges that are not connected to: `[10.0.0.0/8, 127.0.0.0/8]`, for instance.',
    }),
    allow: rangesSchema.meta({ description: 'Addresses and CIDR ranges that are connected to, whatever is denied.' }),
  })
  .prefault({})
  .meta({
    id: 'Egress',
    description:
      'Whom the gateway may connect to because this configuration names them: targets of upstreams and their health checks, and what policies call (identity providers, directories, other services). By address, after DNS, for every connection; of a name with several addresses, those that are denied are left out. An IPv4 address that is denied is so as well where an IPv6 address stands for it (NAT64, 6to4 and the like). Link-local addresses and others where clouds tell machines who they are are not connected to unless they are allowed.',
  })
