/**
 * Owns how time is written into 16 bits: windows are numbered 1 … 65535 and then from 1 again (0 means that a slot is
 * fresh or being claimed).
 *
 * A number comes round again after 65 535 windows. A slot left untouched that long would be read as if it were of today:
 * as its charges then count a second time, that can only be too strict. It does not come to that, because the sweep
 * clears what has expired long before (every 10 s; 65 535 windows of 1 ms, the shortest, last 65 s).
 */
const NUMBERS = 65_535

/** So many windows ahead of our clock is a thread that read its clock later than we did; more is an old slot. */
const AHEAD = 16_384

export function toWindowNumber(window: number): number {
  return window - Math.floor(window / NUMBERS) * NUMBERS + 1
}

/** How many windows ago `stored` was: 0 is this one, negative is ahead of our clock. */
export function toWindowAge(stored: number, current: number): number {
  const age = current >= stored ? current - stored : current - stored + NUMBERS
  return age >= NUMBERS - AHEAD ? age - NUMBERS : age
}

export function addWindows(number: number, count: number): number {
  return toWindowNumber(number - 1 + count)
}
