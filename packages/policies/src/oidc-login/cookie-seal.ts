/** Owns the encryption of what a browser keeps for us: nobody else can read it, write it, or use it for anything else. */
import { hkdfSync } from 'node:crypto'
import type { Secret } from '@gatewright/model/runtime'
import { loadJose } from './oidc-library.ts'

interface SealKey {
  /** Says which secret it was made of, and nothing about it. */
  readonly id: string
  readonly bytes: Uint8Array
}

/** A256GCM (RFC 7518 §5.3). */
const KEY_BYTES = 32
const ID_BYTES = 6
/** What we write has these two and the key's id; anything else is not ours (RFC 8725 §3.1: no choice for whoever sends it). */
const ALGORITHM = { alg: 'dir', enc: 'A256GCM' } as const

export class CookieSeal {
  readonly #keys: readonly SealKey[]

  /**
   * The first secret encrypts, all of them decrypt. `context` says what is sealed and for whom: each context has keys of its
   * own (RFC 5869 §3.2), so that nothing sealed for one is anything in another.
   */
  constructor(secrets: readonly Secret[], context: readonly string[]) {
    this.#keys = secrets.map((secret) => ({
      id: Buffer.from(derive(secret, ['id', ...context], ID_BYTES)).toString('base64url'),
      bytes: derive(secret, ['key', ...context], KEY_BYTES),
    }))
  }

  /** A compact JWE (RFC 7516 §7.1) of plain data. */
  async seal(data: object): Promise<string> {
    const [key] = this.#keys
    if (key === undefined) throw new TypeError('there is no secret to seal with')
    const { CompactEncrypt } = loadJose()
    const text = new TextEncoder().encode(JSON.stringify(data))
    return await new CompactEncrypt(text).setProtectedHeader({ ...ALGORITHM, kid: key.id }).encrypt(key.bytes)
  }

  /** What was sealed; undefined: by somebody else, for something else, or it was changed since. */
  async open(sealed: string): Promise<unknown> {
    const key = this.#findKey(sealed)
    if (key === undefined) return undefined
    const { compactDecrypt } = loadJose()
    try {
      const { plaintext } = await compactDecrypt(sealed, key.bytes, {
        keyManagementAlgorithms: [ALGORITHM.alg],
        contentEncryptionAlgorithms: [ALGORITHM.enc],
        // Nothing of ours is compressed: what is, shall not grow in our memory.
        maxDecompressedLength: 0,
      })
      return JSON.parse(new TextDecoder().decode(plaintext))
    } catch {
      return undefined
    }
  }

  /** Looked at before anything is decrypted: what names no key of ours costs nothing more. */
  #findKey(sealed: string): SealKey | undefined {
    const header = parseHeader(sealed.slice(0, sealed.indexOf('.')))
    return this.#keys.find(({ id }) => id === header?.kid)
  }
}

function derive(secret: Secret, context: readonly string[], bytes: number): Uint8Array {
  // JSON keeps the parts apart, whatever they hold.
  return new Uint8Array(
    hkdfSync('sha256', secret.reveal(), '', JSON.stringify(['gatewright oidc-login', ...context]), bytes),
  )
}

function parseHeader(encoded: string): { readonly kid?: unknown } | undefined {
  try {
    const header: unknown = JSON.parse(Buffer.from(encoded, 'base64url').toString('utf8'))
    return typeof header === 'object' && header !== null ? header : undefined
  } catch {
    return undefined
  }
}
