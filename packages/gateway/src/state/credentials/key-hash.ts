/** Owns the hashes that keys are kept by: how each is written, and which bit says that there are keys of it. */

export interface KeyHash {
  /** What stands before the digits; SHA-256 has no name. */
  readonly prefix: '' | 'sha384:' | 'sha512:' | 'argon2id:'
  readonly digest: Buffer
}

export const KINDS = { '': 0, 'sha384:': 1, 'sha512:': 2, 'argon2id:': 4 } as const satisfies Record<
  KeyHash['prefix'],
  number
>

const BYTES = { '': 32, 'sha384:': 48, 'sha512:': 64, 'argon2id:': 32 } as const satisfies Record<
  KeyHash['prefix'],
  number
>

/** undefined: it is none. */
export function findKeyHash(text: string): KeyHash | undefined {
  const prefix = text.slice(0, text.indexOf(':') + 1)
  if (!isPrefix(prefix)) return undefined
  const digits = text.slice(prefix.length)
  if (digits.length !== 2 * BYTES[prefix] || !/^[0-9a-f]+$/.test(digits)) return undefined
  return { prefix, digest: Buffer.from(digits, 'hex') }
}

/** @throws TypeError */
export function parseKeyHash(text: string): KeyHash {
  const hash = findKeyHash(text)
  if (hash !== undefined) return hash
  throw new TypeError(
    `"${text}" is not a hash: the 64 hexadecimal digits of a SHA-256 in lower case are wanted, or another with its name`,
  )
}

export function toKeyHashText({ prefix, digest }: KeyHash): string {
  return prefix + digest.toString('hex')
}

function isPrefix(text: string): text is KeyHash['prefix'] {
  return Object.hasOwn(KINDS, text)
}
