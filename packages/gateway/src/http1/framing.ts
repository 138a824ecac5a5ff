/** Owns the words for where a body ends (RFC 9112 §6), and what is wrong with a head of either kind that does not say it once. */
import { malformed } from './refusal.ts'

/** Octets of the body: a length, `CHUNKED`, or `NO_BODY`. */
export const NO_BODY = 0
export const CHUNKED = -1
/** Answers only: until the connection closes. */
export const UNTIL_CLOSE = -2

export const FRAMING_REFUSALS = {
  lengthTwice: malformed('content-length-twice', 'There is more than one Content-Length field.'),
  length: malformed('content-length', 'Content-Length must be one decimal number.'),
  lengthAndCoding: malformed('length-and-coding', 'Content-Length and Transfer-Encoding must not stand together.'),
  codingOn10: malformed('coding-on-1.0', 'HTTP/1.0 has no Transfer-Encoding.'),
} as const

/** RFC 9110 §8.6: digits only. -1 for anything else, and beyond what a double counts exactly. */
export function parseLength(value: string): number {
  // 15 digits are below 2^53.
  if (value.length === 0 || value.length > 15) return -1
  let length = 0
  for (let i = 0; i < value.length; i++) {
    const digit = value.charCodeAt(i) - 0x30
    if (digit < 0 || digit > 9) return -1
    length = length * 10 + digit
  }
  return length
}
