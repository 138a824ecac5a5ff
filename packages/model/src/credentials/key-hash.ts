/** Owns how the hash of a key is written, in files and in the feed, and what is said of other forms. */

/**
 * Only what is fast, unsalted and of SHA-2: the key is looked up by it. In the model SHA-256 stands without its name, as it
 * always did; `argon2id:` is of keys that could be guessed, and stands in no file.
 */
const FILE_FORM = /^(?:sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128})$/
const MODEL_FORM = /^(?:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128}|argon2id:[0-9a-f]{64})$/

const HOW = 'A key is written as its hash: "sha256:" and 64 lower-case hex digits (printf %s "$KEY" | sha256sum).'
const OTHERWISE = 'Write the SHA-256 of the key, or `value: ${env:NAME}` where only the key itself is there.'

/** Others are told by how they look, so that the message can say what is wrong with each. */
const REFUSED: readonly (readonly [form: RegExp, why: string])[] = [
  [/^sha(?:256|384|512):/i, HOW],
  [
    /^\$(?:argon2|2[abxy]\$|scrypt|pbkdf2)/,
    'A salted hash cannot be looked up: each key that comes would have to be tried against every one of them.',
  ],
  [/^(?:sha1:)?[0-9a-f]{40}$/i, 'SHA-1 is broken: two keys of one hash can be made.'],
  [
    /^(?:md5:)?[0-9a-f]{32}$/i,
    'MD5 and MurmurHash are no hashes to trust: keys that have a given one are made at will.',
  ],
  [
    /^[0-9a-f]{16}$|^[0-9a-f]{8}$|^mur/i,
    'MurmurHash and CRC are no hashes to trust: keys that have a given one are made at will.',
  ],
]

/** Why this is not how a key is written in a file, without a word of it: it may be the key itself. */
export function findKeyHashFault(text: string): string | undefined {
  if (FILE_FORM.test(text)) return undefined
  const why = REFUSED.find(([form]) => form.test(text))?.[1] ?? HOW
  return why === HOW ? HOW : `${why} ${OTHERWISE}`
}

/** Is it a hash as the feed carries it? */
export function isKeyHash(text: string): boolean {
  return MODEL_FORM.test(text)
}

/** Why no request could bring this key, or undefined. */
export function findKeyValueFault(value: string): string | undefined {
  if (value === '') return 'A key is not empty.'
  // RFC 9110 §5.5: a field's value has no spaces around it; beyond ASCII, one client writes other bytes than another.
  if (!/^[\x20-\x7e]+$/.test(value) || value.trim() !== value) {
    return 'A key is of printable ASCII, without a space before or behind it: requests bring no other.'
  }
  return undefined
}
