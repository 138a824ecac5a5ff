/** Owns pages of lists: what stands on one, and the cursor at which the next begins. */

export interface Page<Item, Cursor = string> {
  readonly items: readonly Item[]
  /** Where the next page begins; absent: this is the last. */
  readonly next?: Cursor
}

/** Of what was `found` where one more than `limit` was asked for: so a last page that is full is known as the last. */
export function toPage<Item, Cursor>(
  found: readonly Item[],
  limit: number,
  toCursor: (last: Item) => Cursor,
): Page<Item, Cursor> {
  const items = found.slice(0, limit)
  const last = items.at(-1)
  return found.length > limit && last !== undefined ? { items, next: toCursor(last) } : { items }
}

/** A cursor that is none of ours, or of another sorting. */
export class CursorFault extends Error {
  override readonly name = 'CursorFault'

  constructor() {
    super('This cursor is none that a page of the same sorting gave: begin at the first page.')
  }
}

/** What sorting the last of a page stands by. */
export function writeCursor(parts: readonly unknown[]): string {
  return Buffer.from(JSON.stringify(parts)).toString('base64url')
}

/** @throws CursorFault */
export function readCursor(text: string): readonly unknown[] {
  try {
    const parts: unknown = JSON.parse(Buffer.from(text, 'base64url').toString())
    if (Array.isArray(parts)) return parts
  } catch {
    // It is none, as what is of another form.
  }
  throw new CursorFault()
}
