/**
 * Owns version 1 of the signatures of Oracle Cloud Infrastructure: a profile of HTTP Signatures (draft-cavage-http-signatures-08)
 * with RSA and SHA-256. Oracle Cloud Infrastructure documentation, "Request Signatures".
 */
import { hash, type KeyObject, sign } from 'node:crypto'
import type { Field } from '../../aws-signature/sign-aws-request.ts'

export interface OciKey {
  /** `<tenancy>/<user>/<fingerprint>`, or `ST$` and a token. */
  readonly keyId: string
  readonly privateKey: KeyObject
}

export interface OciRequestToSign {
  readonly method: string
  /** Path and query as sent. */
  readonly target: string
  /** As `Host` says it. */
  readonly host: string
  /** As `Date` says it (`toDate`). */
  readonly date: string
  readonly key: OciKey
  /** Undefined: it is not signed. */
  readonly content?: OciContent | undefined
}

export interface OciContent {
  readonly bytes: Uint8Array
  readonly type: string
}

/** RFC 9110 §5.6.7: IMF-fixdate. */
export function toDate(epochMs: number): string {
  return new Date(epochMs).toUTCString()
}

/** "Request Signatures", Required Headers: these have their body signed; others are sent without one. */
export const SIGNED_BODY_METHODS: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH'])

/** The fields to set. `Content-Length` is signed, and is whatever frames the message: the number of the bytes. */
export function signOciRequest({ method, target, host, date, key, content }: OciRequestToSign): Field[] {
  const lines: Field[] = [
    ['date', date],
    ['(request-target)', `${method.toLowerCase()} ${target}`],
    ['host', host],
  ]
  const added: Field[] = [['Date', date]]
  if (content !== undefined) {
    const digest = hash('sha256', content.bytes, 'base64')
    lines.push(
      ['content-length', `${content.bytes.length}`],
      ['content-type', content.type],
      ['x-content-sha256', digest],
    )
    added.push(['Content-Type', content.type], ['X-Content-SHA256', digest])
  }
  const text = lines.map(([name, value]) => `${name}: ${value}`).join('\n')
  const signature = sign('RSA-SHA256', Buffer.from(text, 'latin1'), key.privateKey).toString('base64')
  const parameters = [
    ['version', '1'],
    ['headers', lines.map(([name]) => name).join(' ')],
    ['keyId', key.keyId],
    ['algorithm', 'rsa-sha256'],
    ['signature', signature],
  ]
  const said = parameters.map(([name, value]) => `${name}="${value}"`).join(',')
  return [...added, ['Authorization', `Signature ${said}`]]
}
