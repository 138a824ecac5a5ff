/** Owns which addresses may call. */
import { z } from 'zod'
import { toAddressKey } from '../addresses/address.ts'
import { AddressRanges, findRangeFault } from '../addresses/address-ranges.ts'
import { definePolicy } from '../policy.ts'
import { Problem } from '../problem.ts'

const range = z.string().superRefine((text, context) => {
  const fault = findRangeFault(text)
  if (fault !== undefined) context.addIssue({ code: 'custom', message: fault })
})

const options = z.strictObject({
  allow: z.array(range).default([]).meta({
    description:
      'Addresses and CIDR ranges, IPv4 or IPv6, that may call; nobody else may. Empty: everybody who is not denied.',
  }),
  deny: z
    .array(range)
    .default([])
    .meta({ description: 'Addresses and CIDR ranges that may not call, even if they are allowed.' }),
})

export const ipFilter = definePolicy({
  name: 'ip-filter',
  phase: 'protect',
  summary: 'Lets only some client addresses call, or all but some.',
  options,
  examples: [
    {
      says: 'Lets private networks call, except one machine.',
      options: { allow: ['10.0.0.0/8', 'fd00::/8'], deny: ['10.1.2.3'] },
    },
    { says: 'Keeps one network out.', options: { deny: ['203.0.113.0/24'] } },
  ],

  create(given) {
    const allowed = given.allow.length === 0 ? undefined : new AddressRanges(given.allow)
    const denied = new AddressRanges(given.deny)
    const refusal = new Problem('address-denied', { detail: 'Requests from this address are not accepted here.' })

    return function ipFilter(exchange, next) {
      const key = toAddressKey(exchange.client.address)
      // What cannot be read cannot be known to be harmless.
      if (key === undefined || denied.has(key) || allowed?.has(key) === false) throw refusal
      return next(exchange)
    }
  },
})
