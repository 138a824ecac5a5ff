/** Owns what the name of a user may look like. */

const MOST_BYTES = 255

/** Why nobody can have this name, or undefined. */
export function findUserNameFault(name: string): string | undefined {
  if (name === '') return 'A name is not empty.'
  // RFC 7617 §2: a user-id holds no colon, which is what ends it, and no control characters.
  if (name.includes(':')) return 'A name holds no colon: in a request it ends there.'
  if (/[\x00-\x1f\x7f-\x9f]/.test(name)) return 'A name holds no control characters.'
  if (new TextEncoder().encode(name).length > MOST_BYTES) return `A name has at most ${MOST_BYTES} bytes in UTF-8.`
  if (!name.isWellFormed()) return 'A name is Unicode: half a pair of surrogates is none.'
  return undefined
}
