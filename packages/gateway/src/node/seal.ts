/** Owns texts that lie on disk sealed (AES-256-GCM): who has a copy of the folder, and not what the key is made of, reads none of them. */
import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto'

const NONCE_BYTES = 12
const TAG_BYTES = 16
const KEY_BYTES = 32

export class Seal {
  readonly #keys: readonly [Buffer, ...Buffer[]]

  /** `secret`: what only this process has beside its folder. Of a node its token, or the key of its certificate. `former`: what opens, too. */
  constructor(secret: string, ...former: readonly string[]) {
    this.#keys = [toKey(secret), ...former.map(toKey)]
  }

  /** `place`: where it belongs; elsewhere it does not open. */
  close(text: string, place: string): Buffer {
    const nonce = randomBytes(NONCE_BYTES)
    const cipher = createCipheriv('aes-256-gcm', this.#keys[0], nonce).setAAD(Buffer.from(place))
    const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
    return Buffer.concat([nonce, cipher.getAuthTag(), sealed])
  }

  /** Undefined: it was sealed by another key, for another place, or is damaged. */
  open(sealed: Buffer, place: string): string | undefined {
    if (sealed.length < NONCE_BYTES + TAG_BYTES) return undefined
    for (const key of this.#keys) {
      try {
        const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, NONCE_BYTES))
          .setAAD(Buffer.from(place))
          .setAuthTag(sealed.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES))
        return decipher.update(sealed.subarray(NONCE_BYTES + TAG_BYTES), undefined, 'utf8') + decipher.final('utf8')
      } catch {
        // Perhaps the next one.
      }
    }
    return undefined
  }
}

/** RFC 5869: a key of its own, which says nothing of what it is made of. */
function toKey(secret: string): Buffer {
  const digest = createHash('sha256').update(secret).digest()
  return Buffer.from(hkdfSync('sha256', digest, '', 'gatewright node secrets 1', KEY_BYTES))
}
