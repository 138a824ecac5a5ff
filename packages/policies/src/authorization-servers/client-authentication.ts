/** Owns how the gateway proves to an authorization server who it is, when it asks for tokens or about them. */
import { createPrivateKey, type KeyObject, randomUUID, sign } from 'node:crypto'
import type { Secret } from '@gatewright/model/runtime'
import { z } from 'zod'
import { secretOption } from '../secret-option.ts'
import type { Clock } from '../services.ts'

/** RFC 7523 §3: an assertion lives shortly; it is drawn anew for each call. */
const ASSERTION_SECONDS = 60
const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

/** JWS algorithms (RFC 7518 §3.1, RFC 8037 §3.1), and what node:crypto calls them. */
const ALGORITHMS = {
  RS256: { type: 'rsa', digest: 'sha256' },
  ES256: { type: 'ec', digest: 'sha256', curve: 'prime256v1' },
  EdDSA: { type: 'ed25519', digest: null },
} as const

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
  readonly #header: string
  readonly #key: KeyObject
  readonly #digest: string | null
  readonly #clock: Pick<Clock, 'now'>

  constructor({ id = '', keyId }: ClientOptions, key: KeyObject, clock: Pick<Clock, 'now'>) {
    const [alg, { digest }] = findAlgorithm(key) ?? ['RS256', ALGORITHMS.RS256]
    this.#id = id
    this.#header = toPart({ alg, typ: 'JWT', ...(keyId !== undefined && { kid: keyId }) })
    this.#key = key
    this.#digest = digest
    this.#clock = clock
  }

  sign(audience: string): string {
    const iat = Math.floor(this.#clock.now() / 1000)
    const claims = { iss: this.#id, sub: this.#id, aud: audience, jti: randomUUID(), iat, exp: iat + ASSERTION_SECONDS }
    const signed = `${this.#header}.${toPart(claims)}`
    // RFC 7518 §3.4: the two numbers of ECDSA one after the other, not in DER.
    const signature = sign(this.#digest, Buffer.from(signed), { key: this.#key, dsaEncoding: 'ieee-p1363' })
    return `${signed}.${signature.toString('base64url')}`
  }
}

function toPart(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

function findAlgorithm(key: KeyObject) {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key
  return Object.entries(ALGORITHMS).find(
    ([, algorithm]) => algorithm.type === type && (!('curve' in algorithm) || algorithm.curve === details?.namedCurve),
  )
}

function findKeyFault(secret: Secret): string | undefined {
  try {
    if (findAlgorithm(createPrivateKey(secret.reveal())) !== undefined) return undefined
    return 'this kind of key signs nothing here: use RSA, P-256 or Ed25519'
  } catch {
    return 'this is no private key in PEM'
  }
}
