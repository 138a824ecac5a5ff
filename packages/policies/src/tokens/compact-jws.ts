/** Owns the compact form of JSON Web Signature (RFC 7515 §7.1), read strictly: one text for one token. */

export interface JwsHeader {
  readonly alg: unknown
  readonly kid: string | undefined
  readonly typ: string | undefined
  /** All of it; whatever else it names (`jwk`, `jku`, `x5c`, `x5u`) is the sender's word, and no key is taken from it. */
  readonly members: Readonly<Record<string, unknown>>
}

export interface CompactJws {
  readonly header: JwsHeader
  /** What is signed: the first two parts, as they came. */
  readonly signed: Buffer
  readonly payload: Buffer
  readonly signature: Buffer
}

/** RFC 4648 §5, without padding (RFC 7515 §2). */
const BASE64URL = /^[A-Za-z0-9_-]*$/

/** undefined: this is none, or one that asks for what is not spoken here (`crit`, unencoded payloads). */
export function parseCompactJws(text: string): CompactJws | undefined {
  const first = text.indexOf('.')
  const second = text.indexOf('.', first + 1)
  if (first <= 0 || second < 0 || text.indexOf('.', second + 1) >= 0) return undefined
  const header = parseHeader(text.slice(0, first))
  const payload = decodeBase64url(text.slice(first + 1, second))
  const signature = decodeBase64url(text.slice(second + 1))
  if (header === undefined || payload === undefined || signature === undefined) return undefined
  return { header, signed: Buffer.from(text.slice(0, second), 'latin1'), payload, signature }
}

/** Of a JWS, and of a JWE (RFC 7516 §4). */
export function parseHeader(part: string): JwsHeader | undefined {
  const members = parseJsonObject(decodeBase64url(part))
  if (members === undefined) return undefined
  const { kid, typ } = members
  // RFC 7515 §4.1.11: who does not understand what is critical must refuse; nothing that may be named there is spoken here.
  if (Object.hasOwn(members, 'crit') || Object.hasOwn(members, 'b64')) return undefined
  if (kid !== undefined && typeof kid !== 'string') return undefined
  if (typ !== undefined && typeof typ !== 'string') return undefined
  return { alg: members.alg, kid, typ, members }
}

/** Claims and headers are objects; lists, texts and what is no JSON or no UTF-8 are not. Own members only, whatever they are called. */
export function parseJsonObject(bytes: Buffer | undefined): Readonly<Record<string, unknown>> | undefined {
  if (bytes === undefined) return undefined
  try {
    const value: unknown = JSON.parse(utf8.decode(bytes))
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined
  } catch {
    return undefined
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Only what an encoder writes: other spellings of the same bytes would be other tokens with the same signature. */
export function decodeBase64url(text: string): Buffer | undefined {
  const rest = text.length % 4
  if (rest === 1 || !BASE64URL.test(text)) return undefined
  const bytes = Buffer.from(text, 'base64url')
  return rest !== 0 && bytes.toString('base64url') !== text ? undefined : bytes
}
