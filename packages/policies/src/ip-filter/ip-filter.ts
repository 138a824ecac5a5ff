/** Owns which addresses may call. */
import { z } from 'zod'
import { toAddressKey } from '../addresses/address.ts'
import { rangeListSchema } from '../addresses/range-list.ts'
import { definePolicy } from '../policy.ts'
import { Problem } from '../problem.ts'

const options = z.strictObject({
  allow: rangeListSchema(
    'Addresses and CIDR ranges, IPv4 or IPv6, that may call; nobody else may. A list, or a text with one a line, such as `${file:allowed.txt}`; what stands behind `#` or `;` is a comment. An empty list: everybody who is not denied.',
    { mayBeVoid: false },
  ),
  deny: rangeListSchema(
    'Addresses and CIDR ranges that may not call, even if they are allowed. A list or a text, as in `allow`.',
    { mayBeVoid: true },
  ),
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
    {
      says: 'Keeps out what a text lists, here in the file itself; `${file:blocked.txt}` reads another one.',
      options: { deny: '203.0.113.0/24 # scanners\n2001:db8:bad::/48\n' },
    },
  ],

  create({ allow, deny }) {
    const allowed = allow.size === 0 ? undefined : allow
    const refusal = new Problem('address-denied', { detail: 'Requests from this address are not accepted here.' })

    return function ipFilter(exchange, next) {
      const key = toAddressKey(exchange.client.address)
      // What cannot be read cannot be known to be harmless.
      if (key === undefined || deny.has(key) || allowed?.has(key) === false) throw refusal
      return next(exchange)
    }
  },
})
