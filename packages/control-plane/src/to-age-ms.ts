/** Owns how long ago something was. */

/** Clocks are set back: what seems to come later counts as old as it is ahead, so that nothing waits for that time, or lasts until then. */
export function toAgeMs(atMs: number, nowMs: number): number {
  return Math.abs(nowMs - atMs)
}
