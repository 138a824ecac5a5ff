// Owns keys that are the same in each run, and nobody's.
import { hash } from 'node:crypto'

/** From this number to before that one. */
export function toKeys(from: number, to: number): string[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, index) => `made-for-the-soak-${from + index}`)
}

export function toHash(key: string): string {
  return hash('sha256', key)
}
