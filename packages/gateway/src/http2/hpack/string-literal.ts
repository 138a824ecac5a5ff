/** Owns numbers and strings on their way out (RFC 7541 §5): shortest forms, Huffman code where it is shorter. */
import type { ByteWriter } from '../byte-writer.ts'
import { CODE_LENGTHS, CODES } from './huffman-code.ts'

/** How a representation begins: the bits that say what it is, and the most that a number in the bits behind them can be. */
export interface Prefix {
  readonly pattern: number
  readonly most: number
}

/** RFC 7541 §6. */
export const INDEXED: Prefix = { pattern: 0x80, most: 0x7f }
export const LITERAL_WITH_INDEXING: Prefix = { pattern: 0x40, most: 0x3f }
export const LITERAL_WITHOUT_INDEXING: Prefix = { pattern: 0x00, most: 0x0f }
export const LITERAL_NEVER_INDEXED: Prefix = { pattern: 0x10, most: 0x0f }
export const SIZE_UPDATE: Prefix = { pattern: 0x20, most: 0x1f }
/** RFC 7541 §5.2. */
export const HUFFMAN_STRING: Prefix = { pattern: 0x80, most: 0x7f }
export const PLAIN_STRING: Prefix = { pattern: 0x00, most: 0x7f }

/** What a number takes at most: a prefix, and 32 bits by seven. */
const MOST_INTEGER_BYTES = 6

/** From this length one call of Node's is faster than a loop. */
const LONG_TEXT = 64

/** Codes longer than this are added in two parts, so that with the seven bits that may wait before them they fit 32. */
const MOST_BITS_AT_ONCE = 24
const LOW_BITS = 16

/** RFC 7541 §5.1. */
export function writeInteger(out: ByteWriter, prefix: Prefix, value: number): void {
  out.reserve(MOST_INTEGER_BYTES)
  const { bytes } = out
  if (value < prefix.most) {
    bytes[out.length++] = prefix.pattern | value
    return
  }
  bytes[out.length++] = prefix.pattern | prefix.most
  let rest = value - prefix.most
  for (; rest >= 0x80; rest >>>= 7) bytes[out.length++] = 0x80 | (rest & 0x7f)
  bytes[out.length++] = rest
}

/** RFC 7541 §5.2. The text is latin1: one octet a character. */
export function writeString(out: ByteWriter, text: string): void {
  const { length } = text
  let bits = 0
  for (let i = 0; i < length; i++) bits += CODE_LENGTHS[text.charCodeAt(i) & 0xff] ?? 0
  const codedBytes = Math.ceil(bits / 8)
  if (codedBytes < length) {
    writeInteger(out, HUFFMAN_STRING, codedBytes)
    writeCode(out, text, codedBytes)
    return
  }
  writePlainString(out, text)
}

/** As it stands, where the octets that coding saves cost less than the work. */
export function writePlainString(out: ByteWriter, text: string): void {
  writeInteger(out, PLAIN_STRING, text.length)
  writeLatin1(out, text)
}

/** Appends text as it stands. */
export function writeLatin1(out: ByteWriter, text: string): void {
  out.reserve(text.length)
  const { bytes } = out
  if (text.length >= LONG_TEXT) {
    out.length += bytes.write(text, out.length, 'latin1')
    return
  }
  for (let i = 0; i < text.length; i++) bytes[out.length++] = text.charCodeAt(i)
}

function writeCode(out: ByteWriter, text: string, codedBytes: number): void {
  out.reserve(codedBytes)
  const { bytes } = out
  let at = out.length
  let waiting = 0
  let waitingBits = 0
  for (let i = 0; i < text.length; i++) {
    const octet = text.charCodeAt(i) & 0xff
    let code = CODES[octet] ?? 0
    let codeBits = CODE_LENGTHS[octet] ?? 0
    if (codeBits > MOST_BITS_AT_ONCE) {
      waiting = (waiting << (codeBits - LOW_BITS)) | (code >>> LOW_BITS)
      waitingBits += codeBits - LOW_BITS
      while (waitingBits >= 8) {
        waitingBits -= 8
        bytes[at++] = waiting >>> waitingBits
      }
      code &= 0xffff
      codeBits = LOW_BITS
    }
    // What stood above the waiting bits is written: it may be shifted out, and a store takes the lowest eight bits only.
    waiting = (waiting << codeBits) | code
    waitingBits += codeBits
    while (waitingBits >= 8) {
      waitingBits -= 8
      bytes[at++] = waiting >>> waitingBits
    }
  }
  // RFC 7541 §5.2: padded with ones.
  if (waitingBits > 0) bytes[at++] = (waiting << (8 - waitingBits)) | (0xff >> waitingBits)
  out.length = at
}
