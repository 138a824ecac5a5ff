/** Owns asking about many things: databases bound how many values one question has. */

/** PostgreSQL takes 65 535, SQLite 32 766; a row of ours has a dozen. */
const MOST_AT_ONCE = 500

export function* inParts<Item>(items: readonly Item[]): Generator<readonly Item[]> {
  for (let at = 0; at < items.length; at += MOST_AT_ONCE) yield items.slice(at, at + MOST_AT_ONCE)
}
