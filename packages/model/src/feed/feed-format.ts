/** Owns which formats of the feed this version knows, and which one two versions speak with each other. */

/** The newest first. A new one comes when what is said means something else; members that may be ignored need none. */
export const FEED_FORMATS: readonly number[] = [1]

/** `asked`: `1,2`, as the other side says it. Undefined: there is none that both know. */
export function pickFeedFormat(asked: string, known: readonly number[] = FEED_FORMATS): number | undefined {
  const others = new Set(asked.split(',').map(Number))
  return known.find((format) => others.has(format))
}
