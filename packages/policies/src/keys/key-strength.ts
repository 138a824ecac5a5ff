/** Owns the estimate of how hard a key is to guess, by what it looks like: the same for the one who writes it down and the one who presents it. */

/** Below, a plain hash of it is tried out: 2^80 hashes are beyond everybody who has not a country’s means. */
const STRONG_BITS = 80

/** Characters that come together: who draws from one of them draws from all of it. */
const ALPHABETS: readonly (readonly [form: RegExp, size: number])[] = [
  [/[0-9]/, 10],
  [/[a-z]/, 26],
  [/[A-Z]/, 26],
  [/[^0-9A-Za-z]/, 33],
]

/**
 * At most so many bits: as if each character were drawn from those it could be of, or from those that are there where these
 * are few. Hexadecimal digits are told by holding nothing else. Words and dates look stronger than they are.
 */
export function estimateKeyBits(key: string): number {
  const size = /^(?:[0-9a-f]+|[0-9A-F]+)$/.test(key)
    ? 16
    : ALPHABETS.reduce((sum, [form, characters]) => (form.test(key) ? sum + characters : sum), 0)
  const distinct = new Set(key).size
  return key.length * Math.log2(Math.max(1, Math.min(size, distinct * 2)))
}

export function isWeakKey(key: string): boolean {
  return estimateKeyBits(key) < STRONG_BITS
}
