/** Owns what a signature is good for, and the key that is derived from a secret for it. */
import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Secret } from '@gatewright/model/runtime'

export const ALGORITHM = 'AWS4-HMAC-SHA256'
const TERMINATOR = 'aws4_request'

export interface SigningScope {
  /** `20260131`, in UTC. */
  readonly day: string
  readonly region: string
  readonly service: string
}

export function toScopeText({ day, region, service }: SigningScope): string {
  return `${day}/${region}/${service}/${TERMINATOR}`
}

/** `<access key id>/<day>/<region>/<service>/aws4_request`; undefined: it is not that. */
export function parseCredential(text: string): (SigningScope & { readonly accessKeyId: string }) | undefined {
  const [accessKeyId = '', day = '', region = '', service = '', terminator, ...more] = text.split('/')
  const isWhole = accessKeyId !== '' && /^\d{8}$/.test(day) && region !== '' && service !== ''
  return isWhole && terminator === TERMINATOR && more.length === 0 ? { accessKeyId, day, region, service } : undefined
}

/** `20260131T235959Z`. */
export function toAmzDate(epochMs: number): string {
  return new Date(epochMs).toISOString().replace(/[-:]|\.\d+/g, '')
}

/** Milliseconds since the epoch; undefined for anything but an instant written as `toAmzDate` does. */
export function parseAmzDate(text: string): number | undefined {
  const parts = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text)
  if (parts === null) return undefined
  const [year = 0, month = 0, day = 0, hours = 0, minutes = 0, seconds = 0] = parts.slice(1).map(Number)
  const epochMs = Date.UTC(year, month - 1, day, hours, minutes, seconds)
  // 31 February is 3 March to Date.UTC, and 1 January of 0099 one of 1999.
  return toAmzDate(epochMs) === text ? epochMs : undefined
}

export interface ToSign {
  readonly amzDate: string
  readonly scope: SigningScope
  /** Lower-case hex. */
  readonly canonicalHash: string
}

export function toStringToSign({ amzDate, scope, canonicalHash }: ToSign): string {
  return `${ALGORITHM}\n${amzDate}\n${toScopeText(scope)}\n${canonicalHash}`
}

/** Lower-case hex. */
export function signText(key: Buffer, text: string): string {
  return hmac(key, text).toString('hex')
}

/** In the same time wherever they differ. Both are lower-case hex of 32 octets: whoever reads one off a message has checked that. */
export function isSameSignature(signature: string, other: string): boolean {
  return (
    signature.length === other.length && timingSafeEqual(Buffer.from(signature, 'latin1'), Buffer.from(other, 'latin1'))
  )
}

/** A week of presigned requests, and some regions: more scopes of one secret are derived anew. */
const MOST_KEYS_PER_SECRET = 32
/** They go with their secret. */
const derivedKeys = new WeakMap<Secret, Map<string, Buffer>>()

/** Four HMACs, once for each day, region and service. */
export function getSigningKey(secret: Secret, scope: SigningScope): Buffer {
  let keys = derivedKeys.get(secret)
  if (keys === undefined) {
    keys = new Map()
    derivedKeys.set(secret, keys)
  }
  const name = toScopeText(scope)
  let key = keys.get(name)
  if (key === undefined) {
    key = deriveKey(secret, scope)
    const oldest = keys.keys().next()
    if (keys.size >= MOST_KEYS_PER_SECRET && oldest.done !== true) keys.delete(oldest.value)
    keys.set(name, key)
  }
  return key
}

function deriveKey(secret: Secret, { day, region, service }: SigningScope): Buffer {
  const dayKey = hmac(Buffer.from(`AWS4${secret.reveal()}`, 'utf8'), day)
  return hmac(hmac(hmac(dayKey, region), service), TERMINATOR)
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text, 'utf8').digest()
}
