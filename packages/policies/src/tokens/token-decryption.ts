/** Owns encrypted tokens (JWE, RFC 7516): opened with one key of one algorithm, to the signed token that has to be inside. */
import { createPrivateKey, type JsonWebKeyInput, type KeyObject } from 'node:crypto'
import type { Secret } from '@gatewright/model/runtime'
import { Bottleneck } from '../callers/bottleneck.ts'
import { parseHeader } from './compact-jws.ts'
import { getJose } from './jose-library.ts'

/** RSA1_5 is not among them (RFC 8725 §3.2), and passwords are not. */
export const DECRYPTION_ALGORITHMS = [
  'RSA-OAEP',
  'RSA-OAEP-256',
  'RSA-OAEP-384',
  'RSA-OAEP-512',
  'ECDH-ES',
  'ECDH-ES+A128KW',
  'ECDH-ES+A192KW',
  'ECDH-ES+A256KW',
  'A128KW',
  'A192KW',
  'A256KW',
  'A128GCMKW',
  'A192GCMKW',
  'A256GCMKW',
  'dir',
] as const

const CONTENT_ALGORITHMS = ['A128GCM', 'A192GCM', 'A256GCM', 'A128CBC-HS256', 'A192CBC-HS384', 'A256CBC-HS512']

interface DecryptionOption {
  readonly kid?: string | undefined
  readonly algorithm: (typeof DECRYPTION_ALGORITHMS)[number]
  readonly key: Secret
}

interface DecryptionKey {
  readonly kid: string | undefined
  readonly algorithm: string
  readonly key: KeyObject | Uint8Array
}

export class TokenDecryption {
  readonly #keys: readonly DecryptionKey[]
  /** A key of RSA opens one in a millisecond or two, on the threads that hash passwords and read files as well. */
  readonly #bottleneck = new Bottleneck({ mostAtOnce: 2, mostWaiting: 256 })

  /** @throws Error that names the key that is none */
  constructor(options: readonly DecryptionOption[]) {
    this.#keys = options.map(({ kid, algorithm, key }, index) => {
      try {
        return { kid, algorithm, key: parseKey(key.reveal()) }
      } catch {
        // What the parser says may quote the key.
        throw new Error(`decryption[${index}].key is neither a private key in PEM nor a JWK`)
      }
    })
  }

  /** The token inside; undefined: it is for nobody here, or damaged. @rejects Problem verifier-unavailable where too many wait */
  async open(text: string): Promise<string | undefined> {
    const header = parseHeader(text.slice(0, text.indexOf('.')))
    // RFC 8725 §3.6, RFC 7516 §4.1.3: what is compressed may be small here and huge there.
    if (header === undefined || Object.hasOwn(header.members, 'zip')) return undefined
    const fitting = this.#keys.filter(
      ({ kid, algorithm }) =>
        algorithm === header.alg && (kid === undefined || header.kid === undefined || kid === header.kid),
    )
    for (const { key, algorithm } of fitting) {
      const inside = await this.#bottleneck.run(() => decrypt(text, key, algorithm))
      if (inside !== undefined) return inside
    }
    return undefined
  }
}

async function decrypt(text: string, key: DecryptionKey['key'], algorithm: string): Promise<string | undefined> {
  try {
    const { plaintext } = await getJose().compactDecrypt(text, key, {
      keyManagementAlgorithms: [algorithm],
      contentEncryptionAlgorithms: CONTENT_ALGORITHMS,
    })
    return Buffer.from(plaintext.buffer, plaintext.byteOffset, plaintext.byteLength).toString('latin1')
  } catch {
    // One word for all that can be wrong: which it was would help whoever tries (RFC 7516 §11.5).
    return undefined
  }
}

function parseKey(text: string): KeyObject | Uint8Array {
  if (!text.trimStart().startsWith('{')) return createPrivateKey(text)
  const jwk = JSON.parse(text) as { readonly kty?: unknown; readonly k?: unknown }
  if (jwk.kty !== 'oct') return createPrivateKey({ key: jwk as JsonWebKeyInput['key'], format: 'jwk' })
  if (typeof jwk.k !== 'string') throw new Error('no k')
  return Buffer.from(jwk.k, 'base64url')
}
