/**
 * Owns the keys that Gatewright issues: a prefix, random letters and digits, and a checksum, so that whoever scans files for
 * lost secrets finds them, and is not mistaken.
 *
 * ```
 * gw_ 4vK2…  32 of 62 characters: 190 bits      8sQ1Zb  CRC-32 (ISO-HDLC) of those 32, in base 62, 6 digits
 * ```
 *
 * The shape is the one that GitHub publishes for its tokens; `ISSUED_KEY_PATTERN` is what to give a scanner.
 */
import { randomInt } from 'node:crypto'
import { crc32 } from 'node:zlib'

const PREFIX = 'gw_'
const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const RANDOM_CHARACTERS = 32
/** 62^6 is more than 2^32. */
const CHECKSUM_CHARACTERS = 6
const AFTER_PREFIX = `[0-9A-Za-z]{${RANDOM_CHARACTERS + CHECKSUM_CHARACTERS}}`

export const ISSUED_KEY_PATTERN = PREFIX + AFTER_PREFIX
const REST = new RegExp(`^${AFTER_PREFIX}$`)

/** `prefix`: another one tells what is not a key of an app, so that neither is taken for the other. */
export function createIssuedKey(prefix = PREFIX): string {
  let random = ''
  // `randomInt` leaves no digit more likely than another.
  for (let at = 0; at < RANDOM_CHARACTERS; at++) random += DIGITS[randomInt(DIGITS.length)]
  return prefix + random + toChecksum(random)
}

/** `issued`: one of ours, whole. `misspelt`: it has the shape of one, and its checksum says that a character is wrong. */
export function judgeIssuedKey(key: string, prefix = PREFIX): 'issued' | 'misspelt' | 'foreign' {
  if (key.length !== prefix.length + RANDOM_CHARACTERS + CHECKSUM_CHARACTERS) return 'foreign'
  if (!key.startsWith(prefix) || !REST.test(key.slice(prefix.length))) return 'foreign'
  const end = prefix.length + RANDOM_CHARACTERS
  return toChecksum(key.slice(prefix.length, end)) === key.slice(end) ? 'issued' : 'misspelt'
}

function toChecksum(random: string): string {
  let rest = crc32(random)
  let digits = ''
  for (let at = 0; at < CHECKSUM_CHARACTERS; at++) {
    digits = DIGITS[rest % DIGITS.length] + digits
    rest = Math.floor(rest / DIGITS.length)
  }
  return digits
}
