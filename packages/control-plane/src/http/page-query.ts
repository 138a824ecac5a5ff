/** Owns how a page of a list is asked for, and how its answer says where the next begins. */
import { z } from 'zod'

const MOST_A_PAGE = 500

/** Of a query; lists whose items take longer to find have less on a page. */
export function toLimit(most = MOST_A_PAGE) {
  return z.coerce.number().int().min(1).max(most).default(50)
}

const AFTER_WORDS = { description: 'The `next` of the page before.' }

/** What the query of a list has beside its filters. */
export const PAGE_QUERY = {
  limit: toLimit(),
  after: z.string().max(2_000).optional().meta(AFTER_WORDS),
} as const

/** Of lists that begin at a number. */
export const numberBelow = z.coerce.number().int().optional().meta(AFTER_WORDS)

const NEXT_WORDS = { description: 'Where the next page begins; absent: this is the last.' }

/** What an answer has beside its items. */
export const PAGE_ANSWER = { next: z.string().exactOptional().meta(NEXT_WORDS) } as const
export const numberNext = z.int().exactOptional().meta(NEXT_WORDS)
