/** Owns how the gateway proves to an authorization server who it is, when it asks for tokens or about them. */
import { createPrivateKey, type KeyObject, randomUUID } from 'node:crypto'
import type { Secret } from '@gatewright/model/runtime'
import { z } from 'zod'
import { secretOption } from '../secret-option.ts'
import type { Clock } from '../services.ts'
import { JwsSigner } from '../tokens/jws-signer.ts'

/** RFC 7523 §3: an assertion lives shortly; it is drawn anew for each call. */
const ASSERTION_SECONDS = 60
const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

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
    key: secretOption('The private key in PEM, for private-key-jwt: RSA, P-256 or Ed25519.').optional(),
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
    const fault = findKeyFault(client.key)
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
  const signer = new AssertionSigner(client, createPrivateKey(key.reveal()), clock)
  return (audience) => ({
    headers: [],
    form: [
      ['client_id', id],
      ['client_assertion_type', ASSERTION_TYPE],
      ['client_assertion', signer.sign(client.audience ?? audience)],
    ],
  })
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

/** RFC 7523 §3. */
class AssertionSigner {
  readonly #id: string
  readonly #signer: JwsSigner
  readonly #clock: Pick<Clock, 'now'>

  constructor({ id = '', keyId }: ClientOptions, privateKey: KeyObject, clock: Pick<Clock, 'now'>) {
    this.#id = id
    this.#signer = new JwsSigner({ algorithm: findAlgorithm(privateKey) ?? 'RS256', privateKey, kid: keyId }, 'JWT')
    this.#clock = clock
  }

  sign(audience: string): string {
    const iat = Math.floor(this.#clock.now() / 1000)
    const claims = { iss: this.#id, sub: this.#id, aud: audience, jti: randomUUID(), iat, exp: iat + ASSERTION_SECONDS }
    return this.#signer.sign(JSON.stringify(claims))
  }
}

/** Those that servers take most widely, by the kind of key. */
function findAlgorithm({ asymmetricKeyType: type, asymmetricKeyDetails: details }: KeyObject) {
  if (type === 'rsa') return 'RS256'
  if (type === 'ed25519') return 'EdDSA'
  return type === 'ec' && details?.namedCurve === 'prime256v1' ? 'ES256' : undefined
}

function findKeyFault(secret: Secret): string | undefined {
  try {
    if (findAlgorithm(createPrivateKey(secret.reveal())) !== undefined) return undefined
    return 'this kind of key signs nothing here: use RSA, P-256 or Ed25519'
  } catch {
    return 'this is no private key in PEM'
  }
}
