/** Owns the publishing of the keys that the gateway signs with: a JWK Set (RFC 7517 §5) of their public halves. */
import { z } from 'zod'
import { BytesBody } from '../messages/body.ts'
import { HeaderList } from '../messages/header-list.ts'
import { GatewayResponse } from '../messages/response.ts'
import { definePolicy } from '../policy.ts'
import { Problem } from '../problem.ts'
import { getSigningKey, signingKeysSchema, toPublishedJwk } from '../tokens/signing-key.ts'

const options = z.strictObject({
  keys: signingKeysSchema(
    'The keys, as `identity-token` has them. Of private ones the public half is published; public ones may stand here as well.',
  ),
  maxAgeSeconds: z.int().min(0).max(86_400).default(300).meta({
    description:
      'How long others may use the set without asking again: so long before it signs, a new key has to stand here.',
  }),
})

export const jwks = definePolicy({
  name: 'jwks',
  phase: 'upstream',
  summary: 'Publishes the public halves of the keys that the gateway signs with, as a JWK Set.',
  options,
  answers: true,
  examples: [
    {
      says: 'On a route such as `/.well-known/jwks.json`: the key that signs, and the one before it.',
      options: {
        keys: [{ key: '${file:/run/secrets/identity.pem}' }, { key: '${file:/run/secrets/identity-old.pem}' }],
      },
    },
    {
      says: 'Lets verifiers keep the set for an hour.',
      options: { keys: [{ key: '${file:/run/secrets/identity.pem}' }], maxAgeSeconds: 3600 },
    },
  ],

  create({ keys, maxAgeSeconds }) {
    const body = BytesBody.ofText(JSON.stringify({ keys: keys.map(getSigningKey).map(toPublishedJwk) }))
    const fields = [
      // RFC 7517 §8.5.2.
      ['Content-Type', 'application/jwk-set+json'],
      ['Cache-Control', maxAgeSeconds === 0 ? 'no-cache' : `public, max-age=${maxAgeSeconds}`],
    ] as const
    const otherMethod = new Problem('method-not-allowed', {
      detail: 'Keys are only read here: use GET.',
      headers: [['Allow', 'GET, HEAD']],
    })

    return function jwks({ request }) {
      if (request.method !== 'GET' && request.method !== 'HEAD') throw otherMethod
      return new GatewayResponse({ status: 200, headers: HeaderList.of(fields), body })
    }
  },
})
