/** Owns how the gateway proves to an authorization server who it is, when it asks for tokens or about them. */
import type { Secret } from '@gatewright/model/runtime'
import { z } from 'zod'
import { secretOption } from '../secret-option.ts'
import type { Clock } from '../services.ts'
import { JwsSigner } from '../tokens/jws-signer.ts'
import { findPrivateKeyFault, parsePrivateKey } from '../tokens/signing-key.ts'
import { signClientAssertion, toAssertionForm } from './client-assertion.ts'

/** RFC 7523 §3: an assertion lives shortly; it is drawn anew for each call. */
const ASSERTION_SECONDS = 60

/** Stands in the options as `client`. */
export const clientSchema = z
  .strictObject({
    method: z.enum(['basic', 'post', 'bearer', 'private-key-jwt', 'none']).default('basic').meta({
      description:
        'How the gateway proves to the server who it is. basic: `id` and `secret` in the Authorization field. post: both in the form. bearer: `token`. private-key-jwt: an assertion that `key` signs. none: not at all, or by the certificate in `tls`, with `id` in the form.',
    }),
    id: z.string().min(1).optional().meta({ description: 'The client id that the server knows the gateway by.' }),
    secret: secretOption('The client secret, for basic and post.').optional(),
    token: secretOption('The access token that the server takes from the gateway, for bearer.').optional(),
    key: secretOption(
      'The private key in PEM, or a JWK as JSON, for private-key-jwt: of RSA, Ed25519, or EC on P-256, P-384 or P-521. It signs as the JWK says, or by its kind.',
    ).optional(),
    keyId: z.string().min(1).optional().meta({ description: 'Which of the keys it is (`kid`), for private-key-jwt.' }),
    audience: z.string().min(1).optional().meta({
      description: 'Whom the assertion is for. The issuer if absent, or the endpoint where there is no issuer.',
    }),
  })
  .superRefine((client, context) => {
    for (const name of NEEDED[client.method]) {
      if (client[name] !== undefined) continue
      context.addIssue({ code: 'custom', path: [name], message: `the method ${client.method} needs it` })
    }
    if (client.method !== 'private-key-jwt' || client.key === undefined) return
    const fault = findPrivateKeyFault(client.key.reveal())
    if (fault !== undefined) context.addIssue({ code: 'custom', path: ['key'], message: fault })
  })
  .meta({ description: 'Who the gateway is to the authorization server.' })

const NEEDED = {
  basic: ['id', 'secret'],
  post: ['id', 'secret'],
  bearer: ['token'],
  'private-key-jwt': ['id', 'key'],
  none: [],
} as const

export type ClientOptions = z.output<typeof clientSchema>

/** What a call carries beside the token. */
export interface ClientProof {
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly form: readonly (readonly [name: string, value: string])[]
}

/** `audience`: of an assertion, where the options name none. */
export function createClientProof(client: ClientOptions, clock: Pick<Clock, 'now'>): (audience: string) => ClientProof {
  const { method, id = '', secret, token, key } = client
  if (method === 'basic') return always({ headers: [['Authorization', toBasic(id, secret)]], form: [] })
  if (method === 'post')
    return always({
      headers: [],
      form: [
        ['client_id', id],
        ['client_secret', secret?.reveal() ?? ''],
      ],
    })
  if (method === 'bearer') return always({ headers: [['Authorization', `Bearer ${token?.reveal() ?? ''}`]], form: [] })
  if (method === 'none' || key === undefined) return always({ headers: [], form: id === '' ? [] : [['client_id', id]] })
  const signer = new JwsSigner({ ...parsePrivateKey(key.reveal()), kid: client.keyId }, 'JWT')
  return (audience) => {
    const whom = { clientId: id, audience: client.audience ?? audience }
    const assertion = signClientAssertion(signer, { ...whom, nowMs: clock.now(), lifeSeconds: ASSERTION_SECONDS })
    return { headers: [], form: [['client_id', id], ...toAssertionForm(assertion)] }
  }
}

function always(proof: ClientProof): () => ClientProof {
  return () => proof
}

/** RFC 6749 §2.3.1: both are form-encoded before they are joined; a colon in an id would be another id. */
function toBasic(id: string, secret: Secret | undefined): string {
  const pair = `${encodeForm(id)}:${encodeForm(secret?.reveal() ?? '')}`
  return `Basic ${Buffer.from(pair, 'utf8').toString('base64')}`
}

function encodeForm(text: string): string {
  return new URLSearchParams([['', text]]).toString().slice(1)
}
