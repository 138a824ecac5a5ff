/** Owns looking for a text among those that are kept to be looked through: `search_text`, in lower case. */
import { type RawBuilder, sql } from 'kysely'

/** In any case, and as it stands: what means something to `like` is no sign here. */
export function containsText(search: string): RawBuilder<boolean> {
  const pattern = `%${search.toLowerCase().replace(/[\\%_]/g, '\\$&')}%`
  return sql<boolean>`search_text like ${pattern} escape '\\'`
}
