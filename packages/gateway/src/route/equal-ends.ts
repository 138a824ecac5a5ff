/** Owns what two forms of a list have in common at both ends: where little changed of a long list, only what lies between is looked at. */

export interface EqualEnds {
  /** So many are equal from the beginning on. */
  readonly start: number
  /** So many are equal up to the end, of those behind the equal beginning. */
  readonly end: number
}

export function findEqualEnds<Before, After>(
  before: readonly Before[],
  after: readonly After[],
  isEqual: (one: Before, other: After) => boolean,
): EqualEnds {
  const most = Math.min(before.length, after.length)
  const isEqualAt = (there: number, here: number): boolean => isEqual(before[there] as Before, after[here] as After)
  let start = 0
  while (start < most && isEqualAt(start, start)) start++
  let end = 0
  while (end < most - start && isEqualAt(before.length - 1 - end, after.length - 1 - end)) end++
  return { start, end }
}
