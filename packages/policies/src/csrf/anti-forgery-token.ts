/** Owns tokens that only pages of this site can read and send back: random, signed, and of one session. */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Secret } from '@gatewright/model/runtime'

const NONCE_BYTES = 16
/** base64url of 16 random octets, and of an HMAC-SHA256. */
const TOKEN = /^([A-Za-z0-9_-]{22})\.([A-Za-z0-9_-]{43})$/
/** Whoever uses one secret twice must not have tokens here that were meant for there. */
const PURPOSE = 'gatewright csrf 1'

export class AntiForgeryTokens {
  readonly #secret: Secret

  constructor(secret: Secret) {
    this.#secret = secret
  }

  create(session: string): string {
    const nonce = randomBytes(NONCE_BYTES).toString('base64url')
    return `${nonce}.${this.#sign(nonce, session).toString('base64url')}`
  }

  /** Was it made for this session? In constant time. */
  isFor(token: string, session: string): boolean {
    const [, nonce = '', signature = ''] = TOKEN.exec(token) ?? []
    if (nonce === '') return false
    return timingSafeEqual(Buffer.from(signature, 'base64url'), this.#sign(nonce, session))
  }

  /** The length keeps what stands in the session apart from what stands behind it. */
  #sign(nonce: string, session: string): Buffer {
    return createHmac('sha256', this.#secret.reveal())
      .update(`${PURPOSE}\n${session.length}\n${session}\n${nonce}`)
      .digest()
  }
}

/** Of texts whose length is no secret. */
export function isSameText(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)]
  return a.length === b.length && timingSafeEqual(a, b)
}
