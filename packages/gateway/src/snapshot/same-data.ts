/** Owns the comparison of plain data, such as what came in two messages: is it equal, whatever objects it is made of? */

/** Of what JSON can say. Members that are undefined count as members. */
export function isSameData(one: unknown, other: unknown): boolean {
  if (one === other) return true
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false
  if (Array.isArray(one) !== Array.isArray(other)) return false
  const members = one as Readonly<Record<string, unknown>>
  const others = other as Readonly<Record<string, unknown>>
  let size = 0
  for (const key in members) {
    if (!Object.hasOwn(others, key) || !isSameData(members[key], others[key])) return false
    size++
  }
  for (const _ in others) size--
  return size === 0
}
