/** Owns how a list travels to whoever has an earlier form of it: what that has is told by its places, and only what is new goes along. */
import { findEqualEnds } from '../route/equal-ends.ts'

/** Items one after the other: those that the earlier form has, or new ones. Plain data. */
export type Stretch<Item> = { readonly from: number; readonly count: number } | { readonly items: readonly Item[] }

export interface StretchOptions<Item> {
  /** Equal items have equal keys. */
  toKey(item: Item): string
  /** Where the earlier form begins in what the other side has; 0 if absent. */
  readonly offset?: number
}

export function toStretches<Item>(
  items: readonly Item[],
  had: readonly Item[],
  { toKey, offset = 0 }: StretchOptions<Item>,
): Stretch<Item>[] {
  const { start, end } = findEqualEnds(had, items, (one, other) => one === other || toKey(one) === toKey(other))
  const places = new Map<string, number>()
  for (const [index, item] of had.slice(start, had.length - end).entries()) places.set(toKey(item), start + index)
  const stretches: { from: number; count: number; items?: Item[] }[] = []
  const keep = (from: number, count: number): void => {
    const last = stretches.at(-1)
    if (last !== undefined && last.items === undefined && last.from + last.count === from) last.count += count
    else if (count > 0) stretches.push({ from, count })
  }
  keep(offset, start)
  for (const item of items.slice(start, items.length - end)) {
    const place = places.get(toKey(item))
    const last = stretches.at(-1)
    if (place !== undefined) keep(offset + place, 1)
    else if (last?.items !== undefined) last.items.push(item)
    else stretches.push({ from: 0, count: 0, items: [item] })
  }
  keep(offset + had.length - end, end)
  return stretches.map(({ from, count, items: added }) => (added === undefined ? { from, count } : { items: added }))
}

/** Items that stay are the very objects of the earlier form, and so is the list where all of it stays. */
export function joinStretches<Item>(stretches: readonly Stretch<Item>[], had: readonly Item[]): readonly Item[] {
  const [first] = stretches
  const isSame = first !== undefined && 'from' in first && first.from === 0 && first.count === had.length
  if (isSame && stretches.length === 1) return had
  return stretches.flatMap((stretch) =>
    'items' in stretch ? stretch.items : had.slice(stretch.from, stretch.from + stretch.count),
  )
}
