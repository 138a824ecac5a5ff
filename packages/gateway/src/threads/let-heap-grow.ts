/**
 * Owns that a large configuration is loaded in a large young generation. A start keeps that small (`bin/gatewright.js`), which is 25 MB less
 * for most; of five thousand APIs main and a data thread would collect a megabyte two thousand times, which takes a second.
 */
import { setFlagsFromString } from 'node:v8'

const LARGE_LETTERS = 2_000_000

/** From here on, for all threads of the process; where it grows already, nothing changes. */
export function letHeapGrow(files: readonly { readonly text: string }[]): void {
  const letters = files.reduce((sum, { text }) => sum + text.length, 0)
  if (letters > LARGE_LETTERS) setFlagsFromString('--semi-space-growth-factor=2')
}
