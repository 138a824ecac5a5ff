/** Owns the form of what is sealed: AES-256-GCM, for one place, so that what was moved to another opens nowhere. */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'

const CIPHER = 'aes-256-gcm'
const FORM = '1'
/** NIST SP 800-38D §5.2.1.1: 96 bits; random, they last for 2^32 values of one key (§8.3). */
const NONCE_BYTES = 12
const TAG_BYTES = 16
/** base64 of nonce, tag and text, after the form. */
const SEALED = /^1:([A-Za-z0-9+/]+={0,2})$/

/** `place`: where it stands. It opens there alone. */
export function seal(key: Buffer, plain: Buffer, place: readonly string[]): string {
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv(CIPHER, key, nonce).setAAD(toContext(place))
  const text = Buffer.concat([cipher.update(plain), cipher.final()])
  return `${FORM}:${Buffer.concat([nonce, cipher.getAuthTag(), text]).toString('base64')}`
}

/** Undefined: another key, another place, or changed. */
export function unseal(key: Buffer, sealed: string, place: readonly string[]): Buffer | undefined {
  const [, text] = SEALED.exec(sealed) ?? []
  if (text === undefined) return undefined
  const bytes = Buffer.from(text, 'base64')
  if (bytes.length < NONCE_BYTES + TAG_BYTES) return undefined
  const nonce = bytes.subarray(0, NONCE_BYTES)
  const decipher = createDecipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES }).setAAD(toContext(place))
  decipher.setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES))
  try {
    return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()])
  } catch {
    return undefined
  }
}

/** As JSON, no part runs into the next. */
function toContext(place: readonly string[]): Buffer {
  return Buffer.from(JSON.stringify(['gatewright', FORM, ...place]))
}
