/** Owns one delivery of a webhook before anybody knows who sent it: what it says of itself, and the reading of its fields. */
import { SignatureFault } from '../message-signatures/signature-fault.ts'
import type { HeaderList } from '../messages/header-list.ts'
import type { GatewayRequest } from '../messages/request.ts'

export interface ClaimedSignature {
  /** Which kind of key it would be by. */
  readonly kind: 'hmac' | 'ed25519'
  readonly octets: Uint8Array
}

export interface Delivery {
  /** Any of them may be the right one: two are there while a secret is changed for another. */
  readonly signatures: readonly ClaimedSignature[]
  /** What is signed before the body, and behind it; one octet a character. */
  readonly before: string
  readonly after: string
  /** When it was sent, in seconds since the epoch, where that is signed as well. */
  readonly sentAtSeconds: number | undefined
}

/** How one sender signs. */
export interface WebhookScheme {
  /** The field with the signature: what a challenge names, and what is missing where it is. */
  readonly field: string
  /** Those that hold a signature, and are taken out of the request. */
  readonly signatureFields: readonly string[]
  /** Is a signature there, of whatever worth? */
  isPresent(headers: HeaderList): boolean
  /** @throws SignatureFault where it is not one that can be checked */
  read(request: GatewayRequest): Delivery
}

/** @throws SignatureFault where it lacks, or comes twice: which of two counts, nobody knows. */
export function getField(headers: HeaderList, name: string): string {
  const first = headers.indexOf(name)
  if (first < 0) throw new SignatureFault('field-missing', `The delivery has no field ${name}.`)
  if (headers.indexOf(name, first + 1) >= 0) {
    throw new SignatureFault('field-twice', `The delivery has the field ${name} twice. Send it once.`)
  }
  // `X_Event` is `X-Event` to CGI and WSGI: whoever has a signed delivery could say another one.
  if (headers.hasTwin(name)) {
    throw new SignatureFault(
      'field-twice',
      `The delivery has another field that some read as ${name}. Send one of them.`,
    )
  }
  return headers.valueAt(first)
}

/** Twelve digits reach into the year 33658; a thousand times as many milliseconds. */
const TIMESTAMP = /^(?:0|[1-9]\d{0,14})$/

/** A whole number as it is signed, and nothing that only looks like one. @throws SignatureFault */
export function parseTimestamp(text: string, name: string): number {
  if (TIMESTAMP.test(text)) return Number(text)
  throw new SignatureFault('malformed-timestamp', `${name} is not a time in digits.`)
}

export const SIGNATURE_ENCODINGS = ['hex', 'base64', 'base64url'] as const

export type SignatureEncoding = (typeof SIGNATURE_ENCODINGS)[number]

const ENCODED: Record<SignatureEncoding, RegExp> = {
  hex: /^(?:[0-9A-Fa-f]{2})+$/,
  base64: /^[A-Za-z0-9+/]+={0,2}$/,
  base64url: /^[A-Za-z0-9_-]+={0,2}$/,
}

/** undefined: it is not written so. */
export function findOctets(text: string, encoding: SignatureEncoding): Uint8Array | undefined {
  return ENCODED[encoding].test(text) ? Buffer.from(text, encoding) : undefined
}

export function malformedSignature(field: string): SignatureFault {
  return new SignatureFault('malformed-signature', `${field} holds no signature that can be read.`)
}
